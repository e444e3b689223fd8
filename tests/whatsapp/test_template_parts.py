"""Templates as shapes: what there is to fill in, and that filling is nothing but putting text into gaps."""

from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.models import MessageTemplate
from whatsapp.template_filling import ValuesInvalid, build_components, check_values, fill, render, segments
from whatsapp.template_parts import TemplateShape


def shape_of(*components: Any, **fields: Any) -> TemplateShape:
    return TemplateShape.of(MessageTemplate(**{"category": "UTILITY", "components": list(components), **fields}))


def body(text: str, *examples: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text, "example": {"body_text": [list(examples)]}}


def test_variables_come_in_metas_order_with_their_examples():
    shape = shape_of(
        {"type": "HEADER", "format": "TEXT", "text": "Auftrag {{1}}", "example": {"header_text": ["B-7"]}},
        body("Am {{2}} um {{ 1 }}, {{2}}", "11:15", "Montag"),
    )

    assert [(each.field, each.example) for each in shape.variables] == [
        ("header.1", "B-7"), ("body.1", "11:15"), ("body.2", "Montag")
    ]  # fmt: skip


def test_ten_variables_are_sent_in_the_order_of_their_numbers():
    shape = shape_of(body(" ".join(f"{{{{{number}}}}}" for number in range(12, 0, -1))))
    values = {f"body.{number}": str(number) for number in range(1, 13)}

    parameters = build_components(shape, values)[0]["parameters"]

    assert [parameter["text"] for parameter in parameters] == [str(number) for number in range(1, 13)]


@pytest.mark.parametrize(("text", "label"), [
    ("Hallo {{1}}, dein Rad", "First name"), ("Liebe {{1}},", "First name"), ("Hi, {{1}}!", "First name"),
    ("Dein Rad ist am {{1}} fertig", "Variable 1"), ("Hallo {{vorname}}", "Vorname"),
    ("Nr. {{auftrags_nr}}", "Auftrags nr"),
])  # fmt: skip
def test_gaps_have_a_name_people_understand(text, label):
    with translation.override("en"):
        assert str(shape_of(body(text)).variables[0].label) == label


@pytest.mark.parametrize("components", [
    None, {}, [], ["x"], [{"type": "BODY"}], [{"type": "BODY", "text": 5}], [{"text": "x"}],
    [{"type": "BODY", "text": "x"}, {"type": "BUTTONS", "buttons": [{"type": "CATALOG", "text": "x"}]}],
    [{"type": "BODY", "text": "x"}, {"type": "HEADER", "format": "HOLOGRAM"}],
    [{"type": "BODY", "text": "x"}, {"type": "LIMITED_TIME_OFFER"}],
])  # fmt: skip
def test_what_an_inbox_cannot_fill_says_so_and_breaks_nothing(components):
    shape = TemplateShape.of(MessageTemplate(category="UTILITY", components=components))

    assert str(shape.cannot_fill)


def test_odd_buttons_are_shown_and_need_nothing():
    shape = shape_of(body("x"), {"type": "BUTTONS", "buttons": [
        "?", {"type": "PHONE_NUMBER", "text": "Anrufen", "phone_number": "+49301"}, {"type": "QUICK_REPLY"},
    ]})  # fmt: skip

    assert build_components(shape, {}) == []
    assert [button["type"] for button in render(shape, {})["buttons"]] == ["PHONE_NUMBER", "QUICK_REPLY"]


def test_a_link_may_not_leave_the_templates_address():
    shape = shape_of(body("x"), {"type": "BUTTONS", "buttons": [
        {"type": "URL", "text": "Ansehen", "url": "https://radhaus.example/{{1}}"}
    ]})  # fmt: skip

    with pytest.raises(ValuesInvalid):
        check_values(shape, {"button.0": "a b"})
    assert render(shape, check_values(shape, {"button.0": "x?y=1"}))["buttons"][0]["url"] == (
        "https://radhaus.example/x?y=1"
    )


@pytest.mark.parametrize(("latitude", "longitude"), [
    ("91", "0"), ("0", "181"), ("nan", "0"), ("1e1", "0"), ("٤٥", "0"), ("52,4", "13,3"), ("", ""),
])  # fmt: skip
def test_coordinates_are_numbers_on_this_planet(latitude, longitude):
    shape = shape_of({"type": "HEADER", "format": "LOCATION"}, body("x"))

    with pytest.raises(ValuesInvalid):
        check_values(shape, {"header.latitude": latitude, "header.longitude": longitude})


@given(st.text(max_size=200), st.dictionaries(st.sampled_from(["body.1", "body.2"]), st.text(max_size=50)))
def test_pieces_of_the_preview_together_are_the_filled_text(text, values):
    assert "".join(piece for piece, _field, _filled in segments(text, "body", values)) == fill(text, "body", values)


@given(st.text(max_size=100), st.text(max_size=100))
def test_a_value_is_never_read_as_a_variable(first, second):
    values = {"body.1": first or "x", "body.2": second or "y"}

    assert fill("{{1}}|{{2}}", "body", values) == f"{values['body.1']}|{values['body.2']}"


@given(st.dictionaries(st.text(max_size=12), st.one_of(st.text(max_size=1200), st.integers(), st.none())))
def test_whatever_is_posted_is_either_clean_or_refused(values):
    shape = shape_of(body("Hallo {{1}}, am {{2}}."))
    try:
        cleaned = check_values(shape, values)
    except ValuesInvalid as problem:
        assert problem.fields
        return
    assert set(cleaned) == {"body.1", "body.2"}
    assert not any(char in value for value in cleaned.values() for char in "\n\t\r")
