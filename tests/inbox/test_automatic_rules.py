"""Which automatic answer is given, by facts alone: one at most, never beside a person, never to a machine for long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.hours import OpeningHours
from inbox.automatic import words as automatic_words
from inbox.automatic.rules import (
    MOST_A_DAY,
    MOST_AN_HOUR,
    MOST_KEYWORDS,
    STALE,
    Choice,
    Facts,
    Keyword,
    choose,
    could_answer,
    is_silent,
    language_for,
    looks_automatic,
    matches,
    may_be_answered,
    may_come_back,
    may_say_busy,
    plans_to_come_back,
)
from inbox.demo.data import AUTOMATIC, KEYWORDS
from inbox.enums import AutomaticKind, MessageKind

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
KINDS = (AutomaticKind.GREETING, AutomaticKind.AWAY, AutomaticKind.BACK, AutomaticKind.BUSY)
HOURS = Keyword(1, {"de": ["Öffnungszeiten", "wann habt ihr auf"], "en": ["opening hours", "info"]})
INFO = Keyword(2, {"de": ["Info"], "tr": ["info"]}, is_whole=False)

facts = st.builds(
    Facts, may_write=st.booleans(), is_answered=st.booleans(), is_typing=st.booleans(), is_machine=st.booleans(),
    is_open=st.booleans(), is_busy=st.booleans(), is_first=st.booleans(),
    given=st.frozensets(st.sampled_from(AutomaticKind)),
    keywords_given=st.lists(st.sampled_from([1, 2, None]), max_size=4).map(tuple), last_hour=st.integers(0, 5),
    last_day=st.integers(0, 10),
)  # fmt: skip
kinds_on = st.frozensets(st.sampled_from(KINDS))
found = st.lists(st.sampled_from([(HOURS, ("de",)), (INFO, ("tr",))]), max_size=2, unique_by=lambda each: each[0].pk)


@given(facts, kinds_on, found)
def test_what_is_said_is_in_use_and_was_not_said_before(facts, on, said):
    choice = choose(facts, on, said)
    if choice is None:
        return
    assert facts.may_write and not facts.is_answered and not facts.is_typing and not facts.is_machine
    assert facts.last_hour < MOST_AN_HOUR and facts.last_day < MOST_A_DAY
    if choice.kind == AutomaticKind.KEYWORD:
        assert choice.keyword in {keyword.pk for keyword, _languages in said}
        assert choice.keyword not in facts.keywords_given and len(facts.keywords_given) < MOST_KEYWORDS
    else:
        assert choice.kind in on and choice.kind not in facts.given
        assert (choice.kind == AutomaticKind.AWAY) == (not facts.is_open)
        assert choice.kind != AutomaticKind.GREETING or facts.is_first
        tells_busy = facts.is_busy and AutomaticKind.BUSY in on - facts.given
        assert (choice.kind == AutomaticKind.BUSY) == (facts.is_open and tells_busy)


@given(facts, kinds_on, found)
def test_everybody_is_busy_is_said_once_within_the_hours_to_who_waits(facts, on, said):
    if may_say_busy(facts, on):
        assert facts.is_open and facts.is_busy and AutomaticKind.BUSY in on - facts.given and not is_silent(facts)
        assert AutomaticKind.KEYWORD not in facts.given
        choice = choose(facts, on, said)
        assert choice is not None and choice.kind in (AutomaticKind.BUSY, AutomaticKind.KEYWORD)  # a message says more


@given(facts, kinds_on, found)
def test_we_are_back_is_said_once_within_the_hours_and_planned_outside_of_them(facts, on, said):
    if may_come_back(facts, on):
        assert facts.is_open and AutomaticKind.BACK in on - facts.given and not is_silent(facts)
    if plans_to_come_back(facts, on, choose(facts, on, said)):
        assert not facts.is_open and AutomaticKind.BACK in on - facts.given and not facts.is_answered


@given(facts, kinds_on, found, st.booleans(), st.booleans())
def test_whoever_gets_nothing_at_its_best_gets_nothing(facts, on, said, is_first, is_busy):
    best = replace(
        facts, may_write=True, is_answered=False, is_typing=False, is_machine=False,
        is_first=is_first or facts.is_first, is_busy=is_busy or facts.is_busy, last_hour=0, last_day=0,
    )  # fmt: skip
    if not may_say_busy(best, on):
        assert not may_say_busy(facts, on)
    if not could_answer(best, on, said):
        choice = choose(facts, on, said)
        assert choice is None and not plans_to_come_back(facts, on, choice)


HAPPENS = ("writes", "info", "person", "closes", "hours", "full", "marked")


@given(st.lists(st.tuples(st.sampled_from(HAPPENS), st.integers(1, 90)), max_size=60), kinds_on)
def test_two_machines_come_to_an_end(story, on):
    """Whatever happens: once a case, three keywords a case, three an hour, nothing after a person."""
    now, is_open, is_busy, answered, first = NOON, True, False, False, True
    given_in_case: list[Choice] = []
    sent: list[datetime] = []
    for event, minutes in story:
        now += timedelta(minutes=minutes)
        if event == "hours":
            is_open = not is_open
        elif event == "full":
            is_busy = not is_busy
        elif event == "person":
            answered = True
        elif event == "closes":
            answered, first, given_in_case = False, True, []
        else:
            facts = Facts(
                is_answered=answered, is_open=is_open, is_busy=is_busy, is_first=first,
                given=frozenset(str(each.kind) for each in given_in_case),
                keywords_given=tuple(each.keyword for each in given_in_case if each.kind == AutomaticKind.KEYWORD),
                last_hour=sum(at > now - timedelta(hours=1) for at in sent),
                last_day=sum(at > now - timedelta(days=1) for at in sent),
            )  # fmt: skip
            said = matches([HOURS, INFO], ["Info" if event == "info" else "Mein Rad quietscht"])
            if event == "marked":
                choice = Choice(AutomaticKind.BUSY) if may_say_busy(facts, on) else None
            else:
                choice = choose(facts, on, said)
            if choice:
                assert not answered and choice not in given_in_case
                given_in_case.append(choice)
                sent.append(now)
            first = first and event == "marked"
        assert sum(at > now - timedelta(hours=1) for at in sent) <= MOST_AN_HOUR
        assert len(given_in_case) <= MOST_KEYWORDS + 3


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, expected", [
    ("Öffnungszeiten?", [(1, ("de",))]),
    ("oeffnungszeiten", [(1, ("de",))]),
    ("OPENING   HOURS 🙂", [(1, ("en",))]),
    ("Wann habt ihr auf", [(1, ("de",))]),
    ("Sind eure Öffnungszeiten am Samstag anders?", []),  # a question of its own
    ("Ich hätte gern eine Info zum Rad", [(2, ("de", "tr"))]),
    ("info", [(1, ("en",)), (2, ("de", "tr"))]),
    ("Informatik", []),
    ("", []),
])  # fmt: skip
def test_a_keyword_is_a_word_or_the_whole_message(text, expected):
    assert [(keyword.pk, languages) for keyword, languages in matches([HOURS, INFO], [text])] == expected


@given(st.from_regex(r"[a-zäöü]{1,12}( [a-zäöü]{1,12}){0,3}", fullmatch=True), st.booleans())
def test_a_whole_keyword_is_found_in_nothing_longer(text, is_before):
    said = f"{text} Öffnungszeiten" if is_before else f"Öffnungszeiten {text}"
    assert matches([HOURS], [said]) == []
    assert matches([Keyword(3, HOURS.words, is_whole=False)], [said])


@pytest.mark.parametrize("card, spoken, said, expected", [
    ("", "", (), "de"), ("en", "de", (), "en"), ("", "en", (), "en"), ("tr", "", (), "de"), ("", "fr", (), "de"),
    ("en_GB", "", (), "en"), ("", "de", ("en",), "en"), ("", "en", ("de", "en"), "en"), ("de", "en", ("en",), "de"),
])  # fmt: skip
def test_the_language_of_the_answer(card, spoken, said, expected):
    texts = {"en": "Hello", "de": "Hallo", "tr": ""}
    assert language_for(texts, card=card, spoken=spoken, own="de", said=said) == expected


def test_without_the_workspaces_language_the_first_there_is():
    assert language_for({"tr": "", "it": "Ciao"}, card="", spoken="nl", own="de") == "it"
    assert language_for({}, card="", spoken="", own="de") == ""


@pytest.mark.parametrize("text", [
    "Automatische Antwort: Wir melden uns.", "This is an automated message", "Auto-Reply: closed", "Out of office",
    "Vielen Dank für Ihre Nachricht! Wir melden uns.", "Thank you for contacting Bike Shop!", "Abwesenheitsnotiz",
    "Diese Nachricht wurde automatisch erstellt", "PLEASE  do not reply to this message",
])  # fmt: skip
def test_machines_are_known_by_their_words(text):
    assert looks_automatic(text)


@pytest.mark.parametrize("text", [
    "Hallo, ist mein Rad fertig?", "Habt ihr Automatikschaltungen?", "Das Licht geht automatisch an", "Danke!",
    "Thanks, see you tomorrow", "Ist das Büro heute offen?", "",
])  # fmt: skip
def test_people_are_not_taken_for_machines(text):
    assert not looks_automatic(text)


def test_what_is_no_question_or_came_late_gets_nothing():
    for kind in ("reaction", "system", "unsupported", "welcome", "from_the_future"):
        assert not may_be_answered(kind, written_at=NOON, received_at=NOON)
    for kind in (MessageKind.TEXT, MessageKind.VOICE, MessageKind.IMAGE, MessageKind.BUTTON_REPLY):
        assert may_be_answered(kind, written_at=NOON - STALE, received_at=NOON)
        assert not may_be_answered(kind, written_at=NOON - STALE - timedelta(seconds=1), received_at=NOON)


# --- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, expected", [
    ("Hallo {{contact.first_name}}!", "Hallo Clara!"),
    ("Hallo {{ contact.first_name }}, hier ist {{team.name}}.", "Hallo Clara, hier ist."),
    ("{{team.name}} grüßt", "grüßt"), ("Ohne", "Ohne"),
])  # fmt: skip
def test_a_place_without_a_value_is_gone(text, expected):
    assert automatic_words.fill(text, {"contact.first_name": "Clara", "team.name": ""}) == expected


@given(st.text(max_size=80), st.dictionaries(st.sampled_from(list(automatic_words.PLACES)), st.text(max_size=10)))
def test_no_known_place_is_left_over(text, values):
    places = "".join(f"{{{{{place}}}}}" for place in automatic_words.PLACES)
    left = automatic_words.fill(text + places, values | {"next_opening": "morgen", "waiting_time": "bald"})
    assert not any(f"{{{{{place}}}}}" in left for place in automatic_words.PLACES if place not in text)


SHOP = OpeningHours(ZoneInfo("Europe/Berlin"), ((((540, 1080),)),) * 5 + ((), ()))


@pytest.mark.parametrize("at, language, expected", [
    ("2026-11-23T06:00+00:00", "de", "heute um 09:00 Uhr"),
    ("2026-11-23T20:00+00:00", "de", "morgen um 09:00 Uhr"),
    ("2026-11-27T20:00+00:00", "de", "am Montag um 09:00 Uhr"),
    ("2026-11-27T20:00+00:00", "en", "on Monday at 09:00"),
    ("2026-11-27T20:00+00:00", "tr", "Pazartesi 09:00"),
    ("2026-11-27T20:00+00:00", "nl", "maandag, 09:00"),
])  # fmt: skip
def test_the_next_opening_in_the_customers_language(at, language, expected):
    assert automatic_words.opening_words(SHOP, datetime.fromisoformat(at), language) == expected


@pytest.mark.parametrize("seconds, language, expected", [
    (20, "de", "in etwa 5 Minuten"), (301, "de", "in etwa 10 Minuten"), (3_600, "de", "in etwa einer Stunde"),
    (3_601, "en", "in about 90 minutes"), (9_000, "en", "in about 3 hours"), (2_000, "tr", "yaklaşık 45 dakika içinde"),
    (700, "nl", "~ 15 min"), (20_000, "de", "so bald wie möglich"), (None, "en", "as soon as we can"),
])  # fmt: skip
def test_the_usual_wait_in_the_customers_language(seconds, language, expected):
    assert automatic_words.waiting_words(seconds, language) == expected


def test_an_opening_far_away_has_a_date_and_none_at_all_is_no_lie():
    closed = {NOON.date() + timedelta(days=number): () for number in range(39)}
    hours = OpeningHours(SHOP.zone, SHOP.weekly, closed)
    assert automatic_words.opening_words(hours, NOON, "de") == "am 1. Januar um 09:00 Uhr"
    assert automatic_words.opening_words(hours, NOON, "en") == "on 1 January at 09:00"
    assert automatic_words.opening_words(OpeningHours(SHOP.zone, ((),) * 7), NOON, "de") == "so bald wie möglich"


@pytest.mark.parametrize(
    "texts", [*automatic_words.DEFAULTS.values(), *AUTOMATIC.values(), *(said for _words, said in KEYWORDS)]
)
def test_our_own_words_and_those_of_the_demo_hold(texts):
    assert {"de", "en"} <= set(texts)
    for text in texts.values():
        assert not automatic_words.unknown(text) and len(text) <= automatic_words.LONGEST
