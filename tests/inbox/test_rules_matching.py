"""Which rule holds: the pure matching, with every condition alone and drawn together."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.rules.matching import Conditions, Facts, FieldCondition, Rule, first_match, holds, says, words_of

FACTS = Facts(
    number=1, team=2, labels=frozenset({3, 4}), language="tr", is_known=True, is_open=True, from_ad=True,
    fields={"7": "Gold-Kunde", "8": True, "9": "12.50"}, words=words_of("Meine Bremse ist kaputt"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("fits", "fails"),
    [
        ({"numbers": frozenset({1, 9})}, {"numbers": frozenset({9})}),
        ({"teams": frozenset({2})}, {"teams": frozenset({1})}),
        ({"labels": frozenset({4, 5})}, {"labels": frozenset({5})}),
        ({"languages": frozenset({"de", "tr"})}, {"languages": frozenset({"de"})}),
        ({"customer": "known"}, {"customer": "new"}),
        ({"hours": "inside"}, {"hours": "outside"}),
        ({"keywords": ("kette", "BREMSE")}, {"keywords": ("brems", "kette")}),
        ({"field": FieldCondition(7, "equals", "gold-kunde")}, {"field": FieldCondition(7, "equals", "gold")}),
        ({"field": FieldCondition(7, "contains", "gold")}, {"field": FieldCondition(6, "contains", "gold")}),
        ({"field": FieldCondition(8, "equals", "Ja")}, {"field": FieldCondition(8, "equals", "nein")}),
        ({"field": FieldCondition(9, "equals", "12,5")}, {"field": FieldCondition(9, "equals", "12")}),
    ],
)
def test_each_condition_holds_and_fails_by_itself(fits, fails):
    assert holds(Conditions(**fits), FACTS)
    assert not holds(Conditions(**fails), FACTS)


def test_an_ad_is_asked_for_or_not_asked_about():
    organic = replace(FACTS, from_ad=False)

    assert holds(Conditions(from_ad=True), FACTS) and not holds(Conditions(from_ad=True), organic)
    assert holds(Conditions(), organic)


@pytest.mark.parametrize(
    ("keyword", "text", "found"),
    [
        ("größe", "Welche GROESSE brauche ich?", True),
        ("groesse", "Größe 58", True),
        ("grosse", "Größe 58", True),
        ("rad", "Das Radio ist kaputt", False),
        ("reparatur*", "Wegen der Reparaturannahme", True),
        ("reparatur*", "Eine Fahrradreparatur", False),
        ("angebot anfragen", "Ich will ein Angebot anfragen!", True),
        ("angebot anfragen", "Anfragen zum Angebot", False),
        ("e-bike", "Habt ihr E-Bikes oder ein E Bike?", True),
        ("kirik", "Fren kolu KIRIK, kırık", True),
        ("straße", "In welcher STRASSE seid ihr", True),
        ("тормоза", "Тормоза скрипят", True),
        ("", "alles", False),
        ("*", "alles", False),
    ],
)
def test_keywords_are_whole_words_whatever_their_case_and_umlauts(keyword, text, found):
    assert says(words_of(text), keyword) is found


def rule(pk, **conditions):
    return Rule(pk=pk, number=pk, name="", conditions=Conditions(**conditions))


def test_the_first_rule_that_holds_wins_and_none_may():
    rules = [rule(1, customer="new"), rule(2, labels=frozenset({3})), rule(3)]

    assert first_match(rules, FACTS) == rules[1]
    assert first_match(rules, replace(FACTS, labels=frozenset())) == rules[2]
    assert first_match(rules[:1], FACTS) is None


ids = st.frozensets(st.integers(1, 4), max_size=3)
words = st.lists(st.sampled_from(["bremse", "Größe", "rad", "kette"]), max_size=4)
facts = st.builds(
    Facts, number=st.integers(1, 4), team=st.none() | st.integers(1, 4), labels=ids,
    language=st.sampled_from(["", "de", "tr"]), is_known=st.booleans(), is_open=st.booleans(), from_ad=st.booleans(),
    words=words.map(" ".join).map(words_of),
)  # fmt: skip
asked = st.builds(
    Conditions, numbers=ids, teams=ids, labels=ids, languages=st.frozensets(st.sampled_from(["de", "tr"])),
    customer=st.sampled_from(["", "known", "new"]), hours=st.sampled_from(["", "inside", "outside"]),
    from_ad=st.booleans(), keywords=st.lists(st.sampled_from(["bremse", "groesse", "re*"]), max_size=2).map(tuple),
)  # fmt: skip
EMPTY = Conditions()


@given(asked, facts)
def test_a_rule_holds_exactly_when_each_of_its_conditions_does(conditions, known):
    single = [
        replace(EMPTY, **{name: getattr(conditions, name)})
        for name in ("numbers", "teams", "labels", "languages", "customer", "hours", "from_ad", "keywords")
    ]

    assert holds(conditions, known) == all(holds(each, known) for each in single)


@given(st.lists(asked, max_size=6), facts)
def test_nothing_before_the_winner_holds_and_the_rest_does_not_matter(conditions, known):
    rules = [Rule(pk=at, number=at, name="", conditions=each) for at, each in enumerate(conditions, 1)]
    found = first_match(rules, known)

    if found is None:
        assert not any(holds(each.conditions, known) for each in rules)
    else:
        assert not any(holds(each.conditions, known) for each in rules[: found.number - 1])
        assert first_match(rules[: found.number], known) == found


@given(asked)
def test_what_is_stored_is_read_back_as_it_was(conditions):
    assert Conditions.read(conditions.stored()) == conditions


@given(facts)
def test_a_rule_without_conditions_holds_for_everything(known):
    assert holds(Conditions(), known)
