import pytest
from django.utils import translation

from whatsapp.delivery_words import in_words


def test_they_are_german_for_german_readers() -> None:
    with translation.override("de"):
        assert in_words("not JSON: JSONDecodeError (+1)") == "Das ist kein JSON. (+1)"


@pytest.mark.parametrize(("reason", "words"), [
    ("not JSON: JSONDecodeError", "This is not JSON."),
    ("field loyalty_program_update", "Webhooks of the field “loyalty_program_update” are not used here."),
    ("quarantined: number 999 is not connected here", "Set aside: the number 999 is not connected here."),
    ("value is missing (+2)", "Parts that every webhook has are missing. (+2)"),
    ("field 100%s", "Webhooks of the field “100%s” are not used here."),
    ("number_changed of somebody we do not know", "It is about a customer who is not known here."),
    ("RuntimeError: something new", "RuntimeError: something new"),
    ("", ""),
])
def test_reasons_are_sentences(reason: str, words: str) -> None:
    with translation.override("en"):
        assert in_words(reason) == words
