"""What Meta says about templates, as people say it: states, quality, why one was rejected and what helps. Pure."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox import times
from inbox.templatetags.inbox import category_words
from whatsapp.models import MessageTemplate, TemplateStatus
from whatsapp.template_history import REMOVED

Words = str | Promise

# Tab → Meta's states; what is in none of them belongs to the last.
TABS: dict[str, tuple[Promise, set[str]]] = {
    "approved": (_("Approved"), {TemplateStatus.APPROVED}),
    "pending": (_("In review"), {TemplateStatus.PENDING, "IN_APPEAL"}),
    "rejected": (_("Rejected"), {TemplateStatus.REJECTED}),
    "paused": (_("Paused"), set()),
}
BADGES = {
    "approved": ("good", "check"), "pending": ("ink", "clock"), "rejected": ("bad", "x"), "paused": ("warn", "pause"),
}  # fmt: skip
QUALITIES = {"GREEN": ("good", _("High")), "YELLOW": ("warn", _("Medium")), "RED": ("bad", _("Low"))}
# Meta's reasons for a rejection: what it means, and what helps.
REASONS: dict[str, tuple[Words, Words]] = {
    "ABUSIVE_CONTENT": (
        _("WhatsApp found the content abusive."),
        _("Leave out threats, pressure and anything that asks for passwords or ID numbers, then submit it again."),
    ),
    "INVALID_FORMAT": (
        _("The format is not right."),
        _("Check that variables count up from 1, have words between them and an example each, that none stands at the "
          "very start or end, and that links are complete."),
    ),
    "INCORRECT_CATEGORY": (
        _("The category does not fit the text."),
        _("Offers, news and invitations are Marketing; Utility is only for an order or appointment that exists. "
          "Choose the other category or take the advertising out."),
    ),
    "PROMOTIONAL": (
        _("Reads like advertising."),
        _("Change the category to Marketing, or take discounts, offers and invitations out of the text."),
    ),
    "TAG_CONTENT_MISMATCH": (
        _("Language or category do not fit the text."),
        _("Write all of the text in the language of the template, and check the category."),
    ),
    "SCAM": (
        _("WhatsApp took it for fraud."),
        _("Name your business in the text, link only to your own website and avoid shortened links."),
    ),
    "CATEGORY_NOT_AVAILABLE": (
        _("This category is not open to this account."),
        _("Choose another category, or have the business verified at Meta."),
    ),
    "DUPLICATE": (
        _("Another template says the same already."),
        _("Use that one, or change the text so that they differ."),
    ),
}  # fmt: skip
NO_REASON = (
    _("WhatsApp gave no reason."),
    _("Compare it with WhatsApp's rules for templates, change it and submit it again, or object at Meta."),
)
STATES: dict[str, Words] = {
    TemplateStatus.APPROVED: _("Approved"), TemplateStatus.PENDING: _("In review"), "IN_APPEAL": _("Objection filed"),
    TemplateStatus.REJECTED: _("Rejected"), TemplateStatus.PAUSED: _("Paused"),
    TemplateStatus.DISABLED: _("Switched off"), "ARCHIVED": _("Archived"), "FLAGGED": _("Flagged"),
    "LIMIT_EXCEEDED": _("Too many templates"), "LOCKED": _("Locked"), "PENDING_DELETION": _("Being deleted"),
    REMOVED: _("Deleted"),
}  # fmt: skip
# Why it cannot be sent, and what helps.
OUTAGES: dict[str, tuple[Words, Words]] = {
    TemplateStatus.PAUSED: (
        _("Paused by WhatsApp: too many people blocked it."),
        _("It resumes by itself. Until then send it to fewer people, and only to those who expect it: the third pause "
          "switches it off for good."),
    ),
    TemplateStatus.DISABLED: (
        _("Switched off by WhatsApp for good: too many people blocked it."),
        _("It cannot be used again. Write a new one with a different text under a different name."),
    ),
    "ARCHIVED": (_("Archived at WhatsApp."), _("Take it out of the archive in Meta's WhatsApp Manager.")),
    "FLAGGED": (_("WhatsApp warns: many people block it."), _("Send it less often, or change the text.")),
    "LIMIT_EXCEEDED": (
        _("WhatsApp counts too many templates of this account."), _("Delete templates that nobody uses.")
    ),
    "LOCKED": (_("Locked by WhatsApp."), _("Ask Meta's support for the reason.")),
}  # fmt: skip
SOON = _("WhatsApp is reviewing it. Usually takes a few minutes, at most 24 hours.")


def tab_of(status: str) -> str:
    return next((tab for tab, (_words, states) in TABS.items() if status in states), "paused")


def tabs_of(groups: Iterable[Collection[str]]) -> list[tuple[str, Words, int]]:
    """(Tab, words, how many templates), of the states of each template's languages; one whose languages are in several
    states is in each of them."""
    tabs = [{tab_of(status) for status in group} for group in groups]
    return [(tab, words, sum(tab in each for each in tabs)) for tab, (words, _states) in TABS.items()]


def status_words(status: str) -> Words:
    """Meta's state as people say it; one that is new to us as it is."""
    return STATES.get(status) or status.replace("_", " ").capitalize()


def quality_words(quality: str) -> Words:
    return QUALITIES[quality][1] if quality in QUALITIES else _("not yet rated")


def rejection(reason: str) -> tuple[Words, Words]:
    """(What it means, what helps); a reason that is new to us as Meta writes it."""
    if not reason or reason == "NONE":
        return NO_REASON
    return REASONS.get(reason) or (reason.replace("_", " ").capitalize(), NO_REASON[1])


def trouble_of(template: MessageTemplate) -> tuple[Words, Words]:
    """(Why it cannot be sent or what is about to change, what helps); two empty texts when all is well."""
    if template.status == TemplateStatus.REJECTED:
        return rejection(template.rejected_reason)
    if template.status == TemplateStatus.PAUSED and template.paused_until is not None:
        words = _("Paused by WhatsApp until %(when)s: too many people blocked it.")
        return words % {"when": moment(template.paused_until)}, OUTAGES[TemplateStatus.PAUSED][1]
    if template.status in OUTAGES:
        return OUTAGES[template.status]
    if template.status == TemplateStatus.PENDING:
        return SOON, ""
    if template.announced_category and template.announced_category != template.category:
        words = _("WhatsApp will count it as %(category)s; the price changes with it.")
        return words % {"category": category_words(template.announced_category)}, ""
    return "", ""


def moment(at: datetime) -> str:
    return times.in_words(at, "full")
