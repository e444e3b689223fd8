"""A form that asks for a proof loses nothing: what was typed waits, sealed, and is in the form again."""

import json
import re
import time

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Agent, Invitation, MailServer, Session, SignOnProvider
from inbox.models import OutgoingWebhook
from tests.cast import Cast, make_cast
from tests.factories import PASSWORD
from tests.phone_fixture import NUMBER_ID, TOKEN, WABA_ID, PracticePhone
from tests.signing_in import browser, prove
from whatsapp.models import AppSecret, BusinessAccount

pytestmark = pytest.mark.django_db
CANARY = "canary-secret-0815-4711"
MAIL = {"host": "mail.radhaus.example", "port": "465", "security": "tls", "username": "post",
        "sender": "post@radhaus.example", "password": CANARY}  # fmt: skip


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def ada(cast: Cast) -> Client:
    """At a session that has been open for long."""
    return browser(cast.ada)


def show_who_it_is(client: Client, sent) -> Client:
    """From the answer to a form through the proof to the page that it leads to."""
    where = sent.headers.get("HX-Redirect") or sent["Location"]
    assert where.startswith(reverse("confirm"))
    asked = client.get(where)
    assert "What you have typed waits for you" in asked.content.decode()
    return client.post(reverse("confirm"), {"password": PASSWORD, "next": asked.context["next"]}, follow=True)


def stored_sessions() -> str:
    """All that the session store holds, as it lies there and read."""
    rows = Session.objects.all()
    return " ".join(row.session_data + json.dumps(row.get_decoded()) for row in rows)


def shown(page, name: str) -> str:
    """The input of this name, as it stands in the page."""
    return re.search(rf'<input[^>]*name="{name}"[^>]*>', page.content.decode())[0]


def test_an_invitation_comes_back_as_it_was_typed_and_is_sent_by_hand(cast, ada):
    typed = {"email": "nele@radhaus.example", "name": "Nele Neu", "role": "admin", "teams": [cast.team.pk]}
    page = show_who_it_is(ada, ada.post(reverse("settings-invite"), typed))

    assert 'value="nele@radhaus.example"' in shown(page, "email") and 'value="Nele Neu"' in shown(page, "name")
    assert re.search(rf'value="{cast.team.pk}"[^>]* checked', page.content.decode()) and b"data-open" in page.content
    assert "What you typed is here again" in page.content.decode()
    assert not Invitation.objects.exists()  # a proof alone does nothing

    ada.post(reverse("settings-invite"), typed)

    assert Invitation.objects.get().role == "admin"
    assert "nele@radhaus.example" not in shown(ada.get(reverse("settings-people")), "email")


def test_a_person_who_becomes_an_admin_keeps_all_that_was_changed(cast, ada):
    url = reverse("settings-person", args=[cast.ben.pk])
    typed = {"name": "Ben Neu", "role": "admin", "visibility": "all", "capacity": "17", "member": [cast.team.pk],
             f"limit-{cast.team.pk}": "4"}  # fmt: skip

    page = show_who_it_is(ada, ada.post(url, typed))

    assert 'value="Ben Neu"' in shown(page, "name") and 'value="4"' in shown(page, f"limit-{cast.team.pk}")
    assert Agent.objects.get(pk=cast.ben.pk).name == "Ben Brandt"


def test_a_mail_server_waits_with_its_password_which_nobody_can_read(cast, ada):
    sent = ada.post(reverse("settings-mail-server"), MAIL)
    assert CANARY not in stored_sessions() and "mail.radhaus.example" not in stored_sessions()

    page = show_who_it_is(ada, sent)
    assert 'value="mail.radhaus.example"' in shown(page, "host")
    assert CANARY not in page.content.decode() and "Kept as you typed it" in page.content.decode()
    assert "required" not in shown(page, "password")

    refused = ada.post(reverse("settings-mail-server"), MAIL | {"port": "99999", "password": ""})
    assert refused.status_code == 422 and "Kept as you typed it" in refused.content.decode()
    ada.post(reverse("settings-mail-server"), MAIL | {"password": ""})

    assert MailServer.objects.get().password.reveal() == CANARY
    assert "interrupted" not in stored_sessions()


def test_what_is_typed_anew_wins_over_what_was_kept(ada):
    show_who_it_is(ada, ada.post(reverse("settings-mail-server"), MAIL))

    ada.post(reverse("settings-mail-server"), MAIL | {"username": "", "password": "another-one"})

    kept = MailServer.objects.get()
    assert (kept.username, kept.password.reveal()) == ("", "another-one")


def test_a_secret_that_was_corrected_takes_the_place_of_the_first(ada):
    show_who_it_is(ada, ada.post(reverse("settings-mail-server"), MAIL))

    ada.post(reverse("settings-mail-server"), MAIL | {"port": "99999", "password": "another-one"})
    ada.post(reverse("settings-mail-server"), MAIL | {"password": ""})

    assert MailServer.objects.get().password.reveal() == "another-one"


def test_a_proof_that_grew_old_meanwhile_is_asked_for_again_and_the_secret_stays(ada):
    show_who_it_is(ada, ada.post(reverse("settings-mail-server"), MAIL))
    prove(ada, time.time() - 3600)

    show_who_it_is(ada, ada.post(reverse("settings-mail-server"), MAIL | {"password": ""}))
    ada.post(reverse("settings-mail-server"), MAIL | {"password": ""})

    assert MailServer.objects.get().password.reveal() == CANARY


