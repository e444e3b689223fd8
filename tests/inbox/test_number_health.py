"""How a number does: asked of Meta, told by webhooks; its history and alarms; token, secret, PIN, registration."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from inbox import jobs
from inbox.alerts import alerts_for
from inbox.models import Conversation, DraftText, TemplateDraft
from inbox.number_page import NumberPage
from tests import factories, webhooks
from tests.cast import Cast, make_cast
from tests.phone_fixture import NUMBER_ID, TOKEN, WABA_ID, PracticePhone
from tests.recording_queue import forget_jobs, recorded_jobs, run_jobs
from tests.signing_in import browser as in_language
from tests.signing_in import prove
from whatsapp import number_health
from whatsapp.models import AppSecret, BusinessAccount, NumberChange, NumberHealth, WebhookDelivery
from whatsapp.number_alarms import alarms

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def cast(practice_phone: PracticePhone, settings) -> Cast:
    settings.GRAPH_BASE_URL = practice_phone.url
    made = make_cast()
    account = made.number.business_account
    account.access_token, account.waba_id = TOKEN, WABA_ID
    account.save()
    account.meta_app.app_id = "612345678901234"
    account.meta_app.save()
    account.meta_app.secrets.update(secret="sandbox-app-secret")
    made.number.phone_number_id, made.number.display_number = NUMBER_ID, "4915550100100"
    made.number.save()
    made.other_number.delete()  # the practice phone knows no second token
    return made


def browser(agent, language: str = "en") -> Client:
    client = in_language(agent, language)
    prove(client, time.time())
    return client


def change(cast: Cast, deed: str, **typed: str):
    address = reverse("settings-number-change", args=[cast.number.pk, deed])
    return browser(cast.ada).post(address, typed, headers={"HX-Request": "true"})


def at_meta(phone: PracticePhone, **changes) -> None:
    phone.control("POST", f"numbers/{NUMBER_ID}", changes)


def history(cast: Cast) -> list[tuple[str, str, str]]:
    return list(NumberChange.objects.filter(phone_number=cast.number).order_by("pk")
                .values_list("what", "before", "after"))  # fmt: skip


def test_what_changes_at_meta_is_noted_once_and_kept_for_good(cast, practice_phone):
    jobs.check_numbers()
    assert history(cast) == []

    at_meta(practice_phone, quality="YELLOW", limit="TIER_10K")
    jobs.check_numbers()
    jobs.check_numbers()

    assert history(cast) == [("quality", "GREEN", "YELLOW"), ("limit", "2000", "10000")]
    cast.number.refresh_from_db()
    assert (cast.number.quality, cast.number.business_account.daily_limit) == ("YELLOW", "10000")
    facts = NumberHealth.objects.get().facts
    assert (facts["token_kind"], facts["token_expires_at"], facts["pin"]) == ("SYSTEM_USER", "", "yes")
    with pytest.raises(DatabaseError), transaction.atomic():
        NumberChange.objects.update(after="GREEN")


def test_a_number_that_has_received_is_not_called_silent_when_its_deliveries_are_forgotten(cast):
    assert not WebhookDelivery.objects.exists()
    page = browser(cast.ada).get(reverse("settings-number")).content.decode()
    assert "Receives" in page and "Silent" not in page and "nothing has come yet" not in page

    Conversation.objects.update(last_customer_message_at=None)

    assert "Silent" in browser(cast.ada).get(reverse("settings-number")).content.decode()


def test_what_a_webhook_told_is_not_noted_again_by_the_hourly_question(cast, practice_phone):
    jobs.check_numbers()
    number_health.note(cast.number, "quality", "RED")
    at_meta(practice_phone, quality="RED")

    jobs.check_numbers()

    assert history(cast) == [("quality", "GREEN", "RED")]


def test_a_dead_token_stops_sending_and_a_new_one_lets_it_go_on(cast, practice_phone):
    waiting = factories.outbound_message(cast.claras, "Dein Rad ist fertig.", status="queued")
    jobs.check_numbers()
    assert "läuft nicht ab" in browser(cast.ada, "de").get(reverse("settings-number")).content.decode()
    practice_phone.settings(access_token="the-new-access-token")

    jobs.check_numbers()

    account = cast.number.business_account
    account.refresh_from_db()
    assert account.sending_stopped_code == 190
    page = browser(cast.ada, "de").get(reverse("settings-number")).content.decode()
    assert "Zugang abgelaufen" in page and "läuft nicht ab" not in page
    waiting.refresh_from_db()
    assert waiting.status == "queued"

    refused = change(cast, "token", access_token="some-other-access-token")
    assert "This token has expired or was withdrawn." in refused.content.decode()
    assert "HX-Redirect" in change(cast, "token", access_token="the-new-access-token")

    account.refresh_from_db()
    assert (account.sending_stopped_at, account.access_token.reveal()) == (None, "the-new-access-token")
    assert NumberHealth.objects.get().trouble_since is None
    assert AuditEntry.objects.get(verb="number.token").data == {}


def refused_everywhere(cast: Cast, phone: PracticePhone, code: int = 190) -> DraftText:
    """Everything that was tried with a token which Meta took no longer; the draft among it."""
    draft = TemplateDraft.objects.create(
        workspace=cast.workspace, business_account=cast.number.business_account, name="herbst"
    )
    refusal = {"code": code, "subcode": None, "detail": "expired"}
    text = DraftText.objects.create(draft=draft, language="de", refusal=refusal)
    phone.settings(access_token="the-new-access-token")
    jobs.check_numbers()
    jobs.sync_account_templates(draft.business_account_id)
    return text


def no_trouble_is_left(cast: Cast, text: DraftText) -> None:
    run_jobs()
    text.refresh_from_db()
    account = BusinessAccount.objects.get(pk=cast.number.business_account_id)
    assert (account.sending_stopped_code, account.templates_sync_code, text.refusal) == (None, None, {})
    assert NumberHealth.objects.get().trouble_since is None
    assert "The last sync with Meta failed" not in in_words(cast, "settings-templates")
    assert "Access expired" not in in_words(cast, "settings-number")


def in_words(cast: Cast, page: str) -> str:
    return browser(cast.ada).get(reverse(page)).content.decode()


@pytest.mark.django_db(transaction=True)
def test_after_a_new_token_nothing_says_any_more_that_the_old_one_was_refused(cast, practice_phone):
    text = refused_everywhere(cast, practice_phone)
    assert "The last sync with Meta failed" in in_words(cast, "settings-templates")
    assert "Access expired" in in_words(cast, "settings-number")

    change(cast, "token", access_token="the-new-access-token")

    no_trouble_is_left(cast, text)


@pytest.mark.django_db(transaction=True)
def test_a_new_token_asks_for_other_numbers_only_where_the_old_one_left_them_without_an_answer(cast, practice_phone):
    other = factories.number(cast.workspace, account=cast.number.business_account)
    forget_jobs()
    change(cast, "token", access_token=TOKEN)
    assert [job.name.rpartition(".")[2] for job in recorded_jobs()] == ["sync_account_templates"]

    refused_everywhere(cast, practice_phone)
    assert NumberHealth.objects.get(phone_number=other).trouble_code == 190
    forget_jobs()
    change(cast, "token", access_token="the-new-access-token")
    run_jobs()

    assert NumberHealth.objects.get(phone_number=other).trouble_code == 100  # Meta answers: it knows no such number


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("asks", ["the hourly check", "the hourly fetch"])
def test_a_token_that_works_again_clears_it_by_the_next_call_that_meta_takes(cast, practice_phone, asks):
    text = refused_everywhere(cast, practice_phone)
    practice_phone.settings(access_token=TOKEN)

    if asks == "the hourly check":
        jobs.check_numbers()
    else:
        jobs.sync_account_templates(text.draft.business_account_id)

    no_trouble_is_left(cast, text)


def test_what_meta_refused_for_another_reason_stays_with_the_draft(cast, practice_phone):
    text = refused_everywhere(cast, practice_phone, code=100)

    change(cast, "token", access_token="the-new-access-token")

    text.refresh_from_db()
    assert text.refusal["code"] == 100


def test_the_page_counts_templates_as_their_list_does(cast):
    for name, language, status in (("zusage", "de", "APPROVED"), ("zusage", "en", "APPROVED"), ("neu", "de", "PENDING"),
                                   ("absage", "de", "APPROVED"), ("absage", "en", "REJECTED")):  # fmt: skip
        factories.template(cast.number, name, language=language, status=status)

    page = browser(cast.ada).get(reverse("settings-number"))

    counted = [(str(words), count) for words, count in page.context["page"].templates]
    assert counted == [("Approved", 2), ("In review", 1), ("Rejected", 1)]
    listed = browser(cast.ada).get(reverse("settings-templates")).context["listed"]
    assert counted == [(str(words), count) for _tab, words, count in listed.tabs if count]


def test_a_token_does_not_undo_a_stop_that_has_another_reason(cast):
    account = cast.number.business_account
    account.sending_stopped_at, account.sending_stopped_code = timezone.now(), 368
    account.save()

    change(cast, "token", access_token=TOKEN)

    account.refresh_from_db()
    assert account.sending_stopped_code == 368


def test_two_app_secrets_are_accepted_while_one_is_rotated(cast, practice_phone):
    practice_phone.settings(app_secret="the-new-app-secret")

    wrong = change(cast, "secret", app_secret="not-the-new-secret")
    right = change(cast, "secret", app_secret="the-new-app-secret")

    assert ("do not belong together" in wrong.content.decode(), "HX-Redirect" in right) == (True, True)
    new, old = AppSecret.objects.filter(meta_app=cast.number.business_account.meta_app).order_by("-pk")
    assert (new.secret.reveal(), new.valid_until) == ("the-new-app-secret", None)
    assert timedelta(days=6) < old.valid_until - timezone.now() <= timedelta(days=7)
    page = browser(cast.ada).get(reverse("settings-number")).content.decode()
    assert "…cret" in page and "the-new-app-secret" not in page


@pytest.mark.django_db(transaction=True)
def test_the_door_takes_what_either_secret_signed_until_the_old_one_ends(cast, practice_phone):
    practice_phone.settings(app_secret="the-new-app-secret")
    change(cast, "secret", app_secret="the-new-app-secret")
    body = webhooks.sample("01")

    both = [webhooks.post(body, secret=each) for each in ("sandbox-app-secret", "the-new-app-secret")]
    AppSecret.objects.exclude(valid_until=None).update(valid_until=timezone.now() - timedelta(seconds=1))
    after = [webhooks.post(body, secret=each) for each in ("sandbox-app-secret", "the-new-app-secret")]

    assert (both, after) == ([[200], [200]], [[401], [200]])
    assert WebhookDelivery.objects.count() == 3


def test_a_number_is_verified_and_registered_step_by_step(cast, practice_phone):
    at_meta(practice_phone, status="DISCONNECTED", verified=False)
    jobs.check_numbers()

    early = change(cast, "registration", pin="123456")
    change(cast, "code", method="SMS")
    wrong_code = change(cast, "verification", code="000000")
    change(cast, "verification", code="424242")
    wrong_pin = change(cast, "registration", pin="654321")
    done = change(cast, "registration", pin="123456")

    assert "verified first" in early.content.decode()
    assert "This code is wrong" in wrong_code.content.decode()
    assert "This is not the number&#x27;s PIN." in wrong_pin.content.decode()
    assert "HX-Redirect" in done
    cast.number.refresh_from_db()
    assert cast.number.status == "CONNECTED"
    assert ("status", "DISCONNECTED", "CONNECTED") in history(cast)


def test_at_an_open_session_alone_nobody_changes_the_pin(cast, practice_phone):
    client = in_language(cast.ada)

    address = reverse("settings-number-change", args=[cast.number.pk, "pin"])
    answer = client.post(address, {"pin": "987654"}, headers={"HX-Request": "true"})

    assert answer["HX-Redirect"].startswith(reverse("confirm"))
    at_meta(practice_phone, status="DISCONNECTED")
    assert "This is not the number&#x27;s PIN." in change(cast, "registration", pin="987654").content.decode()


def test_the_pin_is_changed_and_a_display_name_asked_for(cast, practice_phone):
    assert "A PIN has 6 digits." in change(cast, "pin", pin="12345").content.decode()

    change(cast, "pin", pin="987654")
    change(cast, "name", name="Radhaus am Lindenhof")

    at_meta(practice_phone, status="DISCONNECTED")
    assert "HX-Redirect" in change(cast, "registration", pin="987654")
    page = browser(cast.ada).get(reverse("settings-number")).content.decode()
    assert "in review" in page


def test_the_page_shows_what_the_limit_counts(cast, practice_phone):
    template = factories.template(cast.number)
    fresh = factories.conversation(cast.number, factories.contact(cast.number, "Nora Neu"))
    for conversation in (fresh, fresh, cast.claras):  # Clara's window is open: she does not count
        factories.outbound_message(conversation, kind="template", template=template, status="delivered")
    jobs.check_numbers()

    page = browser(cast.ada).get(reverse("settings-number-one", args=[cast.number.pk])).context["page"]

    assert (page.newly_written_to, page.limit_words, page.next_level) == (1, "2,000", "10,000")


def test_silence_after_a_message_that_meta_took_is_an_alarm(cast):
    app, long_ago = cast.number.business_account.meta_app, timezone.now() - timedelta(hours=2)
    WebhookDelivery.objects.create(meta_app=app, body=b"{}", sha256="0" * 64, received_at=long_ago, state="processed")
    sent_at = long_ago + timedelta(hours=1)
    message = factories.outbound_message(cast.claras, "Fertig.", at=sent_at, status="accepted", accepted_at=sent_at)
    cast.claras.answered_at = sent_at
    cast.claras.save()

    jobs.check_numbers()
    assert [each.kind for each in alerts_for(cast.ada)] == ["webhook"]

    message.status = "delivered"
    message.save()
    jobs.check_numbers()
    assert alerts_for(cast.ada) == []


def test_without_an_answer_the_page_says_what_was_known(cast, practice_phone, settings):
    jobs.check_numbers()
    settings.GRAPH_BASE_URL = "http://127.0.0.1:9"

    page = browser(cast.ada).post(reverse("settings-number-check", args=[cast.number.pk]), follow=True)

    assert "Meta could not be asked." in page.content.decode()
    assert NumberHealth.objects.get().trouble_code is not None
    cast.number.business_account.refresh_from_db()
    assert cast.number.business_account.sending_stopped_at is None


@pytest.mark.parametrize(
    ("facts", "kind"), [
        ({"status": "DISCONNECTED"}, "registration"), ({"status": "FLAGGED"}, "held"),
        ({"can_send": "LIMITED", "reasons": [{"code": 131042}]}, "payment"), ({"can_send": "BLOCKED"}, "can_send"),
        ({"token_expires_at": (NOW + timedelta(days=3)).isoformat()}, "token"), ({"name_status": "DECLINED"}, "name"),
        ({}, None), ({"token_expires_at": (NOW + timedelta(days=90)).isoformat(), "status": "CONNECTED"}, None),
    ],
)  # fmt: skip
def test_alarms_name_what_is_wrong(cast, facts, kind):
    found = alarms(cast.number, NumberHealth(phone_number=cast.number, facts=facts), NOW)

    assert (found[0].kind if found else None) == kind


def test_admins_see_the_alarm_wherever_they_are_and_nobody_else_does(cast):
    NumberHealth.objects.create(phone_number=cast.number, facts={"can_send": "LIMITED", "reasons": [{"code": 131042}]})

    seen = {agent.name: [each.kind for each in alerts_for(agent)] for agent in (cast.ada, cast.ben, cast.lea)}

    assert seen == {"Ada Admin": ["payment"], "Ben Brandt": [], "Lea Lenz": []}


def test_the_page_costs_the_same_with_much_history(cast, django_assert_max_num_queries):
    for index in range(60):
        NumberChange.objects.create(phone_number=cast.number, what="quality", before="GREEN", after=f"X{index}")
    client = browser(cast.ada)

    with django_assert_max_num_queries(26):
        page = client.get(reverse("settings-number"))

    assert len(NumberPage(page.context["number"]).history) == 50
