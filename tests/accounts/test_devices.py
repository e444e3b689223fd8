"""Where somebody is signed in, and how they sign out elsewhere."""

import time
from datetime import timedelta

from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.devices import device_words, network_words
from accounts.models import AuditEntry, Session
from accounts.sessions import sessions_of
from tests import factories
from tests.accounts.people_case import PeopleTestCase

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"  # noqa: E501
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0"  # noqa: E501
PIXEL = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"  # noqa: E501


def sign_in(agent, user_agent: str = FIREFOX, address: str = "203.0.113.77") -> Client:  # type: ignore[no-untyped-def]
    client = Client(HTTP_USER_AGENT=user_agent, REMOTE_ADDR=address)
    client.post(reverse("login"), {"email": agent.email, "password": factories.PASSWORD, "stay": "on"})
    return client


class WordsTests(PeopleTestCase):
    def test_browsers_and_systems_are_known(self) -> None:
        known = {
            FIREFOX: "Firefox · Linux", IPHONE: "Safari · iPhone", EDGE: "Edge · Windows", PIXEL: "Chrome · Android",
            "curl/8": "", "<script>": "",
        }  # fmt: skip
        for header, words in known.items():
            self.assertEqual(device_words(RequestFactory(HTTP_USER_AGENT=header).get("/")), words)

    def test_address_is_shortened(self) -> None:
        known = {
            "203.0.113.77": "203.0.113.…", "2001:db8:1:2:3::9": "2001:db8:1::…", "::ffff:203.0.113.77": "203.0.113.…",
            "": "",
        }  # fmt: skip
        for address, words in known.items():
            self.assertEqual(network_words(RequestFactory(REMOTE_ADDR=address).get("/")), words)


class DeviceTests(PeopleTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.ben = self.cast.ben

    def test_list_has_every_device_and_marks_this_one(self) -> None:
        laptop = sign_in(self.ben)
        sign_in(self.ben, IPHONE, "2001:db8:1:2::3")
        sign_in(self.cast.lea, EDGE)

        page = laptop.get(reverse("profile-security"))

        rows = [(session.device, session.network) for session in page.context["sessions"]]
        self.assertCountEqual(rows, [("Firefox · Linux", "203.0.113.…"), ("Safari · iPhone", "2001:db8:1::…")])
        self.assertEqual(page.content.decode().count("badge badge--good"), 1)
        for session in page.context["sessions"]:
            self.assertNotContains(page, session.session_key)

    def test_one_device_is_signed_out(self) -> None:
        laptop, phone = sign_in(self.ben), sign_in(self.ben, IPHONE)
        mark = Session.objects.get(pk=phone.session.session_key).mark

        laptop.post(reverse("profile-session-end", args=[mark]))

        self.assertEqual(phone.get(reverse("profile")).status_code, 302)
        self.assertEqual(laptop.get(reverse("profile")).status_code, 200)
        self.assertEqual(AuditEntry.objects.get(verb="session.ended").data, {"device": "Safari · iPhone"})

    def test_colleagues_devices_and_the_own_one_cannot_be_named(self) -> None:
        laptop, leas = sign_in(self.ben), sign_in(self.cast.lea)
        for client in (leas, laptop):
            mark = Session.objects.get(pk=client.session.session_key).mark
            self.assertEqual(laptop.post(reverse("profile-session-end", args=[mark])).status_code, 404)
        self.assertEqual(leas.get(reverse("profile")).status_code, 200)

    def test_all_others_are_signed_out(self) -> None:
        laptop, phone = sign_in(self.ben), sign_in(self.ben, IPHONE)

        laptop.post(reverse("profile-sessions-end"))

        self.assertEqual(phone.get(reverse("profile")).status_code, 302)
        self.assertEqual(len(laptop.get(reverse("profile-security")).context["sessions"]), 1)

    def test_what_has_ended_is_not_listed(self) -> None:
        sign_in(self.ben)
        sign_in(self.ben, IPHONE)
        sign_in(self.ben, EDGE)
        idle, old, good = Session.objects.filter(agent=self.ben).order_by("pk")
        Session.objects.filter(pk=idle.pk).update(active_at=timezone.now() - timedelta(hours=13))
        Session.objects.filter(pk=old.pk).update(started_at=timezone.now() - timedelta(days=15))

        self.assertEqual(sessions_of(self.ben), [good])

    def test_admin_sees_how_many_and_ends_them(self) -> None:
        phone = sign_in(self.ben, IPHONE)

        page = self.client.get(reverse("settings-person", args=[self.ben.pk]))
        self.client.post(reverse("settings-person-sessions", args=[self.ben.pk]))

        self.assertContains(page, "Safari · iPhone")
        self.assertEqual(phone.get(reverse("profile")).status_code, 302)

    def test_use_moves_the_time_in_the_list(self) -> None:
        laptop = sign_in(self.ben)
        session = laptop.session
        session["active_at"] = int(time.time()) - 3600
        session.save()

        laptop.get(reverse("profile"))

        self.assertLess(timezone.now() - Session.objects.get(agent=self.ben).active_at, timedelta(minutes=1))

    @override_settings(SESSION_COOKIE_AGE=3600)
    def test_setting_shortens_the_absolute_end(self) -> None:
        laptop = sign_in(self.ben)
        session = laptop.session
        session["started_at"] = int(time.time()) - 3601
        session.save()

        self.assertEqual(laptop.get(reverse("profile")).status_code, 302)
