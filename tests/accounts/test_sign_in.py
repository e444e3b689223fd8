"""Signing in: the same answer for everybody who may not, and a limit that holds under parallel tries."""

import threading
from types import SimpleNamespace
from unittest import mock

from django.contrib.auth.hashers import check_password
from django.core import signing
from django.db import connection
from django.test import Client, TestCase, TransactionTestCase, override_settings
from django.urls import reverse

from accounts import throttle
from accounts.models import Agent
from tests import factories
from tests.cast import make_cast

LOGIN = "/accounts/login/"


def try_sign_in(client: Client, email: str, password: str, **extra):  # type: ignore[no-untyped-def]
    return client.post(LOGIN, {"email": email, "password": password, "stay": "on"}, **extra)


class SignInTests(TestCase):
    def setUp(self) -> None:
        self.cast = make_cast()

    def test_right_password_opens_the_page_that_was_wanted(self) -> None:
        response = self.client.post(
            LOGIN, {"email": "BEN@radhaus.example ", "password": factories.PASSWORD, "next": "/accounts/profile/"}
        )

        self.assertRedirects(response, "/accounts/profile/", fetch_redirect_response=False)
        self.assertEqual(self.client.session["_auth_user_id"], str(self.cast.ben.pk))

    def test_session_key_is_new_after_sign_in(self) -> None:
        session = self.client.session
        session["before"] = 1
        session.save()
        self.client.cookies[self._cookie()] = session.session_key

        try_sign_in(self.client, "ben@radhaus.example", factories.PASSWORD)

        self.assertNotEqual(self.client.session.session_key, session.session_key)

    def _cookie(self) -> str:
        from django.conf import settings

        return settings.SESSION_COOKIE_NAME

    def test_unknown_and_known_address_get_the_same_answer(self) -> None:
        self.cast.lea.is_active = False
        self.cast.lea.save()
        answers = set()
        for email in ("ben@radhaus.example", "nobody@radhaus.example", "lea@radhaus.example"):
            response = try_sign_in(Client(), email, "wrong-password-here")
            body = response.content.decode().replace(email, "EMAIL")
            token = response.context["csrf_token"]
            nonce = response.context.get("CSP_NONCE")
            answers.add((response.status_code, body.replace(str(token), "T").replace(str(nonce), "N")))

        self.assertEqual(len(answers), 1)
        self.assertEqual(answers.pop()[0], 422)

    def test_a_password_is_hashed_for_unknown_addresses_too(self) -> None:
        with mock.patch("django.contrib.auth.hashers.MD5PasswordHasher.encode", return_value="md5$x$y") as hashing:
            try_sign_in(self.client, "nobody@radhaus.example", "wrong-password-here")

        self.assertEqual(hashing.call_count, 1)

    def test_target_outside_of_this_site_is_ignored(self) -> None:
        for target in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"):
            response = Client().post(
                LOGIN, {"email": "ben@radhaus.example", "password": factories.PASSWORD, "next": target}
            )
            self.assertEqual(response["Location"], "/", target)

    def test_without_staying_the_session_ends_with_the_browser(self) -> None:
        response = self.client.post(LOGIN, {"email": "ben@radhaus.example", "password": factories.PASSWORD})

        self.assertEqual(response.cookies[self._cookie()]["max-age"], "")

    def test_language_is_chosen_before_sign_in_and_kept(self) -> None:
        english = self.client.get(LOGIN + "?language=en")
        later = self.client.get(LOGIN)

        self.assertEqual(english["Content-Language"], "en")
        self.assertEqual(later["Content-Language"], "en")
        self.assertEqual(self.client.get(LOGIN + "?language=xx")["Content-Language"], "en")

    def test_sign_out_needs_a_post(self) -> None:
        self.client.force_login(self.cast.ben)

        self.assertEqual(self.client.get(reverse("logout")).status_code, 405)
        self.assertIn("_auth_user_id", self.client.session)
        self.client.post(reverse("logout"))
        self.assertNotIn("_auth_user_id", self.client.session)

    def test_post_without_csrf_token_is_refused(self) -> None:
        client = Client(enforce_csrf_checks=True)

        response = try_sign_in(client, "ben@radhaus.example", factories.PASSWORD)

        self.assertEqual(response.status_code, 403)
        self.assertNotIn("_auth_user_id", client.session)


