"""Forgotten, changed and reset passwords; sessions that end with them."""

import io
import logging
import time
from datetime import datetime, timedelta
from unittest import mock

from django.conf import settings
from django.core import mail
from django.test import Client, TestCase, override_settings
from django.urls import reverse

from accounts import actions, links
from accounts.models import AuditEntry
from tests import factories
from tests.cast import make_cast
from tests.recording_queue import forget_jobs, recorded_jobs, run_jobs

NEW_PASSWORD = "ein-neues-langes-passwort"
RESET = "/accounts/password-reset/"


def path(link: str) -> str:
    return link.removeprefix("http://127.0.0.1:8000")


class PasswordChangeTests(TestCase):
    def setUp(self) -> None:
        self.ben = make_cast().ben
        self.client.force_login(self.ben)

    def change(self, current: str, password: str = NEW_PASSWORD):  # type: ignore[no-untyped-def]
        return self.client.post(reverse("profile-password"), {"current": current, "password": password})

    def test_this_device_stays_others_are_signed_out(self) -> None:
        elsewhere = Client()
        elsewhere.force_login(self.ben)

        self.assertEqual(self.change(factories.PASSWORD).status_code, 302)

        self.assertEqual(self.client.get(reverse("profile")).status_code, 200)
        self.assertEqual(elsewhere.get(reverse("profile")).status_code, 302)

    def test_needs_the_current_password_and_few_guesses_are_allowed(self) -> None:
        codes = [self.change("wrong").status_code for _ in range(12)]

        self.assertEqual(codes[:10], [422] * 10)
        self.assertEqual(codes[10:], [429] * 2)
        self.ben.refresh_from_db()
        self.assertTrue(self.ben.check_password(factories.PASSWORD))


class ForgottenPasswordTests(TestCase):
    def setUp(self) -> None:
        self.ben = make_cast().ben
        forget_jobs()

    def test_without_mail_the_page_says_whom_to_ask(self) -> None:
        response = self.client.post(RESET, {"email": "ben@radhaus.example"})

        self.assertEqual(response.status_code, 200)
        self.assertEqual(recorded_jobs("send_password_link"), [])

    @override_settings(EMAIL_HOST="mail.example")
    def test_known_and_unknown_address_get_the_same_page_and_the_same_work(self) -> None:
        pages = set()
        for email in ("ben@radhaus.example", "nobody@radhaus.example"):
            response = Client().post(RESET, {"email": email})
            pages.add((response.status_code, response.content))

        self.assertEqual(len(pages), 1)
        self.assertEqual(len(recorded_jobs("send_password_link")), 2)
        run_jobs()
        self.assertEqual([message.to for message in mail.outbox], [["ben@radhaus.example"]])

    @override_settings(EMAIL_HOST="mail.example", BASE_URL="https://tresen.example")
    def test_one_mail_in_ten_minutes_with_our_own_host(self) -> None:
        for _ in range(10):
            self.client.post(RESET, {"email": "ben@radhaus.example"})
        run_jobs()

        self.assertEqual(len(mail.outbox), 1)
        self.assertIn(f"https://tresen.example{RESET}", mail.outbox[0].body)

    @override_settings(EMAIL_HOST="mail.example")
    def test_foreign_host_header_is_refused(self) -> None:
        response = self.client.post(RESET, {"email": "ben@radhaus.example"}, HTTP_HOST="evil.example")

        self.assertEqual(response.status_code, 400)
        self.assertEqual(recorded_jobs("send_password_link"), [])

    @override_settings(EMAIL_HOST="mail.example")
    def test_queued_job_holds_no_token(self) -> None:
        self.client.post(RESET, {"email": "ben@radhaus.example"})

        self.assertEqual([job.args for job in recorded_jobs("send_password_link")], [("ben@radhaus.example",)])


