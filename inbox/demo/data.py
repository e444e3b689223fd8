"""Who is in the demo workspace: Radhaus Lindenhof, its people, teams, labels and customers. All of it is made up.

The phone numbers come from ranges that Germany's regulator keeps free for fiction. What these people write to each
 `inbox.demo.threads`; `inbox.demo.builder` makes rows of both.
"""

from dataclasses import dataclass, field
from typing import Any

from accounts.models import Role, RoutingStrategy, Visibility

WORKSPACE = "Radhaus Lindenhof"
# The shop's hours. Its people have none of their own, so that whoever tries it is never off duty.
WEEK = [[[540, 1110]]] * 5 + [[[600, 840]], []]
REGION = "DE-BE"
REPLIES_THIS_MONTH = 812  # of Meta's free thousand
# Templates are the practice phone's own (`whatsapp.sandbox.seed_templates`); how often each was used, and the files.
TEMPLATE_USES = {"rad_fertig": 210, "termin_bestaetigen": 158, "rueckfrage_auftrag": 63, "abholung_erinnern": 41}
TEMPLATE_HEADERS = {"abholung_erinnern": "photo-workshop.jpg", "fruehlingscheck_2026": "header-spring.jpg"}


@dataclass(frozen=True)
class TeamData:
    key: str
    name: str
    strategy: str
    is_default: bool = False
    handback_minutes: int = 480  # a working day: nobody is signed in when the demo begins
    first_response_minutes: int = 30
    next_response_minutes: int = 60


TEAMS = (
    TeamData("workshop", "Werkstatt", RoutingStrategy.LEAST_BUSY, is_default=True),
    # By hand, so that something stays in "Unassigned" to be claimed.
    TeamData("sales", "Verkauf", RoutingStrategy.MANUAL),
)


@dataclass(frozen=True)
class Person:
    key: str
    name: str
    role: str = Role.AGENT
    visibility: str = Visibility.TEAM
    capacity: int = 8
    teams: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        return f"{self.key}@radhaus.example"


PEOPLE = (
    Person("admin", "Sofia Neumann", Role.ADMIN, Visibility.ALL, capacity=4, teams=("sales",)),
    Person("lead", "Emre Yıldız", Role.LEAD, Visibility.TEAM, capacity=6, leads=("workshop", "sales")),
    Person("mara", "Mara Brandt", teams=("workshop", "sales")),
    Person("jonas", "Jonas Keller", teams=("workshop", "sales")),
    Person("aylin", "Aylin Demir", visibility=Visibility.ALL, teams=("sales",)),
    Person("tim", "Tim Vogt", visibility=Visibility.OWN, teams=("workshop",)),
)

# Names are the shop's own words, so they are not translated. Hues as in the design.
LABELS = {
    "repair": ("Reparatur", 4),
    "quote": ("Angebot", 1),
    "parts": ("Ersatzteile", 2),
    "warranty": ("Garantie", 7),
    "lease": ("Leasing", 3),
    "regular": ("Stammkunde", 6),
}


# Who can what others cannot.
SKILLS = {"Türkisch": ("lead", "aylin"), "Leasing": ("mara", "aylin")}


@dataclass(frozen=True)
class RuleData:
    """A rule of the assignment, in its place; `teams`, `labels`, `team` and `agent` by their keys."""

    name: str
    target: str = "own"
    manner: str = "least_busy"
    team: str = ""
    agent: str = ""
    skill: str = ""
    is_active: bool = True
    teams: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    asks: dict[str, Any] = field(default_factory=dict)


RULES = (
    RuleData("Türkisch", target="team", team="workshop", manner="skill", skill="Türkisch",
             asks={"languages": frozenset({"tr"})}),
    RuleData("Bekannte Kundschaft", manner="sticky", teams=("workshop",), asks={"customer": "known"}),
    RuleData("", target="team", team="workshop", labels=("repair",)),
    RuleData("Leasing oder Angebot", target="team", team="sales", manner="round_robin",
             asks={"keywords": ("Leasing", "Angebot*", "JobRad")}),
    RuleData("Nachricht auf Englisch", target="agent", agent="tim", is_active=False,
             asks={"languages": frozenset({"en"})}),
)


