"""The timer of a customer who waits: begun with the first unanswered message, ended by a human answer.

Whoever changes whether somebody waits, or which team answers, calls one of these under the conversation's lock. What
changes elsewhere (targets, hours, holidays) is found by `Retiming`, a chore of the sweeper, which also mends what
anybody forgot.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.hours import OpeningHours
from accounts.models import Team, Workspace
from accounts.schedules import hours_of_teams, team_hours
from inbox import events
from inbox.actions.locks import lock
from inbox.answer_targets import NONE, Target, basis, plan
from inbox.models import AnswerTimer, Case, Contact, Conversation

Kind = AnswerTimer.Kind
STORED = [field.name for field in AnswerTimer._meta.concrete_fields if not field.primary_key]
NO_TARGET = dict.fromkeys(Kind.values, "")
ALWAYS = OpeningHours(ZoneInfo("UTC"))
FRESH = 10  # seconds
LOOK_EVERY = timedelta(minutes=1)  # for what somebody forgot
AT_ONCE = 20  # conversations in one look; as long as there are some, the next look is a moment away

# Timers that no longer fit their conversation, whoever forgot them.
STRAYED = """
SELECT t.conversation_id FROM inbox_answertimer t JOIN inbox_conversation c ON c.id = t.conversation_id
 WHERE c.status <> 'open' OR NOT c.needs_answer OR c.team_id IS NULL
    OR c.team_id IS DISTINCT FROM t.team_id OR c.answer_due_at IS DISTINCT FROM t.due_at LIMIT %s
"""


def target_of(team: Team, kind: str) -> Target | None:
    """What the team has set for a first or a further answer."""
    minutes = team.first_response_minutes if kind == Kind.FIRST else team.next_response_minutes
    if not minutes:
        return None
    return Target(minutes, team.remind_percent, team.requeues_at_target, team.tell_lead_minutes)


def follow(conversation: Conversation, *, since: datetime | None = None) -> None:
    """Make the timer fit the conversation as it is now, and store it. `since` lets the wait begin anew then."""
    before = conversation.answer_due_at
    set_timer(conversation, since=since)
    if conversation.answer_due_at != before:
        conversation.save(update_fields=["answer_due_at"])


def set_timer(conversation: Conversation, *, since: datetime | None = None, is_first: bool | None = None) -> None:
    """The same, but `answer_due_at` is the caller's to save. `is_first`: nobody has answered in this case yet."""
    waits = conversation.is_open and conversation.needs_answer and conversation.team_id is not None
    known = _rules_of(conversation) if waits else None
    if known is None or conversation.contact.kind == Contact.Kind.GROUP:  # there we only read
        end(conversation)
        return
    kind = Kind.FIRST if (_is_first(conversation) if is_first is None else is_first) else Kind.NEXT
    timer = AnswerTimer.objects.filter(pk=conversation.pk).first() if since is None else None
    if timer is None:
        timer = AnswerTimer(conversation=conversation, started_at=since or _waits_since(conversation))
    if _plan(timer, known, kind):
        # One statement, whether it is there or not.
        AnswerTimer.objects.bulk_create(
            [timer], update_conflicts=True, unique_fields=["conversation"], update_fields=STORED
        )
        conversation.answer_due_at = timer.due_at
    else:
        end(conversation)


def end(conversation: Conversation) -> None:
    """Nobody waits any more, or nothing was promised. `answer_due_at` is the caller's to save."""
    if conversation.answer_due_at is not None:
        AnswerTimer.objects.filter(pk=conversation.pk).delete()
        conversation.answer_due_at = None


def _plan(timer: AnswerTimer, known: "Rules", kind: str) -> bool:
    """Work out the moments anew; what lies ahead again is done again. False: nothing is promised."""
    team, hours, now = known.team, known.hours, timezone.now()
    target = target_of(team, kind)
    planned = plan(timer.started_at, target, hours) if target else None
    if planned is None:
        return False
    if timer.team_id != team.pk:
        timer.done, timer.requeued_from = NONE, None
    if timer.due_at != planned.due_at:
        timer.planned_at = now
    timer.team, timer.kind, timer.basis = team, kind, basis(target, hours)
    timer.due_at, timer.remind_at = planned.due_at, planned.remind_at
    timer.requeue_at, timer.tell_lead_at = planned.requeue_at, planned.tell_lead_at
    timer.done = timer.steps_done & planned.passed(now)
    timer.next_at = planned.next_at(timer.steps_done)
    return True


