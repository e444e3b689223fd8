"""The rules of the assignment applied to what waits: which one holds, and into which queue that puts a conversation.

A conversation is judged before routing gives it away, and anew when what the rules ask about may have changed: the
customer writes again, a label, a rule, the contact's card, or the hours begin or end (`ruled_until`). It is always
judged as it would be without rules (`team_before_rule`), so that the same facts lead to the same place. Where a person
has put it, it stays until it is closed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.models import Team
from inbox import events
from inbox.actions import answer_timers
from inbox.actions.locks import lock_all, lock_assignment
from inbox.actions.queue import circumstances, settled, unassigned
from inbox.actions.wakeups import request_routing
from inbox.enums import ConversationStatus
from inbox.models import Activity, Case, Conversation, RoutingDecision
from inbox.models.routing_rule import Manner
from inbox.rules.facts import Asked, Hours, base_team, facts_of
from inbox.rules.matching import Rule, first_match
from inbox.rules.stored import Rulebook
from inbox.visibility import facts_of as sight_of

ALIVE = (ConversationStatus.OPEN, ConversationStatus.SNOOZED)
AT_ONCE = 50  # conversations judged in one transaction
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)  # until something happens
SOON = timedelta(minutes=15)  # rules that ask for hours are asked again at least so often: hours may be changed

SAVE = """
UPDATE inbox_conversation c SET rule_id = v.rule, team_id = v.team, team_before_rule_id = v.before,
    ruled_until = v.until, guessed_language = v.language, seq = v.seq
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::bigint[])
    AS v (id, rule, team, before, until, language, seq) WHERE c.id = v.id
"""


def judge_waiting(workspace_id: int, book: Rulebook, default: Team | None, now: datetime) -> bool:
    """Apply the rules to a batch of what is not judged yet; was there any? Not inside a transaction."""
    due = unassigned(workspace_id).exclude(settled(now))
    if not book.rules:
        # The rule that put it where it is is in force no more, or exists no more.
        due = due.filter(Q(rule__isnull=False) | Q(team_before_rule__isnull=False))
    if not due.exists():
        return False
    with transaction.atomic(), events.gathered():
        lock_assignment(workspace_id)
        rows = lock_all(due.order_by("waiting_since", "pk")[:AT_ONCE], skip_locked=True)
        if rows:
            _judge(rows, book, default.pk if default else None, now)
    return bool(rows)


def ask_again(conversation: Conversation) -> None:
    """Something that rules ask about has changed here; routing looks at it in a moment. The caller holds the lock."""
    if conversation.assignee_id is None and conversation.ruled_until is not None:
        conversation.ruled_until = None
        conversation.save(update_fields=["ruled_until"])
        request_routing()


def ask_all_again(waiting: QuerySet[Conversation]) -> None:
    """The same for many: the rules are others now, or a contact's card is."""
    judged = waiting.filter(status__in=ALIVE, assignee=None, ruled_until__isnull=False)
    if judged.update(ruled_until=None):
        request_routing()


def _judge(rows: Sequence[Conversation], book: Rulebook, default: int | None, now: datetime) -> None:
    asked = Asked(book.rules)
    hours = Hours(rows[0].workspace) if asked.hours else None
    facts = facts_of(rows, asked, hours, now, default)
    moved, decisions, lines = [], [], []
    for row in rows:
        rule, before, former = first_match(book.rules, facts[row.pk]), base_team(row), row.rule_id
        team = rule.team_for(before) if rule else before
        if team != row.team_id:
            moved.append((row, sight_of(row)))
        row.rule_id = rule.pk if rule else None
        row.team_id, row.team_before_rule_id = team, before if team != before else None
        row.ruled_until = _stands_until(hours, facts[row.pk].team, now)
        if rule is not None and rule.pk != former and rule.manner == Manner.QUEUE:
            decisions.append(_decision(row, rule, book, now))
            lines.append(_line(row, rule, book, now))
    _save(rows)
    for row, sight in moved:
        Case.objects.filter(conversation=row, closed_at=None).update(team=row.team_id)
        answer_timers.follow(row)
        events.conversation_changed(row, previous=sight)
    RoutingDecision.objects.bulk_create(decisions)
    for line, decision in zip(lines, decisions, strict=True):
        line.data["decision"] = decision.pk
    for line in Activity.objects.bulk_create(lines):
        events.activity_added(line)


def _stands_until(hours: Hours | None, team: int | None, now: datetime) -> datetime:
    if hours is None:
        return FOREVER
    return min(hours.turns_at(team, now) or FOREVER, now + SOON)


def _save(rows: Sequence[Conversation]) -> None:
    names = ("pk", "rule_id", "team_id", "team_before_rule_id", "ruled_until", "guessed_language", "seq")
    with connection.cursor() as cursor:
        cursor.execute(SAVE, [[getattr(row, name) for row in rows] for name in names])


def _decision(conversation: Conversation, rule: Rule, book: Rulebook, now: datetime) -> RoutingDecision:
    return RoutingDecision(
        workspace_id=conversation.workspace_id, conversation=conversation, team_id=conversation.team_id,
        reason="queue", created_at=now,
        facts={"rule": book.note(rule) | {"from": conversation.team_before_rule_id}} | circumstances(conversation),
    )  # fmt: skip


def _line(conversation: Conversation, rule: Rule, book: Rulebook, now: datetime) -> Activity:
    return Activity(
        workspace_id=conversation.workspace_id, conversation=conversation, seq=conversation.next_seq(), kind="queued",
        data={"team": conversation.team.name if conversation.team else "", "rule": book.note(rule)}, occurred_at=now,
    )  # fmt: skip
