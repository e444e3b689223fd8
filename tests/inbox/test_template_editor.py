"""The template editor over HTTP: what is typed is kept, looked at, submitted, decided on, and can be sent then."""

import io
import json
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import AuditEntry
from inbox.actions import replying, template_drafts, template_submitting
from inbox.actions.consent import record_consent
from inbox.errors import InboxRuleViolation
from inbox.models import DraftText, TemplateDraft
from tests import factories, webhooks
from tests.cast import Cast, make_cast
from tests.delivering import deliver_now
from tests.fake_graph import FakeGraph, graph, graph_error, response  # noqa: F401
from tests.phone_fixture import LENA, NUMBER_ID, TOKEN, WABA_ID, PracticePhone, WebhookRecorder
from whatsapp.models import MessageTemplate, PhoneNumber

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
TYPED = {
    "language": "de", "seen": "0", "name": "fruehlingscheck", "category": "UTILITY", "layout": "standard", "header": "",
    "header_text": "", "body": "Hallo {{1}}, dein Rad ist fertig und wartet auf dich.", "footer": "Radhaus Lindenhof",
    "example-body.1": "Lena", "offer_text": "", "code_minutes": "10", "code_button": "", "card_header": "image",
}  # fmt: skip
BUTTONS = {
    "button-0-kind": "quick_reply", "button-0-text": "Termin buchen",
    "button-1-kind": "url", "button-1-text": "Verfolgen", "button-1-url": "https://rad.example/t/{{1}}",
    "button-1-example": "B-2201",
}  # fmt: skip


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    cast.ada.language = "en"
    cast.ada.save()
    return cast


@pytest.fixture
def ada(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ada)
    return client


@pytest.fixture
def text(cast: Cast) -> DraftText:
    """An empty German draft."""
    draft = template_drafts.begin_draft(cast.number.business_account, by=cast.ada)
    draft.texts.update(language="de")
    return draft.texts.get()


def address(text: DraftText) -> str:
    return reverse("settings-template-draft", args=[text.draft_id])


def typed(client: Client, text: DraftText, headers: dict | None = HTMX, **changes):
    """A pause in typing; with `act=` one of the form's buttons."""
    return client.post(address(text), TYPED | changes, headers=headers)


def picture(width: int = 764, height: int = 400) -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "JPEG")
    return SimpleUploadedFile("rad.jpg", file.getvalue(), content_type="image/jpeg")


def fresh(text: DraftText) -> DraftText:
    return DraftText.objects.select_related("draft__business_account__meta_app", "template").get(pk=text.pk)


# --- writing ----------------------------------------------------------------------------------------------------------
def test_a_new_template_begins_as_one_empty_draft_however_often_it_is_asked_for(ada, cast):
    for _twice in range(2):
        answer = ada.post(reverse("settings-template-drafts"))

    draft = TemplateDraft.objects.get()
    assert answer.url == reverse("settings-template-draft", args=[draft.pk])
    page = ada.get(answer.url).content.decode()
    assert "Submit for review" in page and "The template needs a text." in page
    assert "Drafts" not in ada.get(reverse("settings-templates")).content.decode()


def test_every_pause_in_typing_is_kept_and_shown_on_the_phone(ada, text):
    answer = typed(ada, text, **BUTTONS)

    side = answer.content.decode()
    assert '<span class="var">Lena</span>' in side and "Termin buchen" in side and "Radhaus Lindenhof" in side
    assert "Every variable has a sample" in side and 'id="template-seen" value="1"' in side
    kept = fresh(text)
    assert (kept.draft.name, kept.typed.examples, kept.typed.buttons[1].example) == (
        "fruehlingscheck", {"body.1": "Lena"}, "B-2201"
    )  # fmt: skip
    assert "fruehlingscheck" in ada.get(reverse("settings-templates")).content.decode()


def test_a_new_variable_brings_its_sample_field_and_a_known_one_leaves_the_fields_alone(ada, text):
    first = typed(ada, text).content.decode()
    again = typed(ada, text).content.decode()

    assert 'name="example-body.1"' in first
    assert "example-body" not in again.replace("#t-example-body", "")


