"""Letting a number go: what the warning says, what is deleted, what stays; and connecting it again."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from inbox import jobs
from inbox.actions import later, later_turns
from inbox.actions.later import Plan
from inbox.actions.replying import send_reply
from inbox.actions.sending_stops import stop_sending
from inbox.actions.sources import Quarantined, Sources
from inbox.alerts import alerts_for
from inbox.enums import MessageStatus
from inbox.errors import NumberDisconnected
from inbox.forms.contacts import StartForm
from inbox.models import Message, ScheduledReply
from tests import factories
from tests.cast import Cast, make_cast
from tests.delivering import deliver_now
from tests.phone_fixture import NUMBER_ID, TOKEN, WABA_ID, PracticePhone
from tests.recording_queue import recorded_jobs
from tests.signing_in import prove, proven
from whatsapp import connections, errors
from whatsapp.connections import Given
from whatsapp.models import AppSecret, MetaApp, PhoneNumber
from whatsapp.payloads import NumberItem

pytestmark = pytest.mark.django_db
GIVEN = Given("612345678901234", WABA_ID, NUMBER_ID, app_secret="sandbox-app-secret", access_token=TOKEN)


@pytest.fixture
def cast(practice_phone: PracticePhone, settings) -> Cast:
    """Our number is the practice phone's."""
    settings.GRAPH_BASE_URL = practice_phone.url
    made = make_cast()
    account = made.number.business_account
    account.access_token, account.waba_id = TOKEN, WABA_ID
    account.save()
    account.meta_app.app_id = GIVEN.app_id
    account.meta_app.save()
    account.meta_app.secrets.update(secret=GIVEN.app_secret)
    made.number.phone_number_id, made.number.display_number = NUMBER_ID, "4915550100100"
    made.number.save()
    return made


@pytest.fixture
def admin(cast: Cast) -> Client:
    cast.ada.language = "en"
    cast.ada.save()
    return proven(cast.ada)


def page_of(cast: Cast) -> str:
    return reverse("settings-number-disconnection", args=[cast.number.pk])


def disconnect(admin: Client, cast: Cast, digits: str = "0100"):
    answer = admin.post(page_of(cast), {"digits": digits}, follow=True)
    cast.number.refresh_from_db()
    for conversation in (cast.claras, cast.darios):
        conversation.refresh_from_db()
        conversation.phone_number.refresh_from_db()
    return answer


def subscribers(phone: PracticePhone) -> int:
    return len(phone.api("GET", f"{WABA_ID}/subscribed_apps").json()["data"])


def reply(cast: Cast, text: str = "Gern.") -> Message:
    return send_reply(cast.claras, by=cast.ben, text=text, uid=uuid.uuid4())


def test_the_warning_counts_what_hangs_on_the_number(cast, admin):
    reply(cast)
    plan = Plan(due_at=timezone.now() + timedelta(hours=2))
    later.schedule_reply(cast.darios, by=cast.ben, text="Bis gleich", uid=uuid.uuid4(), plan=plan)

    page = admin.get(page_of(cast)).content.decode()

    for words in ("1 message waits to be sent", "1 reply is planned", "2 open conversations", "the last number of its"):
        assert words in page, words


def test_wrong_digits_or_an_old_session_disconnect_nothing(cast, admin, practice_phone):
    assert disconnect(admin, cast, "9999").status_code == 422
    prove(admin, 0)
    assert reverse("confirm") in admin.post(page_of(cast), {"digits": "0100"})["Location"]

    cast.number.refresh_from_db()
    assert cast.number.disconnected_at is None and subscribers(practice_phone) == 1