@dataclass(frozen=True, slots=True)
class Rules:
    """A team's targets and hours, as they were read a moment ago."""

    team: Team
    hours: OpeningHours
    read_at: float = field(default_factory=time.monotonic)


_read: dict[int, Rules] = {}  # by the sweeper of this process, where there is one: the loop through which messages come


def _rules_of(conversation: Conversation) -> Rules | None:
    """None where the team has set no target. Should they have changed this very moment, `Retiming` mends it."""
    found = _read.get(conversation.team_id or 0)
    if found is None or time.monotonic() - found.read_at > FRESH:
        if (team := conversation.team) is None or not _has_target(team):
            return None
        team.workspace = conversation.workspace
        return Rules(team, team_hours(team))
    return found if _has_target(found.team) else None


def _waits_since(conversation: Conversation) -> datetime:
    return conversation.waiting_since or conversation.last_message_at


def _is_first(conversation: Conversation) -> bool:
    case = conversation.current_case()
    return case is None or case.first_replied_at is None


def _has_target(team: Team) -> bool:
    return bool(team.first_response_minutes or team.next_response_minutes)


class Retiming:
    """What one process knows of the targets, so that it looks at a team's customers only when those have changed."""

    def __init__(self) -> None:
        self._looked: dict[int, datetime] = {}
        self._searched: datetime | None = None  # for timers that have strayed
        self._seen: dict[int, dict[str, str]] = {}  # team → kind → the basis with which all its timers were made

    def run(self, now: datetime) -> bool:
        """Make timers fit that no longer do. Is there more to do?"""
        more = False
        if self._searched is None or now - self._searched >= LOOK_EVERY:
            more = _follow_all(_strayed())
            self._searched = None if more else now
        for workspace in Workspace.objects.prefetch_related("teams"):
            teams = list(workspace.teams.all())
            if all(not _has_target(team) and self._seen.get(team.pk) == NO_TARGET for team in teams):
                _read.update({team.pk: Rules(team, ALWAYS) for team in teams})
                continue
            hours = hours_of_teams(workspace)
            _read.update({team.pk: Rules(team, hours[team.pk]) for team in teams})
            for team in teams:
                bases = {kind: _basis(team, kind, hours[team.pk], now) for kind in Kind.values}
                is_known = bases == self._seen.get(team.pk)
                if is_known and (bases == NO_TARGET or now - self._looked[team.pk] < LOOK_EVERY):
                    continue
                if _follow_all(_outdated(team, bases)):
                    more = True
                else:
                    self._seen[team.pk], self._looked[team.pk] = bases, now
        return more


def _basis(team: Team, kind: str, hours: OpeningHours, now: datetime) -> str:
    """The basis of this team's timers of a kind; "" where there are none."""
    target = target_of(team, kind)
    return basis(target, hours) if target is not None and plan(now, target, hours) is not None else ""


def _strayed() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(STRAYED, [AT_ONCE])
        return [pk for (pk,) in cursor.fetchall()]


def _outdated(team: Team, bases: dict[str, str]) -> list[int]:
    """Customers of this team who wait, and whose timer was made from something else or is lacking."""
    waiting = Conversation.objects.open().filter(team=team, needs_answer=True, contact__kind=Contact.Kind.PERSON)
    answered = Case.objects.filter(conversation=OuterRef("pk"), closed_at=None, first_replied_at__isnull=False)
    found: list[int] = []
    for kind, of_kind in ((Kind.FIRST, ~Exists(answered)), (Kind.NEXT, Exists(answered))):
        rows = waiting.filter(of_kind)
        wanted = bases[kind]
        rows = rows.exclude(answer_timer__basis=wanted) if wanted else rows.filter(answer_timer__isnull=False)
        found += rows.order_by("waiting_since", "pk").values_list("pk", flat=True)[: AT_ONCE - len(found)]
    return found


def _follow_all(pks: list[int]) -> bool:
    """Each under its lock; screens are told. Were there so many that more may follow?"""
    for conversation in Conversation.objects.filter(pk__in=pks) if pks else ():
        with transaction.atomic(), events.gathered():
            before = lock(conversation).answer_due_at
            follow(conversation)
            if conversation.answer_due_at is None:
                AnswerTimer.objects.filter(pk=conversation.pk).delete()
            if conversation.answer_due_at != before:
                events.conversation_changed(conversation)
    return len(pks) >= AT_ONCE
