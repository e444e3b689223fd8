"""Signing in by an identity provider: who is let in, and what an answer must be like to count."""

import time
from urllib.parse import parse_qs, urlsplit

from django.db import connection
from django.http import HttpResponse
from django.test import Client, TestCase
from django.urls import reverse

from accounts import factor_actions, throttle
from accounts.models import Agent, AuditEntry, Role, SignOnProvider
from tests import factories
from tests.accounts.test_second_factor import fresh, is_in
from tests.identity_provider import CLIENT, OTHER_KEY, SECRET, IdentityProvider

EMAIL = "ben@radhaus.example"


class SignOnTestCase(TestCase):
    """One business in the installation, as nearly everywhere: Ada, its admin, and Ben."""

    def setUp(self) -> None:
        self.workspace = factories.workspace()
        self.ada = factories.agent(self.workspace, "Ada Admin", role=Role.ADMIN)
        self.ben = factories.agent(self.workspace, email=EMAIL)
        self.idp = IdentityProvider()
        self.addCleanup(self.idp.stop)
        self.provider = SignOnProvider.objects.create(
            workspace=self.workspace, name="Keycloak", issuer=self.idp.issuer, client_id=CLIENT,
            client_secret=SECRET,
        )  # fmt: skip

    def go(self, client: Client, **query: str) -> dict[str, str]:
        answer = client.get(reverse("sign-on", args=[self.provider.pk]), query)
        self.assertEqual(answer.status_code, 302)
        return self.idp.agree(answer["Location"])

    def come_back(self, client: Client, **changes: str) -> HttpResponse:
        return client.get(reverse("sign-on-return"), self.go(client) | changes)


class InTests(SignOnTestCase):
    def test_person_with_a_verified_address_comes_in_where_they_wanted(self) -> None:
        client = Client()
        self.assertContains(client.get(reverse("login")), "Keycloak")

        answer = client.get(reverse("sign-on-return"), self.go(client, next="/accounts/profile/"))

        self.assertRedirects(answer, "/accounts/profile/")
        self.assertEqual(client.session["_auth_user_id"], str(self.ben.pk))
        self.assertEqual(set(self.idp.asked) >= {"code_challenge", "nonce", "state"}, True)
        self.assertEqual(self.idp.asked["scope"], "openid email")

    def test_address_is_compared_without_case(self) -> None:
        self.idp.claims = {"email": "Ben@Radhaus.Example"}
        client = Client()
        self.come_back(client)

        self.assertTrue(is_in(client))

    def test_second_factor_is_asked_all_the_same(self) -> None:
        factories.app_factor(self.ben)
        client = Client()

        self.assertRedirects(self.come_back(client), reverse("second-factor"))
        self.assertFalse(is_in(client))

    def test_rule_of_the_workspace_holds(self) -> None:
        factor_actions.set_rule(self.workspace, "everybody", by=self.ada)
        client = Client()

        self.assertRedirects(self.come_back(client), reverse("second-factor-set-up"))
        self.assertFalse(is_in(client))


