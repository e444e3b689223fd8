"""The business profile page against the practice phone: read, review, save, read back; two admins; picture; QR code."""

import io
import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import AuditEntry
from tests import factories
from tests.cast import Cast, make_cast
from tests.phone_fixture import NUMBER_ID, TOKEN, PracticePhone
from tests.signing_in import browser
from whatsapp import qr_codes
from whatsapp.models import BusinessProfile

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(practice_phone: PracticePhone, settings) -> Cast:
    settings.GRAPH_BASE_URL = practice_phone.url
    made = make_cast()
    account = made.number.business_account
    account.access_token = TOKEN
    account.save()
    account.meta_app.app_id = "612345678901234"
    account.meta_app.save()
    made.number.phone_number_id, made.number.display_number = NUMBER_ID, "4915550100100"
    made.number.save()
    return made


def at(cast: Cast, name: str = "settings-profile", *more) -> str:
    return reverse(name, args=[cast.number.pk, *more])


def fields_of(page) -> dict[str, str]:
    """What the form of the page would post."""
    form = page.context["form"]
    return {name: form[name].value() or "" for name in form.fields} | (
        {"reviewed": page.context["reviewed"]} if "reviewed" in page.context else {}
    )


def at_meta(phone: PracticePhone) -> dict:
    return phone.api("GET", f"{NUMBER_ID}/whatsapp_business_profile").json()["data"][0]


