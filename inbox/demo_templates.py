"""The message templates of the demo workspace, as Meta's sync would have left them."""

from typing import Any


def _template(meta_id: int, name: str, body: str, examples: tuple[str, ...] = (), *, category: str = "UTILITY",
              status: str = "APPROVED", language: str = "de", quality: str = "GREEN",
              more: tuple[dict[str, Any], ...] = (), **fields: Any) -> dict[str, Any]:
    component: dict[str, Any] = {"type": "BODY", "text": body}
    if examples:
        component["example"] = {"body_text": [list(examples)]}
    parts = sorted((component, *more), key=lambda part: ("HEADER", "BODY", "FOOTER", "BUTTONS").index(part["type"]))
    return {
        "meta_id": str(meta_id), "name": name, "language": language, "category": category, "status": status,
        "quality": quality, "components": parts, **fields,
    }


FOOTER = {"type": "FOOTER", "text": "Radhaus Lindenhof"}
TEMPLATES: tuple[dict[str, Any], ...] = (
    _template(
        900000000000001, "rad_fertig", "Hallo {{1}}, dein Rad ist fertig 🎉 Du kannst es heute bis {{2}} abholen.",
        ("Lena", "18:30 Uhr"), more=(FOOTER,), used_count=210,
    ),
)
HEADERS: dict[str, str] = {}
