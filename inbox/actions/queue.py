"""The queue as routing reads it: what waits, whom it could be given to, and by which ways."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from accounts.models import RoutingStrategy, Team, Workspace
from inbox.actions.load import candidates
from inbox.enums import ConversationStatus
from inbox.models import AnswerTimer, Assignment, Conversation
from inbox.models.routing_rule import Manner, Target
from inbox.routing_rules import CLOSING_SOON, Candidate, Waiting, by_rule
from inbox.rules.matching import Rule
from inbox.rules.stored import Rulebook
from whatsapp.service_window import WINDOW, ServiceWindow

LOOK_AHEAD = 30  # of the queue, more than a batch because some may be under way elsewhere


def unassigned(workspace_id: int | None = None) -> QuerySet[Conversation]:
    """Open, nobody's, and the customer spoke last: what rules and routing look at."""
    queue = Conversation.objects.filter(status=ConversationStatus.OPEN, assignee=None, needs_answer=True)
    return queue if workspace_id is None else queue.filter(workspace_id=workspace_id)


def settled(now: datetime) -> Q:
    """What the rules have nothing to say about just now."""
    return Q(placed_by_hand=True) | Q(ruled_until__gt=now)


def waiting_in_queue(workspace_id: int | None = None) -> QuerySet[Conversation]:
    """What routing is responsible for: of what is nobody's, all but what a team or a rule leaves to people."""
    by_hand = Q(rule=None, team__strategy=RoutingStrategy.MANUAL) | Q(rule__manner=Manner.QUEUE)
    return unassigned(workspace_id).exclude(by_hand)


@dataclass(slots=True)
class Look:
    """What one run of routing goes by."""

    workspace_id: int
    present: set[int]
    book: Rulebook
    default: Team | None
    now: datetime
    expect_room: bool = False
    _seen: list[Candidate] | None = None

    def candidates(self, *, locked: bool) -> list[Candidate]:
        """Without locks they are read once a run, and again when they have been locked to be given something."""
        if locked:
            self._seen = None
            return candidates(self.workspace_id, self.present, self.now, locked=True)
        if self._seen is None:
            self._seen = candidates(self.workspace_id, self.present, self.now, locked=False)
        return self._seen

    def team_of(self, conversation: Conversation) -> Team | None:
        return conversation.team or self.default

    def waiting(self, conversation: Conversation, team: Team, not_to: int | None) -> Waiting:
        """The conversation as routing sees it: by its team's ways, or by those of the rule that put it there."""
        plain = _waiting(conversation, team, not_to)
        rule = self.book.by_id.get(conversation.rule_id or 0)
        if rule is None:
            return plain
        came_from = conversation.team_before_rule_id
        note = self.book.note(rule) | ({"from": came_from} if came_from else {})
        return by_rule(replace(plain, rule=note), rule, self.book.able)


def head_of_queue(look: Look, people: list[Candidate]) -> list[Waiting]:
    """The first that these people could take, in the order of decisions.md 14 (settled finally by routing_rules)."""
    workspace = Workspace.objects.get(pk=look.workspace_id)
    opened_after = look.now - WINDOW + timedelta(seconds=workspace.window_margin_seconds)
    is_closed = Q(last_customer_message_at=None) | Q(last_customer_message_at__lte=opened_after)
    is_closed |= Q(window_refused_at__gte=F("last_customer_message_at"))
    closes_soon = Q(last_customer_message_at__lt=opened_after + CLOSING_SOON)
    queue = (
        waiting_in_queue(look.workspace_id)
        .filter(_within_reach(look, people))
        .annotate(rank=Case(When(is_closed, then=Value(2)), When(closes_soon, then=Value(0)), default=Value(1)))
        .annotate(urgency=Case(When(rank=0, then=F("last_customer_message_at")), default=F("waiting_since")))
        .order_by("rank", "urgency", "pk")
        .select_related("team", "workspace")[:LOOK_AHEAD]
    )
    rows = list(queue)
    put_back = put_back_by(rows)
    return [look.waiting(row, team, put_back.get(row.pk)) for row in rows if (team := look.team_of(row))]


def _within_reach(look: Look, people: list[Candidate]) -> Q:
    """In a queue of those who have room, or a rule names one of them; and not before the rules have spoken."""
    teams = {team_id for person in people for team_id in person.team_ids if person.has_room_for(team_id)}
    default = look.default
    found = Q(team__in=teams) | (Q(team=None) if default is not None and default.pk in teams else Q(pk__in=[]))
    rules = look.book.rules
    if not rules:
        return found
    able = {person.agent_id for person in people if person.is_free}
    named = [rule for rule in rules if rule.target == Target.AGENT]
    # By hand but for one person who has no room: it would only stand in the way of others.
    alone = Q(rule__in=_ids(named, able, inside=False), team__strategy=RoutingStrategy.MANUAL)
    return ((found & ~alone) | Q(rule__in=_ids(named, able, inside=True))) & settled(look.now)


def _ids(rules: list[Rule], agents: set[int], *, inside: bool) -> list[int]:
    return [rule.pk for rule in rules if (rule.agent in agents) == inside]


def _waiting(conversation: Conversation, team: Team, not_to: int | None) -> Waiting:
    window = ServiceWindow(
        conversation.last_customer_message_at, conversation.window_refused_at,
        conversation.workspace.window_margin_seconds,
    )  # fmt: skip
    return Waiting(
        conversation_id=conversation.pk,
        team_id=team.pk,
        strategy=team.strategy,
        waiting_since=conversation.waiting_since or conversation.last_message_at,
        closes_at=window.closes_at,
        last_agent_id=conversation.last_agent_id,
        sticky=team.sticky,
        not_to=not_to,
    )


def put_back_by(rows: Iterable[Conversation]) -> dict[int, int]:
    """From whom a conversation was put back into the queue by hand, or because they let the answer target pass.

    It is not theirs again until the customer writes again; in the other case until somebody has answered.
    """
    last_word = {row.pk: row.last_customer_message_at for row in rows}
    place = Window(RowNumber(), partition_by="conversation_id", order_by="-pk")
    latest: dict[int, list[tuple]] = {}
    for conversation_id, *change in (
        Assignment.objects.filter(conversation__in=last_word).annotate(place=place).filter(place__lte=2)
        .order_by("conversation_id", "-pk").values_list("conversation_id", "agent_id", "by_id", "created_at")
    ):  # fmt: skip
        latest.setdefault(conversation_id, []).append(tuple(change))
    late = AnswerTimer.objects.filter(conversation__in=last_word, requeued_from__isnull=False)
    found: dict[int, int] = dict(late.values_list("conversation_id", "requeued_from_id"))
    for conversation_id, [(agent_id, by_id, created_at), *before] in latest.items():
        said = last_word[conversation_id]
        if agent_id is None and by_id is not None and (said is None or created_at >= said):
            found[conversation_id] = before[0][0] if before and before[0][0] is not None else by_id
    return found


def circumstances(conversation: Conversation) -> dict[str, Any]:
    """What a decision keeps, so that other rules can be tried on it: since when the customer waits, whom they know, and
    whether a person had put it where no rule looks at it."""
    since = conversation.waiting_since
    kept: dict[str, Any] = {"since": since.isoformat() if since else None, "last": conversation.last_agent_id}
    return kept | ({"by_hand": True} if conversation.placed_by_hand else {})


def default_team(workspace_id: int) -> Team | None:
    teams = Team.objects.filter(workspace_id=workspace_id)
    return teams.filter(is_default=True).first() or teams.order_by("pk").first()
