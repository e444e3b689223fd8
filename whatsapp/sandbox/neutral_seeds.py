"""What the phone knows where no demo is made (`EMPTY=1`): nobody's business, with a few templates that fit any."""

from typing import Any

from whatsapp.sandbox.seed_templates import body, named_body, replies

NAME = "Test Number"  # Meta's own word, until the wizard has asked for a name
PROFILE = {"vertical": "OTHER"}
NO_MORE = {"type": "FOOTER", "text": "Keine Infos mehr? Schreib STOP"}
NO_MORE_ENGLISH = {"type": "FOOTER", "text": "No more news? Write STOP"}


def _hello(language: str, header: str, text: str, footer: str) -> dict[str, Any]:
    return {
        "name": "hello_world", "language": language, "category": "UTILITY", "components": [
            {"type": "HEADER", "format": "TEXT", "text": header}, body(text), {"type": "FOOTER", "text": footer}
        ],
    }  # fmt: skip


def _reminder(language: str, text: str, *buttons: str, **examples: str) -> dict[str, Any]:
    return {
        "name": "an_termin_erinnern", "language": language, "category": "UTILITY", "parameter_format": "NAMED",
        "components": [named_body(text, **examples), {"type": "BUTTONS", "buttons": replies(*buttons)}],
    }  # fmt: skip


def _news(language: str, text: str, footer: dict[str, str], *buttons: str) -> dict[str, Any]:
    return {
        "name": "neuigkeiten", "language": language, "category": "MARKETING", "components": [
            body(text, "Lena"), footer, {"type": "BUTTONS", "buttons": replies(*buttons)}
        ],
    }  # fmt: skip


_TEMPLATES: list[dict[str, Any]] = [
    _hello(
        "en_US", "Hello World",
        "Welcome and congratulations!! This message demonstrates your ability to send a WhatsApp message notification"
        " from the Cloud API, hosted by Meta. Thank you for taking the time to test with us.",
        "WhatsApp Business Platform sample message",
    ),
    _hello(
        "de", "Hallo Welt",
        "Willkommen und herzlichen Glückwunsch!! Diese Nachricht zeigt, dass du über die Cloud-API von Meta"
        " WhatsApp-Nachrichten senden kannst. Danke, dass du es mit uns ausprobierst.",
        "Beispielnachricht der WhatsApp Business Platform",
    ),
    _reminder(
        "de", "Hallo {{vorname}}, wir erinnern dich an deinen Termin am {{datum}} um {{uhrzeit}} Uhr. Bleibt es dabei?",
        "Ja, ich komme", "Anderer Termin", vorname="Lena", datum="24. April", uhrzeit="11:15",
    ),
    _reminder(
        "en", "Hi {{vorname}}, this is a reminder of your appointment on {{datum}} at {{uhrzeit}}. Will you be there?",
        "Yes, I'll come", "Another time", vorname="Lena", datum="24 April", uhrzeit="11:15",
    ),
    {
        "name": "rueckfrage", "language": "de", "category": "UTILITY", "components": [
            body("Hallo {{1}}, wir haben eine Rückfrage zu deinem Auftrag {{2}}. Hast du einen Moment?", "Lena", "A-17")
        ],
    },
    {
        "name": "rueckfrage", "language": "en", "category": "UTILITY", "components": [
            body("Hi {{1}}, we have a question about your order {{2}}. Do you have a moment?", "Lena", "A-17")
        ],
    },
    _news(
        "de", "Hallo {{1}}, bei uns gibt es Neues! Schau gern vorbei oder frag uns einfach hier.", NO_MORE,
        "Erzählt mehr", "Keine Werbung",
    ),
    _news(
        "en", "Hi {{1}}, there is something new with us! Come by, or just ask us here.", NO_MORE_ENGLISH,
        "Tell me more", "No more news",
    ),
]  # fmt: skip
TEMPLATES = [{"status": "APPROVED", "quality": "GREEN", **template} for template in _TEMPLATES]
