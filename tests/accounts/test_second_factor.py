"""Signing in with two factors: what each step opens, what it does not, and what cannot be used twice."""

import threading
import time
from unittest import mock

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client, TestCase, TransactionTestCase, override_settings
from django.urls import reverse

from accounts import authenticator_app, links, recovery_codes, throttle
from accounts.fields import decrypt
from accounts.models import Agent, AuditEntry, LoginThrottle, RecoveryCode, SecondFactor
from inbox import socket_auth
from tests import factories
from tests.cast import make_cast
from tests.signing_in import prove
from tests.software_key import SoftwareKey

STEP = authenticator_app.STEP_SECONDS
LOCALHOST = {"HTTP_HOST": "localhost:8000"}


def code_now(secret: str, later: int = 0) -> str:
    """The code of this half minute, or of a later one."""
    return authenticator_app.code_at(secret, int(time.time() // STEP) + later)


def password_step(client: Client, agent: Agent, **extra: str) -> HttpResponse:
    return client.post(reverse("login"), {"email": agent.email, "password": factories.PASSWORD} | extra)


def code_step(client: Client, code: str) -> HttpResponse:
    return client.post(reverse("second-factor"), {"code": code})


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


class FactorTestCase(TestCase):
    def setUp(self) -> None:
        self.cast = make_cast()
        self.ben = self.cast.ben
        self.app, self.secret = factories.app_factor(self.ben)


class CodeTests(FactorTestCase):
    def test_password_alone_opens_nothing(self) -> None:
        answer = password_step(self.client, self.ben, next="/board/")

        self.assertRedirects(answer, reverse("second-factor"))
        self.assertFalse(is_in(self.client))
        self.assertEqual(self.client.get(reverse("profile")).status_code, 302)
        self.assertEqual(throttle.device_cookie_name() in self.client.cookies, False)

    def test_password_alone_opens_no_socket(self) -> None:
        password_step(self.client, self.ben)
        key = self.client.session.session_key
        self.assertTrue(key)
        cookie = f"{settings.SESSION_COOKIE_NAME}={key}".encode()

        self.assertIsNone(socket_auth.sign_in([(b"cookie", cookie)]))
        code_step(self.client, code_now(self.secret))
        cookie = f"{settings.SESSION_COOKIE_NAME}={self.client.session.session_key}".encode()
        self.assertIsNotNone(socket_auth.sign_in([(b"cookie", cookie)]))

    def test_right_code_leads_where_one_wanted_to_go(self) -> None:
        password_step(self.client, self.ben, next="/accounts/profile/")
        halfway = self.client.session.session_key

        answer = code_step(self.client, code_now(self.secret))

        self.assertRedirects(answer, "/accounts/profile/")
        self.assertTrue(is_in(self.client))
        self.assertNotEqual(self.client.session.session_key, halfway)
        self.assertNotIn("entering", self.client.session)

    def test_a_code_is_good_once(self) -> None:
        code = code_now(self.secret)
        for client, status in ((Client(), 302), (Client(), 422)):
            password_step(client, self.ben)
            self.assertEqual(code_step(client, code).status_code, status)

    def test_an_earlier_code_than_the_last_is_refused_too(self) -> None:
        first, second = Client(), Client()
        for client in (first, second):
            password_step(client, self.ben)
        self.assertEqual(code_step(first, code_now(self.secret, later=1)).status_code, 302)

        self.assertEqual(code_step(second, code_now(self.secret)).status_code, 422)

    def test_codes_of_other_times_and_other_people_are_wrong(self) -> None:
        _app, others = factories.app_factor(self.cast.lea)
        password_step(self.client, self.ben)

        others_code, early, late = code_now(others), code_now(self.secret, -3), code_now(self.secret, 3)
        for code in (early, late, others_code, "", "12345", "１２３４５６"):
            LoginThrottle.objects.all().delete()
            self.assertEqual(code_step(self.client, code).status_code, 422, code)
        self.assertFalse(is_in(self.client))

    def test_spaces_in_a_code_do_no_harm(self) -> None:
        code = code_now(self.secret)
        password_step(self.client, self.ben)

        self.assertEqual(code_step(self.client, f" {code[:3]} {code[3:]} ").status_code, 302)

    def test_second_step_without_the_first_leads_back(self) -> None:
        self.assertRedirects(code_step(self.client, code_now(self.secret)), reverse("login"))
        self.assertRedirects(self.client.post(reverse("second-factor-question")), reverse("login"))

    def test_first_step_holds_for_ten_minutes_and_for_this_password(self) -> None:
        password_step(self.client, self.ben)
        with mock.patch("accounts.entering.time.time", return_value=time.time() + 601):
            self.assertRedirects(code_step(self.client, code_now(self.secret)), reverse("login"))
        self.ben.set_password("etwas-ganz-anderes-jetzt")
        self.ben.save()

        self.assertRedirects(code_step(self.client, code_now(self.secret)), reverse("login"))

    def test_deactivated_in_between_is_out(self) -> None:
        password_step(self.client, self.ben)
        Agent.objects.filter(pk=self.ben.pk).update(is_active=False)

        self.assertRedirects(code_step(self.client, code_now(self.secret)), reverse("login"))

    def test_first_step_signs_out_whoever_was_here(self) -> None:
        self.client.force_login(self.cast.lea)

        password_step(self.client, self.ben)

        self.assertFalse(is_in(self.client))

    def test_password_link_does_not_go_around_it(self) -> None:
        link = links.reset_link(self.ben).split("8000", 1)[1]
        self.client.post(link, {"password": "ein-neues-langes-passwort"})

        self.assertFalse(is_in(self.client))
        self.client.post(reverse("login"), {"email": self.ben.email, "password": "ein-neues-langes-passwort"})
        self.assertFalse(is_in(self.client))

    def test_who_may_prove_a_factor_may_not_set_one_up(self) -> None:
        password_step(self.client, self.ben)

        for name in ("second-factor-set-up", "second-factor-app", "second-factor-key"):
            self.assertRedirects(self.client.get(reverse(name)), reverse("second-factor"))
        for name in ("second-factor-app", "second-factor-key", "second-factor-key-question"):
            self.assertRedirects(self.client.post(reverse(name)), reverse("second-factor"))
        self.assertEqual(SecondFactor.objects.count(), 1)

    def test_strangers_set_up_nothing(self) -> None:
        for name in ("second-factor-set-up", "second-factor-app", "second-factor-key", "second-factor-key-question"):
            for ask in (self.client.get, self.client.post):
                self.assertTrue(ask(reverse(name))["Location"].startswith("/accounts/login/"))

    def test_secret_is_unreadable_in_the_database_and_in_sessions(self) -> None:
        fresh(self.client, self.cast.lea)
        self.client.get(reverse("second-factor-app"))
        new = decrypt(self.client.session["new_app"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(t)::text FROM accounts_secondfactor t")
            stored = str(cursor.fetchall())
        self.assertNotIn(self.secret, stored)
        self.assertNotIn(new, str(dict(self.client.session)))


def fresh(client: Client, agent: Agent) -> None:
    """Signed in just now."""
    client.force_login(Agent.objects.get(pk=agent.pk))  # with the epoch of now
    prove(client, time.time())


class ThrottleTests(FactorTestCase):
    def test_after_five_wrong_codes_the_right_one_is_refused(self) -> None:
        password_step(self.client, self.ben)
        for _ in range(throttle.PER_FACTOR):
            self.assertEqual(code_step(self.client, "000000").status_code, 422)

        answer = code_step(self.client, code_now(self.secret))

        self.assertEqual(answer.status_code, 429)
        self.assertFalse(is_in(self.client))

    def test_the_password_again_does_not_buy_new_tries(self) -> None:
        for _ in range(throttle.PER_FACTOR + 1):
            client = Client()
            password_step(client, self.ben)
            answer = code_step(client, "000000")

        self.assertEqual(answer.status_code, 429)

    def test_a_day_has_its_own_limit(self) -> None:
        password_step(self.client, self.ben)
        for _ in range(throttle.FACTOR_PER_DAY):
            LoginThrottle.objects.filter(key__startswith="factor:").delete()  # quarters of an hour go by
            code_step(self.client, "000000")
        LoginThrottle.objects.filter(key__startswith="factor:").delete()

        self.assertEqual(code_step(self.client, code_now(self.secret)).status_code, 429)

    def test_owner_gets_in_from_a_known_device_all_the_same(self) -> None:
        owner, thief = Client(), Client()
        password_step(owner, self.ben)
        code_step(owner, code_now(self.secret, -1))
        owner.post(reverse("logout"))
        password_step(thief, self.ben)
        for _ in range(throttle.PER_FACTOR + 1):
            code_step(thief, "000000")

        password_step(owner, self.ben)
        self.assertEqual(code_step(owner, code_now(self.secret)).status_code, 302)

    def test_good_codes_are_no_tries(self) -> None:
        for step in range(throttle.PER_FACTOR + 2):
            SecondFactor.objects.update(last_step=0)
            client = Client()
            password_step(client, self.ben)
            self.assertEqual(code_step(client, code_now(self.secret)).status_code, 302, step)


class RecoveryCodeTests(FactorTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.codes = recovery_codes.renew(self.ben)

    def test_each_works_once_however_it_is_typed(self) -> None:
        first, second, *_ = self.codes
        for typed, status in ((first.upper().replace("-", " "), 302), (first, 422), (second, 302)):
            client = Client()
            password_step(client, self.ben)
            self.assertEqual(code_step(client, typed).status_code, status, typed)
        self.assertEqual(recovery_codes.left(self.ben), recovery_codes.COUNT - 2)
        self.assertEqual(AuditEntry.objects.filter(verb="factor.recovered").count(), 2)

    def test_they_are_hashed(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(t)::text FROM accounts_recoverycode t")
            stored = str(cursor.fetchall())
        for code in self.codes:
            self.assertNotIn(code.replace("-", "")[4:], stored)

    def test_somebody_elses_do_not_work(self) -> None:
        factories.app_factor(self.cast.lea)
        password_step(self.client, self.cast.lea)

        self.assertEqual(code_step(self.client, self.codes[0]).status_code, 422)

    def test_new_ones_end_the_old_ones_and_are_shown_once(self) -> None:
        fresh(self.client, self.ben)

        page = self.client.post(reverse("profile-recovery-codes"), follow=True)

        new = page.context["codes"]
        self.assertEqual(len(set(new) | set(self.codes)), 2 * recovery_codes.COUNT)
        self.assertEqual(recovery_codes.use(self.ben, self.codes[0]), False)
        for code in new:
            self.assertContains(page, code)
        self.assertNotIn(new[0], str(dict(self.client.session)))
        self.assertContains(self.client.get(reverse("recovery-codes-file")), new[9])
        self.client.post(reverse("recovery-codes"))
        for name in ("recovery-codes", "recovery-codes-file"):
            self.assertRedirects(self.client.get(reverse(name)), reverse("profile-security"))

    def test_without_a_factor_there_are_none(self) -> None:
        fresh(self.client, self.cast.lea)

        self.assertEqual(self.client.post(reverse("profile-recovery-codes")).status_code, 404)
        self.assertEqual(RecoveryCode.objects.filter(agent=self.cast.lea).count(), 0)


class ParallelTests(TransactionTestCase):
    def race(self, code: str, agent: Agent) -> list[int]:
        clients = [Client() for _ in range(4)]
        for client in clients:
            password_step(client, agent)
        start, codes = threading.Barrier(len(clients)), []

        def go(client: Client) -> None:
            start.wait()
            codes.append(code_step(client, code).status_code)
            connection.close()

        threads = [threading.Thread(target=go, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(codes)

    def test_of_many_at_once_with_the_same_code_one_gets_in(self) -> None:
        ben = factories.agent(factories.workspace())
        _app, secret = factories.app_factor(ben)
        [paper, *_] = recovery_codes.renew(ben)

        self.assertEqual(self.race(code_now(secret), ben), [302, 422, 422, 422])
        LoginThrottle.objects.all().delete()
        self.assertEqual(self.race(paper, ben), [302, 422, 422, 422])


@pytest.mark.parametrize("step", [1, 37037036, 41152263, 66666666])
def test_codes_are_those_of_the_standard(step: int) -> None:
    """RFC 6238, appendix B, the last six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    known = {1: "287082", 37037036: "081804", 41152263: "005924", 66666666: "279037"}

    assert authenticator_app.code_at(secret, step) == known[step]


class KeyTests(FactorTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.client = Client(**LOCALHOST)

    def add(self, key: SoftwareKey, agent: Agent | None = None) -> HttpResponse:
        fresh(self.client, agent or self.ben)
        options = self.client.post(reverse("second-factor-key-question")).json()
        return self.client.post(reverse("second-factor-key"), {"name": "Laptop", "credential": key.make(options)})

    def step(self, key: SoftwareKey, agent: Agent | None = None, client: Client | None = None) -> HttpResponse:
        client = client or Client(**LOCALHOST)
        password_step(client, agent or self.ben)
        options = client.post(reverse("second-factor-question")).json()
        return client.post(reverse("second-factor"), {"credential": key.sign(options)})

    def test_key_signs_in(self) -> None:
        for key in (SoftwareKey(), SoftwareKey(counts=False)):
            self.assertEqual(self.add(key).status_code, 302)

            self.assertEqual(self.step(key).status_code, 302)
            self.assertEqual(self.step(key).status_code, 302)
        self.assertEqual(SecondFactor.objects.filter(kind="key", name="Laptop").count(), 2)

    def test_answer_to_an_earlier_question_is_worth_nothing(self) -> None:
        key, client = SoftwareKey(counts=False), Client(**LOCALHOST)
        self.add(key)
        password_step(client, self.ben)
        answer = key.sign(client.post(reverse("second-factor-question")).json())
        client.post(reverse("second-factor-question"))

        self.assertEqual(client.post(reverse("second-factor"), {"credential": answer}).status_code, 422)

    def test_an_answer_is_good_once(self) -> None:
        key, client = SoftwareKey(counts=False), Client(**LOCALHOST)
        self.add(key)
        password_step(client, self.ben)
        answer = key.sign(client.post(reverse("second-factor-question")).json())
        asked = dict(client.session)
        self.assertEqual(client.post(reverse("second-factor"), {"credential": answer}).status_code, 302)
        session = client.session  # as if the second had come at the same moment as the first
        session.flush()
        session.update(asked)
        session.save()
        client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key

        self.assertEqual(client.post(reverse("second-factor"), {"credential": answer}).status_code, 422)

    def test_foreign_keys_origins_and_nonsense_are_refused(self) -> None:
        mine, leas, elsewhere = SoftwareKey(), SoftwareKey(), SoftwareKey(counts=False)
        self.add(leas, self.cast.lea)
        self.add(elsewhere)
        self.add(mine)
        elsewhere.origin = "http://localhost:9999"

        self.assertEqual(self.step(leas).status_code, 422)
        self.assertEqual(self.step(elsewhere).status_code, 422)
        self.assertEqual(self.step(SoftwareKey()).status_code, 422)
        client = Client(**LOCALHOST)
        password_step(client, self.ben)
        for nonsense in ("", "x", "[]", "{}", "[" * 5000, '{"id":1}', "null"):
            client.post(reverse("second-factor-question"))
            LoginThrottle.objects.all().delete()
            answer = client.post(reverse("second-factor"), {"credential": nonsense})
            self.assertEqual(answer.status_code, 422, nonsense[:10])

    def test_key_that_falls_behind_its_own_count_was_copied(self) -> None:
        key = SoftwareKey()
        self.add(key)
        self.assertEqual(self.step(key).status_code, 302)
        key.count = 0

        self.assertEqual(self.step(key).status_code, 422)

    def test_the_same_key_is_not_added_twice(self) -> None:
        key = SoftwareKey()
        self.add(key)

        self.assertEqual(self.add(key).status_code, 422)
        self.assertEqual(SecondFactor.objects.filter(kind="key").count(), 1)

    def test_under_an_ip_address_the_page_says_that_keys_need_a_name(self) -> None:
        client = Client(HTTP_HOST="127.0.0.1:8000")
        fresh(client, self.ben)

        self.assertNotContains(client.get(reverse("second-factor-key")), "security-key")
        self.assertContains(self.client_at_localhost().get(reverse("second-factor-key")), "<security-key")

    def client_at_localhost(self) -> Client:
        fresh(self.client, self.ben)
        return self.client

    @override_settings(DEMO=False, BASE_URL="https://inbox.example", ALLOWED_ORIGINS=["https://inbox.example"])
    def test_in_production_keys_belong_to_the_one_name(self) -> None:
        key = SoftwareKey("https://inbox.example")

        self.assertEqual(self.add(key).status_code, 302)
        self.assertEqual(self.step(key).status_code, 302)