def test_a_provider_of_single_sign_on_waits_with_its_secret(ada):
    typed = {"name": "Login", "issuer": "http://127.0.0.1:9/realm", "client_id": "tresen", "client_secret": CANARY}

    page = show_who_it_is(ada, ada.post(reverse("settings-sign-on"), typed))

    assert 'value="tresen"' in shown(page, "client_id") and CANARY not in page.content.decode()
    assert CANARY not in stored_sessions() and not SignOnProvider.objects.exists()


def test_what_was_typed_for_another_system_is_there_again(ada):
    typed = {"name": "Kasse", "days": "30", "scopes": ["contacts:read"]}
    page = show_who_it_is(ada, ada.post(reverse("settings-api-token-new"), typed))
    assert 'value="Kasse"' in shown(page, "name")

    prove(ada, 0)
    typed = {"url": "https://crm.example.com/hook", "events": ["message.received"]}
    page = show_who_it_is(ada, ada.post(reverse("settings-webhook-new"), typed))
    assert 'value="https://crm.example.com/hook"' in shown(page, "url")


def test_only_who_has_shown_who_they_are_sees_it_and_only_for_ten_minutes(ada):
    ada.post(reverse("settings-mail-server"), MAIL)
    assert "mail.radhaus.example" not in ada.get(reverse("settings-installation")).content.decode()

    prove(ada, time.time())
    assert "mail.radhaus.example" in ada.get(reverse("settings-installation")).content.decode()

    session = ada.session
    session["interrupted"] = session["interrupted"] | {"at": int(time.time()) - 601}
    session.save()
    assert "mail.radhaus.example" not in ada.get(reverse("settings-installation")).content.decode()
    assert "interrupted" not in stored_sessions()


def test_somebody_elses_words_do_not_come_up_after_the_next_sign_in(cast, ada):
    ada.post(reverse("settings-mail-server"), MAIL)
    ada.post(reverse("logout"))
    ada.force_login(cast.ada)
    prove(ada, time.time())

    assert "mail.radhaus.example" not in ada.get(reverse("settings-installation")).content.decode()


def test_a_button_alone_leaves_nothing_behind(ada):
    sent = ada.post(reverse("profile-recovery-codes"))

    assert sent["Location"].startswith(reverse("confirm")) and "interrupted" not in stored_sessions()


@pytest.fixture
def connected(cast: Cast, practice_phone: PracticePhone, settings) -> Cast:
    """A number that the practice phone knows."""
    settings.GRAPH_BASE_URL = practice_phone.url
    BusinessAccount.objects.filter(pk=cast.number.business_account_id).update(access_token="old", waba_id=WABA_ID)
    app = cast.number.business_account.meta_app
    app.app_id = "612345678901234"
    app.save()
    app.secrets.update(secret="sandbox-app-secret")
    cast.number.phone_number_id = NUMBER_ID
    cast.number.save()
    cast.other_number.delete()
    return cast


@pytest.mark.parametrize(
    ("deed", "field", "typed"), [
        ("token", "access_token", TOKEN), ("secret", "app_secret", "sandbox-app-secret-new"), ("pin", "pin", "246813"),
        ("registration", "pin", "975310"),
    ],
)  # fmt: skip
def test_whoever_holds_a_number_shows_first_who_they_are(connected, ada, deed, field, typed):
    address = reverse("settings-number-change", args=[connected.number.pk, deed])

    page = show_who_it_is(ada, ada.post(address, {field: typed}, headers={"HX-Request": "true"}))

    assert typed not in stored_sessions()
    fold = page.content.decode().split(f'id="{deed}"')[1].split("</details>")[0]
    assert fold.startswith(" open") and "Kept as you typed it" in fold and typed not in page.content.decode()
    assert not AppSecret.objects.exclude(valid_until=None).exists()


def test_a_new_token_is_used_without_being_pasted_again(connected, ada):
    address = reverse("settings-number-change", args=[connected.number.pk, "token"])
    show_who_it_is(ada, ada.post(address, {"access_token": TOKEN}, headers={"HX-Request": "true"}))

    done = ada.post(address, {"access_token": ""}, headers={"HX-Request": "true"})

    assert done["HX-Redirect"] == reverse("settings-number-one", args=[connected.number.pk])
    assert BusinessAccount.objects.get(waba_id=WABA_ID).access_token.reveal() == TOKEN
    assert "interrupted" not in stored_sessions()


def test_what_was_pasted_to_connect_a_number_is_there_again(cast, ada):
    typed = {"app_id": "612345678901234", "app_secret": CANARY, "access_token": CANARY + "-token",
             "waba_id": "208765432100002", "phone_number_id": "109876543210002",
             "team": cast.other_team.pk}  # fmt: skip

    page = show_who_it_is(ada, ada.post(reverse("settings-number-new"), typed, headers={"HX-Request": "true"}))

    assert 'value="208765432100002"' in shown(page, "waba_id") and CANARY not in page.content.decode()
    assert page.content.decode().count("Kept as you typed it") == 2 and CANARY not in stored_sessions()


def test_another_address_of_an_outgoing_webhook_is_there_again(cast, ada):
    webhook = OutgoingWebhook.objects.create(
        workspace=cast.workspace, url="https://crm.example.com/a", events=["message.received"], secret="whsec_x"
    )

    page = show_who_it_is(ada, ada.post(
        reverse("settings-webhook", args=[webhook.pk]), {"url": "https://crm.example.com/b", "events": webhook.events}
    ))  # fmt: skip

    assert 'value="https://crm.example.com/b"' in shown(page, "url")