def test_what_changes_the_fields_draws_the_form_anew(ada, text):
    for changes in ({"header": "text"}, {"act": "add-button"}, {"layout": "carousel"}, {"category": "AUTHENTICATION"}):
        answer = typed(ada, text, **changes)
        assert answer["HX-Retarget"] == "#template-editor", changes
    assert "HX-Retarget" not in typed(ada, text, category="AUTHENTICATION")


def test_buttons_and_cards_come_and_go_without_losing_the_others(ada, text):
    typed(ada, text, act="remove-button-0", **BUTTONS)
    assert [button.text for button in fresh(text).typed.buttons] == ["Verfolgen"]

    for _card in range(2):
        card = {"card-0-body": "Ein Rad"} if fresh(text).typed.cards else {}
        typed(ada, text, act="add-card", layout="carousel", **card)
    cards = {"card-0-body": "Ein Rad", "card-0-button-0-kind": "url", "card-1-body": "Noch eins"}
    typed(ada, text, act="add-card-0-button", layout="carousel", **cards)
    assert [len(card.buttons) for card in fresh(text).typed.cards] == [2, 0]
    typed(ada, text, act="remove-card-0", layout="carousel", **cards)
    assert [card.body for card in fresh(text).typed.cards] == ["Noch eins"]


def test_words_of_a_kind_that_is_not_shown_stay(ada, text):
    typed(ada, text, category="AUTHENTICATION")

    assert fresh(text).typed.layout == "code"
    typed(ada, text, category="UTILITY")
    assert (fresh(text).typed.layout, fresh(text).typed.footer) == ("standard", "Radhaus Lindenhof")


def test_hostile_words_are_only_words(ada, text):
    evil = "<script>alert(1)</script> {{1}} ist da"

    pages = [typed(ada, text, body=evil, **{"example-body.1": "<img src=x>", "name": "<b>"}).content.decode()]
    pages.append(ada.get(address(text)).content.decode())
    assert all("<script>alert" not in page and "<img src=x>" not in page for page in pages)
    typed(ada, text, body="x" * 50_000, **{f"button-{at}-kind": "url" for at in range(50)})
    assert (len(fresh(text).typed.body), len(fresh(text).typed.buttons)) == (8_000, 10)


def test_signs_that_only_look_like_numbers_lock_nobody_out(ada, text):
    for minutes in ("²", "9" * 5_000):
        assert typed(ada, text, category="AUTHENTICATION", layout="code", code_minutes=minutes).status_code == 200
        assert ada.get(address(text)).status_code == 200
    for changes in ({"seen": "²"}, {"act": "add-card-²-button"}, {"act": "remove-card-99-button-0"}):
        assert typed(ada, text, **changes).status_code == 200, changes


def test_two_admins_do_not_overwrite_each_other_unless_they_say_so(ada, text, cast):
    cast.lea.role = "admin"
    cast.lea.save()
    lea = Client()
    lea.force_login(cast.lea)
    typed(ada, text, body="Von Ada geschrieben.")

    clash = typed(lea, text, body="Von Lea geschrieben.")

    assert (clash.status_code, clash["HX-Retarget"]) == (409, "#template-clash")
    assert fresh(text).typed.body == "Von Ada geschrieben."
    typed(lea, text, body="Von Lea geschrieben.", act="overwrite")
    assert fresh(text).typed.body == "Von Lea geschrieben."


def test_a_further_language_begins_with_the_words_of_this_one(ada, text):
    typed(ada, text, header="image", **{"file-header": picture()})

    answer = typed(ada, text, headers=None, header="image", act="language", new_language="en_GB")

    assert answer.url.endswith("?language=en_GB")
    english = DraftText.objects.get(language="en_GB")
    assert english.typed == fresh(text).typed and english.files.get().file_name == "rad.jpg"
    assert "English (GB)" in ada.get(answer.url).content.decode()
    ada.post(address(text), TYPED | {"language": "en_GB", "act": "drop-language"})
    assert [each.language for each in text.draft.texts.all()] == ["de"]


def test_a_language_with_the_words_of_another_says_of_which_and_keeps_only_itself_back(ada, text):
    typed(ada, text)

    copied = typed(ada, text, headers=None, act="language", new_language="en")

    assert "German and English are word for word the same" in ada.get(copied.url).content.decode()
    assert "word for word" not in ada.get(address(text)).content.decode()


