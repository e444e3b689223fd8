"""What the template pages of the settings show: rows of the list, numbers of the last 30 days, the filled sample."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from inbox import text as words
from inbox.enums import Direction, MessageStatus
from inbox.models import Message
from whatsapp.models import MessageTemplate, TemplateStatus
from whatsapp.template_filling import render, segments
from whatsapp.template_parts import TemplateShape, title_of_template

COUNTED = timedelta(days=30)
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
REASONS = {
    "ABUSIVE_CONTENT": _("WhatsApp found the content abusive."),
    "INVALID_FORMAT": _("The format is not right: check variables, links and samples."),
    "INCORRECT_CATEGORY": _("The category does not fit the text."),
    "PROMOTIONAL": _("Reads like advertising: the category would have to be Marketing."),
    "TAG_CONTENT_MISMATCH": _("Language or category do not fit the text."),
    "SCAM": _("WhatsApp took it for fraud."),
}
PAUSES = {
    TemplateStatus.PAUSED: _("Paused by WhatsApp: too many people blocked it."),
    TemplateStatus.DISABLED: _("Switched off by WhatsApp for good: too many people blocked it."),
    "ARCHIVED": _("Archived at WhatsApp."),
    "FLAGGED": _("WhatsApp warns: many people block it."),
    "LIMIT_EXCEEDED": _("WhatsApp counts too many templates of this account."),
}


@dataclass(slots=True)
class TemplateRow:
    """One line of the list: a template in the languages that share state and quality."""

    template: MessageTemplate
    title: str
    languages: list[MessageTemplate] = field(default_factory=list)
    sent: int = 0
    read: int = 0

    @property
    def tab(self) -> str:
        return tab_of(self.template)

    @property
    def status_words(self) -> Any:
        return status_words(self.template)

    @property
    def badge(self) -> tuple[str, str]:
        return BADGES[self.tab]

    @property
    def quality(self) -> tuple[str, Any] | None:
        return QUALITIES.get(self.template.quality)

    @property
    def reason(self) -> Any:
        return reason_of(self.template)

    @property
    def read_percent(self) -> int | None:
        return round(self.read / self.sent * 100) if self.sent else None


def tab_of(template: MessageTemplate) -> str:
    return next((tab for tab, (_words, states) in TABS.items() if template.status in states), "paused")


def status_words(template: MessageTemplate) -> Any:
    """Meta's state as people say it; one that is new to us as it is."""
    if template.status == TemplateStatus.DISABLED:
        return _("Switched off")
    tab = tab_of(template)
    known = tab != "paused" or template.status == TemplateStatus.PAUSED
    return TABS[tab][0] if known else template.status.replace("_", " ").capitalize()


def reason_of(template: MessageTemplate) -> Any:
    """Why it cannot be sent, or what is about to change; "" when all is well."""
    if template.status == TemplateStatus.REJECTED:
        return template.status_detail or REASONS.get(template.rejected_reason, template.rejected_reason)
    if template.status in PAUSES:
        return template.status_detail or PAUSES[template.status]
    if template.status == TemplateStatus.PENDING:
        return _("WhatsApp is reviewing it. Usually takes a few minutes, at most 24 hours.")
    if template.announced_category and template.announced_category != template.category:
        return _("WhatsApp will count it as %(category)s; the price changes with it.") % {
            "category": template.announced_category.capitalize()
        }
    return ""


def template_rows(workspace: Workspace) -> list[TemplateRow]:
    """Every template of the workspace's accounts, most sent first. Three queries."""
    templates = MessageTemplate.objects.filter(business_account__workspace=workspace, removed_at=None)
    counts = _counts(workspace)
    rows: dict[tuple[object, ...], TemplateRow] = {}
    for template in templates.order_by("name", "language"):
        key = (
            template.business_account_id, template.name, template.category, template.status, template.quality,
            str(reason_of(template)),
        )  # fmt: skip
        row = rows.setdefault(key, TemplateRow(template, title_of_template(template)))
        row.languages.append(template)
        sent, read = counts.get(template.pk, (0, 0))
        row.sent, row.read = row.sent + sent, row.read + read
    return sorted(rows.values(), key=lambda row: (-row.sent, row.template.name))


def filtered(
    rows: Iterable[TemplateRow], *, tab: str = "", search: str = "", category: str = "", language: str = ""
) -> list[TemplateRow]:
    """The rows that match all that is asked for."""
    wanted = words.fold(search).split()
    return [
        row for row in rows
        if (not tab or row.tab == tab)
        and (not category or row.template.category == category)
        and (not language or any(each.language == language for each in row.languages))
        and all(word in words.fold(f"{row.template.name} {row.title}") for word in wanted)
    ]  # fmt: skip


def sample_of(template: MessageTemplate) -> dict[str, Any]:
    """The template filled with the samples its review was shown, for the preview."""
    shape = TemplateShape.of(template)
    values = {variable.field: variable.example for variable in shape.variables if variable.example}
    return {
        "shape": shape,
        "header": segments(shape.header_text, "header", values),
        "body": segments(shape.body, "body", values),
        "parts": render(shape, values),
    }


def _counts(workspace: Workspace) -> dict[int, tuple[int, int]]:
    """(sent, read) of the last 30 days by template."""
    rows = (
        Message.objects.filter(
            workspace=workspace, template__isnull=False, direction=Direction.OUT,
            occurred_at__gte=timezone.now() - COUNTED,
        )
        .values("template_id").order_by()
        .annotate(
            sent=Count("pk", filter=~Q(wamid="") & ~Q(status=MessageStatus.FAILED)),
            read=Count("pk", filter=Q(status__in=[MessageStatus.READ, MessageStatus.PLAYED])),
        )
    )  # fmt: skip
    return {row["template_id"]: (row["sent"], row["read"]) for row in rows}
