"""What the customers of a crowd say: made up, in four languages, for any business and for the demo's bicycle shop."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language's words; `country` begins the phone numbers of those who speak it."""

    country: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    openings: tuple[str, ...]
    bicycle_openings: tuple[str, ...]
    details: tuple[str, ...]
    bicycle_details: tuple[str, ...]
    captions: tuple[str, ...]
    reminders: tuple[str, ...]
    replies: tuple[str, ...]
    thanks: tuple[str, ...]
    comments: tuple[str, ...]


GERMAN = Tongue(
    country="49163",
    first_names=("Anna", "Ben", "Clara", "David", "Finn", "Greta", "Ida", "Jan", "Katja", "Leon", "Mia", "Oskar"),
    last_names=("Becker", "Fischer", "Hartmann", "Jansen", "Krause", "Lange", "Neumann", "Peters", "Roth", "Seidel"),
    openings=(
        "Hallo! Habt ihr Samstag offen?", "Könnt ihr mir einen Termin geben?", "Ich habe eine Frage zur Rechnung.",
        "Guten Tag, ist mein Auftrag schon fertig?", "Moin, wie lange dauert das bei euch?",
    ),
    bicycle_openings=(
        "Guten Tag, ist mein Rad schon fertig?", "Was kostet eine Inspektion?", "Mein Hinterrad eiert 😕",
        "Moin, habt ihr Schläuche in 28 Zoll da?", "Die Bremse quietscht seit gestern wieder.",
        "Hallo, ich möchte ein Lastenrad für Samstag mieten.", "Mein E-Bike zeigt Fehler 504 an.",
    ),
    details=("Am besten wäre Donnerstag nach 16 Uhr.", "Auftrag B-2217.", "Es eilt etwas 🙏", "Danke schon mal!"),
    bicycle_details=(
        "Es ist ein Gravelbike, zwei Jahre alt.", "Das Rad steht schon bei euch.",
        "Ich brauche es dringend für den Weg zur Arbeit 🙏",
    ),
    captions=("So sieht es aus.", "Hier, das Teil meine ich.", "Foto von vorhin"),
    reminders=("Hallo, ist da jemand?", "Habt ihr meine Nachricht gesehen?", "?"),
    replies=(
        "Super, und was würde das kosten?", "Freitag um 11 passt mir.", "Geht es auch etwas früher?",
        "Ja genau, das schwarze.", "Alles klar, dann komme ich vorbei.", "Muss ich etwas mitbringen?",
    ),
    thanks=("Danke!", "Vielen Dank, bis dann 👍", "Perfekt, danke euch.", "Super, danke und schönen Tag noch"),
    comments=(
        "Sehr freundlich und schnell.", "Hat etwas lange gedauert.", "Jederzeit wieder!",
        "Der Termin wurde zweimal verschoben.",
    ),
)  # fmt: skip
ENGLISH = Tongue(
    country="44770",
    first_names=("Alice", "Charlie", "Daisy", "Edward", "Harriet", "Jack", "Poppy", "Tom"),
    last_names=("Barnes", "Clarke", "Hughes", "Mason", "Palmer", "Wright"),
    openings=(
        "Hello, are you open on Saturday?", "Could I get an appointment this week?", "Hi, is my order ready yet?",
    ),
    bicycle_openings=(
        "Hi, is my bike ready yet?", "How much is a full service?", "My gears keep slipping.",
        "Do you rent cargo bikes?",
    ),
    details=("Thursday afternoon would be best.", "Order B-2231."),
    bicycle_details=("It's a hybrid, about three years old.",),
    captions=("This is what it looks like.", "That's the part."),
    reminders=("Hello? Anyone there?", "Did you get my message?"),
    replies=(
        "Great, how much would that be?", "Friday at 11 works.", "Could it be a bit earlier?", "Yes, the black one.",
    ),
    thanks=("Thanks!", "Brilliant, thank you 👍", "Cheers, see you then"),
    comments=("Very friendly.", "Took a little long.", "Would come again."),
)  # fmt: skip
TURKISH = Tongue(
    country="90532",
    first_names=("Ayşe", "Can", "Deniz", "Elif", "Emre", "Hasan", "Selin", "Zeynep"),
    last_names=("Aksoy", "Çelik", "Demir", "Kaya", "Şahin", "Yılmaz"),
    openings=("Selam, cumartesi açık mısınız?", "Bu hafta randevu alabilir miyim?"),
    bicycle_openings=("Merhaba, bisikletim hazır mı?", "Bakım ne kadar tutar?", "Arka tekerleğim sallanıyor."),
    details=("Perşembe öğleden sonra olur.", "Sipariş B-2240."),
    bicycle_details=("Siyah bir şehir bisikleti.",),
    captions=("Böyle görünüyor.", "Bu parça."),
    reminders=("Merhaba, orada mısınız?", "Mesajımı gördünüz mü?"),
    replies=("Harika, fiyatı ne olur?", "Cuma saat 11 bana uyar.", "Biraz daha erken olur mu?", "Evet, siyah olan."),
    thanks=("Teşekkürler!", "Çok sağ olun 👍", "Süper, görüşürüz"),
    comments=("Çok ilgiliydiniz.", "Biraz uzun sürdü."),
)  # fmt: skip
POLISH = Tongue(
    country="48601",
    first_names=("Agata", "Jakub", "Magda", "Piotr", "Zofia"),
    last_names=("Kowalska", "Lewandowski", "Nowak", "Wójcik"),
    openings=("Dzień dobry, czy moje zamówienie jest gotowe?", "Czy w sobotę jest otwarte?"),
    bicycle_openings=("Dzień dobry, czy mój rower jest gotowy?", "Ile kosztuje przegląd?", "Czy macie dętki 28 cali?"),
    details=("Najlepiej w czwartek po południu.",),
    bicycle_details=("To rower miejski.",),
    captions=("Tak to wygląda.",),
    reminders=("Halo, jest tam ktoś?",),
    replies=("Świetnie, ile to będzie kosztować?", "Piątek o 11 pasuje."),
    thanks=("Dziękuję!", "Super, dzięki 👍"),
    comments=("Bardzo miła obsługa.",),
)
# How many of a hundred speak which.
TONGUES = ((GERMAN, 70), (ENGLISH, 14), (TURKISH, 11), (POLISH, 5))
EMOJI = ("👍", "❤️", "🙏", "😂")
