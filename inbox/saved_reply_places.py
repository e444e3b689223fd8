"""The places of a saved reply: {{contact.first_name}} and the like, and what stands there in one conversation.

A place without a value stays visible as {{its name}}, in words of whoever writes. Such a gap is never sent unasked:
inbox.actions.replying refuses a text that has one. Pure: text and values in, text out.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import Agent
    from inbox.models import Conversation

PLACES: dict[str, str | Promise] = {
    "contact.first_name": _("Customer's first name"),
    "contact.name": _("Customer's name"),
    "agent.first_name": _("My first name"),
    "agent.name": _("My name"),
    "workspace.name": _("Name of the business"),
}
_PLACE = re.compile(r"\{\{\s*([^{}\n]{1,60}?)\s*\}\}")


def values_for(conversation: "Conversation", agent: "Agent") -> dict[str, str]:
    """What is known here; a customer without a name has none, rather than a number for one."""
    name = conversation.contact.name or conversation.contact.profile_name
    return {
        "contact.first_name": conversation.contact.first_name if name else "",
        "contact.name": name,
        "agent.first_name": agent.first_name,
        "agent.name": agent.name,
        "workspace.name": conversation.workspace.name,
    }


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with every value that is known; what is missing stands there as {{its name}}."""

    def filled(place: re.Match[str]) -> str:
        name = place[1]
        if name not in PLACES:
            return place[0]
        return values.get(name) or f"{{{{{PLACES[name]}}}}}"

    return _PLACE.sub(filled, text)


def pieces(text: str) -> list[tuple[str, bool]]:
    """The text in parts, for somebody who reads the list: (words, whether they are a place in our own words)."""
    parts = _PLACE.split(text)
    return [
        (str(PLACES[part]) if place and part in PLACES else f"{{{{{part}}}}}" if place else part, bool(place))
        for part, place in zip(parts, (number % 2 for number in range(len(parts))), strict=True)
        if part
    ]


def gaps(text: str) -> list[str]:
    """What still has to be filled in, as it stands in the text."""
    return [place[0] for place in _PLACE.finditer(text)]


def unknown(text: str) -> list[str]:
    """Places that mean nothing to us: a slip of the keyboard that every customer would see."""
    return [place[1] for place in _PLACE.finditer(text) if place[1] not in PLACES]