@dataclass(frozen=True)
class ReplyData:
    """A saved reply: of everybody, of a team or of one person."""

    shortcut: str
    title: str
    text: str
    used: int = 0
    team: str = ""
    owner: str = ""


REPLIES = (
    ReplyData("abholung", "Rad ist fertig", "Hallo {{contact.first_name}}, dein Rad ist fertig! Du kannst es heute bis "
              "18:30 Uhr abholen.\n\nViele Grüße\n{{agent.first_name}} von {{workspace.name}}", 148),
    ReplyData("anfahrt", "Anfahrt und Parken", "Du findest uns in der Lindenallee 4, der Eingang zur Werkstatt ist im "
              "Hof. Parken kannst du direkt davor.", 61),
    ReplyData("oeffnungszeiten", "Öffnungszeiten", "Wir sind *Mo bis Fr von 9:00 bis 18:30 Uhr* und *Sa von 10:00 bis "
              "14:00 Uhr* für dich da.", 93),
    ReplyData("danke", "Danke", "Sehr gern, {{contact.first_name}}! Melde dich, wenn noch etwas ist.", 77),
    ReplyData("foto", "Bitte ein Foto", "Kannst du uns ein Foto davon schicken? Dann sehen wir schon vorab, was wir "
              "brauchen.", 38, team="workshop"),
    ReplyData("kostenvoranschlag", "Kostenvoranschlag", "Hallo {{contact.first_name}}, den Kostenvoranschlag bekommst "
              "du bis morgen Mittag. Vorher machen wir nichts, was Geld kostet.", 29, team="workshop"),
    ReplyData("angebot", "Angebot folgt", "Danke für deine Anfrage! Das Angebot schicken wir dir bis morgen Mittag.",
              34, team="sales"),
    ReplyData("leasing", "Leasing: was wir brauchen", "Für das Leasing brauchen wir:\n- den Namen deines Arbeitgebers\n"
              "- deine Personalnummer\n- das Rad, das es werden soll", 17, team="sales"),
    ReplyData("kurz", "Bin gleich wieder da", "Ich bin in 10 Minuten wieder am Platz und melde mich dann.\n"
              "{{agent.first_name}}", 12, owner="mara"),
)


@dataclass(frozen=True)
class Customer:
    """A customer as WhatsApp knows them: with a phone number, or with only a user id and a username."""

    key: str
    profile_name: str = ""
    phone: str = ""
    bsuid: str = ""
    username: str = ""
    name: str = ""  # what the shop calls them, where that differs
    language: str = "de"
    email: str = ""
    # (state, source, how long ago, wording, note), oldest first
    consents: tuple[tuple[str, str, str, str, str], ...] = field(default=())


OPT_IN = "Ja, Radhaus Lindenhof darf mir per WhatsApp Angebote und Neuigkeiten schicken. Abbestellen: STOP."
IN_SHOP = "QR-Code im Laden"

