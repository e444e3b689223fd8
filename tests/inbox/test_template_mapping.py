"""What fills the gaps of a template: facts of a contact, with a fallback."""

import string

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEntry
from inbox.actions.template_care import map_variables, mapping_of
from inbox.actions.templates_for import suggested_values
from inbox.models import Contact, ContactField
from inbox.template_desk import mapping as template_mapping
from tests import factories
from tests.cast import Cast, make_cast
from tests.signing_in import browser
from whatsapp.models import MessageTemplate
from whatsapp.template_filling import ValuesInvalid, check_values
from whatsapp.template_parts import TemplateShape

BODY = "Hallo {{1}}, dein Termin ist am {{2}} bei {{3}}."


def shape_of(text: str = BODY, count: int = 3) -> TemplateShape:
    example = {"body_text": [["x"] * count]}
    return TemplateShape.of(MessageTemplate(components=[{"type": "BODY", "text": text, "example": example}]))


def said(source: str = "", fallback: str = "") -> dict[str, str]:
    return {"source": source, "fallback": fallback}


FACTS = {"contact.first_name": "Lena", "contact.name": "Lena Brandt", "field.7": "24.4.2026"}


def test_facts_fill_the_gaps_and_fallbacks_what_is_missing():
    mapped = {
        "body.1": said("contact.first_name", "Kundin/Kunde"), "body.2": said("field.7"),
        "body.3": said("contact.email", "uns"),
    }  # fmt: skip

    assert template_mapping.values_from(shape_of(), mapped, FACTS) == {
        "body.1": "Lena", "body.2": "24.4.2026", "body.3": "uns"
    }  # fmt: skip
    assert template_mapping.values_from(shape_of(), mapped, {}) == {"body.1": "Kundin/Kunde", "body.3": "uns"}


def test_a_gap_that_nothing_fills_is_named_before_sending():
    values = template_mapping.values_from(shape_of(), {"body.1": said("contact.first_name")}, FACTS)

    with pytest.raises(ValuesInvalid) as refused:
        check_values(shape_of(), values)

    assert sorted(refused.value.fields) == ["body.2", "body.3"]


def test_without_a_mapping_a_greeting_takes_the_first_name():
    assert template_mapping.values_from(shape_of(), {}, FACTS) == {"body.1": "Lena"}
    by_hand = {"body.1": said("", "")}
    assert template_mapping.values_from(shape_of(), by_hand, FACTS) == {}


def test_a_fact_that_is_too_long_gives_way_to_the_fallback():
    mapped = {"body.1": said("contact.name", "du")}

    assert template_mapping.values_from(shape_of(), mapped, {"contact.name": "x" * 1025}) == {"body.1": "du"}


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=60),
       st.text(alphabet=string.ascii_letters + " \n\t", max_size=60))  # fmt: skip
def test_whatever_a_contact_is_called_no_line_break_reaches_meta(name, more):
    mapped = {f"body.{number}": said("contact.name", "du") for number in (1, 2, 3)}

    values = template_mapping.values_from(shape_of(), mapped, {"contact.name": f"{name}{more}"})

    assert check_values(shape_of(), values) == values


# --- with a database --------------------------------------------------------------------------------------------------


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


def begun_with(cast: Cast, template: MessageTemplate) -> list[tuple[str, str]]:
    return [(each.value, each.source) for each in suggested_values(cast.claras, template, cast.ben)]


def test_the_picker_begins_with_the_mapped_values(cast):
    field = ContactField.objects.create(workspace=cast.workspace, name="Termin", kind="date")
    template = factories.template(cast.number, body=BODY, examples=("x", "y", "z"))
    Contact.objects.filter(pk=cast.clara.pk).update(fields={str(field.pk): "2026-04-24"})
    cast.claras.contact.refresh_from_db()
    mapped = {
        "body.1": said("contact.name"), "body.2": said(f"field.{field.pk}", "bald"),
        "body.3": said("contact.email", "uns"),
    }  # fmt: skip

    map_variables(template, mapped, by=cast.ada)

    assert begun_with(cast, template) == [
        ("Clara Sommer", "contact"), ("24.04.2026", "contact"), ("uns", "fallback")
    ]  # fmt: skip


def test_a_contact_field_that_is_gone_leaves_the_fallback(cast):
    field = ContactField.objects.create(workspace=cast.workspace, name="Termin")
    template = factories.template(cast.number)
    map_variables(template, {"body.1": said(f"field.{field.pk}", "Kundin/Kunde")}, by=cast.ada)

    field.delete()

    assert begun_with(cast, template) == [("Kundin/Kunde", "fallback")]


def test_the_page_keeps_a_mapping_and_takes_its_sources_to_the_other_languages(cast):
    template = factories.template(cast.number)
    english = factories.template(cast.number, language="en", body="Hi {{1}}, ready.")
    map_variables(english, {"body.1": said("contact.name", "customer")}, by=cast.ada)
    address = reverse("settings-template-variables", args=[template.pk])

    answer = browser(cast.ada).post(
        address, {"source.body.1": "contact.first_name", "fallback.body.1": " Kundin/Kunde ", "all_languages": "1"}
    )

    assert answer.status_code == 302
    assert mapping_of(template) == {"body.1": said("contact.first_name", "Kundin/Kunde")}
    assert mapping_of(english) == {"body.1": said("contact.first_name", "customer")}
    assert AuditEntry.objects.filter(verb="template.variables").count() == 3


def test_a_fallback_that_cannot_be_sent_is_refused_and_nothing_is_lost(cast):
    template = factories.template(cast.number)
    address = reverse("settings-template-variables", args=[template.pk])

    answer = browser(cast.ada).post(address, {"source.body.1": "contact.name", "fallback.body.1": "so    viel"})
    strange = browser(cast.ada).post(address, {"source.body.1": "field.999999"})

    assert (answer.status_code, strange.status_code) == (422, 422)
    assert "at most three spaces" in answer.content.decode() and "so    viel" in answer.content.decode()
    assert mapping_of(template) == {}


