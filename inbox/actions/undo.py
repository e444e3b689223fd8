"""Taking back what was just done: assignee, team, labels, status and snooze become exactly what they were.

Each conversation stands for itself, under its lock: where somebody has changed the same thing meanwhile, or the
customer has (a message opens what was closed), nothing is touched and the name is said. What routing alone has done
with it since stands in nobody's way: what went back to a queue is given away within a second. Whoever did it may take
it back even if it took the conversation out of their sight: they saw it as it was. What was done with a person is taken
back in the same way (undo_people).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agent
from inbox import events
from inbox.access import sees
from inbox.actions import answer_timers, assignment
from inbox.actions.activity import add_activity
from inbox.actions.locks import lock
from inbox.actions.undo_people import restore_person
from inbox.actions.wakeups import request_routing
from inbox.enums import ERASING, ConversationStatus
from inbox.errors import InboxRuleViolation
from inbox.models import Assignment, Conversation, RoutingDecision, Undo
from inbox.visibility import facts_of

OFFERED = timedelta(seconds=30)  # the page offers it for ten; the rest is for slow lines
KEPT = timedelta(hours=1)
TIMES = ("snoozed_until", "closed_at", "assigned_at", "waiting_since")
PLAIN = (
    "status", "assignee_id", "team_id", "last_agent_id", "needs_answer", "team_before_rule_id", "placed_by_hand",
)  # fmt: skip
PLACE = ("assignee_id", "team_id", "assigned_at", "team_before_rule_id")  # what routing and the rules decide


@dataclass
class TakenBack:
    """What came of it: how many are as they were, and which are not, with the reason."""

    done: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def remembering(conversation: Conversation, act: Callable[[Conversation], Any]) -> dict[str, Any] | None:
    """Do something to one conversation and return the step that would take it back; None when nothing changed."""
    with transaction.atomic(), events.gathered():
        before = _state(lock(conversation))
        act(conversation)
        after = _state(lock(conversation))
    if before == after:
        return None
    return {
        "conversation": conversation.pk, "before": before, "after": after, "assignment": _last_assignment(conversation)
    }


def keep(steps: list[dict[str, Any] | None], *, by: Agent) -> Undo | None:
    """Keep the steps of one deed; older ones of this person are forgotten."""
    done = [step for step in steps if step is not None]
    Undo.objects.filter(agent=by, created_at__lt=timezone.now() - KEPT).delete()
    return Undo.objects.create(agent=by, steps=done) if done else None


def take_back(undo: Undo, *, by: Agent) -> TakenBack:
    """Once, and only by who did it."""
    # Deleted first: of two clicks at once only one finds it.
    found, _details = Undo.objects.filter(pk=undo.pk, agent=by).delete()
    if not found or timezone.now() - undo.created_at > OFFERED:
        raise InboxRuleViolation(gettext_lazy("It is too late to take this back."))
    result = TakenBack()
    for step in undo.steps:
        if "person" in step:
            _count(result, partial(restore_person, step, by=by), step["name"])
            continue
        living = Conversation.objects.select_related("contact").exclude(status=ERASING)
        conversation = living.filter(pk=step["conversation"]).first()
        if conversation is None:  # merged into another meanwhile, or of somebody who is being erased: not named
            result.refused.append((_("Unknown customer"), _("changed meanwhile")))
            continue
        _count(result, partial(_restore, conversation, step, by), conversation.contact.display_name)
    return result


def _count(result: TakenBack, restore: Callable[[], None], name: str) -> None:
    try:
        restore()
        result.done += 1
    except InboxRuleViolation as violation:
        result.refused.append((name, str(violation.sentence)))


def _restore(conversation: Conversation, step: dict[str, Any], by: Agent) -> None:
    before, after = step["before"], step["after"]
    changed = [name for name in before if before[name] != after[name]]
    with transaction.atomic(), events.gathered():
        now = _state(lock(conversation))
        if {"assignee_id", "team_id"} & set(changed) and _only_routed_since(conversation, step, now):
            after = after | {name: now[name] for name in PLACE}
            changed = [name for name in before if before[name] != after[name]]
        if any(now[name] != after[name] for name in changed) or not _saw(conversation, before, by):
            raise InboxRuleViolation(gettext_lazy("changed meanwhile"))
        previous = facts_of(conversation)
        holder = before["assignee_id"]
        if "assignee_id" in changed and holder:
            assignment.working(holder, conversation)
        if "labels" in changed:
            conversation.labels.set(conversation.workspace.labels.filter(pk__in=before["labels"]))
        if after["status"] == ConversationStatus.CLOSED and "status" in changed:
            _continue_case(conversation)
        fields = [name for name in changed if name != "labels"]
        for name in fields:
            setattr(conversation, name, _value(name, before[name]))
        conversation.ruled_until = None  # the rules look at it as it is again
        conversation.save(update_fields=[*(name.removesuffix("_id") for name in fields), "ruled_until"])
        if {"assignee_id", "team_id"} & set(changed):
            Assignment.objects.create(
                conversation=conversation, agent_id=conversation.assignee_id, team_id=conversation.team_id, by=by
            )
            conversation.cases.filter(closed_at=None).update(team_id=conversation.team_id)
        answer_timers.follow(conversation)
        add_activity(conversation, "undone", actor=by)
        events.conversation_changed(conversation, previous=previous)
        request_routing()


def _only_routed_since(conversation: Conversation, step: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether nobody but routing and the rules has moved it since, and nobody has answered."""
    if any(now[name] != step["after"][name] for name in ("status", "needs_answer", "last_agent_id", "placed_by_hand")):
        return False
    since = list(conversation.assignments.filter(pk__gt=step["assignment"]).order_by("pk")[:2])
    if len(since) != 1:
        return not since
    [given] = since
    decided = RoutingDecision.objects.filter(conversation=conversation, created_at=given.created_at)
    return given.by_id is None and given.agent_id is not None and decided.filter(agent=given.agent_id).exists()


def _last_assignment(conversation: Conversation) -> int:
    return conversation.assignments.order_by("-pk").values_list("pk", flat=True).first() or 0


def _continue_case(conversation: Conversation) -> None:
    case = conversation.cases.order_by("-opened_at", "-id").first()
    if case is not None and case.closed_at is not None:
        case.closed_at, case.closed_by, case.outcome = None, None, ""
        case.save(update_fields=["closed_at", "closed_by", "outcome"])


def _saw(conversation: Conversation, before: dict[str, Any], by: Agent) -> bool:
    return sees(by, replace(facts_of(conversation), team_id=before["team_id"], assignee_id=before["assignee_id"]))


def _state(conversation: Conversation) -> dict[str, Any]:
    """All that a deed of ours can change, as JSON keeps it."""
    state: dict[str, Any] = {name: getattr(conversation, name) for name in PLAIN}
    state |= {name: at.isoformat() if (at := getattr(conversation, name)) else None for name in TIMES}
    return state | {"labels": sorted(conversation.labels.values_list("pk", flat=True))}


def _value(name: str, stored: Any) -> Any:
    return datetime.fromisoformat(stored) if stored and name in TIMES else stored
