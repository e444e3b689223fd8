"""What is typed becomes Meta's components, and comes back from them."""

from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests.whatsapp.authoring.contents import CONTENT, SOUND
from whatsapp.authoring.components import components_of, content_of, why_not_editable
from whatsapp.authoring.content import CODE, ButtonDraft, Content
from whatsapp.authoring.lint import lint

HANDLES = {"header": "4::header", **{f"card{at}": f"4::card{at}" for at in range(10)}}


def test_a_template_with_everything_has_metas_shape():
    content = Content(
        header="text", header_text="Bestellung {{nummer}}", body="Hallo {{vorname}}, dein Strauß kommt heute.",
        footer="Blumenhaus", examples={"header.nummer": "B-2201", "body.vorname": "Lena"},
        buttons=(
            ButtonDraft("url", "Verfolgen", "https://blumen.example/t/{{1}}", example="B-2201"),
            ButtonDraft("quick_reply", "Keine Werbung"),
        ),
    )  # fmt: skip

    assert components_of(content, {}) == [
        {"type": "HEADER", "format": "TEXT", "text": "Bestellung {{nummer}}",
         "example": {"header_text_named_params": [{"param_name": "nummer", "example": "B-2201"}]}},
        {"type": "BODY", "text": "Hallo {{vorname}}, dein Strauß kommt heute.",
         "example": {"body_text_named_params": [{"param_name": "vorname", "example": "Lena"}]}},
        {"type": "FOOTER", "text": "Blumenhaus"},
        {"type": "BUTTONS", "buttons": [
            {"type": "URL", "text": "Verfolgen", "url": "https://blumen.example/t/{{1}}",
             "example": ["https://blumen.example/t/B-2201"]},
            {"type": "QUICK_REPLY", "text": "Keine Werbung"},
        ]},
    ]  # fmt: skip


def test_numbered_samples_go_in_order_of_their_numbers_and_the_file_by_its_handle():
    content = Content(header="image", body="Bis {{2}} für {{1}} da.", examples={"body.1": "Lena", "body.2": "12 Uhr"})

    header, body = components_of(content, {"header": "4::abc"})

    assert header == {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::abc"]}}
    assert body["example"] == {"body_text": [["Lena", "12 Uhr"]]}


@given(st.one_of(SOUND, CONTENT))
def test_what_was_submitted_can_be_edited_again_and_is_the_same(content):
    category = "AUTHENTICATION" if content.layout == CODE else "MARKETING"
    sound = not any(finding.is_bad and finding.rule == "gaps" for finding in lint(
        content, name="a", language="de", category=category
    ))  # fmt: skip
    if not sound:
        return
    submitted = components_of(content, HANDLES)

    assert why_not_editable(submitted, category) == ""
    assert components_of(content_of(submitted, category), HANDLES) == submitted


@given(CONTENT)
def test_what_is_stored_comes_back_whole(content):
    assert Content.of(content.as_data()) == content


def test_parts_that_only_meta_can_edit_are_named():
    flow = [{"type": "BODY", "text": "x"}, {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Los"}]}]
    product = [{"type": "HEADER", "format": "PRODUCT"}, {"type": "BODY", "text": "x"}]

    with translation.override("en"):
        assert "buttons" in str(why_not_editable(flow, "UTILITY"))
        assert "parts" in str(why_not_editable(product, "MARKETING"))
    assert why_not_editable([{"type": "BODY", "text": "x"}], "UTILITY") == ""


def test_odd_components_are_no_reason_to_fail():
    for odd in (None, "x", [None, 3, {"type": "BODY", "text": 7, "example": []}, {"type": "BUTTONS", "buttons": "x"}]):
        assert content_of(odd).body == ""
    assert Content.of({"layout": 3, "buttons": [None], "cards": "x", "examples": {"a": 1}}).layout == "standard"
