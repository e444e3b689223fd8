"""The API: assigning, closing, snoozing, labelling and notes of other systems, by the rules that hold for people."""

import uuid
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from accounts.models import Role, Scope
from inbox.actions import conversations, notes
from inbox.enums import ConversationStatus
from inbox.models import Activity, Assignment, Case, Conversation, Label, Mention, Note
from tests import factories
from tests.inbox.api_client import System
from tests.inbox.test_api import ApiTestCase

CHANGES = (
    ("POST", "/assignment", {"team": "Werkstatt"}), ("DELETE", "/assignment", None), ("POST", "/closure", {}),
    ("DELETE", "/closure", None), ("POST", "/snooze", {"until": "2099-01-01T00:00:00Z"}), ("DELETE", "/snooze", None),
    ("POST", "/labels", {"add": []}), ("POST", "/notes", {"text": "Hallo"}),
)  # fmt: skip


class WorkflowCase(ApiTestCase):
    def delete(self, path: str, **more):
        return self.crm.send("DELETE", f"{self.thread}{path}", None, **more)

    def post(self, path: str, body, **more):
        return self.crm.post(f"{self.thread}{path}", body, **more)

    def stored(self) -> Conversation:
        return Conversation.objects.get(pk=self.cast.claras.pk)

    def lines(self, language: str = "en") -> str:
        self.cast.ada.language = language
        self.cast.ada.save()
        browser = Client()
        browser.force_login(self.cast.ada)
        return browser.get(f"/conversations/{self.cast.claras.pk}/").content.decode()


class DoorTests(WorkflowCase):
    def test_nothing_of_it_opens_without_its_scope_or_out_of_sight(self) -> None:
        others = [scope for scope in Scope if scope != Scope.CONVERSATIONS_WRITE]
        reader = System(self.cast.ada, *others)
        for method, path, body in CHANGES:
            self.assert_problem(reader.send(method, self.thread + path, body), 403, "scope")
            for system in (self.theirs, self.stranger):
                self.assert_problem(system.send(method, self.thread + path, body), 404, "not_found")
        self.assertFalse(Activity.objects.exists() or Note.objects.exists())

    def test_who_may_only_write_reads_nothing_by_writing(self) -> None:
        Conversation.objects.filter(pk=self.cast.claras.pk).update(assignee=self.cast.ben)
        self.cast.claras.labels.add(Label.objects.create(workspace=self.cast.workspace, name="Geheim", hue=1))
        writer = System(self.cast.ada, Scope.CONVERSATIONS_WRITE)
        told = writer.post(f"{self.thread}/labels", {}).json()
        shown = [told[name] for name in ("assignee", "team", "labels", "customer_messages")]
        self.assertEqual(shown, [None, None, [], 0])

    def test_the_same_key_is_one_deed(self) -> None:
        answers = [self.post("/notes", {"text": "Ruft zurück"}, key="n1") for _ in range(2)]
        self.assertEqual(answers[0].content, answers[1].content)
        self.assertEqual(Note.objects.count(), 1)
        answers = [self.delete("/closure", key="d1") for _ in range(2)]
        self.assertEqual(answers[1]["Idempotency-Replayed"], "true")


class AssigningTests(WorkflowCase):
    def test_to_a_person_to_a_team_and_back_signed_by_the_token(self) -> None:
        told = self.post("/assignment", {"person": self.cast.ben.email.upper()})
        self.assertEqual((told.status_code, told.json()["assignee"]), (200, self.cast.ben.name), told.content)
        self.assertEqual(Assignment.objects.latest("pk").by, None)
        self.assertEqual(self.delete("/assignment").json()["assignee"], None)
        told = self.post("/assignment", {"team": self.cast.other_team.name}).json()
        self.assertEqual((told["team"], told["assignee"]), (self.cast.other_team.name, None))
        page = self.lines()
        self.assertIn("Assigned to <b>Ben</b> by <b>API: CRM</b>", page)
        self.assertIn("<b>API: CRM</b> put this back into the queue", page)
        self.assertIn(f"<b>API: CRM</b> moved this to <b>{self.cast.other_team.name}</b>", page)

    def test_the_number_of_a_token_is_nobodys(self) -> None:
        """A token and a person may have the same number in their tables."""
        person = factories.agent(self.cast.workspace, "Zoe Zufall", pk=self.crm.token.pk + 10_000_000)
        type(self.crm.token).objects.filter(pk=self.crm.token.pk).update(id=person.pk)
        self.post("/assignment", {"person": person.email})
        self.assertEqual(Activity.objects.latest("pk").kind, "assigned")
        self.post("/notes", {"text": "@Zoe bitte"})
        self.assertEqual(Mention.objects.get().agent, person)

    def test_what_does_not_exist_here_is_named(self) -> None:
        for body, field in (
            ({}, "person"), ({"person": self.cast.mallory.email}, "person"), ({"team": "Nirgends"}, "team"),
        ):  # fmt: skip
            problem = self.assert_problem(self.post("/assignment", body), 422, "fields")
            self.assertEqual([error["field"] for error in problem["errors"]], [field])
        self.assertFalse(Activity.objects.exists())

    def test_the_note_for_another_team_is_needed_here_too(self) -> None:
        self.cast.workspace.handover_note_required = True
        self.cast.workspace.save()
        body = {"team": self.cast.other_team.name}
        self.assert_problem(self.post("/assignment", body), 422, "handover_note")
        self.assertEqual(self.post("/assignment", body | {"note": "Bitte prüfen"}).status_code, 200)
        self.assertEqual(Note.objects.get().author_name, "API: CRM")

    def test_a_limited_token_that_gives_it_away_is_told_no_more_of_it(self) -> None:
        answer = self.ours.post(f"{self.thread}/assignment", {"team": self.cast.other_team.name})
        self.assertEqual((answer.status_code, answer.json()["team"]), (200, None))
        self.assert_problem(self.ours.get(self.thread), 404, "not_found")


