"""What the page of one template shows: its languages, its figures, its history, the filled sample."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agent
from inbox.actions.template_care import favourites_of, teams_of
from inbox.models import TemplateTeam
from inbox.template_desk import words as template_words
from inbox.template_desk.alarms import TemplateAlarm, alarms_of
from inbox.template_desk.costs import HomePrices
from inbox.template_desk.listing import counts_for
from inbox.template_desk.words import BADGES, Words, quality_words, rejection, status_words, tab_of, trouble_of
from inbox.templatetags.inbox import category_words
from whatsapp.models import MessageTemplate, TemplateChange
from whatsapp.template_filling import card_values, segments
from whatsapp.template_parts import TemplateShape, title_of_template

HISTORY_SHOWN = 50
WHAT: dict[str, Words] = {
    "status": gettext_lazy("Status"), "quality": gettext_lazy("Quality"),
    "category": gettext_lazy("Category"), "announced_category": gettext_lazy("Announced category"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Language:
    """A template in one language: a line of its page."""

    template: MessageTemplate

    @property
    def badge(self) -> tuple[str, str]:
        return ("", "trash") if self.template.removed_at else BADGES[tab_of(self.template.status)]

    @property
    def tab(self) -> str:
        return tab_of(self.template.status)

    @property
    def status_words(self) -> Words:
        return _("Removed at Meta") if self.template.removed_at else status_words(self.template.status)

    @property
    def quality(self) -> tuple[str, Words] | None:
        return template_words.QUALITIES.get(self.template.quality)

    @property
    def trouble(self) -> tuple[Words, Words]:
        return ("", "") if self.template.removed_at else trouble_of(self.template)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    at: datetime
    language: str
    what: Words
    before: Words
    after: Words
    note: str
    source: Words


class TemplatePage:
    """One template as an admin sees it; `template` is the language that is looked at."""

    def __init__(self, template: MessageTemplate, agent: Agent) -> None:
        self.template, self.agent = template, agent

    @cached_property
    def title(self) -> str:
        return title_of_template(self.template)

    @cached_property
    def current(self) -> Language:
        return Language(self.template)

    @cached_property
    def _same(self) -> list[MessageTemplate]:
        same = MessageTemplate.objects.filter(
            business_account=self.template.business_account_id, name=self.template.name
        )
        return list(same.order_by("language"))

    @cached_property
    def languages(self) -> list[Language]:
        """All that Meta has, and the one that is looked at."""
        return [Language(each) for each in self._same if each.removed_at is None or each.pk == self.template.pk]

    @cached_property
    def alarms(self) -> list[TemplateAlarm]:
        alive = [each for each in self._same if each.removed_at is None]
        sent = {pk: count for pk, (count, _read) in self.counts.items()}
        return alarms_of(alive, {self.template.business_account_id: self.prices}, sent)

    @cached_property
    def prices(self) -> HomePrices:
        return HomePrices(self.template.business_account)

    @cached_property
    def counts(self) -> dict[int, tuple[int, int]]:
        return counts_for(self.agent.workspace_id, [each.pk for each in self._same])

    @property
    def sent(self) -> int:
        return self.counts.get(self.template.pk, (0, 0))[0]

    @property
    def read_percent(self) -> int | None:
        sent, read = self.counts.get(self.template.pk, (0, 0))
        return round(read / sent * 100) if sent else None

    @property
    def price(self) -> str:
        return self.prices.words(self.template.category)

    @property
    def spent(self) -> str:
        return self.prices.spent(self.template, self.sent)

    @cached_property
    def teams(self) -> list[TemplateTeam]:
        return teams_of(self.template)

    @cached_property
    def is_favourite(self) -> bool:
        return (self.template.business_account_id, self.template.name) in favourites_of(self.agent)

    @cached_property
    def history(self) -> list[HistoryLine]:
        """The newest first, of all languages, those that are gone as well."""
        rows = TemplateChange.objects.filter(template__in=self._same).order_by("-id")[:HISTORY_SHOWN]
        languages = {each.pk: each.language for each in self._same}
        return [self._line(row, languages[row.template_id]) for row in rows]

    def _line(self, row: TemplateChange, language: str) -> HistoryLine:
        return HistoryLine(
            at=row.at, language=language, what=WHAT.get(row.what, row.what), before=_value(row.what, row.before),
            after=_value(row.what, row.after), note=self._note(row), source=TemplateChange.Source(row.source).label,
        )  # fmt: skip

    def _note(self, row: TemplateChange) -> str:
        if row.what == "status" and row.after == "REJECTED":
            return " ".join(filter(None, (str(rejection(row.reason)[0]), _quoted(row.detail))))
        if row.what == "status" and row.reason in PAUSES:
            return str(PAUSES[row.reason])
        if row.what in ("category", "announced_category") and row.after:
            return self.prices.difference(row.before or self.template.category, row.after, 0)
        return _quoted(row.detail)


PAUSES: dict[str, Words] = {
    "FIRST_PAUSE": gettext_lazy("First pause: 3 hours."), "SECOND_PAUSE": gettext_lazy("Second pause: 6 hours."),
    "RATE_LIMITING_PAUSE": gettext_lazy("Sent to too many people at once."),
    "UNPAUSE": gettext_lazy("The pause is over."),
}  # fmt: skip


def _quoted(detail: str) -> str:
    """Meta's own words, as theirs."""
    return _("Meta writes: “%(words)s”") % {"words": detail} if detail else ""


def _value(what: str, value: str) -> Words:
    if not value:
        return "–"
    if what == "status":
        return status_words(value)
    return quality_words(value) if what == "quality" else category_words(value)


def sample_of(template: MessageTemplate) -> dict[str, Any]:
    """The template filled with the samples its review was shown, for the preview."""
    shape = TemplateShape.of(template)
    values = {variable.field: variable.example for variable in shape.variables if variable.example}
    return {
        "shape": shape,
        "header": segments(shape.header_text, "header", values),
        "body": segments(shape.body, "body", values),
        "cards": [
            (card, segments(card.body, "body", card_values(values, at)), f"card{at}")
            for at, card in enumerate(shape.cards)
        ],
    }
