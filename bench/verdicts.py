"""What must hold after a crowd was served: read from the rows alone, by other means than the product's own."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.models import Activity, Assignment, Conversation, LostWindow, Message, RoutingDecision
from whatsapp.service_window import WINDOW

MOMENT = timedelta(seconds=3)  # a free place and a waiting customer may stand side by side so long


@dataclass
class Verdict:
    """One thing that was to hold; `found` says how, `wrong` what does not."""

    what: str
    found: str
    wrong: list[str]

    @property
    def holds(self) -> bool:
        return not self.wrong


def judge(conversations: list[int], agents: dict[int, int], began: datetime, ended: datetime) -> list[Verdict]:
    """Of these conversations, served by these agents (id → capacity) in that time."""
    story = Story(agents, began)
    return [
        _capacity(story, agents, began), _spread(conversations, began), _lost(conversations, story, agents, ended),
        _explained(conversations, began), _answered(conversations),
    ]  # fmt: skip


class Story:
    """Who held what when, replayed from assignments and closings."""

    def __init__(self, agents: dict[int, int], began: datetime) -> None:
        self.steps: list[tuple[datetime, int, int | None, bool]] = []  # when, conversation, agent, by routing
        for at, pk, agent, by in Assignment.objects.values_list("created_at", "conversation", "agent", "by"):
            self.steps.append((at, pk, agent, by is None))
        closings = Activity.objects.filter(kind="closed", occurred_at__gte=began)
        for at, pk in closings.values_list("occurred_at", "conversation"):
            self.steps.append((at, pk, None, False))
        self.steps.sort(key=lambda step: step[0])
        self.agents, self.began = agents, began

    def loads(self) -> Iterable[tuple[datetime, int, int, dict[int, int]]]:
        """At each step of routing: (moment, conversation, agent, load of everybody before it)."""
        holder: dict[int, int] = {}
        load: dict[int, int] = defaultdict(int)
        for at, pk, agent, by_routing in self.steps:
            if by_routing and agent is not None and at >= self.began:
                yield at, pk, agent, dict(load)
            if (before := holder.pop(pk, None)) is not None:
                load[before] -= 1
            if agent is not None:
                holder[pk] = agent
                load[agent] += 1

    def idle_since(self, start: datetime, end: datetime) -> datetime | None:
        """From when on somebody had room for longer than a moment between these two."""
        load: dict[int, int] = defaultdict(int)
        holder: dict[int, int] = {}
        free_since: datetime | None = None
        for at, pk, agent, _ in [*self.steps, (end, 0, None, False)]:
            if free_since is not None and min(at, end) - max(free_since, start) > MOMENT:
                return max(free_since, start)
            if at >= end:
                return None
            if (before := holder.pop(pk, None)) is not None:
                load[before] -= 1
            if agent is not None:
                holder[pk] = agent
                load[agent] += 1
            is_free = any(load[each] < capacity for each, capacity in self.agents.items())
            free_since = (free_since or at) if is_free else None
        return None


def _capacity(story: Story, agents: dict[int, int], began: datetime) -> Verdict:
    wrong, most = [], 0
    for at, pk, agent, load in story.loads():
        if agent in agents:
            most = max(most, load.get(agent, 0) + 1)
            if load.get(agent, 0) >= agents[agent]:
                wrong.append(f"{at:%H:%M:%S} conversation {pk}: agent {agent} had {load[agent]} of {agents[agent]}")
    for pk, facts in RoutingDecision.objects.filter(created_at__gte=began, agent__isnull=False).values_list(
        "conversation", "facts"
    ):
        if facts["load"] >= facts["capacity"]:
            wrong.append(f"conversation {pk}: given at {facts['load']} of {facts['capacity']}")
    return Verdict("nobody over capacity by routing", f"at most {most} of {max(agents.values())}", wrong)


def _spread(conversations: list[int], began: datetime) -> Verdict:
    """Of those with equal capacity and room, whoever got it had the least: afterwards nobody is two ahead."""
    wrong, given = [], defaultdict(int)
    decisions = RoutingDecision.objects.filter(
        conversation__in=conversations, created_at__gte=began, agent__isnull=False, reason="least_busy"
    )
    for pk, agent, facts in decisions.values_list("conversation", "agent", "facts"):
        given[agent] += 1
        equal = [each["load"] for each in facts["candidates"] if each["capacity"] == facts["capacity"]]
        if facts["load"] + 1 - min(equal) > 1:
            wrong.append(f"conversation {pk}: agent {agent} had {facts['load']}, somebody had {min(equal)}")
    each = sorted(given.values()) or [0]
    found = f"{each[0]} to {each[-1]} each, {sum(each)} by least busy"
    return Verdict("spread within ±1 among equals", found, wrong)


def _lost(conversations: list[int], story: Story, agents: dict[int, int], ended: datetime) -> Verdict:
    """A window may only be lost while nobody had room (or, if given away, while its holder was at others)."""
    wrong, lost, saved = [], set(), 0
    noted = dict(LostWindow.objects.filter(conversation__in=conversations).values_list("conversation", "window_of"))
    for row in Conversation.objects.filter(pk__in=conversations).select_related("workspace"):
        said = noted.get(row.pk) or (row.last_customer_message_at if row.needs_answer else None)
        closes = said + WINDOW - row.workspace.window_margin if said else None
        if closes is None or closes > ended:
            first = row.messages.filter(direction="in").order_by("seq").first()
            saved += first is not None and first.created_at - first.occurred_at > timedelta(hours=1)
            continue
        lost.add(row.pk)
        arrived = row.messages.filter(direction="in").order_by("seq").values_list("created_at", flat=True)[0]
        given = row.assignments.filter(agent__isnull=False).order_by("pk").values_list("created_at", flat=True).first()
        if (idle := story.idle_since(arrived, min(given or closes, closes))) is not None:
            wrong.append(f"conversation {row.pk} waited although somebody had room at {idle:%H:%M:%S}")
        elif given is not None and given < closes - 4 * MOMENT:
            wrong.append(f"conversation {row.pk}, given away at {given:%H:%M:%S}, had no answer by {closes:%H:%M:%S}")
    found = f"{len(lost)} lost, {saved} of those nearly over saved"
    return Verdict("no window lost that a free agent could have answered", found, wrong)


def _explained(conversations: list[int], began: datetime) -> Verdict:
    """Each change by routing has its decision with a reason and the facts; each conversation has at least one."""
    decisions = {
        (pk, agent, at): (reason, facts)
        for pk, agent, at, reason, facts in RoutingDecision.objects.filter(created_at__gte=began).values_list(
            "conversation", "agent", "created_at", "reason", "facts"
        )
    }
    wrong, reasons = [], defaultdict(int)
    by_routing = Assignment.objects.filter(created_at__gte=began, by=None, agent__isnull=False)
    for pk, agent, at in by_routing.values_list("conversation", "agent", "created_at"):
        reason, facts = decisions.get((pk, agent, at), ("", {}))
        reasons[reason] += 1
        if not reason or not facts.get("candidates"):
            wrong.append(f"conversation {pk} to agent {agent} at {at:%H:%M:%S}: no reason")
    known = {pk for pk, _, _ in decisions}
    wrong += [f"conversation {pk} was never decided about" for pk in conversations if pk not in known]
    return Verdict("every decision explained", ", ".join(f"{n} {word}" for word, n in sorted(reasons.items())), wrong)


def _answered(conversations: list[int]) -> Verdict:
    answered = set(
        Message.objects.filter(conversation__in=conversations, direction="out", via="agent")
        .values_list("conversation", flat=True).distinct()
    )  # fmt: skip
    wrong = [f"conversation {pk} has no answer" for pk in conversations if pk not in answered]
    return Verdict("every customer answered", f"{len(answered)} of {len(conversations)}", wrong)
