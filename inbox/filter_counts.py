"""How many conversations each saved filter holds for each agent, without asking once per agent or per request.

One pass over a workspace's open and snoozed conversations counts all its filters at once, in buckets of (team,
assignee). What an agent sees of a filter is the sum of some buckets. The buckets are remembered for a while that grows
with what the pass took, so that counting never costs more than a twentieth of a core, however many pages ask.
"""

import threading
import time
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from accounts.models import Role, Workspace
from inbox.enums import ConversationStatus
from inbox.filters import Filter
from inbox.models import Conversation, SavedFilter
from inbox.visibility import ConversationFacts, Rights, may_see

COUNT_LIMIT = 100  # beyond, pages show "99+"
SHORTEST = 2.0  # seconds for which a count is good enough
SHARE = 20
# What differs from agent to agent in more than sight, and the archive, which nobody works through.
UNCOUNTED = ("mentions", "following", "closed")

@dataclass
class Tally:
    """All counts of a workspace at one moment."""

    counted_at: float  # when counting began
    good_for: float
    filters: list[tuple[SavedFilter, Filter]] = field(default_factory=list)
    buckets: list[dict] = field(default_factory=list)  # {"queue" (its team), "holder", "f7": how many, …}
    mentioned: list[dict] = field(default_factory=list)  # the same for each agent who is mentioned: "agent"

    def knows(self, moment: float) -> bool:
        """Whether it holds everything that happened before this moment (of `time.monotonic`)."""
        return self.counted_at >= moment or not self.filters

    def counts_for(self, people: Iterable[Rights]) -> dict[int, dict[str, int]]:
        return {rights.agent_id: _counts_of(self, rights) for rights in people}


_tallies: dict[int, Tally] = {}
_lock = threading.Lock()


def counts_for(workspace_id: int, people: Iterable[Rights], *, fresh: bool = False) -> dict[int, dict[str, int]]:
    """Agent id → {"saved-7": 12, …} of the filters in that agent's menu; each at most 100."""
    return tally_of(workspace_id, fresh=fresh).counts_for(people)


def forget(workspace_id: int) -> None:
    """A filter has changed: this process counts anew when asked."""
    _tallies.pop(workspace_id, None)


def tally_of(workspace_id: int, *, fresh: bool = False) -> Tally:
    """The one remembered while it is good enough, else a new one."""
    with _lock:
        known = _tallies.get(workspace_id)
        if known is None or fresh or time.monotonic() - known.counted_at > known.good_for:
            known = _tallies[workspace_id] = _count(workspace_id)
        return known


def _count(workspace_id: int) -> Tally:
    started = time.monotonic()
    tally = Tally(started, SHORTEST)
    for saved in SavedFilter.objects.filter(workspace=workspace_id):
        wanted = Filter.of(saved.parameters)
        if wanted.view not in UNCOUNTED:
            tally.filters.append((saved, wanted))
    if tally.filters:
        now, margin = timezone.now(), Workspace.objects.get(pk=workspace_id).window_margin
        counts = {
            f"f{saved.pk}": Count("pk", filter=_condition(wanted, now, margin), distinct=True)
            for saved, wanted in tally.filters
        }
        kept = Conversation.objects.filter(workspace=workspace_id, status__in=_statuses(tally.filters))
        bucket: Any = {"queue": F("team_id"), "holder": F("assignee_id")}
        tally.buckets = list(kept.values(**bucket).annotate(**counts))  # type: ignore[arg-type]
        mentioned = kept.filter(mentions__isnull=False).values(agent=F("mentions__agent_id"), **bucket)
        tally.mentioned = list(mentioned.annotate(**counts))  # type: ignore[arg-type]
    tally.good_for = max(SHORTEST, SHARE * (time.monotonic() - started))
    return tally


def _statuses(filters: list[tuple[SavedFilter, Filter]]) -> set[str]:
    return {_status(wanted) for _saved, wanted in filters}


def _status(wanted: Filter) -> str:
    return ConversationStatus.SNOOZED if wanted.view == "snoozed" else ConversationStatus.OPEN


def _condition(wanted: Filter, now: datetime, margin: timedelta) -> Q:
    """All that does not depend on who looks: "mine" and "me" are a matter of the bucket."""
    condition = Q(status=_status(wanted))
    if wanted.view == "unassigned":
        condition &= Q(assignee=None)
    for each in wanted.conditions(now, margin):
        condition &= each
    return condition


def _counts_of(tally: Tally, rights: Rights) -> dict[str, int]:
    offered = [(saved, wanted) for saved, wanted in tally.filters if is_offered(saved, rights)]
    if not offered:
        return {}
    seen = [bucket for bucket in tally.buckets if _sees(rights, bucket)]
    seen += [
        bucket for bucket in tally.mentioned
        if bucket["agent"] == rights.agent_id and not _sees(rights, bucket) and _sees(rights, bucket, {rights.agent_id})
    ]  # fmt: skip
    held = [bucket for bucket in seen if bucket["holder"] == rights.agent_id]
    found = {}
    for saved, wanted in offered:
        theirs = wanted.view == "mine" or wanted.assignee == "me"
        count = sum(bucket[f"f{saved.pk}"] for bucket in (held if theirs else seen))
        found[f"saved-{saved.pk}"] = min(count, COUNT_LIMIT)
    return found


def _sees(rights: Rights, bucket: dict, mentioned: Set[int] = frozenset()) -> bool:
    """Whether this bucket's conversations are the agent's to see."""
    facts = ConversationFacts(rights.workspace_id, bucket["queue"], bucket["holder"], frozenset(mentioned))
    return may_see(rights, facts)


def is_offered(saved: SavedFilter, rights: Rights) -> bool:
    """In whose menu it stands: its owner's, and its team's."""
    if saved.owner_id == rights.agent_id:
        return True
    return saved.team_id is not None and (rights.role == Role.ADMIN or saved.team_id in rights.team_ids)
