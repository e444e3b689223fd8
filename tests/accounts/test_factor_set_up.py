"""Setting up, changing and taking away second factors, and who has to have one."""

import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts import actions, factor_actions, recovery_codes
from accounts.errors import AlreadySetUp
from accounts.fields import decrypt
from accounts.models import Agent, AuditEntry, Role, SecondFactor
from tests import factories
from tests.accounts.people_case import PeopleTestCase
from tests.accounts.test_second_factor import LOCALHOST, code_now, code_step, fresh, is_in, password_step
from tests.software_key import SoftwareKey


def scan(client: Client) -> str:
    """Open the page with the QR code and take its secret as a phone would."""
    client.get(reverse("second-factor-app"))
    return decrypt(client.session["new_app"])


def switch_on(client: Client) -> HttpResponse:
    return client.post(reverse("second-factor-app"), {"code": code_now(scan(client))})


class OwnFactorTests(PeopleTestCase):
    def setUp(self) -> None:
        super().setUp()
        fresh(self.client, self.cast.ben)

    def test_app_is_set_up_by_its_code_and_recovery_codes_follow(self) -> None:
        answer = switch_on(self.client)

        self.assertRedirects(answer, reverse("recovery-codes"))
        self.assertEqual(recovery_codes.left(self.cast.ben), recovery_codes.COUNT)
        self.assertRedirects(self.client.post(reverse("recovery-codes")), reverse("profile-security"))
        self.assertEqual(AuditEntry.objects.get(verb="factor.added").data, {"kind": "app"})
        stranger = Client()
        password_step(stranger, self.cast.ben)
        self.assertFalse(is_in(stranger))

    def test_page_shows_the_key_as_picture_link_and_text(self) -> None:
        secret = scan(self.client)
        page = self.client.post(reverse("second-factor-app"), {"code": "000000"})

        self.assertEqual(page.status_code, 422)
        self.assertEqual(page.context["by_hand"].replace(" ", ""), secret)
        self.assertContains(page, "<svg", status_code=422)
        self.assertContains(page, page.context["by_hand"], status_code=422)
        self.assertIn(f"secret={secret}&issuer=Tresen%20Radhaus%20Lindenhof", page.context["address"])
        self.assertNotIn("style=", page.context["picture"])

    def test_wrong_code_keeps_the_same_secret_on_the_page(self) -> None:
        secret = scan(self.client)
        self.client.post(reverse("second-factor-app"), {"code": "000000"})

        self.assertEqual(decrypt(self.client.session["new_app"]), secret)
        self.assertFalse(SecondFactor.objects.exists())

    def test_a_reload_shows_the_secret_that_was_scanned_already(self) -> None:
        secret = scan(self.client)

        self.assertEqual(scan(self.client), secret)
        self.assertRedirects(
            self.client.post(reverse("second-factor-app"), {"code": code_now(secret)}), reverse("recovery-codes")
        )

    def test_code_of_the_set_up_cannot_sign_in_again(self) -> None:
        code = code_now(scan(self.client))
        self.client.post(reverse("second-factor-app"), {"code": code})
        thief = Client()
        password_step(thief, self.cast.ben)

        self.assertEqual(code_step(thief, code).status_code, 422)

    def test_new_factor_ends_other_sessions_and_keeps_this_one(self) -> None:
        other = Client()
        other.force_login(self.cast.ben)

        switch_on(self.client)

        self.assertEqual(other.get(reverse("profile")).status_code, 302)
        self.assertEqual(self.client.get(reverse("profile")).status_code, 200)

    def test_new_phone_takes_the_place_of_the_old_one(self) -> None:
        switch_on(self.client)
        old = SecondFactor.objects.get()
        codes = set(self.cast.ben.recovery_codes.values_list("pk", flat=True))

        self.assertRedirects(switch_on(self.client), reverse("profile-security"))

        self.assertNotEqual(SecondFactor.objects.get().pk, old.pk)
        self.assertEqual(set(self.cast.ben.recovery_codes.values_list("pk", flat=True)), codes)

    def test_last_factor_takes_the_recovery_codes_with_it(self) -> None:
        switch_on(self.client)
        other = Client()
        other.force_login(Agent.objects.get(pk=self.cast.ben.pk))

        self.client.post(reverse("profile-factor-removal", args=[SecondFactor.objects.get().pk]))

        self.assertEqual((SecondFactor.objects.count(), self.cast.ben.recovery_codes.count()), (0, 0))
        self.assertEqual(other.get(reverse("profile")).status_code, 302)
        self.assertEqual(self.client.get(reverse("profile")).status_code, 200)
        self.assertRedirects(password_step(Client(), self.cast.ben), "/", fetch_redirect_response=False)

    def test_last_factor_stays_where_one_is_demanded(self) -> None:
        switch_on(self.client)
        factor_actions.set_rule(self.cast.workspace, "everybody", by=self.cast.ada)

        answer = self.client.post(reverse("profile-factor-removal", args=[SecondFactor.objects.get().pk]))

        self.assertEqual(answer.status_code, 409)
        self.assertEqual(SecondFactor.objects.count(), 1)

    def test_somebody_elses_factor_is_not_there(self) -> None:
        factor, _secret = factories.app_factor(self.cast.ada)

        answer = self.client.post(reverse("profile-factor-removal", args=[factor.pk]))

        self.assertEqual(answer.status_code, 404)
        self.assertTrue(SecondFactor.objects.filter(pk=factor.pk).exists())


