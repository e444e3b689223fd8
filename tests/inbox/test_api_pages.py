"""Where admins keep the API: tokens and secrets are shown once, and everything stands in the activity log."""

import re
import time
from datetime import timedelta
from unittest import mock

from django.test import Client, TestCase, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, AuditEntry, Role
from inbox.models import OutgoingDelivery, OutgoingEvent, OutgoingWebhook
from inbox.outgoing_webhooks.sending import Try
from tests import factories
from tests.cast import make_cast
from tests.signing_in import prove, proven

ADDRESS = "https://93.184.215.14/hook"


class PageTestCase(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.cast = make_cast()

    def setUp(self) -> None:
        self.admin = self.signed_in(self.cast.ada)

    def signed_in(self, agent) -> Client:
        return proven(agent)

    def secret_on(self, page) -> str:
        found = re.search(r"<code[^>]*data-secret>([^<]+)</code>", page.content.decode())
        return found[1] if found else ""


class TokenPageTests(PageTestCase):
    def make(self, **more):
        said = {"name": "CRM", "days": 90, "scopes": ["contacts:read"], **more}
        return self.admin.post(reverse("settings-api-token-new"), said)

    def test_a_token_is_shown_once_and_works(self) -> None:
        page = self.make()
        text = self.secret_on(page)
        self.assertIn("no-store", page["Cache-Control"])
        answer = Client().get("/api/v1/contacts", headers={"Authorization": f"Bearer {text}"})
        self.assertEqual(answer.status_code, 200)
        listed = self.admin.get(reverse("settings-api")).content.decode()
        self.assertIn("CRM", listed)
        self.assertNotIn(text, listed)
        self.assertIn(f"…{text[-4:]}", listed)
        self.assertEqual(AuditEntry.objects.get(verb="api_token.created").actor, self.cast.ada)

    def test_it_is_limited_to_the_teams_that_are_chosen(self) -> None:
        self.make(teams=[self.cast.team.pk])
        token = ApiToken.objects.get()
        self.assertEqual((token.all_teams, list(token.teams.all())), (False, [self.cast.team]))
        foreign = self.make(teams=[factories.team(self.cast.other_workspace, "Fremd").pk])
        self.assertEqual((foreign.status_code, ApiToken.objects.count()), (422, 1))

    def test_without_a_scope_there_is_no_token(self) -> None:
        self.assertEqual(self.make(scopes=[]).status_code, 422)
        self.assertEqual(self.make(scopes=["everything"]).status_code, 422)
        self.assertFalse(ApiToken.objects.exists())

    def test_it_asks_who_you_are_first_when_that_was_long_ago(self) -> None:
        prove(self.admin, time.time() - 3600)
        answer = self.make()
        self.assertTrue(answer["Location"].startswith(reverse("confirm")))
        self.assertFalse(ApiToken.objects.exists())

    def test_revoked_and_taken_over_from_the_page(self) -> None:
        text = self.secret_on(self.make())
        token = ApiToken.objects.get()
        other = factories.agent(self.cast.workspace, "Ava Admin", role=Role.ADMIN)
        type(other).objects.filter(pk=self.cast.ada.pk).update(role=Role.LEAD)
        admin = self.signed_in(other)
        page = admin.get(reverse("settings-api"))
        self.assertContains(page, "banner--warn")
        self.assertContains(page, f"…{token.hint}")
        admin.post(reverse("settings-api-token-takeover", args=[token.pk]))
        headers = {"Authorization": f"Bearer {text}"}
        self.assertEqual(Client().get("/api/v1/token", headers=headers).status_code, 200)
        admin.post(reverse("settings-api-token-revocation", args=[token.pk]))
        self.assertEqual(Client().get("/api/v1/token", headers=headers).status_code, 401)
        admin.get(reverse("settings-api"))  # takes what was said
        self.assertNotContains(admin.get(reverse("settings-api")), f"…{token.hint}")

    def test_the_documentation_is_made_of_the_description_and_names_every_address(self) -> None:
        page = self.admin.get(reverse("api-docs")).content.decode()
        document = self.admin.get(reverse("api-document")).json()
        for path in document["paths"]:
            self.assertIn(f"<code class=\"break\">{path}</code>", page)
        self.assertNotRegex(page, r"<script(?![^>]*nonce)|style=\"")


class WebhookPageTests(PageTestCase):
    def make(self, **more):
        said = {"url": ADDRESS, "events": ["message.received"], **more}
        return self.admin.post(reverse("settings-webhook-new"), said)

    def test_a_secret_is_shown_once_and_another_on_demand(self) -> None:
        first = self.secret_on(self.make())
        webhook = OutgoingWebhook.objects.get()
        self.assertEqual(webhook.secret.reveal(), first)
        page = reverse("settings-webhook", args=[webhook.pk])
        self.assertNotIn(first, self.admin.get(page).content.decode())
        second = self.secret_on(self.admin.post(reverse("settings-webhook-secret", args=[webhook.pk])))
        self.assertNotEqual(first, second)
        self.assertNotIn(second, self.admin.get(page).content.decode())

    def test_an_address_of_our_own_network_is_refused_with_what_was_typed(self) -> None:
        answer = self.make(url="https://169.254.169.254/latest")
        self.assertContains(answer, "https://169.254.169.254/latest", status_code=422)
        self.make()
        webhook = OutgoingWebhook.objects.get()
        page = reverse("settings-webhook", args=[webhook.pk])
        answer = self.admin.post(page, {"url": "https://10.0.0.1/", "events": ["message.sent"], "is_active": "on"})
        self.assertEqual((answer.status_code, OutgoingWebhook.objects.get().url), (422, ADDRESS))

    def test_it_may_be_narrowed_to_numbers_of_ones_own(self) -> None:
        page = reverse("settings-webhook-new")
        self.assertNotContains(self.admin.get(page), 'name="numbers"')  # of one there is nothing to choose
        shop = factories.number(self.cast.workspace, team=self.cast.team, name="Laden")
        self.assertContains(self.admin.get(page), "Laden")
        self.assertEqual(self.make(numbers=[self.cast.other_number.pk]).status_code, 422)
        self.make(numbers=[shop.pk])
        webhook = OutgoingWebhook.objects.get()
        self.assertEqual((webhook.all_numbers, list(webhook.numbers.all())), (False, [shop]))
        self.assertContains(self.admin.get(reverse("settings-api")), "Laden")
        self.assertEqual(AuditEntry.objects.get(verb="outgoing_webhook.created").data["numbers"], ["Laden"])
        page = reverse("settings-webhook", args=[webhook.pk])
        self.assertRegex(self.admin.get(page).content.decode(), rf'name="numbers" value="{shop.pk}"[^>]* checked')
        self.admin.post(page, {"url": ADDRESS, "events": ["message.received"], "is_active": "on"})
        self.assertTrue(OutgoingWebhook.objects.get().all_numbers)

    def test_another_address_needs_a_proof_like_another_webhook(self) -> None:
        self.make()
        webhook = OutgoingWebhook.objects.get()
        prove(self.admin, time.time() - 3600)
        page = reverse("settings-webhook", args=[webhook.pk])
        answer = self.admin.post(page, {"url": "https://93.184.215.14/mine", "events": ["message.sent"]})
        self.assertIn(reverse("confirm"), answer["Location"])
        self.assertEqual(OutgoingWebhook.objects.get().url, ADDRESS)
        self.admin.post(page, {"url": ADDRESS, "events": ["message.sent"]})  # the rest changes as before
        self.assertEqual(OutgoingWebhook.objects.get().events, ["message.sent"])

    def test_switched_off_removed_tried_and_sent_again(self) -> None:
        self.make()
        webhook = OutgoingWebhook.objects.get()
        with mock.patch("inbox.outgoing_webhooks.sending.send", return_value=Try("slow", None, 5000)) as send:
            answer = self.admin.post(reverse("settings-webhook-test", args=[webhook.pk]), follow=True)
        self.assertContains(answer, "banner--bad")
        self.assertEqual(send.call_args.args[0], ADDRESS)
        row = OutgoingDelivery.objects.get()
        self.admin.post(reverse("settings-webhook-replay", args=[row.pk]))
        self.assertEqual(OutgoingDelivery.objects.get().state, "waiting")
        page = reverse("settings-webhook", args=[webhook.pk])
        self.admin.post(page, {"url": ADDRESS, "events": list(OutgoingEvent)})
        self.assertFalse(OutgoingWebhook.objects.get().is_active)
        self.admin.post(reverse("settings-webhook-removal", args=[webhook.pk]))
        self.assertFalse(OutgoingWebhook.objects.exists() or OutgoingDelivery.objects.exists())
        verbs = set(AuditEntry.objects.values_list("verb", flat=True))
        self.assertLessEqual({f"outgoing_webhook.{verb}" for verb in ("created", "changed", "removed")}, verbs)

    def test_admins_are_told_wherever_they_are_that_one_was_switched_off(self) -> None:
        self.make()
        OutgoingWebhook.objects.update(is_active=False, switched_off_at=timezone.now())
        self.assertContains(self.admin.get(reverse("contacts")), 'data-warning="webhook"')
        self.assertNotContains(self.signed_in(self.cast.ben).get(reverse("contacts")), 'data-warning="webhook"')

    def test_the_log_goes_on_on_older_pages(self) -> None:
        self.make()
        webhook = OutgoingWebhook.objects.get()
        for index in range(51):
            OutgoingDelivery.objects.create(
                webhook=webhook, event="message.received", subject_id=index, state="delivered",
                occurred_at=timezone.now() - timedelta(minutes=index),
            )
        page = self.admin.get(reverse("settings-webhook", args=[webhook.pk]))
        older = re.search(r"before=(\d+)", page.content.decode())[1]
        rest = self.admin.get(reverse("settings-webhook", args=[webhook.pk]), {"before": older})
        self.assertEqual(rest.content.decode().count("message.received</span><span"), 1)

    @override_settings(OUTGOING_WEBHOOK_ALLOW=[])
    def test_there_are_only_so_many(self) -> None:
        for index in range(20):
            OutgoingWebhook.objects.create(workspace=self.cast.workspace, url=f"{ADDRESS}/{index}", events=[])
        self.assertEqual(self.make().status_code, 422)