def test_the_last_number_takes_token_secrets_and_subscription_with_it(cast, admin, practice_phone):
    before = MetaApp.objects.get(app_id=GIVEN.app_id).verify_token.reveal()

    page = disconnect(admin, cast).content.decode()

    assert "is disconnected." in page and "Connect it again" in page
    assert "Receives" not in page and "Replace the access token" not in page
    assert subscribers(practice_phone) == 0
    cast.number.business_account.refresh_from_db()
    assert not cast.number.business_account.access_token
    assert not AppSecret.objects.filter(meta_app__app_id=GIVEN.app_id).exists()
    assert MetaApp.objects.get(app_id=GIVEN.app_id).verify_token.reveal() != before
    assert AuditEntry.objects.get(verb="number.disconnected").subject == "+4915550100100"


def test_another_number_of_the_account_keeps_everything_that_it_needs(cast, admin, practice_phone):
    other = factories.number(cast.workspace, account=cast.number.business_account)

    disconnect(admin, cast)

    assert subscribers(practice_phone) == 1
    other.business_account.refresh_from_db()
    assert other.business_account.access_token.reveal() == TOKEN
    sources = Sources(other.business_account.meta_app_id)
    item = NumberItem(path="entry[0]", waba_id=WABA_ID, phone_number_id=NUMBER_ID)
    with pytest.raises(Quarantined):
        sources.number(item)


def test_a_meta_that_refuses_does_not_hold_the_number_back(cast, admin):
    cast.number.business_account.access_token = "an-expired-access-token"
    cast.number.business_account.save()

    page = disconnect(admin, cast).content.decode()

    assert "Meta goes on sending" in page
    assert cast.number.disconnected_at is not None
    assert "an-expired" not in page + str(AuditEntry.objects.values())


def test_what_waits_comes_back_as_not_sent_and_what_is_planned_is_held(cast, admin, practice_phone):
    queued = reply(cast)
    plan = Plan(due_at=timezone.now() + timedelta(minutes=5))
    planned = later.schedule_reply(cast.darios, by=cast.ben, text="Bis gleich", uid=uuid.uuid4(), plan=plan)
    stop_sending(cast.number, 131037)

    disconnect(admin, cast)
    deliver_now()
    ScheduledReply.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    later_turns.send_due(planned.pk, timezone.now())

    queued.refresh_from_db()
    planned.refresh_from_db()
    assert (queued.status, queued.error_code) == (MessageStatus.FAILED, errors.NUMBER_DISCONNECTED)
    assert (planned.state, planned.why) == ("held", "number")


def test_conversations_can_be_read_but_not_written(cast, admin):
    disconnect(admin, cast)
    client = Client()
    client.force_login(cast.ben)

    page = client.get(reverse("conversation", args=[cast.claras.pk])).content.decode()

    assert "Ist mein Rad fertig?" in page and 'data-mode="readonly"' in page
    with pytest.raises(NumberDisconnected):
        reply(cast)


def test_nothing_asks_meta_about_it_or_offers_it_any_more(cast, admin):
    stop_sending(cast.number, 190)
    assert alerts_for(cast.ada)

    disconnect(admin, cast)
    jobs.check_numbers()
    jobs.sync_templates()

    assert [alert.kind for alert in alerts_for(cast.ada)] == []
    assert not StartForm({"number": cast.number.pk}, by=cast.ben).is_valid()
    assert cast.number.business_account_id not in [job.args[0] for job in recorded_jobs("sync_account_templates")]
    assert admin.post(page_of(cast), {"digits": "0100"}).status_code == 404


def test_connected_again_it_is_the_same_number_with_its_conversations(cast, admin):
    disconnect(admin, cast)

    number = connections.store(cast.workspace, GIVEN, verify_token="", display_number="4915550100100")

    assert number.pk == cast.number.pk and number.disconnected_at is None
    assert AppSecret.objects.filter(meta_app__app_id=GIVEN.app_id).count() == 1
    cast.claras.phone_number.refresh_from_db()
    assert reply(cast).status == MessageStatus.QUEUED
    assert PhoneNumber.objects.connected().filter(workspace=cast.workspace).count() == 1