CUSTOMERS = (
    Customer("lena", "Lena Hoffmann", "491729925904", email="lena@hoffmann.example",
             consents=(("given", "agent", "34d 6h", OPT_IN, IN_SHOP),)),
    Customer("rental", phone="4917604069058", language="en"),
    Customer("tobias", "Tobias Krämer", "4917604069011"),
    Customer("ralf", "Ralf Seidel", "4917604069012"),
    Customer("oezdemir", "Familie Özdemir", "4917604069013"),
    Customer("paul", "Paul Lindner", "4917604069014", email="paul.lindner@beispiel.example"),
    Customer("oliver", "Oliver Braun", "4917604069015"),
    Customer("miriam", "Miriam Schäfer", "4917604069016", email="miriam@schaefer.example"),
    Customer("georg", "Georg Albrecht", "491713920041", email="georg@albrecht.example"),
    Customer("nora", "Nora Pfeiffer", "4917604069018",
             consents=(("given", "button", "80d", OPT_IN, ""),)),
    Customer("kaya", "Kaya ✨", bsuid="DE.83104417729954012266", username="kaya.rides"),
    Customer("helga", "Helga Sommer", "4917604069020", name="Helga Sommer (Vereinsrad)"),
    Customer("yusuf", "Yusuf Arslan", "4917604069021"),
    Customer("claudia", "Claudia Berger", "4917604069022",
             consents=(("given", "keyword", "120d", "START", ""), ("withdrawn", "keyword", "9d 2h", "STOP", ""))),
    Customer("dmitri", "Dmitri Wolf", "4917604069023"),
    Customer("ines", "Inês Carvalho", "4917604069024", language="en"),
    Customer("bernd", "Bernd Hartmann", "4917604069025"),
    Customer("fatima", "Fatima El-Sayed", "4917604069026", email="fatima@elsayed.example",
             consents=(("given", "agent", "12d 3h", OPT_IN, IN_SHOP),)),
    Customer("jan", "Jan-Ole", "4917604069027", name="Jan-Ole Petersen"),
    Customer("sabine", "Sabine Roth", "4917604069028",
             consents=(("given", "agent", "200d", OPT_IN, IN_SHOP), ("withdrawn", "keyword", "1d 5h", "STOP", ""))),
    Customer("lukas", "Lukas Meinhardt", "4917604069029"),
    Customer("petra", "Petra Lohmann", "4917604069030"),
    Customer("school", "Grundschule am Lindenhof", "4917604069031", email="sekretariat@gs-lindenhof.example"),
    Customer("anton", "Anton Vogel", "4917604069032"),
    Customer("greta", "Greta Winkler", "4917604069033"),
    Customer("moritz", "Moritz Lang", "4917604069034"),
)


# What customers are answered by itself: kind → language → text. Off, as a crowd on the practice phone takes a greeting
# for an answer; keywords are on.
AUTOMATIC = {
    "greeting": {
        "de": "Moin {{contact.first_name}} und willkommen beim {{workspace.name}}! Worum geht es? Am besten gleich mit "
        "Foto.",
        "en": "Hello {{contact.first_name}} and welcome to {{workspace.name}}! How can we help? A photo helps most.",
    },
    "away": {
        "de": "Hallo {{contact.first_name}}! Wir haben gerade geschlossen und melden uns {{next_opening}}.",
        "en": "Hello {{contact.first_name}}! We are closed right now and will get back to you {{next_opening}}.",
    },
    "back": {
        "de": "Guten Morgen {{contact.first_name}}! Wir sind wieder da und schauen uns deine Nachricht gleich an.",
        "en": "Good morning {{contact.first_name}}! We are back and will look at your message right away.",
    },
    "busy": {
        "de": "Gerade ist viel los im {{workspace.name}}. Wir antworten dir {{waiting_time}}.",
        "en": "It is very busy at {{workspace.name}} right now. We will answer you {{waiting_time}}.",
    },
}
# (words, answers), both by language
KEYWORDS = (
    (
        {"de": ["Öffnungszeiten", "wann habt ihr auf"], "en": ["opening hours", "when are you open"]},
        {
            "de": "Wir sind für dich da: Montag bis Freitag von 9:00 bis 18:30 Uhr, Samstag von 10:00 bis 14:00 Uhr.",
            "en": "We are here for you: Monday to Friday from 9:00 to 18:30 and Saturday from 10:00 to 14:00.",
        },
    ),
    (
        {"de": ["Adresse", "wo seid ihr"], "en": ["address", "where are you"]},
        {
            "de": "Du findest uns in der Lindenallee 4 in Berlin. Parken kannst du im Hof.",
            "en": "You find us at Lindenallee 4 in Berlin. You can park in the yard.",
        },
    ),
)
