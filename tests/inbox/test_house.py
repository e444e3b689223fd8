"""The page of the installation: time zones with their entries in the log, test mail, and the doctor in the browser."""

import smtplib
from collections.abc import Iterator
from unittest import mock

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.audit import WORDS
from accounts.models import AuditEntry
from inbox.doctor.examination import Part
from inbox.doctor.findings import bad, good
from tests.cast import Cast, make_cast
from tests.fake_graph import FakeGraph, response

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    for person in (made.ada, made.mallory):
        person.language = "en"
        person.save()
    return made


@pytest.fixture
def admin(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ada)
    return client


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def test_the_zone_of_the_business_changes_once_and_stands_in_the_log(cast: Cast, admin: Client) -> None:
    for _twice in range(2):
        assert admin.post(reverse("settings-installation-zone"), {"timezone": "Europe/Vienna"}).status_code == 302

    cast.workspace.refresh_from_db()
    assert cast.workspace.timezone == "Europe/Vienna"
    (entry,) = AuditEntry.objects.all()
    assert (entry.verb, entry.data) == ("workspace.timezone", {"from": "Europe/Berlin", "to": "Europe/Vienna"})
    assert entry.verb in WORDS
    assert cast.mallory.workspace.timezone == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Europe/Berlin\x00"])
def test_what_is_no_zone_is_refused_in_place(zone: str, cast: Cast, admin: Client) -> None:
    answer = admin.post(reverse("settings-installation-zone"), {"timezone": zone})

    assert answer.status_code == 422
    cast.workspace.refresh_from_db()
    assert cast.workspace.timezone == "Europe/Berlin"


def test_the_zone_of_a_business_account(cast: Cast, admin: Client) -> None:
    account = cast.number.business_account
    path = reverse("settings-account-zone", args=[account.pk])
    field = f"account-{account.pk}-timezone"

    wrong = admin.post(path, {field: "nowhere"})
    right = admin.post(path, {field: "Europe/Zurich"})

    account.refresh_from_db()
    assert (wrong.status_code, right.status_code, account.timezone) == (422, 302, "Europe/Zurich")
    assert AuditEntry.objects.get().verb == "account.timezone"


def test_a_test_mail_goes_to_whoever_asks_and_to_nobody_else(cast: Cast, admin: Client, settings: mock.Mock) -> None:
    settings.EMAIL_HOST = "mail.example"

    page = admin.post(reverse("settings-installation-mail"), {"to": "victim@example.com"}, follow=True)

    (sent,) = mail.outbox
    assert sent.to == [cast.ada.email]
    assert "has taken the test mail" in page.content.decode()


def test_the_refusal_of_the_mail_server_is_a_sentence_without_its_words(
    cast: Cast, admin: Client, settings: mock.Mock
) -> None:
    settings.EMAIL_HOST, settings.EMAIL_HOST_PASSWORD = "mail.example", "the-password"
    refusals = [
        (smtplib.SMTPAuthenticationError(535, b"the-password is wrong"), "refuses our sign-in"),
        (smtplib.SMTPSenderRefused(550, b"no", "x@y"), "does not take our sender"),
        (smtplib.SMTPDataError(554, b"spam"), "code 554"),
        (TimeoutError("the-password"), "cannot be reached"),
    ]
    for error, words in refusals:
        with mock.patch("accounts.mail.EmailMessage.send", side_effect=error):
            page = admin.post(reverse("settings-installation-mail"), follow=True).content.decode()
        assert words in page
        assert "the-password" not in page
    assert not AuditEntry.objects.exists()


def test_test_mails_have_a_limit_and_need_a_server(admin: Client, settings: mock.Mock) -> None:
    settings.EMAIL_HOST = ""
    none = admin.post(reverse("settings-installation-mail"), follow=True).content.decode()
    settings.EMAIL_HOST = "mail.example"
    pages = [admin.post(reverse("settings-installation-mail"), follow=True).content.decode() for _ in range(11)]

    assert "No mail server is set" in none
    assert len(mail.outbox) == 10
    assert "enough test mails" in pages[-1]


def test_the_doctor_speaks_on_the_page_in_the_language_of_the_admin(cast: Cast, admin: Client) -> None:
    ill = Part("b", "Part B", lambda: [bad("<b>Ill</b>.", "Do this.")])
    parts = [Part("a", "Part A", lambda: [good("Well.")]), ill]
    with mock.patch("inbox.views.house.parts_of", return_value=parts):
        page = admin.post(reverse("settings-installation-examination")).content.decode()

    for words in ("Part A", "Well.", "&lt;b&gt;Ill&lt;/b&gt;.", "Do this.", "Something is broken."):
        assert words in page
    assert admin.get(reverse("settings-installation-examination")).status_code == 405


def test_the_doctor_tells_nothing_of_another_workspaces_numbers(cast: Cast, graph: FakeGraph) -> None:
    client = Client()
    client.force_login(cast.mallory)
    cast.number.name = "Radhaus Lindenhof Secret"
    cast.number.save()
    graph.answers = [response(401, {"error": {"code": 190, "message": "x"}})] * 5
    with mock.patch("whatsapp.client.meta_clock", return_value=None):
        page = client.post(reverse("settings-installation-examination")).content.decode()

    assert "Radhaus Lindenhof Secret" not in page


def test_no_secret_of_the_settings_stands_on_the_page(cast: Cast, admin: Client, settings: mock.Mock) -> None:
    settings.EMAIL_HOST, settings.EMAIL_HOST_PASSWORD = "mail.example", "the-mail-password"
    settings.METRICS_TOKEN = "the-metrics-token"

    page = admin.get(reverse("settings-installation")).content.decode()

    assert "mail.example" in page
    for secret in ("the-mail-password", "the-metrics-token", settings.SECRET_KEY, *settings.FIELD_KEYS):
        assert secret not in page
