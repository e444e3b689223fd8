"""A simulated day at the counter, drawn from a seed: people come, go, answer, snooze and leave; customers write.

After every step the state is compared with what must always hold. A failing seed is in the test's name.
"""

import random
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db.models import Max
from django.utils import timezone

from accounts.models import Agent, Availability, Membership, RoutingStrategy
from inbox.actions import assignment
from inbox.actions.conversations import close_conversation, reopen_conversation, snooze_conversation
from inbox.actions.notes import add_note
from inbox.errors import AlreadyAssigned
from inbox.loops.sweeper import Sweeper
from inbox.models import Activity, Assignment, Case, Contact, Conversation, Message, Note, RoutingDecision
from inbox.rules.trial import try_out
from tests import factories
from tests.inbox.presence_double import people  # noqa: F401
from tests.inbox.writing import agent_writes, customer_writes

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
GRACE = timedelta(minutes=30)


class Day:
    """The shop, its people, and one thing after another."""

    def __init__(self, seed: int, clock, presence) -> None:
        self.dice, self.clock, self.presence = random.Random(seed), clock, presence
        self.workspace = factories.workspace()
        self.teams = [
            factories.team(self.workspace, "Werkstatt", is_default=True),
            factories.team(self.workspace, "Verleih", strategy=RoutingStrategy.ROUND_ROBIN, sticky=False),
            factories.team(self.workspace, "Büro", strategy=RoutingStrategy.MANUAL),
        ]
        self.numbers = [factories.number(self.workspace, team=team) for team in self.teams]
        self.admin = factories.agent(self.workspace, "Ada Admin", role="admin")
        self.agents = [
            factories.agent(
                self.workspace, f"Agent{index} Test", capacity=capacity, visibility="all",
                teams=self.dice.sample(self.teams, self.dice.choice((1, 1, 2))),
            )
            for index, capacity in enumerate((1, 2, 3, 3, 4, 5))
        ]  # fmt: skip
        self.presence.here(*self.agents)
        self.sweeper = Sweeper()
        self.decided = 0

    def step(self) -> None:
        """One thing happens, time passes, the loop looks around."""
        action = self.dice.choices(
            (self.write, self.reply, self.close, self.snooze, self.switch, self.come_or_go, self.claim, self.release,
             self.move, self.reopen, self.remark, self.sleep),
            (34, 22, 9, 3, 6, 8, 4, 2, 3, 2, 2, 6),
        )[0]  # fmt: skip
        action()
        self.clock.shift(timedelta(seconds=self.dice.choice((5, 20, 90, 400))))
        self.sweeper.run(timezone.now())
        self.check()

    def evening(self) -> None:
        """A last customer writes, and everybody goes home."""
        for number in self.numbers:
            contact = Contact.objects.create(workspace=self.workspace, profile_name="Spät")
            late = Conversation.objects.create(workspace=self.workspace, phone_number=number, contact=contact)
            factories.inbound_message(late)
            late.team = number.routing.team
            late.save()
            factories.Case.objects.create(workspace=self.workspace, conversation=late, team=late.team)
            assignment.assign(late, to_agent=self.agents[0], by=self.admin)
        for agent in self.agents:
            self.presence.gone(agent, timezone.now())
        self.clock.shift(GRACE + timedelta(seconds=5))
        self.sweeper.run(timezone.now())
        self.check()

    def one(self, conversations) -> Conversation | None:
        found = list(conversations.order_by("pk"))
        return self.dice.choice(found) if found else None

    def worker(self) -> Agent:
        return Agent.objects.get(pk=self.dice.choice(self.agents).pk)

    def write(self) -> None:
        """A new or known customer writes; Meta's time may lie a little or much behind."""
        conversation = self.one(Conversation.objects.all())
        if conversation is None or self.dice.random() < 0.4:
            number = self.dice.choice(self.numbers)
            contact = Contact.objects.create(workspace=self.workspace, profile_name=f"Kunde {self.dice.random()}")
            conversation = Conversation.objects.create(workspace=self.workspace, phone_number=number, contact=contact)
        said_at = timezone.now() - timedelta(seconds=self.dice.choice((0, 0, 2, 3000, 80_000)))
        customer_writes(conversation, at=said_at)
        assignment.route_waiting(self.workspace.pk)

    def reply(self) -> None:
        conversation = self.one(Conversation.objects.filter(needs_answer=True, assignee__is_active=True))
        if conversation is None:
            return
        agent_writes(conversation, conversation.assignee)

    def close(self) -> None:
        if conversation := self.one(Conversation.objects.filter(needs_answer=False).exclude(status="closed")):
            close_conversation(conversation, by=self.admin)

    def reopen(self) -> None:
        if conversation := self.one(Conversation.objects.filter(status="closed")):
            reopen_conversation(conversation, by=self.admin)

    def snooze(self) -> None:
        if conversation := self.one(Conversation.objects.filter(status="open")):
            until = timezone.now() + timedelta(minutes=self.dice.choice((5, 50, 500)))
            snooze_conversation(conversation, until=until, by=self.admin)

    def switch(self) -> None:
        agent = self.worker()
        assignment.set_availability(agent, self.dice.choice(Availability.values), by=agent)

    def come_or_go(self) -> None:
        agent = self.worker()
        if self.presence.seen.get(agent.pk, MORNING) is None:
            self.presence.gone(agent, timezone.now())
        else:
            self.presence.here(agent)

    def claim(self) -> None:
        if conversation := self.one(Conversation.objects.exclude(status="closed")):
            try:
                assignment.claim(conversation, by=self.worker())
            except AlreadyAssigned:
                pass

    def release(self) -> None:
        if conversation := self.one(Conversation.objects.exclude(status="closed").exclude(assignee=None)):
            assignment.release(conversation, by=conversation.assignee)

    def move(self) -> None:
        if conversation := self.one(Conversation.objects.exclude(status="closed")):
            if self.dice.random() < 0.5:
                assignment.assign(conversation, by=self.admin, to_agent=self.worker())
            else:
                assignment.assign(conversation, by=self.admin, to_team=self.dice.choice(self.teams))

    def remark(self) -> None:
        if conversation := self.one(Conversation.objects.all()):
            add_note(conversation, by=self.admin, text="@Agent0 bitte", uid=uuid.uuid4())

    def sleep(self) -> None:
        """A long silence: graces run out, windows close."""
        self.clock.shift(timedelta(minutes=self.dice.choice((40, 300))))

    def check(self) -> None:
        now = timezone.now()
        self.check_decisions(now)
        self.check_queue(now)
        self.check_holders(now)
        self.check_books()

    def check_decisions(self, now: datetime) -> None:
        """Routing never went over capacity, and chose only people of the team."""
        fresh = RoutingDecision.objects.filter(pk__gt=self.decided, agent__isnull=False).select_related("agent")
        for decision in fresh:
            assert decision.facts["load"] < decision.facts["capacity"] == decision.agent.capacity
            assert Membership.objects.filter(agent=decision.agent, team=decision.team).exists()
            assert decision.team.strategy != RoutingStrategy.MANUAL
        self.decided = RoutingDecision.objects.aggregate(last=Max("pk"))["last"] or 0

    def check_queue(self, now: datetime) -> None:
        """Nobody waits while somebody could take it; whoever waits has been told so."""
        present = self.presence.present_agent_ids(self.workspace.pk, now)
        loads = assignment.loads([agent.pk for agent in self.agents], now)
        free: dict[int, set[int]] = {team.pk: set() for team in self.teams}
        for membership in Membership.objects.filter(
            agent__in=present, agent__availability=Availability.AVAILABLE, agent__is_active=True
        ).select_related("agent"):
            if loads.get(membership.agent_id, 0) < membership.agent.capacity:
                free[membership.team_id].add(membership.agent_id)
        waiting = Conversation.objects.filter(status="open", assignee=None, needs_answer=True)
        for conversation in waiting.exclude(team__strategy=RoutingStrategy.MANUAL):
            assert free[conversation.team_id] <= {had_it(conversation)}, "somebody is free and somebody waits"
            assert conversation.activities.filter(kind="nobody_free").exists()

    def check_holders(self, now: datetime) -> None:
        """One story of who has it; nobody keeps unanswered work beyond the grace."""
        latest = Assignment.objects.order_by("conversation_id", "-pk").distinct("conversation_id")
        held_by = dict(latest.values_list("conversation_id", "agent_id"))
        for conversation in Conversation.objects.select_related("assignee"):
            assert conversation.assignee_id == held_by.get(conversation.pk)
            if conversation.assignee is None or not conversation.needs_answer or not conversation.is_open:
                continue
            holder = conversation.assignee
            gone = [self.presence.seen[holder.pk]] if self.presence.seen.get(holder.pk) else []
            if holder.availability == Availability.AWAY:
                gone.append(holder.availability_changed_at)
            if gone:
                assert max(min(gone), conversation.assigned_at) + GRACE > now

    def check_books(self) -> None:
        """Counts, cases and numbers agree with the rows they are made of."""
        inbound = Counter(Message.objects.filter(direction="in").values_list("conversation_id", flat=True))
        lengths = Counter()
        for model in (Message, Note, Activity):
            lengths.update(model.objects.values_list("conversation_id", flat=True))
        open_cases = Counter(Case.objects.filter(closed_at=None).values_list("conversation_id", flat=True))
        for conversation in Conversation.objects.all():
            assert conversation.inbound_count == inbound[conversation.pk]
            assert conversation.seq == lengths[conversation.pk]
            assert open_cases[conversation.pk] == (0 if conversation.status == "closed" else 1)
            assert conversation.needs_answer == (conversation.waiting_since is not None)
            assert conversation.status != "closed" or not conversation.needs_answer
            assert (conversation.snoozed_until is not None) == (conversation.status == "snoozed")
            assert (conversation.assignee_id is None) == (conversation.assigned_at is None)


