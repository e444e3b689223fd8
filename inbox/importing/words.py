"""What a person reads about a row: codes of `inbox.importing.judging` as sentences."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise

REASONS: dict[str, Words] = {
    "no_phone": _("There is no phone number."),
    "phone_wrong": _("“%s” is no complete phone number."),
    "phone_shortened": _("Excel has cut “%s” short. Format the column as text and enter the number again."),
    "own_number": _("This is one of our own numbers."),
    "taken": _("Somebody in another team has this number. Ask an admin."),
    "duplicate": _("The same number as in row %s, which counts."),
    "value": _("“%s” does not fit and is left out."),
    "long": _("Too long and left out."),
    "consent_source": _("The yes to advertising is left out: nothing says where it was given."),
    "consent_date": _("The yes to advertising is left out: nothing says since when."),
    "consent_future": _("The yes to advertising is left out: its date is in the future."),
    "consent_withdrawn": _("Stays unsubscribed: that was on %s, and the file has no later yes with its own date."),
    "failed": _("Something went wrong on our side. Import the file again."),
}
ABOUT = {"value", "long"}  # their second word names the column


def sentence(reason: list[Any], targets: dict[str, Words]) -> str:
    code, *rest = reason
    words = str(REASONS.get(code, code))
    about = ""
    if code in ABOUT and rest:
        about = f"{targets.get(rest[0], rest[0])}: "
        rest = rest[1:]
    return about + (words % rest[0] if "%s" in words and rest else words)