class OutTests(SignOnTestCase):
    def refused(self, client: Client | None = None, **changes: str) -> None:
        client = client or Client()
        answer = self.come_back(client, **changes)
        self.assertEqual(answer.status_code, 403)
        self.assertFalse(is_in(client))

    def test_what_a_token_must_not_say(self) -> None:
        now = int(time.time())
        for claims in (
            {"email_verified": False}, {"email_verified": None}, {"email_verified": "true"}, {"email": None},
            {"email": ["ben@radhaus.example"]}, {"email": "nobody@radhaus.example"},
            {"aud": "another"}, {"aud": [CLIENT, "another"], "azp": "another"}, {"iss": "https://evil.example"},
            {"nonce": "x"}, {"nonce": None}, {"exp": now - 120}, {"exp": None}, {"iat": now + 600}, {"sub": None},
        ):  # fmt: skip
            self.idp.claims = claims
            with self.subTest(claims=claims):
                self.refused()

    def test_token_signed_by_somebody_else_or_by_our_own_secret(self) -> None:
        self.idp.key = OTHER_KEY
        self.refused()
        self.idp.key, self.idp.algorithm = SECRET * 2, "HS256"
        self.refused()
        self.idp.key, self.idp.algorithm = None, "none"
        self.refused()

    def test_answer_that_nobody_asked_for(self) -> None:
        self.refused(state="x")
        victim, attacker = Client(), Client()
        brought = self.go(attacker)
        self.assertEqual(victim.get(reverse("sign-on-return"), brought).status_code, 403)
        self.assertFalse(is_in(victim))
        self.assertEqual(Client().get(reverse("sign-on-return")).status_code, 403)
        self.assertEqual(attacker.get(reverse("sign-on-return"), {"error": "access_denied"}).status_code, 403)

    def test_an_answer_is_good_once(self) -> None:
        client = Client()
        brought = self.go(client)
        client.get(reverse("sign-on-return"), brought)
        client.post(reverse("logout"))

        self.assertEqual(client.get(reverse("sign-on-return"), brought).status_code, 403)

    def test_deactivated_people_and_those_of_other_businesses_stay_out(self) -> None:
        Agent.objects.filter(pk=self.ben.pk).update(is_active=False)
        self.refused()
        other = factories.workspace("Fremd GmbH")
        factories.agent(other, email="mallory@fremd.example")
        self.idp.claims = {"email": "mallory@fremd.example"}
        self.refused()

    def test_secret_follows_no_redirect(self) -> None:
        self.idp.token_redirects = True

        self.refused()

    def test_provider_that_is_another_or_gone(self) -> None:
        self.idp.document = {"issuer": "https://other.example"}
        self.assertEqual(Client().get(reverse("sign-on", args=[self.provider.pk])).status_code, 403)
        self.idp.document = {"token_endpoint": "http://evil.example/token"}
        self.assertEqual(Client().get(reverse("sign-on", args=[self.provider.pk])).status_code, 403)
        self.assertEqual(Client().get(reverse("sign-on", args=[self.provider.pk + 1])).status_code, 404)

    def test_one_network_does_not_make_us_ask_the_provider_for_ever(self) -> None:
        for _ in range(throttle.PER_NETWORK):
            throttle.count(throttle.Limit(throttle.hashed("sign-on", "127.0.0.1"), throttle.PER_NETWORK))

        self.assertEqual(Client().get(reverse("sign-on", args=[self.provider.pk])).status_code, 403)

    def test_with_several_businesses_the_sign_in_page_names_no_provider(self) -> None:
        factories.workspace("Fremd GmbH")

        self.assertNotContains(Client().get(reverse("login")), "Keycloak")


class SettingsTests(SignOnTestCase):
    def setUp(self) -> None:
        super().setUp()
        fresh(self.client, self.ada)

    def save(self, **changes: str) -> HttpResponse:
        form = {"name": "Keycloak", "issuer": self.idp.issuer, "client_id": CLIENT, "client_secret": SECRET}
        return self.client.post(reverse("settings-sign-on"), form | changes)

    def test_admin_connects_a_provider_that_answers(self) -> None:
        SignOnProvider.objects.all().delete()

        self.assertRedirects(self.save(), reverse("settings-sign-on"))

        self.assertEqual(SignOnProvider.objects.get().client_secret.reveal(), SECRET)
        self.assertEqual(AuditEntry.objects.get(verb="sign_on.connected").subject, self.idp.issuer)

    def test_one_that_does_not_answer_is_not_kept(self) -> None:
        before = SignOnProvider.objects.values().get()
        for issuer in ("http://127.0.0.1:9", "https://localhost:9", "http://evil.example", f"{self.idp.issuer}/x"):
            answer = self.save(issuer=issuer)
            self.assertEqual(answer.status_code, 422, issuer)
            self.assertContains(answer, f'value="{issuer}"', status_code=422)
        self.assertEqual(SignOnProvider.objects.values().get(), before)

    def test_secret_is_written_only(self) -> None:
        page = self.client.get(reverse("settings-sign-on"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(t)::text FROM accounts_signonprovider t")
            stored = str(cursor.fetchall())

        self.assertNotContains(page, SECRET)
        self.assertContains(page, SECRET[-4:])
        self.assertNotIn(SECRET, stored)

    def test_empty_secret_keeps_the_old_one_but_not_for_another_place(self) -> None:
        self.save(name="Anmeldung", client_secret="")
        self.assertEqual(SignOnProvider.objects.get().client_secret.reveal(), SECRET)
        other = IdentityProvider()
        self.addCleanup(other.stop)

        self.assertEqual(self.save(issuer=other.issuer, client_secret="").status_code, 422)
        self.assertEqual(self.save(client_id="another", client_secret="").status_code, 422)
        self.assertEqual(SignOnProvider.objects.get().issuer, self.idp.issuer)

    def test_switched_off_it_is_gone(self) -> None:
        self.client.post(reverse("settings-sign-on-removal"))

        self.assertFalse(SignOnProvider.objects.exists())
        self.assertNotContains(Client().get(reverse("login")), "Keycloak")

    def test_a_session_left_open_changes_nothing(self) -> None:
        self.client.force_login(self.ada)
        session = self.client.session
        session["proven_at"] = 0
        session.save()

        answer = self.save(name="Evil")

        self.assertEqual(urlsplit(answer["Location"]).path, reverse("confirm"))
        self.assertEqual(parse_qs(urlsplit(answer["Location"]).query)["next"], [reverse("settings-sign-on")])
        self.assertEqual(SignOnProvider.objects.get().name, "Keycloak")