def had_it(conversation: Conversation) -> int | None:
    """From whom a person has put it back into a queue: to them it is not offered again."""
    changes = [*conversation.assignments.order_by("-pk")[:2], None, None]
    last, before = changes[:2]
    if last is None or last.agent_id is not None or last.by_id is None:
        return None
    return before.agent_id if before and before.agent_id else last.by_id


@pytest.mark.parametrize("seed", [1, 2])
def test_a_day_breaks_no_rule(seed, people):  # noqa: F811
    with time_machine.travel(MORNING, tick=False) as clock:
        day = Day(seed, clock, people)
        for _ in range(80):
            day.step()
        day.evening()
        tried = try_out([], seen_by=day.admin)

    assert tried.looked_at and not tried.differences  # tried again, with what was in force: no rules
    reasons = set(RoutingDecision.objects.values_list("reason", flat=True))
    assert {"least_busy", "round_robin", "nobody_free", "handed_back"} <= reasons
    assert Assignment.objects.count() > 15
    assert not Conversation.objects.filter(status="open", needs_answer=True).exclude(assignee=None).exists()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 110))
def test_many_days_break_no_rule(seed, people):  # noqa: F811
    with time_machine.travel(MORNING, tick=False) as clock:
        day = Day(seed, clock, people)
        for _ in range(400):
            day.step()
