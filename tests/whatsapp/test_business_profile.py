"""The pure rules of the business profile: Meta's limits, and how two people's changes meet."""

from hypothesis import given
from hypothesis import strategies as st

from whatsapp.business_profile import (
    FIELDS,
    LIMITS,
    Automation,
    Profile,
    automation_problems,
    merged,
    problems,
    site_problem,
)

texts = st.sampled_from(["", "a", "b", "c"])
profiles = st.builds(
    Profile, about=texts, description=texts, vertical=st.sampled_from(["UNDEFINED", "RETAIL", "AUTO"]), email=texts,
    address=texts, websites=st.lists(st.sampled_from(["https://a.de", "https://b.de"]), max_size=2).map(tuple),
)  # fmt: skip


@given(seen=profiles, typed=profiles, current=profiles)
def test_two_people_lose_nothing_and_nobody_writes_what_they_did_not_touch(seen, typed, current):
    merge = merged(seen, typed, current)

    for name in FIELDS:
        before, mine, now = (getattr(each, name) for each in (seen, typed, current))
        assert getattr(merge.wanted, name) == (now if mine == before else mine)
        assert (name in merge.changes) == (getattr(merge.wanted, name) != now)
        assert (name in merge.changes) <= (mine != before)
        assert (name in merge.clashes) == (before != mine != now != before)
        assert (name in merge.theirs) == (mine == before and now != before)


@given(seen=profiles, typed=profiles)
def test_alone_everything_typed_is_what_is_wanted(seen, typed):
    merge = merged(seen, typed, seen)

    assert (merge.wanted, merge.clashes, merge.theirs) == (typed, (), ())


@given(profile=profiles)
def test_a_profile_survives_metas_shape(profile):
    assert Profile.of(profile.as_data()) == profile


@given(name=st.sampled_from(sorted(LIMITS)), length=st.integers(0, 600), letter=st.sampled_from(["x", "ä", "🚲"]))
def test_the_limits_count_characters_not_bytes(name, length, letter):
    found = problems(Profile(**{name: letter * length}), Profile())

    assert (name in found) == (length > LIMITS[name] or (name == "email" and length > 0))


def test_about_may_not_be_emptied_but_need_not_be_there():
    assert "about" in problems(Profile(), Profile(about="Hallo"))
    assert problems(Profile(), Profile()) == {}


def test_what_meta_says_oddly_counts_as_missing():
    odd = {"about": None, "vertical": 7, "websites": ["https://a.de", None], "email": ["x"]}

    assert Profile.of(odd) == Profile(websites=("https://a.de",))


def test_websites_need_a_scheme_and_a_host():
    good = ["https://radhaus.example", "http://radhaus.example/laden?x=1", "https://bücher.example"]
    bad = [
        "radhaus", "radhaus.example", "javascript:alert(1)", "https://", "https://localhost", "https://a b.de",
        "https://user:pw@radhaus.example", "https://[::1", "ftp://radhaus.example", "https://a.de/" + "x" * 256,
    ]  # fmt: skip

    assert [site_problem(each) for each in good] == [None] * 3
    assert all(site_problem(each) for each in bad)


def test_commands_are_single_words_that_differ():
    wanted = Automation(
        prompts=("Wann habt ihr offen?", "x" * 81, "Hallo 👋"),
        commands=(("hilfe", "Hilfe"), ("zwei worte", "x"), ("hilfe", "noch einmal"), ("x" * 33, "y"), ("ok", "")),
    )

    assert sorted(automation_problems(wanted)) == [
        "command_2", "command_3", "command_4", "hint_5", "prompt_2", "prompt_3"
    ]  # fmt: skip
    assert Automation.of(wanted.as_data()) == wanted