class FreshnessTests(PeopleTestCase):
    """A session that was left open changes nothing about how its person signs in."""

    def setUp(self) -> None:
        super().setUp()
        self.factor, self.secret = factories.app_factor(self.cast.ada)
        self.client = Client(**LOCALHOST)
        self.client.force_login(self.cast.ada)

    def test_every_change_asks_who_is_there(self) -> None:
        ben = self.cast.ben
        factories.app_factor(ben)
        before = list(SecondFactor.objects.order_by("pk").values())
        pages = [
            ("get", "second-factor-set-up", []), ("get", "second-factor-app", []), ("get", "second-factor-key", []),
            ("post", "second-factor-app", []), ("post", "second-factor-key", []),
            ("post", "second-factor-key-question", []), ("post", "profile-factor-removal", [self.factor.pk]),
            ("post", "profile-recovery-codes", []), ("post", "settings-person-second-factor", [ben.pk]),
            ("post", "settings-second-factor-rule", []),
        ]  # fmt: skip
        for method, name, args in pages:
            answer = getattr(self.client, method)(reverse(name, args=args))
            self.assertTrue(answer["Location"].startswith(reverse("confirm")), name)
        self.assertEqual(list(SecondFactor.objects.order_by("pk").values()), before)

    def test_password_code_and_key_prove_it(self) -> None:
        key = SoftwareKey()
        fresh(self.client, self.cast.ada)
        options = self.client.post(reverse("second-factor-key-question")).json()
        self.client.post(reverse("second-factor-key"), {"name": "Key", "credential": key.make(options)})

        for proof in ("password", "code", "credential"):
            client = Client(**LOCALHOST)
            client.force_login(Agent.objects.get(pk=self.cast.ada.pk))
            options = client.post(reverse("second-factor-question")).json()
            sent = {"password": factories.PASSWORD, "code": code_now(self.secret), "credential": key.sign(options)}
            answer = client.post(
                reverse("confirm"), {proof: sent[proof], "next": reverse("second-factor-key")}
            )
            self.assertRedirects(answer, reverse("second-factor-key"), msg_prefix=proof)

    def test_wrong_proofs_are_counted(self) -> None:
        for proof in ({"password": "wrong"}, {"code": "000000"}):
            answers = [self.client.post(reverse("confirm"), proof).status_code for _ in range(12)]
            self.assertEqual((answers[0], answers[-1]), (422, 429))
        self.assertEqual(self.client.post(reverse("confirm"), {"password": factories.PASSWORD}).status_code, 429)

    def test_it_holds_for_ten_minutes(self) -> None:
        self.client.post(reverse("confirm"), {"password": factories.PASSWORD})
        self.assertEqual(self.client.get(reverse("second-factor-set-up")).status_code, 200)
        session = self.client.session
        session["proven_at"] = time.time() - 601
        session.save()

        self.assertEqual(self.client.get(reverse("second-factor-set-up")).status_code, 302)

    def test_way_on_stays_in_the_house(self) -> None:
        answer = self.client.post(reverse("confirm"), {"password": factories.PASSWORD, "next": "//evil.example"})

        self.assertEqual(answer["Location"], "/")


