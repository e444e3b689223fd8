"""What every answer carries, what the outside sees, and what a production start insists on."""

import os
import re
import subprocess
import sys
from unittest import mock

import redis
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connection
from django.template.loader import get_template
from django.test import Client, SimpleTestCase, TestCase, override_settings
from django.urls import reverse

from accounts.models import Role
from inbox import storage
from inbox.models import StorageReading
from tests import factories
from tests.cast import make_cast
from whatsapp.checks import committed_means_stored
from whatsapp.models import DeliveryState, WebhookDelivery

SCRIPT = r"<script(?![^>]*\bsrc=)(?![^>]*application/json)"
INLINE = re.compile(SCRIPT + r"|\sstyle=|\son[a-z]+=|hx-on|javascript:|<style", re.IGNORECASE)
PRODUCTION = {
    "SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ", "BASE_URL": "https://tresen.example",
    "ALLOWED_HOSTS": "tresen.example", "DATABASE_URL": "postgres://app@127.0.0.1/tresen", "TRUST_PROXY": "1",
    "REDIS_URL": "redis://:secret@valkey:6379/0", "FIELD_KEYS": Fernet.generate_key().decode(),
}  # fmt: skip


class HeaderTests(TestCase):
    def setUp(self) -> None:
        self.cast = make_cast()

    def pages(self) -> list:
        self.client.force_login(self.cast.ada)
        urls = ["login", "password-reset"]
        answers = [Client().get(reverse(name)) for name in urls]
        inside = ["profile", "settings-people", "settings-teams", "settings-team-new", "settings-audit",
                  "settings-number", "inbox"]  # fmt: skip
        answers += [self.client.get(reverse(name)) for name in inside]
        answers.append(self.client.get(reverse("settings-person", args=[self.cast.ben.pk])))
        return answers

    def test_no_page_of_somebody_signed_in_is_kept_by_the_browser(self) -> None:
        for answer in self.pages():
            self.assertIn("no-store", answer["Cache-Control"], answer.request["PATH_INFO"])

    def test_every_page_has_a_strict_policy_and_nothing_inline(self) -> None:
        for answer in self.pages():
            policy = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
            path, body = answer.wsgi_request.path, answer.content.decode()
            self.assertEqual(answer.status_code, 200, path)
            self.assertEqual(policy["default-src"], "'none'", path)
            self.assertRegex(policy["script-src"], r"^('nonce-[\w+/=-]+')?$", path)  # empty allows nothing
            for directive in ("base-uri", "object-src", "frame-ancestors"):
                self.assertEqual(policy[directive], "'none'", path)
            self.assertEqual(policy["form-action"], "'self'")
            self.assertNotIn("unsafe", answer["Content-Security-Policy"])
            self.assertIsNone(INLINE.search(body), f"{path}: {INLINE.search(body)}")
            nonces = set(re.findall(r'nonce="([^"]+)"', body))
            self.assertLessEqual(nonces, {policy["script-src"][7:-1]}, path)

    def test_every_page_has_the_other_headers(self) -> None:
        for answer in self.pages():
            self.assertEqual(answer["X-Content-Type-Options"], "nosniff")
            self.assertEqual(answer["X-Frame-Options"], "DENY")
            self.assertIn("camera=()", answer["Permissions-Policy"])
            self.assertEqual(answer["Referrer-Policy"], "same-origin")
            self.assertEqual(answer["Cross-Origin-Opener-Policy"], "same-origin")

    def test_session_cookie_is_out_of_reach_of_scripts_and_other_sites(self) -> None:
        data = {"email": "ben@radhaus.example", "password": factories.PASSWORD, "stay": "on"}

        cookies = Client().post("/accounts/login/", data).cookies

        for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
            self.assertTrue(cookies[name]["httponly"], name)
            self.assertEqual(cookies[name]["samesite"], "Lax", name)

    def test_names_of_people_are_text_everywhere(self) -> None:
        evil = '<img src=x onerror=alert(1)>"><svg/onload=1>{{7*7}}'
        self.cast.ben.name = evil
        self.cast.ben.save()
        self.cast.team.name = evil
        self.cast.team.save()

        for answer in self.pages():
            self.assertNotIn("<img src=x", answer.content.decode(), answer.wsgi_request.path)
            self.assertNotIn("<svg/onload", answer.content.decode(), answer.wsgi_request.path)


