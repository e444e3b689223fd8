"""The office of consent: settings, the public page, the proof to print, the question of a colleague."""

import re

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from inbox import consent_proof
from inbox.actions import consent_asking, consent_settings
from inbox.actions.consent import record_consent
from inbox.actions.merging import merge_contacts
from inbox.errors import InboxRuleViolation
from inbox.models import Consent, ConsentRequest, ConsentSettings, ConsentWording, OptInPage
from tests import factories
from tests.cast import Cast, make_cast
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
LINKS = {"privacy_url": "https://radhaus.example/datenschutz", "imprint_url": "https://radhaus.example/impressum"}
WORDS = {
    "start": "START, Radpost", "stop": "STOP, Finito", "question": "Dürfen wir dir schreiben? STOP beendet es.",
    "yes": "Ja", "no": "Nein", "confirmed": "Drin.", "stopped": "Raus.",
}  # fmt: skip


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def admin(cast: Cast) -> Client:
    return signed_in(cast.ada)


def published(cast: Cast) -> OptInPage:
    consent_settings.save_business(cast.workspace, by=cast.ada, business_name="Radhaus", expire_days=7, **LINKS)
    return consent_settings.publish_page(cast.number, by=cast.ada)


# --- settings ---------------------------------------------------------------------------------------------------------


def test_counts_are_of_people_and_their_latest_word(cast: Cast, admin: Client) -> None:
    now = timezone.now()
    for state in ("given", "withdrawn"):
        record_consent(cast.clara, state, source="agent", occurred_at=now, by=cast.ben)
    record_consent(cast.dario, "given", source="agent", occurred_at=now, by=cast.ben)
    twin = factories.contact(cast.number, "Dario C.")
    record_consent(twin, "given", source="agent", occurred_at=now, by=cast.ben)
    merge_contacts(cast.dario, twin)
    consent_asking.ask_by_hand(factories.conversation(cast.number, last_customer_message_at=now), by=cast.ada)

    assert consent_proof.counts_of(cast.workspace) == consent_proof.Counts(given=1, waiting=1, withdrawn=1)
    assert consent_proof.counts_of(cast.other_workspace) == consent_proof.Counts(0, 0, 0)
    assert admin.get(reverse("settings-consent")).status_code == 200


def test_a_page_needs_privacy_policy_and_imprint(cast: Cast, admin: Client) -> None:
    address = reverse("settings-consent-page", args=[cast.number.pk])

    assert admin.post(address, {"published": "on"}).status_code == 422
    assert not OptInPage.objects.exists()

    admin.post(reverse("settings-consent"), {"business_name": "Radhaus", "expire_days": 7, **LINKS})
    assert admin.post(address, {"published": "on"}).status_code == 302
    assert OptInPage.objects.get().is_published

    admin.post(reverse("settings-consent"), {"business_name": "Radhaus", "expire_days": 7, **LINKS, "imprint_url": ""})
    assert not OptInPage.objects.get().is_published
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["consent.changed", "consent.page_published", "consent.changed", "consent.page_withdrawn"]


@pytest.mark.parametrize("address", ["http://radhaus.example", "javascript:alert(1)", "radhaus.example"])
def test_links_of_the_public_page_are_https(cast: Cast, admin: Client, address: str) -> None:
    answer = admin.post(reverse("settings-consent"), {"expire_days": 7, **LINKS, "privacy_url": address})

    assert answer.status_code == 422
    assert not ConsentSettings.objects.exists()


def test_words_of_a_language_are_saved_and_the_question_gets_a_version(cast: Cast, admin: Client) -> None:
    address = reverse("settings-consent-language", args=["de"])

    assert admin.post(address, WORDS).status_code == 302
    assert admin.post(address, WORDS).status_code == 302

    chosen = ConsentSettings.objects.get()
    assert chosen.words["de"] == {"stop": ["Finito"], "start": ["START", "Radpost"]}
    assert [row.text for row in ConsentWording.objects.all()] == [WORDS["question"]]
    assert "Radpost" in admin.get(address).content.decode()


@pytest.mark.parametrize("wrong", [
    {"start": "Ja"}, {"start": "STOP"}, {"start": "x"}, {"start": "2026"}, {"start": ""}, {"stop": "ok"},
    {"stop": "Radpost"}, {"question": "Dürfen wir?"}, {"no": "ja"}, {"yes": "x" * 21}, {"start": "x" * 31},
])  # fmt: skip
def test_words_that_would_do_harm_are_refused_and_kept_on_the_page(cast: Cast, admin: Client, wrong: dict) -> None:
    answer = admin.post(reverse("settings-consent-language", args=["de"]), WORDS | wrong)

    assert answer.status_code == 422
    assert "Drin." in answer.content.decode()
    assert not ConsentSettings.objects.exists()