class PasswordLinkTests(TestCase):
    def setUp(self) -> None:
        self.cast = make_cast()
        self.link = path(actions.create_reset_link(self.cast.ben, by=self.cast.ada))

    def test_sets_a_password_once_and_ends_every_session(self) -> None:
        elsewhere = Client()
        elsewhere.force_login(self.cast.ben)
        self.link = path(actions.create_reset_link(self.cast.ben, by=self.cast.ada))  # a sign-in ends earlier ones

        first = self.client.post(self.link, {"password": NEW_PASSWORD})
        second = self.client.post(self.link, {"password": NEW_PASSWORD + "2"})

        self.assertRedirects(first, "/accounts/login/", fetch_redirect_response=False)
        self.assertEqual(second.status_code, 410)
        self.assertEqual(elsewhere.get(reverse("profile")).status_code, 302)
        self.cast.ben.refresh_from_db()
        self.assertTrue(self.cast.ben.check_password(NEW_PASSWORD))

    def test_holds_for_an_hour_at_most(self) -> None:
        self.assertLessEqual(settings.PASSWORD_RESET_TIMEOUT, 3600)
        later = datetime.now() + timedelta(seconds=3601)  # noqa: DTZ005 - Django's generator counts naive seconds

        with mock.patch.object(links.password_link, "_now", return_value=later):
            self.assertEqual(self.client.get(self.link).status_code, 410)

    def test_is_void_for_others_and_for_the_deactivated(self) -> None:
        token = self.link.rstrip("/").rpartition("/")[2]
        other = path(links.reset_link(self.cast.ada)).rsplit("/", 2)[0]
        self.assertEqual(self.client.get(f"{other}/{token}/").status_code, 410)

        actions.deactivate_agent(self.cast.ben, by=self.cast.ada)

        self.assertEqual(self.client.get(self.link).status_code, 410)

    def test_rubbish_is_void_too(self) -> None:
        for person in ("x", "MQ", "_" * 50, "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
            self.assertEqual(self.client.get(f"{RESET}{person}/abc-def/").status_code, 410, person)

    def test_stands_in_no_log_of_acts(self) -> None:
        self.assertNotIn(self.link.rstrip("/").rpartition("/")[2], str(AuditEntry.objects.values()))


class LogTests(TestCase):
    def test_tokens_of_links_stand_in_no_log_line(self) -> None:
        out = io.StringIO()
        handler = logging.getLogger("django").handlers[0]
        self.assertEqual(settings.LOGGING["handlers"]["stderr"]["filters"], ["discreet"])
        cast = make_cast()
        link = path(actions.create_reset_link(cast.ben, by=cast.ada))
        _invitation, token = actions.invite_agent(cast.workspace, by=cast.ada, email="neu@radhaus.example")

        with mock.patch.object(handler, "stream", out):
            self.client.post(link, {"password": "kurz"})
            self.client.post(reverse("invitation", args=[token]), {"name": "Nele", "password": "kurz"})

        self.assertIn("/accounts/invitation/…", out.getvalue())
        self.assertIn("/accounts/password-reset/", out.getvalue())
        self.assertNotIn(token, out.getvalue())
        self.assertNotIn(link.rstrip("/").rpartition("/")[2], out.getvalue())


class SessionLifetimeTests(TestCase):
    def setUp(self) -> None:
        make_cast()
        self.sign_in()

    def sign_in(self) -> None:
        data = {"email": "ben@radhaus.example", "password": factories.PASSWORD, "stay": "on"}
        self.client.post("/accounts/login/", data)

    def age(self, **seconds: int) -> None:
        session = self.client.session
        for name, value in seconds.items():
            session[name] = int(time.time()) - value
        session.save()

    def test_idle_session_ends_after_twelve_hours(self) -> None:
        self.age(active_at=12 * 3600 - 60)
        self.assertEqual(self.client.get(reverse("profile")).status_code, 200)

        self.age(active_at=12 * 3600 + 1)
        self.assertEqual(self.client.get(reverse("profile")).status_code, 302)

    def test_what_a_page_asks_for_by_itself_does_not_keep_a_session_awake(self) -> None:
        for automatic in ({"X-Automatic": "1"}, {"Sec-Fetch-Dest": "image"}, {"Sec-Fetch-Dest": "manifest"}):
            self.age(active_at=12 * 3600 - 60)
            asleep = self.client.session["active_at"]
            self.assertEqual(self.client.get(reverse("profile"), headers=automatic).status_code, 200)
            self.assertEqual(self.client.session["active_at"], asleep, automatic)
            self.age(active_at=12 * 3600 + 1)
            self.assertEqual(self.client.get(reverse("profile"), headers=automatic).status_code, 302)
            self.sign_in()

        self.age(active_at=12 * 3600 - 60)
        self.client.get(reverse("profile"), headers={"Sec-Fetch-Dest": "empty"})
        self.assertGreater(self.client.session["active_at"], time.time() - 60)

    def test_every_session_ends_after_fourteen_days_however_busy(self) -> None:
        self.age(started_at=14 * 24 * 3600 + 1, active_at=1)

        self.assertEqual(self.client.get(reverse("profile")).status_code, 302)

    def test_new_password_does_not_lengthen_the_session(self) -> None:
        self.age(started_at=13 * 24 * 3600)
        started_at = self.client.session["started_at"]

        self.client.post(reverse("profile-password"), {"current": factories.PASSWORD, "password": NEW_PASSWORD})

        self.assertEqual(self.client.session["started_at"], started_at)
