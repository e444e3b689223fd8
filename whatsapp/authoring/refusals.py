"""Why Meta did not take a template, in plain words and with the one thing that helps (whatsapp-cloud-api.md §3.3).

Template errors all come as code 100, told apart by the subcode. What is not in the table is said in Meta's own words.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whatsapp import errors

Words = str | Promise
EXISTS = 2388024


@dataclass(frozen=True, slots=True)
class Refusal:
    """`sentence` says why, `hint` what to do; `theirs` is what Meta wrote, in Meta's language."""

    sentence: Words
    hint: Words
    theirs: str = ""


_BY_SUBCODE: dict[int, tuple[Promise, Promise]] = {
    2388040: (_("One of the texts is too long."), _("Shorten it and submit again.")),
    2388047: (_("WhatsApp does not accept the header."), _("No emojis, marks or line breaks; one variable at most.")),
    2388072: (_("WhatsApp does not accept the text."), _("Check variables and samples.")),
    2388073: (_("WhatsApp does not accept the footer."), _("At most 60 characters, no variables.")),
    2388293: (_("Too many variables for so little text."), _("Write more words around them, or use fewer.")),
    2388299: (_("A variable stands at the very beginning or end."), _("Put a word before or behind it.")),
    2388019: (_("This account has as many templates as Meta allows."), _("Delete some that nobody uses.")),
    2388023: (
        _("A template of this name in this language is still being deleted."),
        _("Choose another name, or wait four weeks."),
    ),
    EXISTS: (
        _("There is a template with this name in this language already."),
        _("Choose another name, or sync and edit that one."),
    ),
}
_TOO_MANY = (_("Meta takes 100 new templates an hour."), _("Submit again later."))
_UNCLEAR = (
    _("WhatsApp did not answer. Whether the template arrived is not certain."),
    _("Submit again: if it did arrive, nothing happens twice."),
)
_OTHER = (_("WhatsApp does not accept this template."), _("Change it as WhatsApp says, and submit again."))


def refusal_of(code: int, subcode: int | None, detail: str) -> Refusal:
    """What to say to whoever submitted it."""
    theirs = detail if code > 0 else ""
    if subcode in _BY_SUBCODE:
        return Refusal(*_BY_SUBCODE[subcode], theirs)
    if code == 80007:
        return Refusal(*_TOO_MANY)
    if code in (errors.NOT_REACHED, errors.STRANGE_ANSWER):
        return Refusal(*_UNCLEAR)
    if code == 100:
        return Refusal(*_OTHER, theirs)
    return Refusal(errors.sentence(code), errors.next_step(code), theirs)
