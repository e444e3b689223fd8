"""A believable day at the counter: the conversations of the demo workspace, told from the moment it is made.

Times are "how long ago", so that some windows are open, some about to close and some closed whenever the demo starts.
`kind` and `data` are those of the stored message; files are in `inbox/demo/media`.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

_SPAN = re.compile(r"(?:(\d+)d)? ?(?:(\d+)h)? ?(?:(\d+)m)?")


def span(text: str) -> timedelta:
    """`1d 3h 20m` as a time span."""
    match = _SPAN.fullmatch(text)
    if match is None or not text:
        raise ValueError(f"Not a span of time: {text!r}")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


@dataclass(frozen=True)
class Said:
    """The customer wrote."""

    ago: str
    text: str = ""
    kind: str = "text"
    data: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    name: str = ""
    quotes: str = ""  # the `mark` of the message that is quoted
    mark: str = ""
    heart_from: str = ""  # who of us reacted to it


@dataclass(frozen=True)
class Sent:
    """One of us wrote."""

    ago: str
    by: str
    text: str = ""
    kind: str = "text"
    status: str = "read"
    data: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    name: str = ""
    error: int = 0
    template: str = ""
    values: tuple[str, ...] = ()
    quotes: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Noted:
    ago: str
    by: str
    text: str


@dataclass(frozen=True)
class Assigned:
    """Routing gave it to somebody (`by` empty), or a colleague did. `idle` and `load` are what routing saw."""

    ago: str
    to: str
    by: str = ""
    load: int = 3
    idle: int = 12


@dataclass(frozen=True)
class Closed:
    ago: str
    by: str
    outcome: str = ""


Step = Said | Sent | Noted | Assigned | Closed


@dataclass(frozen=True)
class Thread:
    customer: str
    team: str
    labels: tuple[str, ...] = ()
    unread: int = 0
    steps: tuple[Step, ...] = ()
    snoozed_for: str = ""


def _buttons(*titles: str) -> dict[str, Any]:
    return {"buttons": [{"type": "reply", "id": f"b{n}", "title": title} for n, title in enumerate(titles, 1)]}


THREADS: tuple[Thread, ...] = (
    Thread("rental", "sales", unread=1, steps=(
        Said("2m", "Hi! Do you rent cargo bikes for a weekend?"),
    )),
    Thread("lena", "workshop", ("repair", "regular"), unread=2, steps=(
        Said("210d", "Hallo, ich bräuchte eine Inspektion und vorne neue Bremsbeläge."),
        Assigned("210d", "jonas"),
        Sent("209d 23h", "jonas", "Gern, Lena. Bring es einfach bis Mittwoch vorbei, dann ist es Freitag fertig."),
        Said("209d 22h", "Perfekt, danke!"),
        Closed("206d", "jonas", "Inspektion erledigt"),
        Said("18h 20m", "Hallo! Mein E-Bike macht beim Treten so ein *lautes Knacken*. "
             "Könnt ihr euch das _diese Woche_ noch anschauen? 🙏"),
        Assigned("18h 19m", "mara", load=3, idle=12),
        Said("18h 19m", "Kommt von hier, glaube ich", "image", file="photo-bike.jpg"),
        Said("18h 17m", kind="voice", file="voice-knacken.ogg"),
        Sent("18h 2m", "mara", "Danke dir, Lena – klingt nach dem Tretlager. Wann passt es dir?", "interactive",
             data=_buttons("Do 14:00", "Fr 11:15", "Ein anderer Tag"), mark="buttons"),
        Said("17h 55m", "Do 14:00", "button_reply",
             {"id": "b1"}, quotes="buttons"),
        Noted("17h 40m", "jonas", "@Mara Tretlager ist da, liegt in *Fach 7*. Bis 120 € ohne Rückfrage."),
        Sent("1h 48m", "mara", "So, hier ist der Kostenvoranschlag: ~139 €~ *119 €* inkl. Einbau.", "document",
             file="kostenvoranschlag.pdf", name="Kostenvoranschlag_2026-0418.pdf", mark="offer"),
        Said("4m", "Super, machen wir so! Dann bis 14 Uhr", quotes="offer", heart_from="mara"),
        Said("3m", "Ich steh gerade hier, bin gleich da", "location",
             {"latitude": 52.4986, "longitude": 13.4462, "name": "Lindenufer 12", "address": "Lindenufer 12, Berlin"}),
    )),
    Thread("tobias", "workshop", ("repair",), unread=1, steps=(
        Said("2d 3h", "Moin, könnt ihr ein Hollandrad neu einspeichen? Hinten sind drei Speichen gerissen."),
        Assigned("2d 3h", "tim", load=1, idle=25),
        Sent("2d 2h 40m", "tim", "Moin Tobias, machen wir. Stell es einfach in den Hof, Schlüssel in den Kasten."),
        Said("1d 22h", "Steht bei euch 👍"),
        Sent("1d 21h", "tim", "Ist angekommen. Wir melden uns."),
        Said("23h 21m", "Wann kann ich das Rad abholen?"),
    )),
    Thread("ralf", "workshop", ("repair",), unread=3, steps=(
        Said("13m", "Guten Tag"),
        Said("12m", "Bei meinem Trekkingrad klemmt was"),
        Said("9m", "Schaltung springt im 3. Gang"),
    )),
    Thread("oezdemir", "sales", ("quote",), unread=1, steps=(
        Said("1d 1h", "Hallo, wir suchen zwei Kinderräder, 20 und 24 Zoll. Habt ihr da etwas Gebrauchtes?"),
        Sent("1d 30m", "aylin", "Hallo Familie Özdemir! Ja, gerade sind fünf Stück hier. Wie groß sind die Kinder?"),
        Said("22m", kind="voice", file="voice-kinderrad.ogg"),
    )),
    Thread("paul", "sales", ("lease", "quote"), steps=(
        Said("9h 30m", "Hi, mein Leasing läuft im Sommer aus. Kann ich das Rad übernehmen?"),
        Assigned("9h 30m", "jonas", by="lead"),
        Sent("9h 12m", "jonas", "Hi Paul, ja. Ich frage den Restwert an und melde mich morgen."),
        Said("9h 5m", "Super, danke. Und ein Angebot für ein neues bitte gleich dazu."),
        Noted("8h", "jonas", "@Aylin hast du noch die Konditionen vom Leasingpartner für 2026?"),
        Noted("7h 40m", "aylin", "Liegen im Ordner, Blatt 3. Restwert wohl 18 %."),
        Sent("26m", "jonas", "Hallo Paul, der Restwert liegt bei 18 %. Das Angebot für das neue folgt gleich."),
    )),
    Thread("oliver", "workshop", ("parts",), steps=(
        Said("21h 40m", "Habt ihr das Schaltauge für das Falkenrad Tour noch?"),
        Assigned("21h 40m", "mara", load=4, idle=6),
        Sent("21h 30m", "mara", "Ich schau nach, welches passt. Hast du ein Foto?"),
        Said("21h 8m", "Klar", "image", file="photo-part.jpg"),
        Sent("1h 2m", "mara", "Das ist es, oder?", "image", "failed", file="photo-workshop.jpg", error=131053),
    )),
    Thread("miriam", "workshop", ("warranty",), steps=(
        Said("3d 4h", "Guten Tag, mein Display zeigt Fehler E010. Ist das ein Garantiefall?"),
        Assigned("3d 4h", "mara", load=5, idle=3),
        Sent("3d 3h", "mara", "Guten Tag Frau Schäfer, sehr wahrscheinlich ja. Bringen Sie es gern vorbei."),
        Said("21h 53m", "Dann bräuchte ich noch einmal die Rechnung, bitte."),
        Sent("21h 20m", "mara", "", "document", file="rechnung.pdf", name="Rechnung_2026-1187.pdf"),
    )),
    Thread("georg", "workshop", ("repair",), steps=(
        Said("4d 6h", "Hallo, wie weit ist mein Stadtrad?"),
        Assigned("4d 6h", "lead", by="mara"),
        Sent("4d 5h", "lead", "Hallo Georg, die Nabe kommt morgen. Ich melde mich."),
        Said("4d 4h 50m", "Alles klar, danke dir."),
        Sent("2d 1h", "lead", kind="template", status="delivered", template="rad_fertig",
             values=("Georg", "18:30 Uhr")),
    )),
    Thread("nora", "sales", ("regular",), steps=(
        Said("3d 7h", "Habt ihr am Samstag auf?"),
        Assigned("3d 7h", "admin", by="lead"),
        Sent("3d 6h", "admin", "Ja, von 10 bis 15 Uhr. Bis dahin!"),
        Said("3d 5h 50m", "Alles klar 👍"),
        Closed("3d 5h", "admin", "Beantwortet"),
    )),
    Thread("kaya", "workshop", (), unread=1, steps=(
        Said("5h 10m", "Hey, macht ihr auch Gravel-Umbauten?"),
        Assigned("5h 10m", "jonas", load=4, idle=9),
        Sent("5h", "jonas", "Hey Kaya, ja, sehr gern sogar. Was fährst du gerade?"),
        Said("41m", "Einen alten Stahlrahmen aus den Achtzigern 😄 Ich schick dir gleich Bilder"),
    )),
    Thread("helga", "workshop", ("repair", "regular"), steps=(
        Said("6h 20m", "Hallo, das Vereinsrad braucht einen neuen Schlauch."),
        Assigned("6h 20m", "mara", load=2, idle=18),
        Sent("6h", "mara", "Hallo Helga, kein Problem. Ich melde mich, sobald es fertig ist."),
        Said("5h 55m", "Ihr seid die Besten ❤️"),
        Sent("1h 15m", "mara", "Steht fertig im Hof, 14,90 € inklusive Einbau.", status="delivered"),
    )),
    Thread("yusuf", "workshop", ("repair",), unread=2, steps=(
        Said("50m", "Hallo, ich hatte gerade einen Platten auf dem Weg zur Arbeit."),
        Assigned("50m", "tim", load=2, idle=44),
        Said("48m", "Kann ich das Rad nachher vorbeibringen?"),
    )),
    Thread("dmitri", "sales", ("quote",), unread=1, steps=(
        Said("22h 40m", "Guten Abend, was kostet das Lastenrad aus dem Schaufenster?"),
        Assigned("22h 40m", "aylin", by="lead"),
        Sent("22h 20m", "aylin", "Guten Abend! 4.290 €, mit Leasing ab 79 € im Monat. Magst du Probe fahren?"),
        Said("20h 45m", "Ja, am liebsten am Wochenende. Geht Samstag um 11?"),
    )),
    Thread("ines", "workshop", ("repair",), steps=(
        Said("7h", "Hello, my brakes are squeaking terribly. Can I come by today?"),
        Assigned("7h", "jonas", load=3, idle=21),
        Sent("6h 50m", "jonas", "Hi Inês, sure. Any time after 3 pm."),
        Said("6h 45m", "Great, see you then!"),
        Sent("6h 44m", "jonas", "See you!", status="read"),
    )),
    Thread("bernd", "sales", ("lease",), steps=(
        Said("2d 4h", "Hallo, ich brauche eine Bestätigung für meinen Arbeitgeber."),
        Assigned("2d 4h", "aylin", by="lead"),
        Sent("2d 3h", "aylin", "Hallo Bernd, die bekommst du bis Freitag per Post und hier als PDF."),
        Said("2d 2h 30m", "Danke!"),
    ), snoozed_for="1d 2h"),
    Thread("fatima", "sales", ("regular",), steps=(
        Said("3h 30m", "Ich hätte gern zum Geburtstag meines Mannes einen Gutschein über 150 €."),
        Assigned("3h 30m", "aylin", by="admin"),
        Sent("3h 10m", "aylin", "Wie schön! Ich mache ihn fertig, abholen kannst du ihn ab sofort."),
        Said("3h 5m", "Wunderbar, bis später"),
        Sent("3h 4m", "aylin", "Bis später, Fatima", status="read"),
    )),
    Thread("claudia", "sales", (), steps=(
        Said("9d 2h", "STOP"),
        Sent("9d 1h", "aylin", "Ist eingetragen, du bekommst keine Werbung mehr von uns."),
        Closed("9d 1h", "aylin", "Abgemeldet"),
    )),
    Thread("sabine", "sales", (), steps=(
        Said("1d 5h", "STOP"),
    )),
    Thread("jan", "workshop", ("parts",), steps=(
        Said("30h", "Moin, ist meine Kette schon da?"),
        Assigned("30h", "jonas", load=1, idle=52),
        Sent("29h 40m", "jonas", "Moin Jan-Ole, kommt Donnerstag. Soll ich sie gleich draufmachen?"),
        Said("29h 30m", "Ja bitte"),
        Sent("2h 10m", "jonas", kind="template", status="read", template="rad_fertig",
             values=("Jan-Ole", "18:30 Uhr")),
    )),
    Thread("lukas", "workshop", ("warranty",), unread=1, steps=(
        Said("1h 20m", "Der Akku lädt nur noch bis 60 %. Rad ist acht Monate alt."),
        Assigned("1h 20m", "mara", load=5, idle=4),
        Sent("1h 10m", "mara", "Das klären wir mit dem Hersteller. Schickst du mir die Seriennummer?"),
        Said("35m", "BT-48-2290173"),
    )),
    Thread("petra", "workshop", ("repair",), steps=(
        Said("5d 3h", "Ist mein Rad schon fertig?"),
        Assigned("5d 3h", "tim", load=0, idle=90),
        Sent("5d 2h", "tim", "Hallo Petra, ja, seit heute Mittag."),
        Said("5d 1h", "Super, hole ich morgen"),
        Closed("4d 2h", "tim", "Abgeholt"),
    )),
    Thread("school", "sales", ("quote",), steps=(
        Said("4h 40m", "Guten Tag, wir planen eine Fahrradwoche und bräuchten 12 Helme zur Ausleihe."),
        Assigned("4h 40m", "lead", by="lead"),
        Noted("4h 20m", "lead", "@Aylin @Jonas haben wir so viele Kinderhelme in der Ausleihe?"),
        Sent("4h 10m", "lead", "Guten Tag! Das bekommen wir hin, ich melde mich heute noch mit Größen."),
    )),
    Thread("anton", "workshop", ("repair",), steps=(
        Said("26h", "Habt ihr morgen noch einen Termin für einen Bremsencheck?"),
    ), unread=1),
    Thread("greta", "sales", (), steps=(
        Said("6d 2h", "Danke für die tolle Beratung gestern!"),
        Assigned("6d 2h", "jonas", by="lead"),
        Sent("6d 1h", "jonas", "Sehr gern, Greta. Viel Freude mit dem Rad!"),
        Closed("6d 1h", "jonas", "Beantwortet"),
    )),
    Thread("moritz", "workshop", ("parts",), steps=(
        Said("8h 10m", "Passt ein 28er Mantel in 42 mm unter mein Schutzblech?"),
        Assigned("8h 10m", "tim", load=3, idle=8),
        Sent("8h", "tim", "Bei deinem Rahmen bis 40 mm. Ich lege dir zwei zum Anschauen raus."),
        Said("7h 58m", "Top, komme morgen vorbei"),
        Sent("7h 57m", "tim", "Bis morgen", status="read"),
    )),
)
