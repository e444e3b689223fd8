"""Help while typing: the emojis of the picker, and the preview of marks."""

import gzip
import json

import emoji
import pytest
from django.test import Client
from django.urls import reverse

from inbox.emoji_names import picker_json, takes_tone
from inbox.formatting import to_html
from tests.cast import Cast, make_cast


def emojis(language: str) -> dict[str, list]:
    groups = json.loads(gzip.decompress(picker_json(language)))["groups"]
    return {sign: [name, words, tone] for _heading, members in groups for sign, name, words, tone in members}


def test_every_emoji_is_there_once_with_a_name_in_the_readers_language():
    german, english = emojis("de"), emojis("en")

    assert list(german) == list(english) and len(german) > 1800
    assert german["👍"][0] == "daumen hoch" and english["👍"][0] == "thumbs up"
    for _name, words, _tone in (german["👍"], english["👍"]):
        assert {"daumen", "thumbs", "+1"} <= set(words.split())
    assert "gruen" in german["💚"][1] and not any("🏽" in sign for sign in german)


@pytest.mark.parametrize(("sign", "word"), [("🙏", "danke"), ("😂", "lachen"), ("✅", "erledigt"), ("🔧", "werkzeug")])
def test_emojis_are_found_by_what_people_call_them(sign, word):
    assert word in emojis("de")[sign][1].split() and word in emojis("en")[sign][1].split()


def test_smileys_begin_with_the_smile_and_flags_stand_together():
    groups = dict(json.loads(gzip.decompress(picker_json("en")))["groups"])
    assert groups["Smileys"][0][0] == "😀" and groups["Gestures and people"][0][0] == "👆"
    assert {"🇩🇪", "🏴‍☠️", "🏁"} <= {sign for sign, *_rest in groups["Flags"]}


def test_a_tone_is_offered_exactly_where_it_makes_another_emoji():
    for sign in emojis("de"):
        first, rest = sign[0], sign[1:].removeprefix("\ufe0f")
        assert takes_tone(sign) == (f"{first}🏽{rest}" in emoji.EMOJI_DATA)
    assert takes_tone("☝️") and takes_tone("👩‍🔧") and not takes_tone("🚲")


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


def browser(agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def test_a_browser_fetches_the_names_once(cast):
    answer = browser(cast.ben).get(reverse("emojis"), {"language": "en", "version": "x"})
    assert answer["Content-Encoding"] == "gzip" and "immutable" in answer["Cache-Control"]
    assert json.loads(gzip.decompress(answer.content))["groups"][0][0] == "Smileys"


@pytest.mark.parametrize("text", ["*fett* und _kursiv_", "- eins\n- zwei", "> Zitat", "```x```", "*<script>*"])
def test_the_preview_is_what_the_thread_will_show(cast, text):
    answer = browser(cast.ben).post(reverse("formatting-preview"), {"text": text})
    assert answer.json() == {"html": to_html(text)}


@pytest.mark.parametrize("text", ["3 * 4 * 5", "snake_case_name", "https://radhaus.example/a_b_c", "", "Hallo"])
def test_there_is_no_preview_where_nothing_is_marked(cast, text):
    assert browser(cast.ben).post(reverse("formatting-preview"), {"text": text}).json() == {"html": ""}