class ThrottleTests(TestCase):
    def setUp(self) -> None:
        self.ben = make_cast().ben

    def fail(self, client: Client, times: int, email: str = "ben@radhaus.example", **extra):  # type: ignore[no-untyped-def]
        for _ in range(times):
            response = try_sign_in(client, email, "wrong-password-here", **extra)
        return response

    def test_too_many_tries_are_refused_in_words_even_with_the_right_password(self) -> None:
        self.fail(self.client, throttle.PER_ACCOUNT)

        response = try_sign_in(self.client, "ben@radhaus.example", factories.PASSWORD)

        self.assertEqual(response.status_code, 429)
        self.assertGreater(int(response["Retry-After"]), 0)
        self.assertNotIn("_auth_user_id", self.client.session)

    def test_unknown_addresses_are_limited_just_the_same(self) -> None:
        self.fail(self.client, throttle.PER_ACCOUNT, email="nobody@radhaus.example")

        self.assertEqual(self.fail(self.client, 1, email="nobody@radhaus.example").status_code, 429)

    def test_refused_tries_hash_nothing(self) -> None:
        self.fail(self.client, throttle.PER_ACCOUNT)

        with mock.patch("accounts.views.sign_in.authenticate") as authenticate:
            self.fail(self.client, 5)

        authenticate.assert_not_called()

    def test_owner_gets_in_from_a_known_device_while_others_are_locked_out(self) -> None:
        owner = Client(REMOTE_ADDR="192.0.2.1")
        try_sign_in(owner, "ben@radhaus.example", factories.PASSWORD)
        owner.post(reverse("logout"))
        for number in range(30):
            self.fail(Client(REMOTE_ADDR=f"198.51.100.{number}"), 1)

        self.assertEqual(try_sign_in(Client(), "ben@radhaus.example", factories.PASSWORD).status_code, 429)
        self.assertEqual(try_sign_in(owner, "ben@radhaus.example", factories.PASSWORD).status_code, 302)

    def test_known_device_has_a_limit_of_its_own(self) -> None:
        try_sign_in(self.client, "ben@radhaus.example", factories.PASSWORD)
        self.client.post(reverse("logout"))

        self.fail(self.client, throttle.PER_DEVICE)

        self.assertEqual(try_sign_in(self.client, "ben@radhaus.example", factories.PASSWORD).status_code, 429)

    def test_forged_device_mark_is_worth_nothing(self) -> None:
        mark = {throttle.account_key("ben@radhaus.example"): "x"}
        forged = signing.dumps(mark, key="guessed", salt=throttle.DEVICE_SALT)
        self.client.cookies[throttle.device_cookie_name()] = forged
        self.fail(self.client, throttle.PER_ACCOUNT)

        self.assertEqual(self.fail(self.client, 1).status_code, 429)

    def test_one_network_may_not_try_many_accounts(self) -> None:
        for number in range(throttle.PER_NETWORK):
            self.fail(self.client, 1, email=f"a{number}@radhaus.example", REMOTE_ADDR="203.0.113.9")

        other = {"email": "z@radhaus.example"}
        self.assertEqual(self.fail(self.client, 1, **other, REMOTE_ADDR="203.0.113.9").status_code, 429)
        self.assertEqual(self.fail(self.client, 1, **other, REMOTE_ADDR="203.0.113.8").status_code, 422)

    def test_good_sign_ins_are_no_tries(self) -> None:
        for _ in range(throttle.PER_ACCOUNT + 5):
            self.assertEqual(try_sign_in(Client(), "ben@radhaus.example", factories.PASSWORD).status_code, 302)

    def test_client_cannot_choose_its_network(self) -> None:
        for number in range(throttle.PER_NETWORK):
            self.fail(self.client, 1, email=f"a{number}@radhaus.example", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")

        self.assertEqual(
            self.fail(self.client, 1, email="z@radhaus.example", HTTP_X_FORWARDED_FOR="10.9.9.9").status_code, 429
        )

    @override_settings(TRUSTED_PROXY_COUNT=1)
    def test_behind_a_proxy_the_address_it_saw_counts(self) -> None:
        for number in range(throttle.PER_NETWORK):
            self.fail(
                self.client, 1, email=f"a{number}@radhaus.example", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}, 203.0.113.7"
            )

        same, other = {"HTTP_X_FORWARDED_FOR": "1.1.1.1, 203.0.113.7"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.6"}
        self.assertEqual(self.fail(self.client, 1, email="z@radhaus.example", **same).status_code, 429)
        self.assertEqual(self.fail(self.client, 1, email="z@radhaus.example", **other).status_code, 422)

    def test_table_names_nobody(self) -> None:
        self.fail(self.client, 1)

        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(key, ' ') FROM accounts_loginthrottle")
            keys = cursor.fetchone()[0]
        self.assertNotIn("ben", keys)
        self.assertNotIn("127.0.0.1", keys)


@mock.patch.object(throttle, "time", SimpleNamespace(time=lambda: 1_800_000_000.0))  # else a quarter of an hour may end
class ParallelTryTests(TransactionTestCase):
    def test_of_fifty_tries_at_once_from_fifty_addresses_only_the_allowed_number_is_evaluated(self) -> None:
        factories.agent(factories.workspace(), email="ben@radhaus.example")
        start, evaluated, codes = threading.Barrier(25), [], []

        def counting(password: str, encoded: str, *args, **kwargs):  # type: ignore[no-untyped-def]
            evaluated.append(1)
            return check_password(password, encoded, *args, **kwargs)

        def attack(number: int) -> None:
            client = Client(REMOTE_ADDR=f"198.51.100.{number}")
            start.wait()
            for try_ in range(2):
                codes.append(try_sign_in(client, "ben@radhaus.example", f"wrong-{try_}").status_code)
            connection.close()

        with mock.patch.object(Agent, "check_password", lambda self, raw: counting(raw, self.password)):
            threads = [threading.Thread(target=attack, args=(number,)) for number in range(25)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        self.assertEqual(len(codes), 50)
        self.assertEqual(len(evaluated), throttle.PER_ACCOUNT)
        self.assertEqual(sorted(set(codes)), [422, 429])
        self.assertEqual(codes.count(422), throttle.PER_ACCOUNT)


@override_settings(DEMO=False)
class DemoPasswordTests(TestCase):
    def test_people_of_a_demo_workspace_are_shut_out_when_demo_mode_is_off(self) -> None:
        demo = factories.workspace(is_demo=True)
        factories.agent(demo, email="mara@radhaus.example", password="radhaus-demo")
        factories.agent(demo, email="jonas@radhaus.example", password="another-long-password")

        self.assertEqual(try_sign_in(self.client, "mara@radhaus.example", "radhaus-demo").status_code, 422)
        self.assertEqual(try_sign_in(self.client, "jonas@radhaus.example", "another-long-password").status_code, 422)

    def test_session_from_demo_mode_ends_when_demo_mode_is_off(self) -> None:
        mara = factories.agent(factories.workspace(is_demo=True), email="mara@radhaus.example")
        self.client.force_login(mara)

        response = self.client.get(reverse("profile"))

        self.assertRedirects(response, f"{LOGIN}?next={reverse('profile')}", fetch_redirect_response=False)

    def test_published_password_opens_no_account(self) -> None:
        factories.agent(factories.workspace(), email="ada@radhaus.example", password="radhaus-demo")

        self.assertEqual(try_sign_in(self.client, "ada@radhaus.example", "radhaus-demo").status_code, 422)

    def test_published_password_cannot_be_chosen(self) -> None:
        ada = factories.agent(factories.workspace(), email="ada@radhaus.example")
        self.client.force_login(ada)

        response = self.client.post(
            reverse("profile-password"), {"current": factories.PASSWORD, "password": "Radhaus-Demo"}
        )

        self.assertEqual(response.status_code, 422)
        ada.refresh_from_db()
        self.assertTrue(ada.check_password(factories.PASSWORD))
