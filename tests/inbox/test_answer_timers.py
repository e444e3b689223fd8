"""Answer timers from rows: when they begin and end, and what the sweeper does at each moment."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import WorkingHours
from inbox.actions import answer_steps, answer_timers, assignment, conversations
from inbox.actions.answer_steps import take_due_steps
from inbox.actions.bookkeeping import register_customer_message, register_reply
from inbox.actions.replying import send_reply
from inbox.actions.undo import keep, remembering, take_back
from inbox.enums import Via
from inbox.loops.sweeper import Sweeper
from inbox.models import Activity, AnswerTimer, Conversation, Event
from tests import factories
from tests.cast import make_cast
from tests.inbox.presence_double import people  # noqa: F401

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday, 13:00 in Berlin
MINUTE = timedelta(minutes=1)


def team_with_targets(cast, **fields):
    wanted = {
        "first_response_minutes": 30, "next_response_minutes": 60, "remind_percent": 50, "requeues_at_target": True,
        "tell_lead_minutes": 10,
    } | fields  # fmt: skip
    for name, value in wanted.items():
        setattr(cast.team, name, value)
    cast.team.save()


def writes(conversation, text="Hallo?", at=None):
    """The customer writes, through the bookkeeping of a received message."""
    conversation.refresh_from_db()
    message = factories.bare_row(conversation, text, at or timezone.now(), inbound=True)
    register_customer_message(conversation, message, timezone.now())
    conversation.refresh_from_db()
    return conversation


@pytest.mark.django_db
class TestTimer:
    @pytest.fixture(autouse=True)
    def clock(self):
        with time_machine.travel(NOON, tick=False) as traveller:
            self.clock = traveller
            yield

    @pytest.fixture(autouse=True)
    def cast(self, clock, people, monkeypatch):  # noqa: F811
        monkeypatch.setattr(answer_timers, "_read", {})
        self.people, self.cast = people, make_cast()
        team_with_targets(self.cast)
        Conversation.objects.update(needs_answer=False, waiting_since=None)  # Clara and Dario have been answered
        self.asked = factories.conversation(self.cast.number, factories.contact(self.cast.number, "Emma Vogel"))
        return self.cast

    def sweep(self, **later):
        self.clock.move_to(timezone.now() + timedelta(**later))
        Sweeper().run(timezone.now())
        self.asked.refresh_from_db()

    def told(self):
        return [
            (int(pk), kind)
            for payload in Event.objects.filter(kind="notice").order_by("pk").values_list("payload", flat=True)
            if payload["conversation"] == self.asked.pk
            for pk, kind in payload["tell"].items()
        ]

    # --- when it runs

    def test_the_first_unanswered_message_begins_it_and_later_ones_do_not_move_it(self):
        writes(self.asked)
        self.clock.shift(5 * MINUTE)
        writes(self.asked, "Noch da?")

        timer = AnswerTimer.objects.get(conversation=self.asked)
        assert self.asked.answer_due_at == timer.due_at == NOON + 30 * MINUTE
        assert (timer.kind, timer.remind_at, timer.tell_lead_at) == ("first", NOON + 15 * MINUTE, NOON + 40 * MINUTE)

    def test_a_humans_answer_ends_it_and_the_next_question_has_the_other_target(self):
        writes(self.asked)
        send_reply(self.asked, by=self.cast.ben, text="Ja", uid="0" * 32)
        self.asked.refresh_from_db()
        assert self.asked.answer_due_at is None and not AnswerTimer.objects.exists()

        self.clock.shift(MINUTE)
        writes(self.asked, "Und wann?")
        assert self.asked.answer_due_at == NOON + 61 * MINUTE

    def test_what_a_machine_sends_is_no_answer(self):
        writes(self.asked)
        said = factories.bare_row(self.asked, "Wir melden uns.", timezone.now(), inbound=False, via=Via.AUTOMATION)
        register_reply(self.asked, said)

        self.asked.refresh_from_db()
        assert self.asked.answer_due_at == NOON + 30 * MINUTE
        assert AnswerTimer.objects.get().kind == "first"

    def test_it_counts_only_while_the_team_is_open(self):
        week = [[[540, 1080]]] * 5 + [[], []]  # until 18:00 in Berlin, 17:00 UTC
        WorkingHours.objects.create(workspace=self.cast.workspace, weekly=week)
        self.clock.move_to(NOON.replace(hour=16, minute=50))
        writes(self.asked)

        assert self.asked.answer_due_at == datetime(2026, 11, 26, 8, 20, tzinfo=UTC)

    def test_closing_and_snoozing_end_it_and_waking_and_reopening_begin_it_anew(self):
        cast = self.cast
        writes(self.asked)
        conversations.snooze_conversation(self.asked, until=NOON + timedelta(hours=2), by=cast.ben)
        assert self.asked.answer_due_at is None and not AnswerTimer.objects.exists()
        self.sweep(hours=2)
        assert self.asked.answer_due_at == NOON + timedelta(hours=2, minutes=30)

        conversations.close_conversation(self.asked, by=cast.ben)
        assert not AnswerTimer.objects.exists()
        self.clock.shift(timedelta(hours=1))
        conversations.reopen_conversation(self.asked, by=cast.lea)
        self.asked.refresh_from_db()
        assert self.asked.answer_due_at == NOON + timedelta(hours=3, minutes=30)

    def test_a_closing_taken_back_goes_on_counting_from_when_the_customer_wrote(self):
        writes(self.asked)
        self.clock.shift(MINUTE)
        by = self.cast.ben
        done = keep(
            [remembering(self.asked, lambda each: conversations.close_conversation(each, by=by))], by=by
        )
        take_back(done, by=by)

        self.asked.refresh_from_db()
        assert self.asked.answer_due_at == NOON + 30 * MINUTE

    def test_another_teams_target_counts_from_the_same_question(self):
        self.cast.other_team.first_response_minutes = 90
        self.cast.other_team.save()
        writes(self.asked)
        self.clock.shift(10 * MINUTE)
        assignment.assign(self.asked, to_team=self.cast.other_team, by=self.cast.ada)
        assert AnswerTimer.objects.get().team == self.cast.other_team
        assert self.asked.answer_due_at == NOON + 90 * MINUTE

        other = factories.team(self.cast.workspace, "Ohne Ziel")
        assignment.assign(self.asked, to_team=other, by=self.cast.ada)
        self.asked.refresh_from_db()
        assert self.asked.answer_due_at is None and not AnswerTimer.objects.exists()

    def test_other_targets_and_hours_change_what_already_waits_and_pages_hear_of_it(self):
        sweeper = Sweeper()
        writes(self.asked)
        sweeper.run(timezone.now())
        self.cast.team.first_response_minutes = 45
        self.cast.team.save()
        self.clock.shift(timedelta(seconds=5))
        before = Event.objects.count()
        sweeper.run(timezone.now())
        self.asked.refresh_from_db()
        assert self.asked.answer_due_at == NOON + 45 * MINUTE
        assert Event.objects.filter(pk__gt=before, kind="conversation", conversation_id=self.asked.pk).exists()

        WorkingHours.objects.create(workspace=self.cast.workspace, weekly=[[[840, 1080]]] * 7)  # from 14:00, 13:00 UTC
        self.clock.shift(timedelta(seconds=5))
        sweeper.run(timezone.now())
        self.asked.refresh_from_db()
        assert self.asked.answer_due_at == NOON + 105 * MINUTE

        self.cast.team.first_response_minutes = None
        self.cast.team.save()
        self.clock.shift(timedelta(seconds=5))
        sweeper.run(timezone.now())
        self.asked.refresh_from_db()
        assert self.asked.answer_due_at is None
        assert not AnswerTimer.objects.filter(conversation=self.asked).exists()

    def test_who_waited_before_there_was_a_target_gets_a_timer(self):
        Conversation.objects.exclude(pk=self.asked.pk).update(needs_answer=True, waiting_since=NOON)
        self.sweep()
        assert set(AnswerTimer.objects.values_list("conversation", flat=True)) == {
            self.cast.claras.pk, self.cast.darios.pk
        }  # fmt: skip

    def test_what_only_can_be_read_has_no_target(self):
        self.asked.contact.kind = "group"
        self.asked.contact.save()
        writes(self.asked)
        self.sweep(minutes=1)
        assert self.asked.answer_due_at is None and not AnswerTimer.objects.exists()

    def test_the_loop_knows_targets_and_hours_and_asks_for_them_only_now_and_then(self):
        self.sweep()
        message = factories.bare_row(self.asked, "Hallo?", timezone.now(), inbound=True)
        with CaptureQueriesContext(connection) as asked:
            register_customer_message(self.asked, message, timezone.now())
        tables = " ".join(str(each["sql"]) for each in asked)
        assert "accounts_team" not in tables and "accounts_workinghours" not in tables
        self.asked.refresh_from_db()
        assert self.asked.answer_due_at == NOON + 30 * MINUTE

    # --- the steps

    def test_reminder_then_the_queue_then_the_lead_each_at_its_second_and_once(self):
        cora = factories.agent(self.cast.workspace, "Cora Kern", teams=[self.cast.team])
        self.people.here(self.cast.ben)
        writes(self.asked)
        assignment.claim(self.asked, by=self.cast.ben)
        self.sweep(minutes=14, seconds=59)
        assert self.told() == []
        self.sweep(seconds=1)
        assert self.told() == [(self.cast.ben.pk, "target_soon")]

        self.people.here(cora)
        self.sweep(minutes=14, seconds=59)
        assert self.asked.assignee == self.cast.ben
        self.sweep(seconds=1)
        assert self.asked.assignee == cora  # not to who let it lie
        line = Activity.objects.get(kind="handed_back")
        assert (line.data["why"], line.data["from_id"]) == ("target", self.cast.ben.pk)

        self.sweep(minutes=9, seconds=59)
        assert (self.cast.lea.pk, "target_over") not in self.told()
        self.sweep(seconds=1)
        self.sweep(seconds=1)
        self.sweep(hours=2)
        assert self.told() == [
            (self.cast.ben.pk, "target_soon"), (self.cast.lea.pk, "target_over")
        ]  # fmt: skip
        assert Activity.objects.filter(kind="handed_back").count() == 1

    def test_it_stays_where_nobody_else_could_take_it_until_somebody_can(self):
        self.people.here(self.cast.ben)
        writes(self.asked)
        assignment.claim(self.asked, by=self.cast.ben)
        self.sweep(minutes=31)
        assert self.asked.assignee == self.cast.ben

        self.people.here(self.cast.lea)
        self.sweep(minutes=1)
        assert self.asked.assignee == self.cast.lea

    def test_somebody_who_has_only_just_got_it_keeps_it_for_a_while(self):
        cora = factories.agent(self.cast.workspace, "Cora Kern", teams=[self.cast.team])
        self.people.here(cora)
        writes(self.asked)
        self.clock.shift(28 * MINUTE)
        assignment.assign(self.asked, to_agent=self.cast.ben, by=self.cast.lea)
        self.sweep(minutes=4, seconds=59)
        assert self.asked.assignee == self.cast.ben
        self.sweep(seconds=1)
        assert self.asked.assignee == cora

    def test_switched_off_it_stays_with_who_has_it(self):
        team_with_targets(self.cast, requeues_at_target=False, tell_lead_minutes=None, remind_percent=0)
        self.people.here(self.cast.ben, self.cast.lea)
        writes(self.asked)
        assignment.claim(self.asked, by=self.cast.ben)
        self.sweep(hours=3)
        assert self.asked.assignee == self.cast.ben and self.told() == []

    def test_after_a_standstill_nobody_is_reminded_but_it_goes_back_and_the_lead_is_told(self):
        self.people.here(self.cast.ben, self.cast.lea)
        writes(self.asked)
        assignment.claim(self.asked, by=self.cast.ben)
        self.sweep(hours=5)
        assert self.told() == [(self.cast.lea.pk, "target_over")]
        assert self.asked.assignee == self.cast.lea

    def test_an_answer_in_time_leaves_nothing_to_do(self):
        self.people.here(self.cast.ben, self.cast.lea)
        writes(self.asked)
        send_reply(self.asked, by=self.cast.ben, text="Ja", uid="0" * 32)
        self.sweep(hours=1)
        assert self.asked.assignee == self.cast.ben and self.told() == []

    def test_a_team_that_nobody_leads_has_the_admins_told(self):
        self.cast.team.memberships.filter(agent=self.cast.lea).delete()
        writes(self.asked)
        self.sweep(hours=1)
        assert self.told() == [(self.cast.ada.pk, "target_over")]

    def test_one_timer_that_fails_keeps_the_others_from_nothing(self, monkeypatch):
        other = factories.conversation(self.cast.number, factories.contact(self.cast.number, "Nina Neu"))
        writes(self.asked)
        self.clock.shift(MINUTE)
        writes(other)
        taken, rule = [], answer_steps._take

        def fails(conversation, now):
            if conversation.pk == self.asked.pk:
                raise ValueError
            taken.append(conversation.pk)
            rule(conversation, now)

        monkeypatch.setattr(answer_steps, "_take", fails)
        self.sweep(hours=1)
        assert taken == [other.pk]
        monkeypatch.undo()
        self.sweep(minutes=1)
        assert self.told() == [(self.cast.lea.pk, "target_over")]

    def test_screens_hear_of_a_missed_target_at_its_second(self):
        writes(self.asked)
        self.sweep(minutes=29, seconds=59)
        last = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
        self.sweep(seconds=1)
        assert Event.objects.filter(pk__gt=last, kind="conversation", conversation_id=self.asked.pk).count() == 1


class TwoSweepersTest(TransactionTestCase):
    def test_two_at_once_take_each_step_once(self):
        cast = make_cast()
        team_with_targets(cast, requeues_at_target=False)
        asked = [
            factories.conversation(cast.number, factories.contact(cast.number, f"Kunde {n}"), assignee=cast.ben)
            for n in range(6)
        ]
        long_ago = timezone.now() - timedelta(hours=2)
        for conversation in asked:
            writes(conversation, at=long_ago)
        start = threading.Barrier(2)

        def sweep():
            start.wait()
            try:
                take_due_steps(timezone.now())
            finally:
                connection.close()

        threads = [threading.Thread(target=sweep) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        notices = Event.objects.filter(kind="notice")
        assert sorted(event.payload["conversation"] for event in notices) == sorted(each.pk for each in asked)
        assert AnswerTimer.objects.filter(next_at=None).count() == len(asked)
        assert Conversation.objects.filter(answer_due_at__lte=timezone.now()).count() == len(asked)
