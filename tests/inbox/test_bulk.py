"""One deed for many conversations, and taking it back: exactly what was, unless somebody changed it meanwhile."""

import itertools
import json
import random
from datetime import timedelta

import pytest
import time_machine
from django.test import TestCase
from django.utils import timezone

from accounts.models import Visibility
from inbox.actions import bulk, undo
from inbox.actions.assignment import assign
from inbox.actions.conversations import (
    change_labels,
    close_conversation,
    reopen_conversation,
    snooze_conversation,
)
from inbox.enums import ConversationStatus
from inbox.errors import ConversationClosedRule, InboxRuleViolation
from inbox.models import Assignment, Conversation, Label, ReadCursor, Undo
from tests import factories
from tests.cast import make_cast
from tests.inbox.writing import customer_writes

HX = {"HX-Request": "true"}
SHOWN = (
    "status", "assignee_id", "team_id", "snoozed_until", "closed_at", "assigned_at", "needs_answer", "waiting_since",
    "last_agent_id",
)  # fmt: skip


def state(conversation):
    return Conversation.objects.filter(pk=conversation.pk).values(*SHOWN).get() | {
        "labels": set(conversation.labels.values_list("name", flat=True)),
        "case_open": conversation.cases.filter(closed_at=None).count(),
    }


class BulkTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.label = Label.objects.create(workspace=self.cast.workspace, name="Reparatur")
        self.client.force_login(self.cast.ben)
        self.both = [self.cast.claras, self.cast.darios]

    def do(self, what, conversations=None, **said):
        shown = conversations or self.both
        for each in shown:
            each.refresh_from_db()
        rows = ",".join(f"{each.pk}:{each.inbound_count}" for each in shown)
        answer = self.client.post("/bulk/", {"do": what, "rows": rows, **said}, headers=HX)
        return answer, json.loads(answer.headers.get("HX-Trigger", "{}"))

    def states(self):
        return [state(each) for each in self.both]

    def test_each_deed_is_done_to_all_and_taken_back_from_all(self):
        deeds = {
            "close": ({}, lambda each: each["status"] == ConversationStatus.CLOSED),
            "snooze": ({"until": "tomorrow"}, lambda each: each["status"] == ConversationStatus.SNOOZED),
            "label": ({"add": self.label.pk}, lambda each: each["labels"] == {"Reparatur"}),
            "assign": ({"agent": self.cast.lea.pk}, lambda each: each["assignee_id"] == self.cast.lea.pk),
        }
        words = {
            "close": "2 Unterhaltungen geschlossen.", "snooze": "2 Unterhaltungen zurückgestellt.",
            "label": "Label an 2 Unterhaltungen vergeben.", "assign": "2 Unterhaltungen zugewiesen.",
        }  # fmt: skip
        for what, (said, came_true) in deeds.items():
            before = self.states()
            _answer, triggers = self.do(what, **said)
            assert all(map(came_true, self.states())), what
            assert triggers["bulk:done"]["left"] == []
            assert triggers["toast"]["words"] == words[what]

            assert self.client.delete(triggers["toast"]["undo"]).status_code == 200
            assert self.states() == before, what

    def test_what_cannot_be_done_is_said_by_name_and_stays_selected(self):
        self.cast.claras.refresh_from_db()
        rows = f"{self.cast.claras.pk}:{self.cast.claras.inbound_count - 1},{self.cast.darios.pk}:9"
        answer = self.client.post("/bulk/", {"do": "close", "rows": rows}, headers=HX)
        triggers = json.loads(answer["HX-Trigger"])

        assert "Clara Sommer (" in triggers["toast"]["words"]
        assert triggers["bulk:done"]["left"] == [self.cast.claras.pk]
        assert [each["status"] for each in self.states()] == ["open", "closed"]

    def test_what_is_out_of_sight_is_neither_done_nor_named(self):
        hidden = factories.conversation(
            self.cast.number, factories.contact(self.cast.number, "Geheim"), team=self.cast.other_team
        )
        elsewhere = factories.conversation(self.cast.other_number)
        answer, triggers = self.do("close", [hidden, elsewhere, self.cast.darios])

        assert Conversation.objects.filter(status="closed").get() == self.cast.darios
        assert "Geheim" not in answer["HX-Trigger"]
        assert triggers["toast"]["undo"]

    def test_unread_again_for_oneself(self):
        ReadCursor.objects.create(agent=self.cast.ben, conversation=self.cast.claras, read_count=1)
        self.do("unread")

        assert ReadCursor.objects.get(agent=self.cast.ben, conversation=self.cast.claras).read_count == 0

    def test_nonsense_is_refused(self):
        for rows in ("", "x", "1:x", "1", "0:" + "9" * 40):
            assert self.client.post("/bulk/", {"do": "close", "rows": rows}).status_code == 422
        assert self.client.post("/bulk/", {"do": "burn", "rows": "1:1"}).status_code == 404
        with pytest.raises(InboxRuleViolation):
            bulk.for_each(list(range(bulk.AT_ONCE + 1)), lambda each: None, by=self.cast.ben)

    def test_the_menus_are_there(self):
        for menu in ("assign", "label", "snooze"):
            assert self.client.get("/bulk/", {"menu": menu}).status_code == 200