class RuleTests(PeopleTestCase):
    def demand(self, rule: str) -> None:
        fresh(self.client, self.cast.ada)
        self.client.post(reverse("settings-second-factor-rule"), {"second_factor_rule": rule})

    def test_rule_names_who_has_to(self) -> None:
        expected = {"": (0, 0, 0), "admins": (1, 0, 0), "leads": (1, 1, 0), "everybody": (1, 1, 1)}
        for rule, has_to in expected.items():
            self.demand(rule)
            for agent, must in zip((self.cast.ada, self.cast.lea, self.cast.ben), has_to, strict=True):
                client = Client()
                password_step(client, agent)
                self.assertEqual(is_in(client), not must, f"{rule} {agent}")
        self.assertEqual(AuditEntry.objects.filter(verb="workspace.second_factor").count(), 3)

    def test_who_has_to_can_do_nothing_but_set_it_up(self) -> None:
        self.demand("everybody")
        client = Client()
        answer = password_step(client, self.cast.ben, next="/accounts/profile/")

        self.assertRedirects(answer, reverse("second-factor-set-up"))
        for name in ("profile", "inbox", "profile-security", "recovery-codes"):
            self.assertTrue(client.get(reverse(name))["Location"].startswith("/accounts/login/"), name)
        answer = switch_on(client)
        self.assertRedirects(answer, reverse("recovery-codes"))
        self.assertTrue(is_in(client))
        self.assertRedirects(client.post(reverse("recovery-codes")), "/accounts/profile/")

    def test_set_up_by_key(self) -> None:
        self.demand("everybody")
        client, key = Client(**LOCALHOST), SoftwareKey()
        password_step(client, self.cast.ben)
        options = client.post(reverse("second-factor-key-question")).json()

        client.post(reverse("second-factor-key"), {"name": "Key", "credential": key.make(options)})

        self.assertTrue(is_in(client))

    def test_who_knows_the_password_only_adds_no_second_one(self) -> None:
        self.demand("everybody")
        thief, owner = Client(), Client()
        password_step(thief, self.cast.ben)
        password_step(owner, self.cast.ben)
        secret = scan(thief)
        switch_on(owner)

        answer = thief.post(reverse("second-factor-app"), {"code": code_now(secret)})

        self.assertNotEqual(answer.status_code, 200)
        self.assertFalse(is_in(thief))
        self.assertEqual(SecondFactor.objects.count(), 1)
        with pytest.raises(AlreadySetUp):
            factor_actions.add_app(self.cast.ben, secret=secret, code=code_now(secret), first=True)

    def test_invited_person_sets_it_up_at_once(self) -> None:
        self.demand("everybody")
        _invitation, token = actions.invite_agent(self.cast.workspace, by=self.cast.ada, email="neu@radhaus.example")
        client = Client()

        answer = client.post(
            reverse("invitation", args=[token]), {"name": "Nele Neu", "password": "ein-neues-langes-passwort"}
        )

        self.assertRedirects(answer, reverse("second-factor-set-up"))
        self.assertFalse(is_in(client))
        switch_on(client)
        self.assertTrue(is_in(client))

    def test_only_admins_decide(self) -> None:
        fresh(self.client, self.cast.lea)

        answer = self.client.post(reverse("settings-second-factor-rule"), {"second_factor_rule": "everybody"})

        self.assertEqual(answer.status_code, 403)
        self.cast.workspace.refresh_from_db()
        self.assertEqual(self.cast.workspace.second_factor_rule, "")

    def test_nonsense_is_refused(self) -> None:
        fresh(self.client, self.cast.ada)

        answer = self.client.post(reverse("settings-second-factor-rule"), {"second_factor_rule": "cats"})

        self.assertEqual(answer.status_code, 422)


class ResetTests(PeopleTestCase):
    def test_admin_resets_a_colleague_whose_phone_is_gone(self) -> None:
        fresh(self.client, self.cast.ada)
        ben = Client()
        factories.app_factor(self.cast.ben)
        recovery_codes.renew(self.cast.ben)
        ben.force_login(self.cast.ben)

        self.client.post(reverse("settings-person-second-factor", args=[self.cast.ben.pk]))

        self.assertEqual((SecondFactor.objects.count(), self.cast.ben.recovery_codes.count()), (0, 0))
        self.assertEqual(ben.get(reverse("profile")).status_code, 302)
        entry = AuditEntry.objects.get(verb="factor.reset")
        self.assertEqual((entry.actor, entry.subject), (self.cast.ada, self.cast.ben.email))

    def test_ones_own_are_not_reset_but_removed(self) -> None:
        factories.app_factor(self.cast.ada)
        fresh(self.client, self.cast.ada)

        self.client.post(reverse("settings-person-second-factor", args=[self.cast.ada.pk]))

        self.assertEqual(SecondFactor.objects.count(), 1)

    def test_command_for_the_last_admin(self) -> None:
        factories.app_factor(self.cast.ada)
        out = StringIO()

        call_command("reset_second_factor", "ADA@radhaus.example", stdout=out)

        self.assertIn("1 second factors of ada@radhaus.example", out.getvalue())
        self.assertEqual(SecondFactor.objects.count(), 0)
        self.assertIsNone(AuditEntry.objects.get(verb="factor.reset").actor)
        self.assertEqual(Agent.objects.get(pk=self.cast.ada.pk).role, Role.ADMIN)
        with pytest.raises(CommandError):
            call_command("reset_second_factor", "nobody@radhaus.example")
