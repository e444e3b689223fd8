"""What customers said after closing, of a period: from the few rows of the cases they were asked about."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Avg, Count, Q, QuerySet

from inbox.beside import CUSTOMER, with_beside
from inbox.enums import MessageStatus
from inbox.models import Conversation, Satisfaction
from inbox.reports.wanted import Span, Wanted
from inbox.satisfaction_rules import FACES, SCORES, score_words

COMMENTS = 12  # shown on the page; the rest a page further
PAGE = 50


@dataclass
class Ratings:
    """Of the cases asked about in a period."""

    asked: int = 0
    scores: dict[int, int] = field(default_factory=lambda: dict.fromkeys(SCORES, 0))
    average: float | None = None
    comments: int = 0

    @property
    def answered(self) -> int:
        return sum(self.scores.values())

    @property
    def response_percent(self) -> float | None:
        return 100 * self.answered / self.asked if self.asked else None

    def percent(self, score: int) -> float:
        return 100 * self.scores[score] / self.answered if self.answered else 0.0

    @property
    def lines(self) -> list[tuple[str, str, int, float]]:
        """(smiley, words, how many, percent) of each score, the best first."""
        return [(FACES[score], str(score_words(score)), self.scores[score], self.percent(score)) for score in SCORES]


def ratings_of(wanted: Wanted, span: Span) -> Ratings:
    """In one statement. Questions that never arrived asked nobody."""
    counted = _asked(wanted, span).aggregate(
        asked=Count("pk"), average=Avg("score"), comments=Count("pk", filter=~Q(comment="")),
        **{f"score_{score}": Count("pk", filter=Q(score=score)) for score in SCORES},
    )  # fmt: skip
    scores = {score: counted[f"score_{score}"] for score in SCORES}
    return Ratings(counted["asked"], scores, counted["average"], counted["comments"])


def comments_of(wanted: Wanted, *, before: int | None = None, limit: int = COMMENTS) -> list[Satisfaction]:
    """The latest words, from conversations that the reader may see; `before` is the last one of the page above."""
    seen = Conversation.objects.visible_to(wanted.scope.agent)
    found = _asked(wanted, wanted.span).exclude(comment="").filter(conversation__in=seen)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(with_beside(found, team=("name",), conversation__contact=CUSTOMER).order_by("-pk")[:limit])


def _asked(wanted: Wanted, span: Span) -> "QuerySet[Satisfaction]":
    start, end = span.bounds(wanted.scope.zone)
    workspace_id = wanted.scope.agent.workspace_id
    found = Satisfaction.objects.filter(workspace=workspace_id, asked_at__gte=start, asked_at__lt=end)
    found = found.exclude(question__status=MessageStatus.FAILED, score=None)
    team_ids: Iterable[int] | None = wanted.team_ids
    if team_ids is not None:
        found = found.filter(team__in=team_ids)
    if wanted.number_id is not None:
        found = found.filter(conversation__phone_number=wanted.number_id)
    if wanted.label_id is not None:
        found = found.filter(conversation__labels=wanted.label_id)
    return found
