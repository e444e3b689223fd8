"""The times of cases: first answer and resolution, by the clock and in the open hours of the team.

What a person wrote first counts as the answer (`Case.first_replied_at`); bots and automatic replies do not, and a case
that we began ourselves has none to measure. The target is frozen with the answer or the closing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from accounts.hours import OpeningHours
from accounts.models import Team, Workspace
from accounts.schedules import hours_of_teams, workspace_hours
from inbox.enums import Direction, MessageKind, MessageStatus
from inbox.models import Assignment, Case, CaseFigures, Message

FIELDS = [field.name for field in CaseFigures._meta.fields if not field.primary_key]
INPUTS = ("conversation_id", "phone_number_id", "team_id", "agent_id", "replied_by_id", "is_again", "is_asked",
          "opened_at", "replied_at", "closed_at")  # fmt: skip


def roll_cases(conversation_ids: Collection[int], *, anew: bool = False) -> int:
    """Work out the figures of all cases of these conversations; how many have changed.

    `anew` also where nothing has happened: opening hours may be others by now. Targets stay as they were.
    """
    cases = list(
        Case.objects.filter(conversation__in=conversation_ids)
        .select_related("conversation")
        .order_by("opened_at", "pk")
    )
    gone = CaseFigures.objects.filter(conversation__in=conversation_ids).exclude(case__in=[case.pk for case in cases])
    removed, _ = gone.delete()
    known = CaseFigures.objects.in_bulk([case.pk for case in cases])
    asked, holders, hours = _asked([case.pk for case in cases]), _holders(conversation_ids), _Hours()
    seen: set[int] = set()
    changed = []
    for case in cases:
        inputs = _inputs(case, case.conversation_id in seen, case.pk in asked, holders[case.conversation_id])
        seen.add(case.conversation_id)
        before = known.get(case.pk)
        if before is None or anew or any(getattr(before, name) != value for name, value in inputs.items()):
            changed.append(_figures(case, inputs, before, hours))
    CaseFigures.objects.bulk_create(changed, update_conflicts=True, unique_fields=["case"], update_fields=FIELDS)
    return len(changed) + removed


def _inputs(case: Case, is_again: bool, is_asked: bool, holders: list[tuple[datetime, int | None]]) -> dict[str, Any]:
    until = [agent_id for at, agent_id in holders if case.closed_at is None or at <= case.closed_at]
    held_by = (until[-1] if until else None) or case.closed_by_id or case.first_replied_by_id
    return {
        "conversation_id": case.conversation_id, "phone_number_id": case.conversation.phone_number_id,
        "team_id": case.team_id, "agent_id": held_by, "replied_by_id": case.first_replied_by_id, "is_again": is_again,
        "is_asked": is_asked, "opened_at": case.opened_at, "replied_at": case.first_replied_at,
        "closed_at": case.closed_at,
    }  # fmt: skip


def _figures(case: Case, inputs: dict[str, Any], before: CaseFigures | None, hours: "_Hours") -> CaseFigures:
    open_hours = hours.of(case)
    made = CaseFigures(case_id=case.pk, workspace_id=case.workspace_id, **inputs)
    if made.is_asked:
        made.reply_seconds, made.reply_open_seconds = _spent(open_hours, made.opened_at, made.replied_at)
    made.close_seconds, made.close_open_seconds = _spent(open_hours, made.opened_at, made.closed_at)
    is_frozen = before is not None and (before.replied_at is not None or before.closed_at is not None)
    if before is not None and is_frozen and before.opened_at == made.opened_at and before.team_id == made.team_id:
        made.target_minutes, made.due_at = before.target_minutes, before.due_at
    elif made.is_asked and (minutes := hours.target_of(case)) is not None:
        made.target_minutes = minutes
        made.due_at = open_hours.add(made.opened_at, timedelta(minutes=minutes))
    return made


def _spent(hours: OpeningHours, start: datetime, end: datetime | None) -> tuple[int | None, int | None]:
    """Whole seconds by the clock and in open hours; None while it has not ended."""
    if end is None:
        return None, None
    clock = max(timedelta(0), end - start)
    return clock // timedelta(seconds=1), hours.between(start, end) // timedelta(seconds=1)


def _asked(case_ids: Iterable[int]) -> set[int]:
    """Cases whose first message is the customer's."""
    messages = (
        Message.objects.filter(case__in=list(case_ids))
        .exclude(kind__in=[MessageKind.SYSTEM, MessageKind.REACTION])
        .exclude(status=MessageStatus.HELD)
        .order_by("case", "occurred_at", "seq")
        .distinct("case")
    )
    return {case_id for case_id, direction in messages.values_list("case", "direction") if direction == Direction.IN}


def _holders(conversation_ids: Collection[int]) -> dict[int, list[tuple[datetime, int | None]]]:
    """Conversation → who was given it when, in order."""
    found: dict[int, list[tuple[datetime, int | None]]] = defaultdict(list)
    rows = Assignment.objects.filter(conversation__in=conversation_ids).order_by("created_at", "pk")
    for conversation_id, at, agent_id in rows.values_list("conversation_id", "created_at", "agent_id"):
        found[conversation_id].append((at, agent_id))
    return found


class _Hours:
    """Hours and targets of teams, read once per workspace."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[dict[int, OpeningHours], OpeningHours, dict[int, int | None]]] = {}

    def of(self, case: Case) -> OpeningHours:
        teams, everybody, _targets = self._read(case.workspace_id)
        return teams.get(case.team_id or 0, everybody)

    def target_of(self, case: Case) -> int | None:
        return self._read(case.workspace_id)[2].get(case.team_id or 0)

    def _read(self, workspace_id: int) -> tuple[dict[int, OpeningHours], OpeningHours, dict[int, int | None]]:
        if workspace_id not in self._of:
            workspace = Workspace.objects.get(pk=workspace_id)
            targets = Team.objects.filter(workspace=workspace).values_list("pk", "first_response_minutes")
            self._of[workspace_id] = hours_of_teams(workspace), workspace_hours(workspace), dict(targets)
        return self._of[workspace_id]