class HealthTests(TestCase):
    def test_live_and_ready_say_ok_and_nothing_else(self) -> None:
        with mock.patch("config.health.redis.Redis.ping", return_value=True):
            answers = [Client().get(path) for path in ("/health/live", "/health/ready")]

        self.assertEqual([(answer.status_code, answer.content) for answer in answers], [(200, b"ok\n")] * 2)

    def test_ready_is_not_ok_without_redis_or_with_the_wrong_key(self) -> None:
        with mock.patch("config.health.redis.Redis.ping", side_effect=redis.ConnectionError("secret-host")):
            without_redis = Client().get("/health/ready")
        make_cast()
        with (
            mock.patch("config.health.redis.Redis.ping", return_value=True),
            override_settings(FIELD_KEYS=[Fernet.generate_key().decode()]),
        ):
            wrong_key = Client().get("/health/ready")

        self.assertEqual((without_redis.status_code, without_redis.content), (503, b"not ok\n"))
        self.assertEqual((wrong_key.status_code, wrong_key.content), (503, b"not ok\n"))

    def test_metrics_are_for_this_machine_only(self) -> None:
        app = make_cast().number.business_account.meta_app
        WebhookDelivery.objects.create(meta_app=app, body=b"{}", sha256="0" * 64, state=DeliveryState.FAILED)

        here = Client().get("/metrics", REMOTE_ADDR="127.0.0.1")
        through_a_proxy = Client().get("/metrics", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1")
        elsewhere = Client().get("/metrics", REMOTE_ADDR="198.51.100.1")

        self.assertContains(here, "tresen_webhook_deliveries_failed 1\n")
        self.assertContains(here, "tresen_conversations_open 2\n")
        self.assertEqual((through_a_proxy.status_code, elsewhere.status_code), (404, 404))

    @override_settings(METRICS_TOKEN="a-long-token-for-monitoring")
    def test_with_a_token_only_the_token_counts(self) -> None:
        right = Client().get("/metrics", HTTP_AUTHORIZATION="Bearer a-long-token-for-monitoring", REMOTE_ADDR="8.8.8.8")

        self.assertEqual(right.status_code, 200)
        for wrong in ("", "Bearer ", "Bearer ä", "Bearer a-long-token"):
            self.assertEqual(Client().get("/metrics", HTTP_AUTHORIZATION=wrong).status_code, 404, wrong)

    def test_metrics_name_nobody(self) -> None:
        make_cast()

        text = Client().get("/metrics").content.decode()

        for word in ("Clara", "radhaus", "4917", "ben@"):
            self.assertNotIn(word, text)


class StorageTests(TestCase):
    def setUp(self) -> None:
        self.workspace = factories.workspace()

    def test_there_is_no_warning_while_there_is_room(self) -> None:
        with mock.patch("inbox.storage.disk_free", return_value=10**12):
            self.assertEqual(storage.storage_warnings(self.workspace), [])

    def test_nearly_full_disk_warns_and_a_fuller_one_urgently(self) -> None:
        found = []
        for free in (settings.DISK_FREE_WARNING_BYTES - 1, 1000):
            with mock.patch("inbox.storage.disk_free", return_value=free):
                found.append([(each.kind, each.is_urgent) for each in storage.storage_warnings(self.workspace)])

        self.assertEqual(found, [[("disk", False)], [("disk", True)]])

    @override_settings(MEDIA_QUOTA_BYTES=1000)
    def test_measured_media_near_the_quota_warn(self) -> None:
        number = factories.number(self.workspace, team=factories.team(self.workspace))
        message = factories.inbound_message(factories.conversation(number), kind="image")
        message.attachments.create(kind="image", size=950, file="attachments/x.jpg", state="ready")

        storage.measure_storage()

        with mock.patch("inbox.storage.disk_free", return_value=10**12):
            self.assertEqual([each.kind for each in storage.storage_warnings(self.workspace)], ["quota"])
        self.assertEqual(StorageReading.objects.get().media_bytes, 950)

    def test_only_admins_see_the_warning(self) -> None:
        admin = factories.agent(self.workspace, "Ada", role=Role.ADMIN)
        agent = factories.agent(self.workspace, "Ben")
        marks = []
        with mock.patch("inbox.storage.disk_free", return_value=1000):
            for person in (admin, agent):
                client = Client()
                client.force_login(person)
                marks.append('data-warning="disk"' in client.get(reverse("profile")).content.decode())

        self.assertEqual(marks, [True, False])


class SurfaceTests(TestCase):
    def test_there_is_no_back_door(self) -> None:
        client = Client()
        client.force_login(make_cast().ada)
        for path in ("/admin/", "/django-rq/", "/rq/", "/.git/config", "/.env", "/docs/", "/redoc/", "/server-status",
                     "/static/js/app.js.map", "/media/", "/media/../config/settings.py"):  # fmt: skip
            self.assertIn(client.get(path).status_code, (404, 405), path)

    def test_unknown_page_tells_nothing_about_the_program(self) -> None:
        body = Client().get("/nothing/here/").content.decode()

        for word in ("Traceback", "urlpatterns", "DEBUG", "Django"):
            self.assertNotIn(word, body)


class ProductionStartTests(SimpleTestCase):
    """Each starts a real interpreter with a production environment."""

    def manage(self, *args: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        env = {name: value for name, value in (keep | PRODUCTION | changes).items() if value is not None}
        command = [sys.executable, "manage.py", *args]
        return subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False)

    def test_deploy_check_has_nothing_to_say(self) -> None:
        done = self.manage("check", "--deploy", "--fail-level", "WARNING")

        self.assertEqual(done.returncode, 0, done.stderr)

    def test_demo_mode_does_not_start_under_a_public_name_and_fails_the_deploy_check_anywhere(self) -> None:
        public = self.manage("check", TRESEN_DEMO="1")
        here = self.manage(
            "check", "--deploy", TRESEN_DEMO="1", BASE_URL="http://127.0.0.1:8000", ALLOWED_HOSTS="127.0.0.1"
        )

        self.assertIn("TRESEN_DEMO", public.stderr)
        self.assertEqual((public.returncode, here.returncode), (1, 1))
        self.assertIn("whatsapp.E001", here.stderr)

    def test_practice_phone_cannot_be_used_by_accident(self) -> None:
        done = self.manage("check", GRAPH_BASE_URL="http://127.0.0.1:8001")

        self.assertEqual(done.returncode, 1)
        self.assertIn("whatsapp.E003", done.stderr)

    def test_missing_or_odd_settings_are_named(self) -> None:
        for name, value, said in (
            ("SECRET_KEY", None, "SECRET_KEY is missing"), ("FIELD_KEYS", None, "FIELD_KEYS is missing"),
            ("FIELD_KEYS", "nonsense", "FIELD_KEYS must be Fernet keys"), ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS"),
            ("BASE_URL", None, "BASE_URL is missing"),
        ):  # fmt: skip
            done = self.manage("check", **{name: value})
            self.assertNotEqual(done.returncode, 0, name)
            self.assertIn(said, done.stderr, name)

    def test_open_redis_and_wrong_host_are_refused(self) -> None:
        done = self.manage(
            "check", "--deploy", REDIS_URL="redis://cache.example:6379/0", BASE_URL="https://other.example"
        )

        self.assertIn("whatsapp.E005", done.stderr)
        self.assertIn("whatsapp.E006", done.stderr)

    def test_cookies_are_bound_to_https_and_this_host(self) -> None:
        code = (
            "from django.conf import settings as s;"
            "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
            "s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_SSL_REDIRECT, s.DEBUG,"
            "s.PASSWORD_HASHERS[0])"
        )

        done = self.manage("shell", "-v", "0", "-c", code)

        self.assertEqual(
            done.stdout.split(),
            ["__Host-session", "__Host-csrf", "True", "True", "31536000", "True", "True", "False",
             "django.contrib.auth.hashers.Argon2PasswordHasher"],
            done.stderr,
        )  # fmt: skip


class DatabaseCheckTests(TestCase):
    def test_a_database_that_may_forget_is_refused_outside_demo_mode(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")

        with override_settings(DEMO=False):
            errors = committed_means_stored(None, databases=["default"])

        self.assertEqual([error.id for error in errors], ["whatsapp.E010"])
        self.assertIn("synchronous_commit", errors[0].msg)


class TemplateTests(SimpleTestCase):
    def test_no_template_of_the_gate_loads_scripts(self) -> None:
        for name in ("sign_in", "password_reset", "password_reset_confirm", "invitation", "refused"):
            source = get_template(f"accounts/{name}.html").template.source
            self.assertNotIn("<script", source, name)
