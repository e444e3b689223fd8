"""Why a delivery was not simply processed, in the reader's language. Stored reasons are English and technical."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

# What the parser and the intake write, and the sentence a person reads for it.
PATTERNS = [
    (r"not JSON: .+", gettext_noop("This is not JSON.")),
    (r"unreadable: (?P<what>.+)", gettext_noop("This cannot be read (%(what)s).")),
    (r"the body is not an object|entry is missing|changes are missing|value is missing|not an object|.+ is not a list",
     gettext_noop("Parts that every webhook has are missing.")),
    (r"message without (?:id|sender)|echo without id or recipient|status without id|preference without a person",
     gettext_noop("A message, status or setting came without the ids that belong to it.")),
    (r"object (?P<what>.+)", gettext_noop("This webhook is about something else than WhatsApp (%(what)s).")),
    (r"field (?P<what>.+)", gettext_noop("Webhooks of the field “%(what)s” are not used here.")),
    (r"nothing in it.*", gettext_noop("There is nothing in it that is used here.")),
    (r"quarantined: number (?P<what>.+) is not connected here",
     gettext_noop("Set aside: the number %(what)s is not connected here.")),
    (r"quarantined: number (?P<what>.+) belongs to another app than the one that signed",
     gettext_noop("Set aside: the number %(what)s belongs to another app than the one that signed.")),
    (r"quarantined: number (?P<what>.+) is not of account .+",
     gettext_noop("Set aside: the number %(what)s does not belong to the account named in the webhook.")),
    (r"quarantined: account (?P<what>.+) is not connected here",
     gettext_noop("Set aside: the account %(what)s is not connected here.")),
    (r"quarantined: account (?P<what>.+) belongs to another app than the one that signed",
     gettext_noop("Set aside: the account %(what)s belongs to another app than the one that signed.")),
    (r"the message it is about is not known here", gettext_noop("It is about a message that is not known here.")),
    (r"the message it is about has not arrived", gettext_noop("It is about a message that has not arrived yet.")),
    (r"(?P<what>.+) of somebody we do not know", gettext_noop("It is about a customer who is not known here.")),
    (r"template (?P<what>.+) is not known here.*",
     gettext_noop("The template %(what)s is not known here; the next sync brings it.")),
    (r"the database refused it: (?P<what>.+)", gettext_noop("The database refused it (%(what)s).")),
]  # fmt: skip
_COMPILED = [(re.compile(pattern, re.DOTALL), sentence) for pattern, sentence in PATTERNS]
_MORE = re.compile(r"(?P<first>.+) \(\+(?P<count>\d+)\)", re.DOTALL)


def in_words(reason: str) -> str:
    """The sentence for a stored reason; one that has none is shown as it is."""
    more = _MORE.fullmatch(reason)
    if more is not None:
        return f"{in_words(more['first'])} (+{more['count']})"
    for pattern, sentence in _COMPILED:
        if found := pattern.fullmatch(reason):
            return _(sentence) % found.groupdict()
    return reason