def test_sample_files_are_judged_by_what_is_in_them(ada, text):
    fake = SimpleUploadedFile("rad.jpg", b"<html>", content_type="image/jpeg")

    refused = typed(ada, text, header="image", **{"file-header": fake})
    assert "Choose an image in JPEG or PNG format." in refused.content.decode()
    assert not text.files.exists()

    typed(ada, text, header="image", **{"file-header": picture(400, 300)})
    shown = ada.get(reverse("settings-template-draft-file", args=[text.draft_id, "header"]))
    assert (shown["Content-Type"], shown.content[:2]) == ("image/jpeg", b"\xff\xd8")
    assert "WhatsApp crops it" in ada.get(address(text)).content.decode()


def test_drafts_of_others_do_not_exist_and_agents_have_no_editor(ada, text, cast):
    mallory, ben = Client(), Client()
    mallory.force_login(cast.mallory)
    ben.force_login(cast.ben)
    template = factories.template(cast.number)

    for client in (mallory, ben):
        assert client.get(address(text)).status_code == 404
        assert typed(client, text).status_code == 404
        assert client.post(reverse("settings-template-edit", args=[template.pk])).status_code == 404
    assert fresh(text).draft.version == 0


def test_a_draft_is_thrown_away(ada, text):
    typed(ada, text)

    ada.post(reverse("settings-template-draft-delete", args=[text.draft_id]))

    assert not TemplateDraft.objects.exists()
    assert AuditEntry.objects.get(verb="template.draft_deleted").subject == "fruehlingscheck"


def test_what_advertising_costs_is_said(ada, text, cast):
    from whatsapp.rates import load_preset

    load_preset()
    PhoneNumber.objects.update(display_number="493025550199")

    side = typed(ada, text, body="Hallo {{1}}, heute 20 % Rabatt auf deinen Termin bei uns.").content.decode()

    assert "WhatsApp will probably count it as Marketing" in side
    assert "€0.1131 instead of €0.0456" in side


# --- what Meta says (in memory) ---------------------------------------------------------------------------------------
@pytest.fixture
def meta(graph: FakeGraph) -> FakeGraph:  # noqa: F811
    return graph


def submitted(client: Client, text: DraftText, **changes):
    return client.post(address(text), TYPED | {"act": "submit"} | changes)


def test_what_meta_would_refuse_is_not_even_sent(ada, text, meta):
    answer = submitted(ada, text, body="{{1}} ist da")

    assert answer.status_code == 422 and not meta.calls
    page = answer.content.decode()
    assert "Not submitted yet" in page and "{{1}} ist da" in page


def test_a_refusal_of_metas_is_told_in_plain_words_and_nothing_typed_is_lost(ada, text, meta):
    meta.answers = [graph_error(
        100, message="Invalid parameter", error_subcode=2388293, error_user_msg="This template has too many variables."
    )]  # fmt: skip

    answer = ada.get(submitted(ada, text).url)

    page = answer.content.decode()
    assert "Too many variables for so little text." in page and "Write more words around them" in page
    assert "This template has too many variables." in page and "wartet auf dich" in page
    assert not MessageTemplate.objects.exists() and fresh(text).is_changed


def test_a_submission_without_an_answer_can_be_repeated_without_a_second_template(ada, text, meta):
    import requests

    meta.answers = [requests.exceptions.ReadTimeout()]
    page = ada.get(submitted(ada, text).url).content.decode()
    assert "Whether the template arrived is not certain" in page

    item = {"id": "77", "name": "fruehlingscheck", "language": "de", "status": "PENDING", "category": "UTILITY"}
    meta.answers = [graph_error(100, error_subcode=2388024), response(200, {"data": [item]}), response(200, {})]
    submitted(ada, text)

    assert MessageTemplate.objects.get().meta_id == "77" and not fresh(text).is_changed


def test_a_name_that_somebody_else_took_is_no_template_of_ours(ada, text, meta):
    meta.answers = [graph_error(100, error_subcode=2388024)]

    page = ada.get(submitted(ada, text).url).content.decode()

    assert "There is a template with this name in this language already." in page
    assert not MessageTemplate.objects.exists()