class StateTests(WorkflowCase):
    def test_closed_and_reopened(self) -> None:
        told = self.post("/closure", {"outcome": "Abgeholt"}).json()
        self.assertEqual((told["status"], told["needs_answer"]), (ConversationStatus.CLOSED, False))
        case = Case.objects.get(conversation=self.cast.claras)
        self.assertEqual((case.outcome, case.closed_by), ("Abgeholt", None))
        self.assert_problem(self.post("/assignment", {"person": self.cast.ben.email}), 409, "conversation_closed")
        tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
        self.assert_problem(self.post("/snooze", {"until": tomorrow}), 409, "conversation_closed")
        told = self.delete("/closure").json()
        self.assertEqual((told["status"], told["assignee"], told["needs_answer"]), ("open", None, True))
        page = self.lines("de")
        self.assertIn("Geschlossen von <b>API: CRM</b> · Abgeholt", page)
        self.assertIn("Wieder geöffnet von <b>API: CRM</b>", page)

    def test_whoever_has_left_gets_nothing_back(self) -> None:
        gone = factories.agent(self.cast.workspace, "Gerd Gegangen", role=Role.AGENT, is_active=False)
        conversations.close_conversation(self.cast.claras, by=self.cast.ada)
        Conversation.objects.filter(pk=self.cast.claras.pk).update(assignee=gone)
        self.assertEqual(self.delete("/closure").json()["assignee"], None)

    def test_it_is_not_closed_over_a_message_that_was_not_seen(self) -> None:
        seen = self.crm.get(self.thread).json()["customer_messages"]
        factories.inbound_message(self.cast.claras, "Halt, noch etwas!")
        self.assert_problem(self.post("/closure", {"seen_messages": seen}), 409, "stale")
        self.assertEqual(self.post("/closure", {"seen_messages": seen + 1}).json()["status"], "closed")

    def test_snoozed_and_woken(self) -> None:
        until = (timezone.now() + timedelta(days=2)).replace(microsecond=0)
        told = self.post("/snooze", {"until": until.isoformat()}).json()
        self.assertEqual((told["status"], self.stored().snoozed_until), ("snoozed", until))
        told = self.delete("/snooze").json()
        self.assertEqual((told["status"], told["snoozed_until"]), ("open", None))
        self.assertIn("<b>API: CRM</b> ended the snooze", self.lines())
        for wrong in ("2000-01-01T00:00:00Z", "2099-01-01T00:00:00Z"):
            problem = self.assert_problem(self.post("/snooze", {"until": wrong}), 422, "fields")
            self.assertEqual([error["field"] for error in problem["errors"]], ["until"])


class LabelAndNoteTests(WorkflowCase):
    def test_labels_that_are_not_named_stay(self) -> None:
        for index, name in enumerate(("VIP", "Reklamation", "Neu"), start=1):
            Label.objects.create(workspace=self.cast.workspace, name=name, hue=index)
        Label.objects.create(workspace=self.cast.other_workspace, name="Fremd", hue=1)
        self.cast.claras.labels.set(Label.objects.filter(name__in=["VIP", "Neu"]))
        told = self.post("/labels", {"add": ["reklamation"], "remove": ["Neu"]}).json()
        self.assertEqual(told["labels"], ["Reklamation", "VIP"])
        self.assertIn("<b>API: CRM</b> added <b>Reklamation</b> and removed <b>Neu</b>", self.lines())
        for name in ("Fremd", "Unbekannt"):
            problem = self.assert_problem(self.post("/labels", {"add": [name]}), 422, "fields")
            self.assertEqual([error["field"] for error in problem["errors"]], ["add"])
            self.assertIn(name, problem["errors"][0]["detail"])

    def test_a_note_is_for_colleagues_alone_and_calls_them(self) -> None:
        answer = self.post("/notes", {"text": "@Ben ruft bitte zurück"})
        self.assertEqual((answer.status_code, answer.json()["author"]), (201, "API: CRM"))
        self.assertEqual(Mention.objects.get().agent, self.cast.ben)
        self.assertIn("<b>API: CRM</b>", self.lines())
        texts = [item["text"] for item in self.crm.get(f"{self.thread}/messages").json()["items"]]
        self.assertNotIn("@Ben ruft bitte zurück", texts)

    def test_empty_and_endless_notes_are_refused(self) -> None:
        self.assert_problem(self.post("/notes", {"text": " \n"}), 422, "empty")
        self.assert_problem(self.post("/notes", {"text": "x" * (notes.LONGEST_NOTE + 1)}), 422, "text_too_long")
        self.assertTrue(notes.add_note(self.cast.claras, by=self.cast.ben, text="Von Hand", uid=uuid.uuid4()).author)
