"""German-like text with the frequencies of a language: few words in every message, many in hardly any.

Real function words first, then the nouns of a bicycle shop, then their compounds and inflections; the word of rank r is
about 1/r as frequent as the first (Zipf). `phrases` are what messages of bench.generate are put together from.
"""

import math
import random

COMMON = """
ich und die der ist das nicht es ein zu mit mein wann kann bitte sie auf noch für wir hallo danke heute dann ihr
den hat eine auch habe schon so wie im am von aber da gerne guten tag bis um uhr wenn nur was morgen oder mal
dem bei sind einen war geht mir wird ja nein nach vielen grüße mehr immer wieder jetzt leider vielleicht kommen
könnte hätte würde machen fertig abholen bringen brauche möchte frage antwort termin rechnung woche montag
dienstag mittwoch donnerstag freitag samstag gut super perfekt alles klar ok bescheid sagen melden telefon
adresse laden geöffnet
""".split()  # noqa: SIM905 - a list of words, read as one
NOUNS = """
Rad Auftrag Bremse Kette Licht Sattel Reifen Werkstatt Angebot Leasing Schaltung Tretlager Akku Display Felge Speiche
Inspektion Garantie Kunde Fahrrad Lenker Griff Pedal Schlauch Ventil Mantel Gabel Rahmen Klingel Korb Ständer
Gepäck Träger Helm Schloss Schlüssel Motor Sensor Kabel Stecker Ladegerät Nabe Zahnkranz Kassette Kurbel
Umwerfer Schaltwerk Hebel Zug Hülle Belag Scheibe Beleuchtung Dynamo Reflektor Schutzblech Anhänger Kinder Sitz
Laufrad Lasten Einkauf Stadt Berg Renn Gelände Reise Falt Preis Rabatt Gutschein Bestellung Lieferung Versand
Paket Rücksendung Umtausch Reparatur Wartung Ersatz Teil Zubehör Größe Farbe Modell Nummer Vertrag Versicherung
Diebstahl Polizei Anzeige Foto Video Nachricht Anruf Öffnungszeit Urlaub Feiertag Winter Sommer Frühling Herbst
Wochenende Vormittag Nachmittag Abend
""".split()  # noqa: SIM905 - a list of words, read as one
ENDINGS = ("", "e", "en", "n", "s", "er", "es")


def vocabulary(seed: int = 1) -> list[str]:
    """Some 40,000 different words, the frequent ones first."""
    rare = [one + other.lower() + ending for one in NOUNS for other in NOUNS for ending in ENDINGS[:4]]
    random.Random(seed).shuffle(rare)
    inflected = [noun + ending for ending in ENDINGS for noun in NOUNS]
    return list(dict.fromkeys(COMMON + inflected + rare))


def word(words: list[str], rng: random.Random) -> str:
    return words[min(int(math.exp(rng.random() * math.log(len(words)))) - 1, len(words) - 1)]


def phrases(count: int, seed: int = 2) -> list[str]:
    """Halves of messages: two to twelve words each."""
    words, rng = vocabulary(), random.Random(seed)
    return [" ".join(word(words, rng) for _ in range(rng.randint(2, 12))) for _ in range(count)]


def searches(count: int, seed: int = 3) -> list[str]:
    """What people type: one to three words of any frequency, often unfinished, sometimes mistyped, a name, a number."""
    words, rng = vocabulary(), random.Random(seed)
    typed = []
    for _ in range(count):
        if rng.random() < 0.1:
            typed.append(f"Kunde {rng.randint(1, 90_000)}")
            continue
        if rng.random() < 0.1:
            typed.append(f"Auftrag {rng.randint(10_000, 900_000)}")
            continue
        said = [word(words, rng) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
        last = said[-1]
        if rng.random() < 0.4 and len(last) > 3:
            last = last[: rng.randint(2, len(last) - 1)]
        elif rng.random() < 0.1 and len(last) > 5:
            at = rng.randint(1, len(last) - 2)
            last = last[:at] + last[at + 1] + last[at] + last[at + 2 :]
        typed.append(" ".join([*said[:-1], last]))
    return typed
