"""Meta's codes: for each, what the delivery loop does, what people read and what they can do must not contradict."""

import pytest
from django.utils import translation

from whatsapp import errors
from whatsapp.errors import AGAIN, CHANGE, CHOOSE, NOTHING

# whatsapp-cloud-api.md §3.3, as far as a message of ours can end in it: what helps the person who reads it.
WAYS_OUT: dict[str, tuple[int | None, ...]] = {
    CHOOSE: (131047, 132001, 132007, 132015, 132016, 132018, 132068, 132069, -1, -3),
    CHANGE: (100, 131008, 131009, 131051, 132000, 132005, 132008, 132012, 135000, 987654, -7),
    AGAIN: (
        None, 1, 2, 4, 613, 80007, 130429, 131000, 131016, 131052, 131053, 131056, 131057, 133004, 137000, -4, -5, -9,
        -10, -11,
    ),
    NOTHING: (
        0, 3, 10, 33, 190, 200, 299, 368, 130472, 130497, 131005, 131020, 131021, 131026, 131030, 131031, 131037,
        131042, 131045, 131048, 131049, 131050, 131063, 131064, 133005, 133010, 133016, -2, -6, -8, -12,
    ),
}  # fmt: skip
CASES = [(code, way) for way, codes in WAYS_OUT.items() for code in codes]
STEPS = {
    AGAIN: {"Send again"},
    CHANGE: {"Change it and send again", "Send it as text", "Choose the file again"},
    CHOOSE: {"Choose a template", "Choose another template"},
}


@pytest.mark.parametrize(("code", "way"), CASES)
def test_the_button_does_what_the_next_step_says(code, way):
    with translation.override("en"):
        step = str(errors.next_step(code))

    assert errors.way_out(code) == way
    assert step in STEPS[way] if way else step not in set().union(*STEPS.values())


@pytest.mark.parametrize(("code", "way"), CASES)
def test_what_stops_a_number_or_is_final_is_never_sent_again_as_it_is(code, way):
    if errors.action(code) == errors.STOP:
        assert way == NOTHING
    if errors.action(code) == errors.TEMPLATE:
        assert way == CHOOSE
    if errors.action(code) == errors.RETRY:
        assert way == AGAIN


@pytest.mark.parametrize("code", [code for code, _way in CASES])
def test_every_code_has_german_words(code):
    with translation.override("en"):
        english = str(errors.sentence(code)), str(errors.next_step(code))
    with translation.override("de"):
        german = str(errors.sentence(code)), str(errors.next_step(code))

    assert not set(english) & set(german)


@pytest.mark.parametrize("code", [131000, 131016, 131057, errors.NOT_REACHED, 4, 130429])
def test_whatever_is_repeated_says_so_while_it_waits(code):
    with translation.override("de"):
        assert str(errors.waiting_sentence(code)).endswith("Geht von allein raus.")


def test_only_what_still_waits_goes_out_by_itself():
    with translation.override("en"):
        waiting, failed = str(errors.waiting_sentence(131056)), str(errors.sentence(131056))

    assert waiting == "Too fast for WhatsApp. Goes out by itself."
    assert failed == "Too fast for WhatsApp."
