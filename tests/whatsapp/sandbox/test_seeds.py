"""What the phone begins with: the demo's business, or in an empty house nobody's."""

import json

from whatsapp.authoring.components import content_of
from whatsapp.sandbox import neutral_seeds, seeds
from whatsapp.sandbox.state import Settings, State, to_dict
from whatsapp.sandbox.template_rules import check_components


def test_in_an_empty_house_nothing_on_the_phone_is_the_demo_business():
    state = State(Settings())
    seeds.seed(state, neutral=True)

    number = state.numbers[seeds.NUMBER_ID]
    templates = [each for each in state.templates.values() if each.waba_id == seeds.WABA_ID]
    kept = json.dumps([to_dict(each) for each in (*state.numbers.values(), *templates)]).lower()

    assert number.name == neutral_seeds.NAME
    assert not [word for word in ("radhaus", "fahrr", "blumen", "rad ", "bike") if word in kept]
    assert {(each.name, each.language) for each in templates} >= {
        ("hello_world", "en_US"), ("hello_world", "de"), ("an_termin_erinnern", "de"), ("an_termin_erinnern", "en")
    }  # fmt: skip
    assert {each.status for each in templates} == {"APPROVED"}


def test_its_templates_are_such_as_meta_takes():
    for data in neutral_seeds.TEMPLATES:
        check_components(data["components"], data.get("parameter_format") == "NAMED", data["category"])
        assert content_of(data["components"]).body