def picture(width: int = 900, height: int = 600, form: str = "PNG") -> SimpleUploadedFile:
    """Left third red, middle green, right blue."""
    image = Image.new("RGB", (width, height), "green")
    image.paste("red", (0, 0, width // 3, height))
    image.paste("blue", (width * 2 // 3, 0, width, height))
    out = io.BytesIO()
    image.save(out, form)
    return SimpleUploadedFile("logo.png", out.getvalue(), content_type="image/png")


def test_what_changes_is_shown_before_it_is_saved_and_read_back_after(cast, practice_phone):
    client = browser(cast.ada)
    typed = fields_of(client.get(at(cast))) | {"about": "Bis 18:30 offen", "website_2": "https://laden.example"}

    review = client.post(at(cast), typed)

    assert [(each["label"], each["before"], each["after"]) for each in review.context["changes"]] == [
        ("About", "Fahrräder, E-Bikes, Werkstatt", "Bis 18:30 offen"),
        ("Websites", "https://radhaus.example/", "https://radhaus.example/, https://laden.example"),
    ]
    assert at_meta(practice_phone)["about"] == "Fahrräder, E-Bikes, Werkstatt"

    page = client.post(at(cast), fields_of(review), follow=True)

    assert "Saved. This is what WhatsApp shows now." in page.content.decode()
    assert at_meta(practice_phone)["about"] == "Bis 18:30 offen"
    assert at_meta(practice_phone)["websites"] == ["https://radhaus.example/", "https://laden.example"]
    row = BusinessProfile.objects.get()
    assert (row.facts["about"], row.saved_by, row.saving_until) == ("Bis 18:30 offen", cast.ada, None)
    entry = AuditEntry.objects.get(verb="number.profile")
    assert entry.data == {"fields": ["about", "websites"]}


def test_what_was_reviewed_and_then_changed_is_reviewed_again(cast, practice_phone):
    client = browser(cast.ada)
    review = client.post(at(cast), fields_of(client.get(at(cast))) | {"about": "Eins"})

    again = client.post(at(cast), fields_of(review) | {"about": "Zwei"})

    assert [each["after"] for each in again.context["changes"]] == ["Zwei"]
    assert at_meta(practice_phone)["about"] == "Fahrräder, E-Bikes, Werkstatt"


def test_nothing_to_save_is_said(cast):
    client = browser(cast.ada)

    page = client.post(at(cast), fields_of(client.get(at(cast))), follow=True)

    assert "nothing to save" in page.content.decode()
    assert not AuditEntry.objects.filter(verb="number.profile").exists()


def test_the_second_admin_sees_the_firsts_change_before_overwriting_it(cast, practice_phone):
    zoe = factories.agent(cast.workspace, "Zoe Zander", role="admin")
    ada, second = browser(cast.ada), browser(zoe)
    typed = fields_of(second.get(at(cast))) | {"about": "Zoes Text", "email": "zoe@radhaus.example"}
    reviewed = fields_of(second.post(at(cast), typed))
    mine = fields_of(ada.get(at(cast))) | {"about": "Adas Text", "address": "Lindenallee 5, Berlin"}
    ada.post(at(cast), fields_of(ada.post(at(cast), mine)))

    page = second.post(at(cast), reviewed)

    assert at_meta(practice_phone)["about"] == "Adas Text"
    assert [(each["before"], each["after"], each["clash"]) for each in page.context["changes"]] == [
        ("Adas Text", "Zoes Text", True), ("hallo@radhaus.example", "zoe@radhaus.example", False)
    ]  # fmt: skip
    assert "Ada Admin has saved changes while you were writing." in page.content.decode()

    second.post(at(cast), fields_of(page))

    shown = at_meta(practice_phone)
    assert (shown["about"], shown["email"], shown["address"]) == (
        "Zoes Text", "zoe@radhaus.example", "Lindenallee 5, Berlin"
    )  # fmt: skip


def test_only_one_writes_to_meta_at_a_time(cast, practice_phone):
    client = browser(cast.ada)
    reviewed = fields_of(client.post(at(cast), fields_of(client.get(at(cast))) | {"about": "Neu"}))
    BusinessProfile.objects.update(saving_until=timezone.now() + timedelta(minutes=1))

    page = client.post(at(cast), reviewed)

    assert page.status_code == 409
    assert "Somebody else is saving this profile right now." in page.content.decode()
    assert page.context["form"]["about"].value() == "Neu"
    assert at_meta(practice_phone)["about"] != "Neu"

    BusinessProfile.objects.update(saving_until=timezone.now() - timedelta(seconds=1))  # that one was killed
    client.post(at(cast), reviewed)
    assert at_meta(practice_phone)["about"] == "Neu"


def test_bad_input_is_said_at_its_field_and_nothing_typed_is_lost(cast, practice_phone):
    client = browser(cast.ada, "de")
    wrong = {"about": "x" * 140, "website_1": "radhaus-lindenhof", "email": "hallo", "address": "Neue Straße 1"}

    page = client.post(at(cast), fields_of(client.get(at(cast))) | wrong)

    assert page.status_code == 422
    assert {name: page.context["form"][name].value() for name in wrong} == wrong
    errors = {name: str(found[0]) for name, found in page.context["form"].errors.items()}
    assert errors == {
        "about": "Höchstens 139 Zeichen; das sind 140.", "website_1": "Muss mit https:// beginnen",
        "email": "Das ist keine E-Mail-Adresse.",
    }  # fmt: skip


@pytest.mark.parametrize(("code", "words"), [(190, "The connection to Meta has expired."), (4, "Too many requests"),
                                             (100, "WhatsApp did not take it:")])  # fmt: skip
def test_metas_refusal_becomes_a_sentence_and_keeps_what_was_typed(cast, practice_phone, code, words):
    client = browser(cast.ada)
    review = client.post(at(cast), fields_of(client.get(at(cast))) | {"about": "Neu"})
    practice_phone.fault("error", code=code, method="POST")

    page = client.post(at(cast), fields_of(review))

    assert page.status_code == 422
    assert words in page.content.decode()
    assert page.context["form"]["about"].value() == "Neu"
    assert BusinessProfile.objects.get().saving_until is None


def test_without_an_answer_of_meta_the_last_known_profile_is_shown(cast, practice_phone, settings):
    client = browser(cast.ada)
    client.get(at(cast))
    settings.GRAPH_BASE_URL = "http://127.0.0.1:9"

    page = client.get(at(cast))

    assert page.status_code == 200
    assert "WhatsApp did not answer." in page.content.decode()
    assert page.context["form"]["about"].value() == "Fahrräder, E-Bikes, Werkstatt"


def test_the_chosen_square_becomes_the_picture_here_and_there(cast, practice_phone):
    client = browser(cast.ada)

    answer = client.post(
        at(cast, "settings-profile-picture"), {"picture": picture(), "left": 600, "top": 100, "side": 300}
    )

    assert answer.status_code == 200
    assert "This is the profile picture now." in answer.content.decode()
    with Image.open(io.BytesIO(client.get(at(cast, "settings-profile-picture")).content)) as shown:
        assert shown.size == (640, 640)
        red, green, blue = shown.getpixel((320, 320))
        assert blue > 200 > 60 > max(red, green)
    url = at_meta(practice_phone)["profile_picture_url"]
    assert practice_phone.http.get(url).headers["content-type"] == "image/jpeg"
    assert AuditEntry.objects.filter(verb="number.picture").count() == 1


def test_a_cut_upload_goes_on_where_meta_says_it_was(cast, practice_phone):
    practice_phone.fault("drop", path="/upload:", method="POST")

    answer = browser(cast.ada).post(at(cast, "settings-profile-picture"), {"picture": picture()})

    assert "This is the profile picture now." in answer.content.decode()
    assert "profile_picture_url" in at_meta(practice_phone)


def test_a_picture_that_was_changed_at_meta_is_fetched_anew(cast, practice_phone):
    client = browser(cast.ada)
    client.post(at(cast, "settings-profile-picture"), {"picture": picture()})
    first = BusinessProfile.objects.get()
    BusinessProfile.objects.update(picture_key="an older one")

    client.get(at(cast))

    row = BusinessProfile.objects.get()
    assert (row.picture_key, row.picture.name != first.picture.name) == (first.picture_key, True)


@pytest.mark.parametrize(
    ("body", "words"), [
        (b"<script>alert(1)</script>", "This picture cannot be opened."), (b"", "Choose a picture first."),
        (picture(150, 150).read(), "This part is too small"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_in_words(cast, practice_phone, body, words):
    file = SimpleUploadedFile("x.png", body, content_type="image/png")

    answer = browser(cast.ada).post(at(cast, "settings-profile-picture"), {"picture": file})

    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert "profile_picture_url" not in at_meta(practice_phone)


def test_ice_breakers_and_commands_are_saved_and_shown(cast, practice_phone):
    client = browser(cast.ada)
    form = client.get(at(cast)).context["automation"]
    typed = {"seen": form.initial["seen"], "prompt_2": "Wann habt ihr offen?", "command_2": "/hilfe",
             "hint_2": "Was wir können"}  # fmt: skip

    answer = client.post(at(cast, "settings-profile-automation"), typed)

    assert "Saved. This is what WhatsApp shows now." in answer.content.decode()
    node = practice_phone.api("GET", NUMBER_ID, params={"fields": "conversational_automation"}).json()
    assert node["conversational_automation"] == {
        "id": NUMBER_ID, "enable_welcome_message": False, "prompts": ["Wann habt ihr offen?"],
        "commands": [{"command_name": "hilfe", "command_description": "Was wir können"}],
    }  # fmt: skip
    again = client.post(at(cast, "settings-profile-automation"), typed)
    assert again.status_code == 409  # typed over what was there before
    assert 'value="Wann habt ihr offen?"' in again.content.decode()


def test_a_wrong_command_is_said_in_its_row(cast):
    typed = {"seen": json.dumps({}), "command_1": "a", "hint_1": "x", "command_4": "zwei worte", "hint_4": "y"}

    answer = browser(cast.ada).post(at(cast, "settings-profile-automation"), typed)

    assert answer.status_code == 422
    assert list(answer.context["automation"].errors) == ["command_4"]


def test_the_link_opens_a_chat_with_the_words(cast):
    client = browser(cast.ada)

    part = client.get(at(cast, "settings-profile-link"), {"text": "Hallo & guten Tag\n?"}).content.decode()

    assert "https://wa.me/4915550100100?text=Hallo%20%26%20guten%20Tag%20%3F" in part
    for form, start in (("svg", b"<?xml"), ("png", b"\x89PNG")):
        kept = client.get(at(cast, "settings-profile-qr", form), {"text": "Hallo", "download": "1"})
        assert kept.content.startswith(start)
        assert kept["Content-Disposition"] == f'attachment; filename="whatsapp-4915550100100.{form}"'
    assert client.get(at(cast, "settings-profile-qr", "exe")).status_code == 404


def test_the_longest_words_still_fit_a_code(cast):
    assert qr_codes.qr_code(qr_codes.chat_link("4915550100100", "ß" * qr_codes.PREFILL_LIMIT), "svg")


def test_nobody_elses_profile_and_no_secret_on_the_page(cast, practice_phone):
    page = browser(cast.ada).get(at(cast)).content.decode()

    assert not re.search(r"sandbox-(access|app|verify)", page)
    assert browser(cast.mallory).get(at(cast)).status_code == 404
    assert browser(cast.mallory).get(at(cast, "settings-profile-picture")).status_code == 404
    assert browser(cast.ben).get(at(cast)).status_code == 403