def test_meta_is_never_called_within_a_transaction(ada, text, meta, django_capture_on_commit_callbacks):
    from django.db import connection

    depth = len(connection.savepoint_ids)
    meta.before = lambda _payload: depths.append(len(connection.savepoint_ids))
    depths: list[int] = []
    meta.answers = [response(200, {"id": "77", "status": "PENDING", "category": "MARKETING"}), response(200, {})]

    submitted(ada, text)

    assert set(depths) == {depth}
    template = MessageTemplate.objects.get()
    assert (template.category, template.status) == ("MARKETING", "PENDING")  # Meta may decide so at once


def approved(cast: Cast, **fields) -> MessageTemplate:
    body = {"type": "BODY", "text": TYPED["body"], "example": {"body_text": [["Lena"]]}}
    return factories.template(cast.number, "rad_fertig", components=[body], **fields)


def test_an_approved_template_is_edited_once_a_day_and_its_name_and_category_stay(ada, cast, meta):
    template = approved(cast)
    answer = ada.post(reverse("settings-template-edit", args=[template.pk]))
    text = DraftText.objects.get()
    assert answer.url == f"{address(text)}?language=de"
    meta.answers = [response(200, {"success": True}), graph_error(1)]

    submitted(ada, text, name="anders", category="MARKETING", footer="Neu")

    method, url, call = meta.calls[0]
    assert (method, url.rsplit("/", 1)[1]) == ("POST", template.meta_id)
    assert call["json"]["components"][-1] == {"type": "FOOTER", "text": "Neu"} and "category" not in call["json"]
    template.refresh_from_db()
    assert (template.status, template.name, template.category) == ("PENDING", "rad_fertig", "UTILITY")
    with pytest.raises(InboxRuleViolation, match="reviewing"):
        template_submitting.submit(fresh(text), by=cast.ada)

    MessageTemplate.objects.update(status="APPROVED", status_changed_at=timezone.now())
    with pytest.raises(InboxRuleViolation, match="once a day"):
        template_submitting.submit(fresh(text), by=cast.ada)
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["template.edited"]


def test_a_rejected_template_may_change_its_category_and_says_why_it_was_rejected(ada, cast, meta):
    template = approved(cast, status="REJECTED", rejected_reason="PROMOTIONAL")
    page = ada.get(ada.post(reverse("settings-template-edit", args=[template.pk])).url).content.decode()
    assert "Reads like advertising" in page
    meta.answers = [response(200, {"success": True}), graph_error(1)]

    submitted(ada, DraftText.objects.get(), category="MARKETING")

    assert meta.calls[0][2]["json"]["category"] == "MARKETING"


def test_what_has_not_changed_is_not_submitted_again(ada, cast, meta):
    template = approved(cast)
    page = ada.get(ada.post(reverse("settings-template-edit", args=[template.pk])).url).content.decode()
    assert 'value="submit" disabled' in page

    answer = submitted(ada, DraftText.objects.get(), footer="")

    assert "Nothing has changed" in answer.content.decode() and not meta.calls
    assert "disabled" not in typed(ada, DraftText.objects.get(), footer="Neu").content.decode()


def test_changes_that_somebody_began_are_there_again_and_untouched_drafts_follow_meta(ada, cast):
    template = approved(cast)
    edit = reverse("settings-template-edit", args=[template.pk])
    ada.post(edit)
    MessageTemplate.objects.update(components=[{"type": "BODY", "text": "Von Meta geändert."}])
    ada.post(edit)
    assert DraftText.objects.get().typed.body == "Von Meta geändert."

    typed(ada, DraftText.objects.get(), body="Angefangen.")
    ada.post(edit)
    assert DraftText.objects.get().typed.body == "Angefangen."


def test_a_duplicate_has_all_languages_and_a_name_of_its_own(ada, cast):
    template = approved(cast)
    factories.template(cast.number, "rad_fertig", language="en")
    factories.template(cast.number, "rad_fertig_2")

    ada.post(reverse("settings-template-duplicate", args=[template.pk]))

    draft = TemplateDraft.objects.get()
    assert draft.name == "rad_fertig_3"
    assert sorted(draft.texts.values_list("language", flat=True)) == ["de", "en"]
    assert "has word for word the same text" in ada.get(
        reverse("settings-template-draft", args=[draft.pk])
    ).content.decode()  # fmt: skip