def test_a_wording_can_be_neither_changed_nor_deleted(cast: Cast) -> None:
    consent_settings.wording_to_ask(cast.workspace, "de")

    for change in ("UPDATE inbox_consentwording SET text = 'x'", "DELETE FROM inbox_consentwording"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


# --- the public page --------------------------------------------------------------------------------------------------


def test_anybody_may_read_it_and_nothing_is_kept_of_them(cast: Cast) -> None:
    page = published(cast)

    address = reverse("opt-in", args=[page.slug])
    assert not Client().get(address, {"language": "en"}).cookies
    answer = Client().get(address, headers={"accept-language": "de"})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert not answer.cookies
    assert "Darf Radhaus dir per WhatsApp" in text
    assert f"https://wa.me/{cast.number.display_number}?text=START%20{page.code.upper()}" in text
    assert LINKS["privacy_url"] in text and LINKS["imprint_url"] in text
    assert (answer["Referrer-Policy"], answer["X-Robots-Tag"]) == ("no-referrer", "noindex, nofollow")


def test_nothing_on_it_is_loaded_from_elsewhere_or_runs(cast: Cast) -> None:
    answer = Client().get(reverse("opt-in", args=[published(cast).slug]))

    text = answer.content.decode()
    assert "<script" not in text and "style=" not in text
    loaded = re.findall(r'<(?:link|img)[^>]*(?:href|src)="([^"]+)"', text)
    assert loaded and all(address.startswith("/static/") for address in loaded)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "connect-src" not in policy


def test_in_another_language_the_prepared_words_say_so(cast: Cast) -> None:
    page = published(cast)

    text = Client().get(reverse("opt-in", args=[page.slug]) + "?in=en").content.decode()

    assert "May Radhaus send you news" in text
    assert f"text=START%20{page.code.upper()}%20EN" in text


def test_a_page_that_is_not_published_is_not_there(cast: Cast) -> None:
    page = published(cast)
    consent_settings.withdraw_page(page, by=cast.ada)

    assert Client().get(reverse("opt-in", args=[page.slug])).status_code == 404


def test_the_page_of_a_number_that_is_not_ours_any_more_is_not_there(cast: Cast, admin: Client) -> None:
    page = published(cast)
    cast.number.disconnected_at = timezone.now()
    cast.number.save()

    assert Client().get(reverse("opt-in", args=[page.slug])).status_code == 404
    assert reverse("settings-consent-page", args=[cast.number.pk]) not in admin.get(
        reverse("settings-consent")
    ).content.decode()
    with pytest.raises(InboxRuleViolation):
        consent_settings.publish_page(cast.number, by=cast.ada)


def test_it_cannot_be_hammered(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    page = published(cast)
    monkeypatch.setattr("inbox.views.opt_in.PER_NETWORK", 3)

    codes = [Client().get(reverse("opt-in", args=[page.slug])).status_code for _time in range(4)]

    assert codes == [200, 200, 200, 429]


def test_what_an_admin_has_typed_is_words_not_markup(cast: Cast) -> None:
    page = published(cast)
    consent_settings.save_business(cast.workspace, by=cast.ada, business_name="<b>Rad</b>", expire_days=7, **LINKS)

    assert "<b>Rad" not in Client().get(reverse("opt-in", args=[page.slug])).content.decode()


def test_the_code_of_the_page_as_a_picture(cast: Cast, admin: Client) -> None:
    published(cast)
    svg, png = (admin.get(reverse("settings-consent-qr", args=[cast.number.pk, form])) for form in ("svg", "png"))

    assert b"<svg" in svg.content and png.content.startswith(b"\x89PNG")


# --- proof ------------------------------------------------------------------------------------------------------------


def test_the_proof_shows_words_answer_time_and_messages(cast: Cast, admin: Client) -> None:
    wording = consent_settings.wording_to_ask(cast.workspace, "de")
    record_consent(
        cast.clara, "given", source="reply", occurred_at=timezone.now(), wording=wording.text, version=wording,
        said="Ja, gern", question_wamid="wamid.ours",
        message=factories.inbound_message(cast.claras, wamid="wamid.theirs"),
    )  # fmt: skip
    address = reverse("contact-consent", args=[cast.clara.pk])

    german, english = (admin.get(f"{address}?in={code}").content.decode() for code in ("de", "en"))

    shown = ("Darf Radhaus Lindenhof dir", "Ja, gern", "wamid.ours", "wamid.theirs", cast.number.display_number)
    for expected in shown:
        assert expected in german and expected in english
    assert "Nachweis der Einwilligung" in german and "Proof of consent" in english
    assert AuditEntry.objects.filter(verb="consent.proof", subject=cast.clara.display_name).count() == 2


def test_only_who_may_see_the_contact_gets_the_proof(cast: Cast) -> None:
    otto = factories.agent(cast.workspace, "Otto", teams=[cast.other_team])
    address = reverse("contact-consent", args=[cast.clara.pk])

    assert [signed_in(each).get(address).status_code for each in (cast.ben, otto, cast.mallory)] == [200, 404, 404]


def test_a_row_that_was_changed_behind_our_back_shows(cast: Cast) -> None:
    for state in ("given", "withdrawn", "given"):
        record_consent(cast.clara, state, source="agent", occurred_at=timezone.now(), by=cast.ben)
    assert consent_proof.proof_of(cast.clara).is_whole

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL tresen.erasure = 'on'")
        cursor.execute("UPDATE inbox_consent SET state = 'given' WHERE place = 2")

    assert not consent_proof.proof_of(cast.clara).is_whole


def test_the_database_numbers_and_links_whatever_way_rows_come(cast: Cast) -> None:
    now = timezone.now()
    rows = [
        Consent(workspace=cast.workspace, contact=cast.clara, state="given", source="import", occurred_at=now, place=9)
        for _time in range(3)
    ]
    Consent.objects.bulk_create(rows)

    assert list(Consent.objects.order_by("pk").values_list("place", flat=True)) == [1, 2, 3]
    assert consent_proof.proof_of(cast.clara).is_whole


# --- in the panel -----------------------------------------------------------------------------------------------------


def test_a_colleague_asks_from_the_panel(cast: Cast) -> None:
    client = signed_in(cast.ben)
    panel = reverse("conversation-contact", args=[cast.claras.pk])
    ask = reverse("conversation-consent-question", args=[cast.claras.pk])
    assert ask in client.get(panel).content.decode()

    answer = client.post(ask)

    assert answer.status_code == 200 and ask not in answer.content.decode()
    assert ConsentRequest.objects.get().asked_by == cast.ben
    assert client.post(ask).status_code == 422
