"""The workspace's mail server: entered, tried by a real SMTP server, kept encrypted; and alarms by mail, in bounds."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import jobs as people_jobs
from accounts import mail_actions
from accounts.models import AuditEntry, MailServer, Role
from inbox import jobs
from inbox.actions import alarm_mails
from inbox.actions.sending_stops import resume_sending, stop_sending
from inbox.doctor import mail as doctor
from inbox.doctor.findings import Level
from inbox.models import AlarmMail
from tests import factories
from tests.cast import Cast, make_cast
from tests.mail_server import PASSWORD, MailServerDouble, running_mail_server
from tests.recording_queue import recorded_jobs
from tests.signing_in import prove, proven

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(settings) -> Cast:
    settings.EMAIL_HOST = ""
    made = make_cast()
    for person in (made.ada, made.mallory):
        person.language = "en"
        person.save()
    return made


@pytest.fixture
def server() -> Iterator[MailServerDouble]:
    with running_mail_server() as running:
        yield running


@pytest.fixture
def admin(cast: Cast) -> Client:
    return proven(cast.ada)


def save(admin: Client, typed: dict[str, object]):
    return admin.post(reverse("settings-mail-server"), typed, follow=True)


def test_a_server_is_entered_and_tried_with_one_press(cast, admin, server):
    page = save(admin, server.typed(test="1")).content.decode()

    assert "has taken the test mail to ada@radhaus.example" in page
    (sent,) = server.inbox
    assert (sent["To"], sent["From"]) == ("ada@radhaus.example", "tresen@laden.example")
    assert set(AuditEntry.objects.values_list("verb", flat=True)) == {"mail.server", "mail.tested"}
    assert not outbox.outbox


def test_the_password_is_encrypted_and_never_shown(admin, server):
    save(admin, server.typed())

    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM accounts_mailserver")
        (stored,) = cursor.fetchone()
    assert PASSWORD not in stored and MailServer.objects.get().password.reveal() == PASSWORD
    assert PASSWORD not in admin.get(reverse("settings-installation")).content.decode()
    assert PASSWORD not in str(AuditEntry.objects.values())


def test_an_empty_password_keeps_the_kept_one_for_the_same_place_only(admin, server):
    save(admin, server.typed())

    same = save(admin, server.typed(password="", sender="neu@laden.example"))
    elsewhere = save(admin, server.typed(password="", host="mail.evil.example"))

    assert (same.status_code, elsewhere.status_code) == (200, 422)
    assert "Please enter the password of this user." in elsewhere.content.decode()
    kept = MailServer.objects.get()
    assert (kept.host, kept.sender, kept.password.reveal()) == ("127.0.0.1", "neu@laden.example", PASSWORD)


@pytest.mark.parametrize("weaker", [{"security": "starttls"}, {"port": 2525}, {"username": "somebody"}])
def test_the_kept_password_goes_to_no_other_port_and_by_no_other_encryption(weaker, admin, server):
    save(admin, server.typed())

    assert save(admin, server.typed(password="", **weaker)).status_code == 422
    assert MailServer.objects.get().port == server.typed()["port"]


def test_an_open_session_alone_turns_nobodys_password_links_its_way(admin, server):
    prove(admin, time.time() - 3600)

    answer = admin.post(reverse("settings-mail-server"), server.typed(test="1"))

    assert answer["Location"].startswith(reverse("confirm"))
    assert not MailServer.objects.exists() and not server.inbox


@pytest.mark.parametrize(("wrong", "words"), [
    ({"password": "another-password"}, "refuses our sign-in"),
    ({"username": "", "password": ""}, "does not take our sender"),
    ({"port": 9}, "cannot be reached"),
    ({"security": "starttls"}, "does not speak as expected"),
])  # fmt: skip
def test_what_is_wrong_is_said_in_plain_words_without_the_servers(wrong, words, admin, server):
    page = save(admin, server.typed(test="1", **wrong)).content.decode()

    assert words in page
    assert "another-password" not in page
    assert not server.inbox


@pytest.mark.parametrize("host", ["", "mail example", "mail.example/path", "mail.example\nRCPT", "-"])
def test_what_is_no_server_is_refused_and_what_was_typed_stays(host, admin, server):
    page = save(admin, server.typed(host=host))

    assert page.status_code == 422
    assert "tresen@laden.example" in page.content.decode()
    assert not MailServer.objects.exists()


def test_the_environment_goes_before_what_was_entered(admin, server, settings):
    save(admin, server.typed())
    settings.EMAIL_HOST = "mail.of.the.environment"

    page = admin.get(reverse("settings-installation")).content.decode()
    admin.post(reverse("settings-installation-mail"))

    assert "mail.of.the.environment" in page and "goes before what is entered here" in page
    assert len(outbox.outbox) == 1 and not server.inbox


def test_invitations_and_new_passwords_go_out_by_the_workspaces_own_server(cast, admin, server):
    save(admin, server.typed())

    admin.post(reverse("settings-invite"), {"email": "neu@radhaus.example", "role": "agent", "teams": []})
    people_jobs.send_password_link(cast.ben.email)
    people_jobs.send_password_link(cast.mallory.email)

    assert [mail["To"] for mail in server.inbox] == ["neu@radhaus.example", "ben@radhaus.example"]
    assert "/accounts/invitation/" in server.inbox[0].get_content()


def test_a_removed_server_sends_nothing(cast, admin, server):
    save(admin, server.typed())

    admin.post(reverse("settings-mail-server-removal"))
    page = admin.post(reverse("settings-installation-mail"), follow=True).content.decode()

    assert "No mail server is set" in page
    assert not MailServer.objects.exists() and not server.inbox


def test_the_doctor_tries_what_was_entered_and_tells_nobody_elses(cast, admin, server):
    save(admin, server.typed())

    assert [finding.level for finding in doctor.look(cast.workspace)] == [Level.GOOD, Level.WARN]
    assert [finding.level for finding in doctor.look(cast.other_workspace)] == [Level.NOTE]


def test_a_lead_finds_no_mail_settings(cast, server):
    client = Client()
    client.force_login(cast.lea)

    assert client.post(reverse("settings-mail-server"), server.typed()).status_code == 404
    assert not MailServer.objects.exists()


# --- alarms


@pytest.fixture
def mailing(cast: Cast, server: MailServerDouble) -> MailServerDouble:
    """The workspace has a mail server, and a second admin who reads German."""
    typed = server.typed()
    mail_actions.set_mail_server(cast.workspace, by=cast.ada, **typed)
    factories.agent(cast.workspace, "Dora", role=Role.ADMIN, email="dora@radhaus.example", language="de")
    return server


def test_a_dead_number_is_mailed_to_every_admin_once_a_day(cast, mailing, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        stop_sending(cast.number, 190)
    assert len(recorded_jobs("mail_alarms")) == 1

    for _hour in range(3):
        jobs.mail_alarms()

    texts = {mail["To"]: mail.get_content() for mail in mailing.inbox}
    assert len(mailing.inbox) == 2
    assert "sends nothing at the moment" in texts["ada@radhaus.example"]
    assert "sendet gerade nichts" in texts["dora@radhaus.example"]
    assert reverse("settings-number-one", args=[cast.number.pk]) in texts["ada@radhaus.example"]

    AlarmMail.objects.update(told_at=timezone.now() - timedelta(hours=25))
    jobs.mail_alarms()
    assert len(mailing.inbox) == 4


def test_who_does_not_want_alarms_gets_none_and_agents_never_do(cast, mailing, admin):
    admin.post(reverse("settings-notifications-alarms"), {})
    stop_sending(cast.number, 190)

    jobs.mail_alarms()

    assert [mail["To"] for mail in mailing.inbox] == ["dora@radhaus.example"]
    admin.post(reverse("settings-notifications-alarms"), {"wanted": "on"})
    cast.ada.refresh_from_db()
    assert cast.ada.alarm_mails


def test_what_is_new_is_mailed_though_another_alarm_was_today(cast, mailing, monkeypatch):
    stop_sending(cast.number, 190)
    jobs.mail_alarms()
    mailing.inbox.clear()
    monkeypatch.setattr("inbox.doctor.backups.too_old", lambda: "The last backup is 3 days old.")

    jobs.mail_alarms()

    assert len(mailing.inbox) == 2
    assert "3 days old" in mailing.inbox[0].get_content()
    assert "sends nothing" not in mailing.inbox[0].get_content()


def test_a_mail_server_that_refuses_is_tried_again_and_no_alarm_is_lost(cast, mailing):
    MailServer.objects.update(port=9)
    stop_sending(cast.number, 190)
    jobs.mail_alarms()
    assert not AlarmMail.objects.exists()

    MailServer.objects.update(port=mailing.port)
    jobs.mail_alarms()

    assert len(mailing.inbox) == 2


def test_nothing_wrong_means_no_mail(cast, mailing):
    stop_sending(cast.number, 190)
    resume_sending(cast.number.business_account, by=cast.ada)

    assert alarm_mails.mail_alarms(cast.workspace, timezone.now()) == 0
    assert not mailing.inbox