def test_what_only_meta_can_edit_is_said(ada, cast):
    flow = [{"type": "BODY", "text": "x"}, {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Los"}]}]
    template = factories.template(cast.number, components=flow)

    page = ada.post(reverse("settings-template-edit", args=[template.pk]), follow=True).content.decode()

    assert "It has buttons that can only be edited at Meta." in page and not TemplateDraft.objects.exists()


# --- with the practice phone ------------------------------------------------------------------------------------------
@pytest.fixture
def practice(
    cast: Cast, practice_phone: PracticePhone, webhook_recorder: WebhookRecorder, settings
) -> Iterator[PracticePhone]:  # fmt: skip
    """Our number is one of the practice phone's, which posts to the recorder."""
    settings.GRAPH_BASE_URL = practice_phone.url
    account = cast.number.business_account
    account.waba_id, account.access_token = WABA_ID, TOKEN
    account.save()
    account.meta_app.app_id = "612345678901234"
    account.meta_app.save()
    PhoneNumber.objects.filter(pk=cast.number.pk).update(phone_number_id=NUMBER_ID)
    practice_phone.webhooks_to(webhook_recorder.url)
    return practice_phone


def heard(practice: PracticePhone, recorder: WebhookRecorder) -> None:
    """What the practice phone posted comes in at our door."""
    practice.idle()
    bodies = [json.loads(body) for _headers, body in recorder.posts]
    recorder.posts.clear()
    webhooks.receive(*bodies)


@pytest.mark.django_db(transaction=True)
def test_a_template_with_picture_and_buttons_is_submitted_approved_and_sent(
    ada, text, cast, practice, webhook_recorder
):  # fmt: skip
    submitted(ada, text, header="image", **BUTTONS)  # without the picture: found here already
    assert not MessageTemplate.objects.exists()
    typed(ada, text, header="image", **BUTTONS, **{"file-header": picture()})

    answer = ada.get(submitted(ada, text, header="image", **BUTTONS).url)

    assert "In review" in answer.content.decode()
    status = reverse("settings-template-draft-status", args=[text.draft_id])
    assert ada.get(status).status_code == 200
    practice.review("fruehlingscheck", decision="APPROVED")
    heard(practice, webhook_recorder)
    assert ada.get(status)["HX-Refresh"] == "true"
    template = MessageTemplate.objects.get()
    assert template.status == "APPROVED" and template.header_media.get().file_name == "rad.jpg"

    lena = factories.conversation(cast.number, factories.contact(cast.number, "Lena Hoffmann", phone=LENA))
    replying.send_template(
        lena, by=cast.ben, template=template, values={"body.1": "Lena", "button.1": "B-7"}, uid=uuid.uuid4()
    )
    deliver_now()
    message = practice.chat()[-1]
    content = message["content"]
    assert content["body"] == "Hallo Lena, dein Rad ist fertig und wartet auf dich."
    assert content["header"]["type"] == "image"
    assert [button.get("url", button["text"]) for button in content["buttons"]] == [
        "Termin buchen", "https://rad.example/t/B-7"
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_rejection_comes_back_with_its_reason_and_can_be_put_right(ada, text, practice, webhook_recorder):
    submitted(ada, text)
    practice.review("fruehlingscheck", decision="REJECTED", reason="PROMOTIONAL", explanation="Sounds like an ad.")
    heard(practice, webhook_recorder)

    page = ada.get(address(text)).content.decode()
    assert "Rejected by WhatsApp:" in page
    submitted(ada, text, body="Hallo {{1}}, dein Termin steht und wir freuen uns.")

    assert practice.templates()["fruehlingscheck", "de"]["status"] == "PENDING"
    assert MessageTemplate.objects.get().status == "PENDING"


def test_a_decision_that_is_quicker_than_our_row_is_not_missed(ada, text, practice):
    practice.settings(review_after=0)

    submitted(ada, text)

    assert MessageTemplate.objects.get().status == "APPROVED"


def test_all_languages_go_at_once(ada, text, practice):
    typed(ada, text)
    typed(ada, text, headers=None, act="language", new_language="en")

    ada.post(address(text), TYPED | {"language": "en", "body": "Hi {{1}}, your bike is ready.", "act": "submit-all"})

    assert {key for key in practice.templates() if key[0] == "fruehlingscheck"} == {
        ("fruehlingscheck", "de"), ("fruehlingscheck", "en")
    }  # fmt: skip


@pytest.mark.parametrize("layout", ["carousel", "offer", "code", "location"])
def test_the_practice_phone_takes_every_kind(ada, text, practice, layout):
    card = {"body": "Ein Rad", "button-0-kind": "url", "button-0-text": "Ansehen", "button-0-url": "https://rad.example"}
    said = {
        "carousel": {"layout": "carousel", "category": "MARKETING"} | {
            f"card-{at}-{name}": value for at in range(2) for name, value in card.items()
        },
        "offer": {
            "layout": "offer", "category": "MARKETING", "offer_text": "Nur kurz", "offer_expires": "yes",
            "button-0-kind": "copy_code", "button-0-example": "RAD20", "button-1-kind": "url",
            "button-1-text": "Ansehen", "button-1-url": "https://rad.example",
        },
        "code": {"category": "AUTHENTICATION", "code_warns": "yes"},
        "location": {"header": "location"},
    }[layout]  # fmt: skip
    if layout == "carousel":
        typed(ada, text, **said)
        typed(ada, text, **said, **{"file-card0": picture(), "file-card1": picture()})

    submitted(ada, text, **said)

    assert ("fruehlingscheck", "de") in practice.templates(), fresh(text).refusal
    assert MessageTemplate.objects.get().status == "PENDING"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("layout", ["carousel", "offer"])
def test_a_carousel_and_an_offer_are_written_approved_and_read_on_the_phone(
    ada, text, cast, practice, webhook_recorder, layout
):
    card = {"button-0-kind": "quick_reply", "button-0-text": "Probefahrt", "body": "Ab {{1}} im Laden."}
    said = {"category": "MARKETING", "layout": layout}
    if layout == "carousel":
        said |= {f"card-{at}-{name}": value for at in range(2) for name, value in card.items()}
        said |= {f"example-card-{at}.1": "799 €" for at in range(2)}
        typed(ada, text, **said)
        typed(ada, text, **said, **{"file-card0": picture(), "file-card1": picture()})
    else:
        said |= {
            "offer_text": "Nur kurz", "offer_expires": "yes", "button-0-kind": "copy_code", "button-0-example": "RAD20",
            "button-1-kind": "url", "button-1-text": "Ansehen", "button-1-url": "https://rad.example",
        }  # fmt: skip
    submitted(ada, text, **said)
    practice.review("fruehlingscheck", decision="APPROVED")
    heard(practice, webhook_recorder)
    ends = (timezone.now() + timedelta(days=2)).replace(microsecond=0)
    values = {"body.1": "Lena"} | (
        {f"card{at}.body.1": f"{at + 7}99 €" for at in range(2)} if layout == "carousel"
        else {"offer.expires": ends.isoformat(), "button.0": "RAD20"}
    )  # fmt: skip

    lena = factories.conversation(cast.number, factories.contact(cast.number, "Lena Hoffmann", phone=LENA))
    record_consent(lena.contact, "given", source="agent", occurred_at=timezone.now(), by=cast.ben)
    template = MessageTemplate.objects.get()
    replying.send_template(lena, by=cast.ben, template=template, values=values, uid=uuid.uuid4())
    deliver_now()

    shown = practice.chat()[-1]["content"]
    if layout == "carousel":
        assert [each["body"] for each in shown["cards"]] == ["Ab 799 € im Laden.", "Ab 899 € im Laden."]
        assert len({each["header"]["image"]["id"] for each in shown["cards"]}) == 2
    else:
        assert shown["offer"] == {"text": "Nur kurz", "expires": int(ends.timestamp() * 1000)}
        assert shown["buttons"][0]["code"] == "RAD20"