class UndoTests(TestCase):
    def setUp(self):
        self.cast = make_cast()

    def done(self, act, by=None):
        return undo.keep([undo.remembering(self.cast.claras, act)], by=by or self.cast.ben)

    def test_what_a_colleague_changed_meanwhile_is_left_alone(self):
        kept = self.done(lambda each: assign(each, to_agent=self.cast.ben, by=self.cast.ben))
        assign(self.cast.claras, to_agent=self.cast.lea, by=self.cast.lea)
        result = undo.take_back(kept, by=self.cast.ben)

        assert (result.done, [name for name, _why in result.refused]) == (0, ["Clara Sommer"])
        assert state(self.cast.claras)["assignee_id"] == self.cast.lea.pk

    def test_what_a_colleague_changed_besides_is_kept(self):
        label = Label.objects.create(workspace=self.cast.workspace, name="Reparatur")
        kept = self.done(lambda each: assign(each, to_agent=self.cast.ben, by=self.cast.ben))
        change_labels(self.cast.claras, add=[label], by=self.cast.lea)

        assert undo.take_back(kept, by=self.cast.ben).done == 1
        assert state(self.cast.claras)["assignee_id"] is None
        assert state(self.cast.claras)["labels"] == {"Reparatur"}

    def test_a_customer_who_writes_has_the_last_word(self):
        kept = self.done(lambda each: close_conversation(each, by=self.cast.ben))
        customer_writes(self.cast.claras, "Noch da?")

        assert undo.take_back(kept, by=self.cast.ben).done == 0
        assert state(self.cast.claras)["status"] == ConversationStatus.OPEN

    def test_given_out_of_ones_own_sight_it_can_be_taken_back(self):
        self.cast.ben.visibility = Visibility.OWN
        self.cast.ben.save()
        kept = self.done(lambda each: assign(each, to_team=self.cast.other_team, by=self.cast.ben))

        assert undo.take_back(kept, by=self.cast.ben).done == 1
        assert state(self.cast.claras)["team_id"] == self.cast.team.pk
        assert Assignment.objects.filter(conversation=self.cast.claras).count() == 2

    def test_it_is_ones_own_once_and_not_for_long(self):
        kept = self.done(lambda each: close_conversation(each, by=self.cast.ben))
        with pytest.raises(InboxRuleViolation):
            undo.take_back(kept, by=self.cast.lea)
        undo.take_back(kept, by=self.cast.ben)
        with pytest.raises(InboxRuleViolation):
            undo.take_back(kept, by=self.cast.ben)
        late = self.done(lambda each: close_conversation(each, by=self.cast.ben))
        with time_machine.travel(timezone.now() + timedelta(minutes=1)), pytest.raises(InboxRuleViolation):
            undo.take_back(Undo.objects.get(pk=late.pk), by=self.cast.ben)

    def test_nothing_done_is_nothing_to_take_back(self):
        assert self.done(lambda each: change_labels(each, by=self.cast.ben)) is None


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_taking_back_is_exact_after_whatever_came_before(seed):
    chance = random.Random(seed)
    cast = make_cast()
    labels = [Label.objects.create(workspace=cast.workspace, name=name) for name in "ab"]
    tomorrow = timezone.now() + timedelta(days=1)

    def deed():
        return chance.choice([
            lambda each: close_conversation(each, by=cast.ada),
            lambda each: reopen_conversation(each, by=cast.ada),
            lambda each: snooze_conversation(each, until=tomorrow, by=cast.ada),
            lambda each: assign(each, to_agent=chance.choice([cast.ben, cast.lea]), by=cast.ada),
            lambda each: assign(each, to_team=chance.choice([cast.team, cast.other_team]), by=cast.ada),
            lambda each: change_labels(each, add=chance.sample(labels, 1), by=cast.ada),
            lambda each: change_labels(each, remove=labels, by=cast.ada),
        ])  # fmt: skip

    taken_back = 0
    for _ in itertools.repeat(None, 60):
        before, is_open = state(cast.claras), cast.claras.status != ConversationStatus.CLOSED
        try:
            kept = undo.keep([undo.remembering(cast.claras, deed())], by=cast.ada)
        except ConversationClosedRule:
            kept = None
        if kept is not None and is_open and chance.random() < 0.6:
            assert undo.take_back(kept, by=cast.ada).done == 1
            assert state(cast.claras) == before | {"case_open": 1}
            taken_back += 1
        cast.claras.refresh_from_db()

    assert taken_back > 3
