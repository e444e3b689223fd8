"""What counts as a keyword, for whatever people type around it; and every order in which things may be said."""

import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.actions.consent import marketing_state
from inbox.actions.intake import Intake
from inbox.actions.receiving import receive_message
from inbox.consent_words import EVERYDAY, START_WORDS, STOP_WORDS, Keywords, normalised
from inbox.enums import ConsentState, MessageStatus
from inbox.models import ConsentRequest, Contact, Conversation, Message
from tests import webhooks
from whatsapp import payloads
from whatsapp.models import PhoneNumber

OURS = Keywords.of({})
STOPS = sorted({word for words in STOP_WORDS.values() for word in words})
STARTS = sorted({word for words in START_WORDS.values() for word in words})
AROUND = st.text("  \n\t.,!?…»«\"'-–*_~🙏👍🛑😀✨\u200d\ufe0f", max_size=8)
CASES = st.sampled_from([str.upper, str.lower, str.title, str.swapcase])


@given(word=st.sampled_from(STOPS + STARTS), before=AROUND, after=AROUND, case=CASES)
def test_case_space_punctuation_and_emoji_make_no_difference(word, before, after, case):
    expected = ConsentState.WITHDRAWN if word in STOPS else ConsentState.GIVEN

    assert OURS.meaning(before + case(word) + after) == expected


@given(word=st.sampled_from(STOPS + STARTS), more=st.text("abcdefghijklmnopqrstuvwxyzäöü", min_size=3, max_size=20))
def test_a_keyword_with_something_else_is_a_message(word, more):
    said = f"{word} {more}"
    if normalised(said) in OURS.stop | OURS.start or normalised(more) in ("bitte", "danke", "news", "please", "thanks"):
        return
    if len(set(normalised(said).split())) == 1:
        return  # "STOP STOP"

    assert OURS.meaning(said) is None


@given(st.text(max_size=80))
def test_nothing_that_is_typed_breaks_it(text):
    assert OURS.meaning(text) in (None, ConsentState.GIVEN, ConsentState.WITHDRAWN)
    assert normalised(normalised(text)) == normalised(text)


@given(st.dictionaries(st.sampled_from(["de", "en"]), st.fixed_dictionaries({
    "start": st.lists(st.sampled_from(STOPS + STARTS + ["Radpost"])), "stop": st.lists(st.just("Finito")),
})))  # fmt: skip
def test_whatever_is_chosen_our_stop_words_stop(own):
    words = Keywords.of(own)

    assert all(words.meaning(word) == ConsentState.WITHDRAWN for word in STOPS)
    assert words.stop.isdisjoint(words.start)


@pytest.mark.parametrize(("said", "chosen"), [("TSCHUESS", "Tschüss"), ("tschüß!", "Tschüss"), ("Café", "cafe")])
def test_umlauts_and_accents_make_no_difference(said, chosen):
    assert Keywords.of({"de": {"stop": [chosen]}}).meaning(said) == ConsentState.WITHDRAWN


def test_no_keyword_of_ours_is_said_every_day():
    assert EVERYDAY.isdisjoint(OURS.stop | OURS.start)


_numbers = itertools.count(1)
SAYINGS = {"start": "Anmelden", "stop": "STOP", "yes": "Ja", "no": "Nein", "other": "Habt ihr offen?"}


@pytest.fixture
def number(db) -> PhoneNumber:
    return webhooks.radhaus()


@given(said_in_order=st.lists(st.sampled_from([*SAYINGS, "expire"]), max_size=7))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_a_yes_to_a_question_that_waits_permits_and_every_no_forbids(number, said_in_order):
    phone = f"49151{next(_numbers):08d}"
    waits, expected = False, ConsentState.UNKNOWN
    start = int(webhooks.RECEIVED_AT.timestamp()) - 3000
    for minute, said in enumerate(said_in_order):
        if said == "expire":
            ConsentRequest.objects.update(expires_at=webhooks.RECEIVED_AT.replace(year=2025))
            waits = False
            continue
        body = webhooks.text(f"wamid.{phone}.{minute}", SAYINGS[said], phone=phone, bsuid="", at=start + minute * 60)
        [item] = payloads.parse(json.dumps(body).encode())
        receive_message(number, item, Intake(webhooks.RECEIVED_AT))
        Message.objects.filter(status=MessageStatus.QUEUED).update(status=MessageStatus.SENT)
        contact = Contact.objects.get(identities__value=phone)
        if said in ("stop", "no") and (said == "stop" or waits):
            waits, expected = False, ConsentState.WITHDRAWN
        elif said == "yes" and waits:
            waits, expected = False, ConsentState.GIVEN
        asked = ConsentRequest.objects.filter(
            conversation__contact=contact, answered_at=None, expires_at__gt=webhooks.RECEIVED_AT
        )
        waits = asked.exists()
        assert marketing_state(contact) == expected, said_in_order[: minute + 1]
        assert not (waits and expected == ConsentState.GIVEN)
    assert Conversation.objects.filter(contact__identities__value=phone).count() <= 1
