"""The demo business's templates, one of each kind the picker must cope with."""

from typing import Any

FOOTER = {"type": "FOOTER", "text": "Radhaus Lindenhof"}


def body(text: str, *examples: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text} | ({"example": {"body_text": [list(examples)]}} if examples else {})


def named_body(text: str, **examples: str) -> dict[str, Any]:
    params = [{"param_name": name, "example": value} for name, value in examples.items()]
    return {"type": "BODY", "text": text, "example": {"body_text_named_params": params}}


def _media_header(shape: str) -> dict[str, Any]:
    return {"type": "HEADER", "format": shape, "example": {"header_handle": ["4::aW1hZ2U"]}}


def replies(*texts: str) -> list[dict[str, str]]:
    return [{"type": "QUICK_REPLY", "text": text} for text in texts]


TEMPLATES: list[dict[str, Any]] = [
    {
        "name": "rad_fertig", "language": "de", "category": "UTILITY", "status": "APPROVED",
        "quality": "GREEN",
        "components": [
            body("Hallo {{1}}, dein Rad ist fertig 🎉 Du kannst es heute bis {{2}} abholen.", "Lena", "18:30 Uhr"),
            FOOTER,
            {"type": "BUTTONS", "buttons": replies("Ich komme heute", "Morgen passt besser")},
        ],
    },
    {
        "name": "rad_fertig", "language": "en", "category": "UTILITY", "status": "APPROVED",
        "quality": "GREEN",
        "components": [
            body("Hi {{1}}, your bike is ready 🎉 You can pick it up today until {{2}}.", "Lena", "6:30 pm"),
            FOOTER,
            {"type": "BUTTONS", "buttons": replies("I'll come today", "Tomorrow is better")},
        ],
    },
    {
        "name": "termin_bestaetigen", "language": "de", "category": "UTILITY", "status": "APPROVED",
        "quality": "GREEN",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Dein Termin am {{datum}}",
             "example": {"header_text_named_params": [{"param_name": "datum", "example": "24. April"}]}},
            named_body(
                "Hallo {{vorname}}, wir sehen uns am {{datum}} um {{uhrzeit}} Uhr in der Werkstatt. Passt dir das?",
                vorname="Lena", datum="24. April", uhrzeit="11:15",
            ),
            FOOTER,
            {"type": "BUTTONS", "buttons": replies("Passt", "Anderer Termin")},
        ],
    },
    {
        "name": "termin_bestaetigen", "language": "en", "category": "UTILITY", "status": "APPROVED",
        "quality": "GREEN",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Your appointment on {{datum}}",
             "example": {"header_text_named_params": [{"param_name": "datum", "example": "24 April"}]}},
            named_body(
                "Hi {{vorname}}, see you on {{datum}} at {{uhrzeit}} in the workshop. Does that suit you?",
                vorname="Lena", datum="24 April", uhrzeit="11:15",
            ),
            FOOTER,
            {"type": "BUTTONS", "buttons": replies("Suits me", "Another time")},
        ],
    },
    {
        "name": "rueckfrage_auftrag", "language": "de", "category": "UTILITY", "status": "APPROVED",
        "quality": "GREEN",
        "components": [
            body("Hallo {{1}}, wir haben eine Frage zu deinem Auftrag {{2}}. Hast du einen Moment?", "Lena", "R-2201"),
            FOOTER,
        ],
    },
    {
        "name": "auftrag_verfolgen", "language": "de", "category": "UTILITY", "status": "APPROVED",
        "quality": "GREEN",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Auftrag {{1}}", "example": {"header_text": ["R-2201"]}},
            body("Hallo {{1}}, dein Auftrag ist in Arbeit. Den Stand siehst du jederzeit hier.", "Lena"),
            FOOTER,
            {"type": "BUTTONS", "buttons": [
                {"type": "URL", "text": "Stand ansehen", "url": "https://radhaus.example/auftrag/{{1}}",
                 "example": ["https://radhaus.example/auftrag/R-2201"]},
                {"type": "PHONE_NUMBER", "text": "Anrufen", "phone_number": "+4915550100100"},
            ]},
        ],
    },
    {
        "name": "rechnung_senden", "language": "de", "category": "UTILITY", "status": "APPROVED",
        "quality": "GREEN",
        "components": [
            _media_header("DOCUMENT"),
            body("Hallo {{1}}, hier ist deine Rechnung {{2}} als PDF. Danke für deinen Auftrag!", "Lena", "2026-1187"),
            FOOTER,
        ],
    },
    {
        "name": "abholung_erinnern", "language": "de", "category": "UTILITY", "status": "APPROVED", "quality": "YELLOW",
        "components": [
            _media_header("IMAGE"),
            body("Hallo {{1}}, dein Rad wartet seit {{2}} Tagen auf dich. Wann holst du es ab?", "Lena", "3"),
            FOOTER,
            {"type": "BUTTONS", "buttons": replies("Heute", "Diese Woche")},
        ],
    },
    {
        "name": "nummer_erfragen", "language": "de", "category": "UTILITY", "status": "APPROVED",
        "quality": "GREEN",
        "components": [
            body("Damit wir dich wegen deines Auftrags anrufen können, brauchen wir deine Nummer."),
            {"type": "BUTTONS", "buttons": [{"type": "REQUEST_CONTACT_INFO", "text": "Share Contact Info"}]},
        ],
    },
    {
        "name": "fruehlingscheck_2026", "language": "de", "category": "MARKETING", "status": "APPROVED",
        "quality": "GREEN",
        "components": [
            _media_header("IMAGE"),
            body(
                "Hallo {{1}}, der Winter ist vorbei, deine Kette merkt es auch 🚲\n\n*Frühlingscheck für 49 €* statt "
                "69 €: Bremsen, Schaltung, Kette, Licht und Luft. Termine gibt es bis {{2}}. Hast du Lust?",
                "Lena", "30. April",
            ),
            {"type": "FOOTER", "text": "Keine Infos mehr? Schreib STOP"},
            {"type": "BUTTONS", "buttons": replies("Termin buchen", "Keine Werbung")},
        ],
    },
    {
        "name": "newsletter_werkstatt", "language": "de", "category": "MARKETING", "status": "APPROVED",
        "quality": "GREEN",
        "components": [
            body("Hallo {{1}}, diese Woche in der Werkstatt: Bremsencheck ohne Termin, jeden Tag ab 9 Uhr.", "Lena"),
            {"type": "FOOTER", "text": "Keine Infos mehr? Schreib STOP"},
            {"type": "BUTTONS", "buttons": replies("Keine Werbung")},
        ],
    },
    {
        "name": "leasing_ende", "language": "de", "category": "UTILITY", "status": "PENDING",
        "components": [
            body("Hallo {{1}}, dein Leasing endet am {{2}}. Willst du das Rad übernehmen?", "Lena", "30. Juni"),
            FOOTER,
        ],
    },
    {
        "name": "sommerangebot", "language": "de", "category": "UTILITY", "status": "REJECTED",
        "rejected_reason": "TAG_CONTENT_MISMATCH",
        "components": [body("Hallo {{1}}, nur diese Woche: 20 % auf alle Helme. Komm vorbei!", "Lena"), FOOTER],
    },
    {
        "name": "bewertung_bitten", "language": "de", "category": "MARKETING", "status": "PAUSED", "quality": "RED",
        "components": [
            body("Hallo {{1}}, warst du zufrieden mit uns? Wir freuen uns über eine Bewertung.", "Lena"),
            {"type": "BUTTONS", "buttons": replies("Gern", "Keine Werbung")},
        ],
    },
    {
        "name": "lieferung_defekt", "language": "de", "category": "UTILITY", "status": "DISABLED", "quality": "RED",
        "components": [body("Hallo {{1}}, deine Lieferung verspätet sich leider um ein paar Tage.", "Lena"), FOOTER],
    },
]  # fmt: skip
