"""What customers said after closing, of a period: from the few rows of the cases they were asked about."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, Q, QuerySet

from inbox.enums import MessageStatus
from inbox.models import Conversation, Satisfaction
from inbox.reports.wanted import Span, Wanted
from inbox.satisfaction_rules import FACES, SCORES, score_words

LONGEST = 300  # characters of a comment that a list shows


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


def ratings_of(wanted: Wanted, span: Span) -> Ratings:
    """In one statement."""
    counted = _asked(wanted, span).aggregate(
        asked=Count("pk"), average=Avg("score"), comments=Count("pk", filter=~Q(comment="")),
        **{f"score_{score}": Count("pk", filter=Q(score=score)) for score in SCORES},
    )  # fmt: skip
    scores = {score: counted[f"score_{score}"] for score in SCORES}
    return Ratings(counted["asked"], scores, counted["average"], counted["comments"])


def rows_of(wanted: Wanted, why: str, after: tuple[datetime, int] | None, limit: int) -> list[dict[str, Any]]:
    """What was said, the latest first, in conversations that the reader may see; `why` is a score, or "comments"."""
    seen = Conversation.objects.visible_to(wanted.scope.agent)
    found = _said(wanted, why).filter(conversation__in=seen)
    if after is not None:
        found = found.filter(Q(answered_at__lt=after[0]) | Q(answered_at=after[0], pk__lt=after[1]))
    rows = found.order_by("-answered_at", "-pk").values("pk", "conversation", "answered_at", "score", "comment")
    return [
        {"conversation": row["conversation"], "at": row["answered_at"], "id": row["pk"], "count": 0,
         "said": said(row["score"] or 0, row["comment"])}
        for row in rows[:limit]
    ]  # fmt: skip


def totals_of(wanted: Wanted, why: str) -> tuple[int, int]:
    """How many there are, and how many of them are in conversations that the reader may see."""
    seen = Conversation.objects.visible_to(wanted.scope.agent)
    found = _said(wanted, why).aggregate(total=Count("pk"), shown=Count("pk", filter=Q(conversation__in=seen)))
    return found["total"], found["shown"]


def said(score: int, comment: str) -> str:
    """ "🙁 unzufrieden · Hat zu lange gedauert." """
    words = f"{FACES.get(score, '')} {score_words(score)}"
    return f"{words} · {' '.join(comment.split())[:LONGEST]}" if comment else words


def _said(wanted: Wanted, why: str) -> "QuerySet[Satisfaction]":
    found = _asked(wanted, wanted.span).filter(score__isnull=False)
    if why == "comments":
        return found.exclude(comment="")
    return found.filter(score=int(why)) if why in {str(score) for score in SCORES} else found


def _asked(wanted: Wanted, span: Span) -> "QuerySet[Satisfaction]":
    """Questions that never arrived asked nobody."""
    start, end = span.bounds(wanted.scope.zone)
    workspace_id = wanted.scope.agent.workspace_id
    found = Satisfaction.objects.filter(workspace=workspace_id, asked_at__gte=start, asked_at__lt=end)
    found = found.exclude(question__status=MessageStatus.FAILED, score=None)
    if wanted.team_ids is not None:
        found = found.filter(team__in=wanted.team_ids)
    if wanted.number_id is not None:
        found = found.filter(conversation__phone_number=wanted.number_id)
    if wanted.label_id is not None:
        found = found.filter(conversation__labels=wanted.label_id)
    return found
