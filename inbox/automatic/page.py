"""What the settings show of automatic answers: the kinds, the keywords, this month's count and price, a preview."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.hours import OpeningHours
from accounts.models import RoutingStrategy, Team, Workspace
from accounts.schedules import team_hours, workspace_hours, zone_of
from inbox.automatic import words as automatic_words
from inbox.automatic.rules import language_for
from inbox.enums import AutomaticKind
from inbox.models import AutomaticAnswer, AutomaticText, KeywordAnswer
from inbox.templatetags.inbox import money
from whatsapp import rates
from whatsapp.models import PhoneNumber

KINDS = (AutomaticKind.GREETING, AutomaticKind.AWAY, AutomaticKind.BACK, AutomaticKind.BUSY)
BY_HOURS = (AutomaticKind.AWAY, AutomaticKind.BACK)  # never said where it is always open
WHEN: dict[str, str | Promise] = {
    AutomaticKind.GREETING: _("To the first message of a case, within business hours."),
    AutomaticKind.AWAY: _("To who writes while you are closed. It can say when you open."),
    AutomaticKind.BACK: _("When business hours begin, to who wrote while you were closed and still waits."),
    AutomaticKind.BUSY: _(
        "Within business hours, to who waits because nobody is free. Takes the greeting's place, and is silent once "
        "somebody has the conversation. The usual waiting time is that of the last four hours; after a quiet time it "
        "reads “as soon as we can”."
    ),
}
SAMPLE_NAME, PREVIEWED_WAIT = "Anna", 20 * 60.0
ASKED = {
    "de": "Hallo, eine Frage!", "en": "Hello, I have a question!", "tr": "Merhaba, bir sorum var!",
    "fr": "Bonjour, une question !", "it": "Ciao, una domanda!", "es": "¡Hola, una pregunta!",
    "pl": "Dzień dobry, mam pytanie!", "uk": "Вітаю, маю питання!",
}  # fmt: skip


@dataclass
class KindLine:
    """One kind for everybody, and the teams that do otherwise."""

    kind: str
    is_on: bool
    pieces: list[tuple[str, bool]]
    count: int
    own: list[str] = field(default_factory=list)  # teams with words of their own
    silent: list[str] = field(default_factory=list)  # teams that say nothing

    @property
    def title(self) -> str:
        return str(AutomaticKind(self.kind).label)

    @property
    def when(self) -> str | Promise:
        return WHEN[self.kind]


@dataclass
class KeywordLine:
    row: KeywordAnswer
    text: list[tuple[str, bool]]
    count: int


@dataclass
class Spent:
    """What was sent by itself since the month began."""

    counts: Counter[str]
    keywords: Counter[int]
    paid: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)  # by currency

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def price(self) -> str:
        return " + ".join(money(amount, currency) for currency, amount in self.amounts.items())


def overview(workspace: Workspace) -> dict[str, Any]:
    """For the page of all."""
    spent = spent_this_month(workspace, timezone.now())
    return {
        "kinds": [kind_line(workspace, kind, spent) for kind in KINDS],
        "keywords": [keyword_line(row, workspace, spent) for row in keywords_of(workspace)], "spent": spent,
    }  # fmt: skip


def kind_line(workspace: Workspace, kind: str, spent: Spent) -> KindLine:
    rows = list(AutomaticText.objects.filter(workspace=workspace, kind=kind).select_related("team"))
    usual = next((row for row in rows if row.team_id is None), AutomaticText(kind=kind))
    teams = sorted((row.team.name, row.is_on) for row in rows if row.team)
    return KindLine(
        kind, usual.is_on, _excerpt(automatic_words.texts_of(kind, usual.texts), workspace), spent.counts[kind],
        own=[name for name, is_on in teams if is_on], silent=[name for name, is_on in teams if not is_on],
    )  # fmt: skip


def keyword_line(row: KeywordAnswer, workspace: Workspace, spent: Spent) -> KeywordLine:
    return KeywordLine(row, _excerpt(row.texts, workspace), spent.keywords[row.pk])


def keywords_of(workspace: Workspace) -> list[KeywordAnswer]:
    return list(KeywordAnswer.objects.filter(workspace=workspace).select_related("team").order_by("pk"))


def spent_this_month(workspace: Workspace, now: datetime) -> Spent:
    """How many, and what Meta said it charges for: at the price of our own country, an estimate."""
    begin = now.astimezone(zone_of(workspace.timezone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    sent = AutomaticAnswer.objects.filter(workspace=workspace, sent_at__gte=begin)
    spent = Spent(Counter(), Counter())
    for kind, keyword, count in sent.values_list("kind", "keyword").annotate(count=Count("pk")):
        spent.counts[kind] += count
        if keyword:
            spent.keywords[keyword] += count
    paid = sent.filter(message__pricing__billable=True).values_list("message__phone_number")
    for number_id, count in paid.annotate(count=Count("pk")):
        number = PhoneNumber.objects.select_related("business_account").get(pk=number_id)
        price = rates.estimate(number, rates.SERVICE, number.display_number, now)
        spent.paid += count
        if price.amount is not None:
            spent.amounts[price.currency] = spent.amounts.get(price.currency, Decimal(0)) + price.amount * count
    return spent


def lacks_hours(workspace: Workspace, kind: str, team: Team | None) -> bool:
    """Is this never said, because it is always open?"""
    hours = team_hours(team) if team else workspace_hours(workspace)
    return kind in BY_HOURS and hours.always_open


def left_to_people(workspace: Workspace, kind: str, team: Team | None) -> list[str]:
    """Teams in which nothing is given out, so that this is never said there."""
    if kind != AutomaticKind.BUSY:
        return []
    teams = Team.objects.filter(workspace=workspace, strategy=RoutingStrategy.MANUAL).order_by("name")
    return list((teams.filter(pk=team.pk) if team else teams).values_list("name", flat=True))


def preview(
    workspace: Workspace, text: str, *, language: str, team: Team | None, asked: str = "", now: datetime | None = None
) -> dict[str, str]:
    """A customer's question and our answer as it would read now, or after closing."""
    now = now or timezone.now()
    hours: OpeningHours = team_hours(team) if team else workspace_hours(workspace)
    closed = hours.closes_after(now) or now
    team = team or Team.objects.filter(workspace=workspace).order_by("-is_default", "pk").first()
    values = {
        "contact.first_name": SAMPLE_NAME, "team.name": team.name if team else "", "workspace.name": workspace.name,
        "next_opening": automatic_words.opening_words(hours, closed, language),
        "waiting_time": automatic_words.waiting_words(PREVIEWED_WAIT, language),
    }  # fmt: skip
    return {"asked": asked or ASKED.get(language, "👋"), "answer": automatic_words.fill(text, values)}


def _excerpt(texts: Mapping[str, str], workspace: Workspace) -> list[tuple[str, bool]]:
    language = language_for(texts, card="", spoken="", own=workspace.language)
    return automatic_words.pieces(" ".join(texts.get(language, "").split()))
