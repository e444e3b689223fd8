"""The API: what other systems read and do, and that every rule holds for them as for people."""

import re
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test import Client, TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import api_tokens
from accounts.audit import who
from accounts.models import ApiToken, AuditEntry, Role, Scope
from inbox.actions.consent import record_consent
from inbox.actions.template_care import restrict_to
from inbox.api import repeating
from inbox.api.service import urlpatterns
from inbox.enums import BlockState, ConversationStatus, MessageStatus, Via
from inbox.models import ApiAnswer, Consent, Contact, ContactField, Conversation, Message
from tests import factories
from tests.cast import make_cast
from tests.inbox.api_client import System


class ApiTestCase(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.cast = make_cast()
        cls.crm = System(cls.cast.ada, name="CRM")
        cls.ours = System(cls.cast.ada, name="Werkstatt", teams=[cls.cast.team])
        cls.theirs = System(cls.cast.ada, name="Verleih", teams=[cls.cast.other_team])
        cls.stranger = System(cls.cast.mallory, name="Fremd")
        cls.thread = f"/conversations/{cls.cast.claras.pk}"
        cls.clara = f"/contacts/{cls.cast.clara.pk}"

    def assert_problem(self, answer, status: int, code: str) -> dict:
        self.assertEqual((answer.status_code, answer["Content-Type"]), (status, "application/problem+json"))
        problem = answer.json()
        self.assertEqual((problem["status"], problem["code"]), (status, code))
        self.assertTrue(problem["detail"])
        return problem


class TokenTests(ApiTestCase):
    def test_without_a_token_nothing_opens(self) -> None:
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {self.crm.text}"}):
            answer = Client().get("/api/v1/contacts", headers=headers)
            self.assert_problem(answer, 401, "no_token")
            self.assertTrue(answer["WWW-Authenticate"].startswith("Bearer"))

    def test_no_address_opens_by_a_session(self) -> None:
        browser = Client()
        browser.force_login(self.cast.ada)
        for pattern in urlpatterns[:-1]:
            path = "/api/v1/" + re.sub(r"<[^>]+>", "1", str(pattern.pattern))
            for method in ("GET", "POST", "PATCH", "DELETE"):
                answer = browser.generic(method, path, b"{}", content_type="application/json")
                self.assertIn(answer.status_code, (401, 405), f"{method} {path}")

    def test_a_token_in_the_address_or_a_session_opens_nothing(self) -> None:
        browser = Client()
        browser.force_login(self.cast.ada)
        self.assert_problem(browser.get(f"/api/v1/contacts?token={self.crm.text}"), 401, "no_token")

    def test_only_a_hash_is_stored(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(t::text, ' ') FROM accounts_apitoken t")
            stored = cursor.fetchone()[0]
            cursor.execute("SELECT string_agg(t::text, ' ') FROM accounts_auditentry t")
            logged = cursor.fetchone()[0]
        self.assertIn(self.crm.token.hashed, stored)
        self.assertNotIn(self.crm.text.removeprefix("tresen_")[:20], stored + logged)

    def test_revoking_ends_it_at_once(self) -> None:
        self.assertEqual(self.crm.get("/token").status_code, 200)
        self.assertTrue(api_tokens.revoke_token(self.crm.token, by=self.cast.ada))
        self.assertFalse(api_tokens.revoke_token(self.crm.token, by=self.cast.ada))
        self.assert_problem(self.crm.get("/token"), 401, "no_token")

    def test_an_expired_token_opens_nothing(self) -> None:
        ApiToken.objects.filter(pk=self.crm.token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        self.assert_problem(self.crm.get("/token"), 401, "no_token")

    def test_no_token_lives_longer_than_a_year(self) -> None:
        self.assertLess(System(self.cast.ada, days=5000).token.expires_at, timezone.now() + timedelta(days=367))

    def test_a_token_rests_while_its_owner_is_no_admin_until_another_takes_it_over(self) -> None:
        for change in ({"role": Role.LEAD}, {"is_active": False}):
            with self.subTest(change):
                type(self.cast.ada).objects.filter(pk=self.cast.ada.pk).update(**change)
                self.assert_problem(self.crm.get("/token"), 403, "no_owner")
                type(self.cast.ada).objects.filter(pk=self.cast.ada.pk).update(role=Role.ADMIN, is_active=True)
        other = factories.agent(self.cast.workspace, "Ava Admin", role=Role.ADMIN)
        type(self.cast.ada).objects.filter(pk=self.cast.ada.pk).update(is_active=False)
        api_tokens.take_over(ApiToken.objects.get(pk=self.crm.token.pk), by=other)
        self.assertEqual(self.crm.get("/token").json()["name"], "CRM")

    def test_what_a_scope_does_not_name_is_refused(self) -> None:
        reader = System(self.cast.ada, Scope.CONTACTS_READ)
        self.assertEqual(reader.get("/contacts").status_code, 200)
        refused = [
            reader.post("/contacts", {"phone": "+49 172 5550001"}), reader.patch(self.clara, {"name": "X"}),
            reader.get("/conversations"), reader.get(f"{self.thread}/messages"), reader.get("/templates"),
            reader.post(f"{self.thread}/messages", {"text": "Hallo"}), reader.get(f"{self.clara}/consent"),
            reader.post(f"{self.clara}/consent", {"state": "withdrawn"}),
        ]  # fmt: skip
        for answer in refused:
            self.assert_problem(answer, 403, "scope")
        self.assertFalse(Message.objects.filter(via=Via.API).exists())

    def test_use_is_noted_once_a_minute(self) -> None:
        self.crm.get("/token")
        first = ApiToken.objects.get(pk=self.crm.token.pk).last_used_at
        self.crm.get("/token")
        self.assertEqual(ApiToken.objects.get(pk=self.crm.token.pk).last_used_at, first)

    @override_settings(API_RATE_PER_MINUTE=3)
    def test_too_many_requests_are_told_when_to_come_back(self) -> None:
        answers = [self.crm.get("/token") for _ in range(5)]
        refused = [answer for answer in answers if answer.status_code == 429]
        self.assertGreaterEqual(len(refused), 1)
        problem = self.assert_problem(refused[-1], 429, "rate_limit")
        self.assertEqual(refused[-1]["Retry-After"], str(problem["retry_after"]))
        self.assertTrue(1 <= problem["retry_after"] <= 61)
        self.assertEqual(self.ours.get("/token").status_code, 200)  # each token has its own


class SightTests(ApiTestCase):
    def test_another_teams_or_workspaces_things_are_missing(self) -> None:
        message = factories.inbound_message(self.cast.claras, "Geheim")
        template = factories.template(self.cast.number)
        paths = [self.clara, self.thread, f"{self.thread}/messages", f"/messages/{message.pk}", f"{self.clara}/consent"]
        for path in paths:
            self.assertEqual(self.ours.get(path).status_code, 200, path)
            self.assert_problem(self.theirs.get(path), 404, "not_found")
            self.assert_problem(self.stranger.get(path), 404, "not_found")
        self.assert_problem(self.stranger.get(f"/templates/{template.pk}"), 404, "not_found")
        for system in (self.theirs, self.stranger):
            for path in ("/contacts", "/conversations"):
                self.assertEqual(system.get(path).json(), {"items": [], "next": None})
            for path, body in (
                (f"{self.thread}/messages", {"text": "Hallo"}),
                (f"{self.thread}/templates", {"template_id": template.pk, "values": {"body.1": "C"}}),
                (f"{self.clara}/consent", {"state": "withdrawn"}),
                (f"{self.clara}/conversations", {}),
            ):
                self.assert_problem(system.post(path, body), 404, "not_found")
            self.assert_problem(system.patch(self.clara, {"name": "X"}), 404, "not_found")
        self.assertFalse(Message.objects.filter(via=Via.API).exists())

    def test_templates_that_are_other_teams_alone_are_neither_listed_nor_sent(self) -> None:
        template = factories.template(self.cast.number)
        restrict_to(template, [self.cast.other_team], by=self.cast.ada)
        body = {"template_id": template.pk, "values": {"body.1": "Clara"}}
        self.assert_problem(self.ours.get(f"/templates/{template.pk}"), 404, "not_found")
        self.assertEqual(self.ours.get("/templates").json()["items"], [])
        self.assert_problem(self.ours.post(f"{self.thread}/templates", body), 422, "template_not_sendable")
        self.assertEqual(self.crm.post(f"{self.thread}/templates", body).status_code, 201)
        self.assertEqual(len(self.theirs.get("/templates").json()["items"]), 1)

    def test_a_held_reply_is_its_authors_alone(self) -> None:
        held = factories.outbound_message(self.cast.claras, "Warte", by=self.cast.ben, status=MessageStatus.HELD)
        texts = [item["text"] for item in self.crm.get(f"{self.thread}/messages").json()["items"]]
        self.assertEqual(texts, ["Ist mein Rad fertig?"])
        self.assert_problem(self.crm.get(f"/messages/{held.pk}"), 404, "not_found")

    def test_a_limited_token_begins_no_thread_outside_its_teams(self) -> None:
        answer = self.theirs.post("/contacts", {"phone": "+49 172 5550002"})
        self.assert_problem(answer, 403, "not_allowed")
        self.assertEqual(Contact.objects.filter(workspace=self.cast.workspace).count(), 2)

    def test_foreign_numbers_and_templates_cannot_be_named(self) -> None:
        foreign = factories.template(self.cast.other_number)
        answer = self.crm.post("/contacts", {"phone": "+49 172 5550003", "number_id": self.cast.other_number.pk})
        self.assert_problem(answer, 422, "fields")
        answer = self.crm.post(f"{self.thread}/templates", {"template_id": foreign.pk, "values": {"body.1": "C"}})
        self.assert_problem(answer, 422, "fields")

    def test_lists_cost_the_same_for_one_row_and_for_many(self) -> None:
        def queries(path: str) -> int:
            with CaptureQueriesContext(connection) as found:
                self.assertEqual(self.crm.get(path).status_code, 200)
            return len(found)

        before = {path: queries(path) for path in ("/contacts", "/conversations", f"{self.thread}/messages")}
        for index in range(3):
            factories.conversation(self.cast.number, factories.contact(self.cast.number, f"Kunde {index}"))
            factories.inbound_message(self.cast.claras, "Noch etwas")
        for path, count in before.items():
            self.assertLessEqual(queries(path), count, path)

    def test_pages_name_every_row_once(self) -> None:
        for index in range(5):
            factories.conversation(self.cast.number, factories.contact(self.cast.number, f"Kunde {index}"))
            factories.inbound_message(self.cast.claras, f"Nummer {index}")
        for path in ("/contacts", "/conversations", f"{self.thread}/messages"):
            seen, cursor = [], ""
            while cursor is not None:
                page = self.crm.get(path, limit=2, **({"cursor": cursor} if cursor else {})).json()
                seen += [item["id"] for item in page["items"]]
                cursor = page["next"]
            self.assertEqual(len(seen), len(set(seen)), path)
            self.assertEqual(set(seen), {item["id"] for item in self.crm.get(path).json()["items"]}, path)

    def test_a_cursor_from_elsewhere_is_refused(self) -> None:
        for cursor in ("x", "W10", "e30", "WyJ4Il0", "Wy0xXQ", "WzEsMl0", "W3RydWVd"):
            self.assert_problem(self.crm.get("/contacts", cursor=cursor), 422, "cursor")
            self.assert_problem(self.crm.get("/conversations", cursor=cursor), 422, "cursor")


class ContactTests(ApiTestCase):
    def test_a_contact_is_entered_in_the_name_of_the_token(self) -> None:
        ContactField.objects.create(workspace=self.cast.workspace, name="Kundennummer", kind="number")
        body = {"phone": "+49 172 5550010", "name": "Emil", "language": "de", "fields": {"Kundennummer": 4711}}
        answer = self.crm.post("/contacts", body)
        self.assertEqual(answer.status_code, 201, answer.content)
        made = answer.json()
        self.assertEqual((made["name"], made["phone"]), ("Emil", "+491725550010"))
        self.assertEqual(made["fields"], {"Kundennummer": "4711"})
        thread = Conversation.objects.get(pk=made["conversation_id"])
        self.assertEqual((thread.status, thread.assignee), (ConversationStatus.CLOSED, None))
        self.assertEqual(thread.team, self.cast.team)
        line = AuditEntry.objects.get(verb="contact.created")
        self.assertEqual((line.actor, who(line)), (None, "API: CRM"))

    def test_a_known_number_is_named_if_it_may_be_known(self) -> None:
        phone = f"+{self.cast.clara.phone}"
        self.assertEqual(
            self.assert_problem(self.crm.post("/contacts", {"phone": phone}), 409, "number_taken")["contact_id"],
            self.cast.clara.pk,
        )
        found = self.crm.get("/contacts", phone=phone).json()["items"]
        self.assertEqual([item["id"] for item in found], [self.cast.clara.pk])

    def test_only_what_is_named_is_changed(self) -> None:
        self.crm.patch(self.clara, {"email": "clara@example.org"})
        answer = self.crm.patch(self.clara, {"name": "Clara S."})
        self.assertEqual((answer.json()["name"], answer.json()["email"]), ("Clara S.", "clara@example.org"))
        self.assertEqual(AuditEntry.objects.filter(verb="contact.changed").last().data["fields"], ["name"])

    def test_who_may_only_write_reads_nothing_by_writing(self) -> None:
        Contact.objects.filter(pk=self.cast.clara.pk).update(email="clara@example.org", note="Zahlt nie.")
        record_consent(self.cast.clara, "given", source="agent", occurred_at=timezone.now(), wording="Ja, gern.")
        writer = System(self.cast.ada, Scope.CONTACTS_WRITE, Scope.CONSENT_WRITE)
        answers = [
            writer.patch(self.clara, {}), writer.patch(self.clara, {"language": "de"}),
            writer.post(f"{self.clara}/consent", {"state": "withdrawn", "note": "am Telefon"}),
        ]  # fmt: skip
        known = (self.cast.clara.display_name, self.cast.clara.phone, "clara@example.org", "Zahlt nie", "Ja, gern")
        for answer in answers:
            self.assertIn(answer.status_code, (200, 201), answer.content)
            for secret in known:
                self.assertNotIn(secret, answer.content.decode())
        self.assertEqual((answers[1].json()["language"], answers[2].json()["entries"][0]["note"]), ("de", "am Telefon"))

    def test_fields_that_nobody_may_set_are_refused(self) -> None:
        before = Contact.objects.filter(pk=self.cast.clara.pk).values().get()
        for body in ({"workspace_id": 1}, {"merged_into": 1}, {"id": 5}, {"fields": {"Unbekannt": 1}}, {"email": "x"}):
            self.assertEqual(self.crm.patch(self.clara, body).status_code, 422, body)
        self.assertEqual(Contact.objects.filter(pk=self.cast.clara.pk).values().get(), before)

    def test_unreadable_bodies_are_told_so(self) -> None:
        for body in ("{", "[", "\x00", '{"phone": NaN}'):
            answer = self.crm.client.post(
                "/api/v1/contacts", body, content_type="application/json", headers=self.crm.headers()
            )
            self.assertIn(answer.status_code, (400, 422), body)
            self.assertEqual(answer["Content-Type"], "application/problem+json")

    def test_addresses_that_do_not_exist_are_problems_too(self) -> None:
        self.assert_problem(self.crm.get("/nothing"), 404, "not_found")
        answer = self.crm.send("DELETE", self.clara, {})
        self.assert_problem(answer, 405, "method")
        self.assertEqual(set(answer["Allow"].split(", ")), {"GET", "PATCH"})

    def test_refusals_are_in_german_for_who_asks_for_it(self) -> None:
        answer = self.crm.client.get("/api/v1/nothing", headers={"Accept-Language": "de"})
        self.assertEqual(answer["Content-Language"], "de")


class ConsentTests(ApiTestCase):
    def test_a_yes_needs_its_evidence(self) -> None:
        problem = self.assert_problem(self.crm.post(f"{self.clara}/consent", {"state": "given"}), 422, "fields")
        self.assertEqual({error["field"] for error in problem["errors"]}, {"wording", "note"})
        body = {"state": "given", "wording": "Ja, schickt mir Angebote.", "note": "Formular im Shop"}
        answer = self.crm.post(f"{self.clara}/consent", body)
        self.assertEqual((answer.status_code, answer.json()["state"]), (201, "given"))
        row = Consent.objects.get(contact=self.cast.clara)
        self.assertEqual((row.source, row.wording), (Consent.Source.API, body["wording"]))

    def test_who_may_only_send_does_not_learn_who_is_at_it(self) -> None:
        Conversation.objects.filter(pk=self.cast.claras.pk).update(assignee=self.cast.ben)
        sender = System(self.cast.ada, Scope.MESSAGES_SEND)
        begun = sender.post(f"{self.clara}/conversations", {}).json()
        self.assertEqual((begun["id"], begun["assignee"], begun["team"]), (self.cast.claras.pk, None, None))
        self.assertEqual(self.crm.post(f"{self.clara}/conversations", {}).json()["assignee"], self.cast.ben.name)

    def test_a_list_that_is_sent_every_night_undoes_no_stop(self) -> None:
        body = {"state": "given", "wording": "Ja, schickt mir Angebote.", "note": "Formular im Shop"}
        self.crm.post(f"{self.clara}/consent", body)
        record_consent(self.cast.clara, "withdrawn", source="keyword", occurred_at=timezone.now(), wording="STOP")
        problem = self.assert_problem(self.crm.post(f"{self.clara}/consent", body), 422, "fields")
        self.assertEqual([error["field"] for error in problem["errors"]], ["occurred_at"])
        self.assertEqual(self.crm.get(f"{self.clara}/consent").json()["state"], "withdrawn")
        before = (timezone.now() - timedelta(days=3)).isoformat()
        answer = self.crm.post(f"{self.clara}/consent", body | {"occurred_at": before})
        self.assertEqual((answer.status_code, answer.json()["state"]), (201, "withdrawn"))
        again = self.crm.post(f"{self.clara}/consent", body | {"occurred_at": timezone.now().isoformat()})
        self.assertEqual(again.json()["state"], "given")

    def test_whoever_came_on_a_leap_day_may_agree_like_everybody(self) -> None:
        Contact.objects.filter(pk=self.cast.clara.pk).update(created_at=datetime(2024, 2, 29, 12, tzinfo=UTC))
        self.assertEqual(self.crm.post(f"{self.clara}/consent", {"state": "withdrawn"}).status_code, 201)
        early = {"state": "withdrawn", "occurred_at": "1999-01-01T00:00:00Z"}
        self.assert_problem(self.crm.post(f"{self.clara}/consent", early), 422, "fields")

    def test_nobody_agrees_in_the_future(self) -> None:
        late = (timezone.now() + timedelta(hours=1)).isoformat()
        body = {"state": "withdrawn", "occurred_at": late}
        self.assert_problem(self.crm.post(f"{self.clara}/consent", body), 422, "fields")


class SendingTests(ApiTestCase):
    def send(self, text: str = "Dein Rad ist fertig.", **more):
        return self.crm.post(f"{self.thread}/messages", {"text": text}, **more)

    def test_a_text_is_queued_behind_people_without_an_author(self) -> None:
        answer = self.send()
        self.assertEqual(answer.status_code, 201, answer.content)
        sent = Message.objects.get(pk=answer.json()["id"])
        self.assertEqual((sent.status, sent.via, sent.author, sent.priority), (MessageStatus.QUEUED, Via.API, None, 5))
        self.assertEqual(answer.json()["sender"], {"kind": "system", "name": "CRM"})
        browser = Client()
        browser.force_login(self.cast.ada)
        self.assertContains(browser.get(f"/conversations/{self.cast.claras.pk}/"), "API: CRM")

    def test_a_system_answers_nobodys_question_and_takes_nothing_over(self) -> None:
        before = Conversation.objects.get(pk=self.cast.claras.pk)
        self.send()
        after = Conversation.objects.get(pk=self.cast.claras.pk)
        self.assertEqual(
            (after.needs_answer, after.waiting_since, after.assignee, after.answered_at),
            (True, before.waiting_since, None, None),
        )

    def test_no_text_once_the_window_is_closed(self) -> None:
        Conversation.objects.filter(pk=self.cast.claras.pk).update(
            last_customer_message_at=timezone.now() - timedelta(hours=25)
        )
        self.assert_problem(self.send(), 409, "window_closed")

    def test_blocked_people_and_groups_get_nothing(self) -> None:
        Conversation.objects.filter(pk=self.cast.claras.pk).update(block_state=BlockState.BLOCKED)
        self.assert_problem(self.send(), 409, "blocked")
        Conversation.objects.filter(pk=self.cast.claras.pk).update(block_state="")
        Contact.objects.filter(pk=self.cast.clara.pk).update(kind="group")
        self.assert_problem(self.send(), 422, "read_only")

    def test_long_and_empty_texts_are_refused(self) -> None:
        self.assert_problem(self.send("x" * 4097), 422, "text_too_long")
        self.assert_problem(self.send(" \n "), 422, "empty")

    def test_a_message_tells_what_it_holds_besides_words(self) -> None:
        order = {"items": [{"id": "KETTE", "quantity": 2, "price": "15.00", "total": "30.00", "currency": "EUR"}]}
        ad = {"source_type": "ad", "source_id": "1"}
        held = factories.inbound_message(
            self.cast.claras, "", kind="order", data={**order, "referral": ad, "edits": [{"text": "geheim"}]}
        )
        self.assertEqual(self.crm.get(f"/messages/{held.pk}").json()["content"], {**order, "referral": ad})
        Message.objects.filter(pk=held.pk).update(deleted_at=timezone.now())
        self.assertEqual(self.crm.get(f"/messages/{held.pk}").json()["content"], {})

    def test_only_messages_of_the_thread_are_quoted(self) -> None:
        other = factories.inbound_message(self.cast.darios, "Fremd")
        answer = self.crm.post(f"{self.thread}/messages", {"text": "Ja", "quoted_id": other.pk})
        self.assert_problem(answer, 422, "fields")
        own = self.cast.claras.messages.get()
        answer = self.crm.post(f"{self.thread}/messages", {"text": "Ja", "quoted_id": own.pk})
        self.assertEqual(Message.objects.get(pk=answer.json()["id"]).quoted, own)

    def test_a_template_goes_out_under_all_its_rules(self) -> None:
        template = factories.template(self.cast.number, "order_ready")
        path = f"{self.thread}/templates"
        named = {"name": "order_ready", "language": "de"}
        problem = self.assert_problem(self.crm.post(path, named), 422, "template_values")
        self.assertEqual([error["field"] for error in problem["errors"]], ["body.1"])
        answer = self.crm.post(path, named | {"values": {"body.1": "Clara"}})
        self.assertEqual((answer.status_code, answer.json()["template"]), (201, "order_ready"), answer.content)
        self.assertEqual(Message.objects.get(pk=answer.json()["id"]).data["api"]["name"], "CRM")
        for status in ("REJECTED", "PAUSED"):
            template.status = status
            template.save()
            problem = self.crm.post(path, named | {"values": {"body.1": "Clara"}})
            self.assert_problem(problem, 422, "template_not_sendable")

    def test_marketing_only_to_who_has_agreed(self) -> None:
        factories.template(self.cast.number, "sale", category="MARKETING")
        body = {"name": "sale", "language": "de", "values": {"body.1": "Clara"}}
        self.assert_problem(self.crm.post(f"{self.thread}/templates", body), 422, "no_consent")
        record_consent(self.cast.clara, "given", source="agent", occurred_at=timezone.now(), wording="Ja")
        self.assertEqual(self.crm.post(f"{self.thread}/templates", body).status_code, 201)

    def test_what_templates_want_is_told(self) -> None:
        factories.template(self.cast.number, "order_ready")
        found = self.crm.get("/templates", name="order_ready").json()["items"]
        self.assertEqual([gap["field"] for gap in found[0]["fields"]], ["body.1"])
        self.assertTrue(found[0]["is_sendable"])


class RepeatingTests(ApiTestCase):
    def test_the_same_key_is_the_same_message(self) -> None:
        body = {"text": "Einmal"}
        first = self.crm.post(f"{self.thread}/messages", body, key="a1")
        second = self.crm.post(f"{self.thread}/messages", body, key="a1")
        self.assertEqual((first.status_code, first.content), (second.status_code, second.content))
        self.assertEqual(second["Idempotency-Replayed"], "true")
        self.assertEqual(Message.objects.filter(via=Via.API).count(), 1)
        self.assertNotEqual(self.crm.post(f"{self.thread}/messages", body, key="a2").json()["id"], first.json()["id"])

    def test_another_request_may_not_use_the_key(self) -> None:
        self.crm.post(f"{self.thread}/messages", {"text": "Eins"}, key="a1")
        self.assert_problem(self.crm.post(f"{self.thread}/messages", {"text": "Zwei"}, key="a1"), 409, "key_reused")
        other = f"/conversations/{self.cast.darios.pk}/messages"
        self.assert_problem(self.crm.post(other, {"text": "Eins"}, key="a1"), 409, "key_reused")
        self.assertEqual(self.ours.post(f"{self.thread}/messages", {"text": "Zwei"}, key="a1").status_code, 201)

    def test_refusals_are_answered_again_too(self) -> None:
        Conversation.objects.filter(pk=self.cast.claras.pk).update(last_customer_message_at=None)
        first = self.crm.post(f"{self.thread}/messages", {"text": "Eins"}, key="a1")
        Conversation.objects.filter(pk=self.cast.claras.pk).update(last_customer_message_at=timezone.now())
        second = self.crm.post(f"{self.thread}/messages", {"text": "Eins"}, key="a1")
        self.assert_problem(second, 409, "window_closed")
        self.assertEqual(first.content, second.content)

    def test_what_is_kept_of_an_answer_is_unreadable_and_not_kept_long(self) -> None:
        self.crm.post(f"{self.thread}/messages", {"text": "Ganz geheim"}, key="a1")
        with connection.cursor() as cursor:
            cursor.execute("SELECT body FROM inbox_apianswer")
            self.assertNotIn("geheim", cursor.fetchone()[0])
        self.assertEqual(repeating.forget_old(), 0)
        ApiAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24))
        self.assertEqual(repeating.forget_old(), 0)
        ApiAnswer.objects.update(created_at=timezone.now() - timedelta(hours=26))
        self.assertEqual(repeating.forget_old(), 1)
