"""Meta's rules for templates, asked before anything is submitted."""

import dataclasses

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests.whatsapp.authoring.contents import CONTENT
from tests.whatsapp.authoring.contents import SOUND as SOUND_CONTENT
from whatsapp.authoring.category import marketing_signs
from whatsapp.authoring.components import components_of
from whatsapp.authoring.content import CAROUSEL, CODE, OFFER, ButtonDraft, Card, Content
from whatsapp.authoring.lint import Surroundings, lint
from whatsapp.sandbox.template_rules import check_components

SOUND = Content(body="Hallo {{1}}, dein Rad ist fertig und wartet auf dich.", examples={"body.1": "Lena"})
FILES = {"header": (1910, 1000), **{f"card{at}": None for at in range(10)}}


def found(content: Content, **said) -> list[tuple[str, str]]:
    """(rule, place) of what Meta would refuse."""
    around = said.pop("around", Surroundings(files=FILES))
    asked = {"name": "rad_fertig", "language": "de", "category": "UTILITY"} | said
    return [(each.rule, each.place) for each in lint(content, **asked, around=around) if each.is_bad]


def changed(**values) -> Content:
    return dataclasses.replace(SOUND, **values)


def with_body(text: str, **examples: str) -> Content:
    return changed(body=text, examples={f"body.{name.lstrip('n')}": value for name, value in examples.items()})


def test_a_sound_template_has_nothing_to_find_fault_with():
    assert lint(SOUND, name="rad_fertig", language="de", category="UTILITY") == []


@pytest.mark.parametrize(("name", "fits"), [
    ("rad_fertig_2", True), ("", False), ("Rad", False), ("rad-fertig", False), ("räder", False), ("a" * 513, False),
])  # fmt: skip
def test_names_are_small_letters_digits_and_underscores(name, fits):
    assert found(SOUND, name=name) == ([] if fits else [("name", "name")])


@pytest.mark.parametrize(("text", "rule"), [
    ("{{1}}, dein Rad ist fertig und wartet.", "edges"),
    ("Dein schönes Rad ist fertig, liebe {{1}}", "edges"),
    ("*{{1}}* dein Rad ist fertig und wartet", "edges"),
    ("Hallo {{1}} {{2}}, dein Rad ist fertig und wartet auf dich.", "gaps"),
    ("Hallo {{2}}, dein Rad ist fertig und wartet.", "gaps"),
    ("Hallo {{Vor Name}}, dein Rad ist fertig und wartet.", "gaps"),
    ("Hallo {1}, dein Rad ist fertig und wartet.", "gaps"),
    ("Hallo {{Name}}, dein Rad ist fertig und wartet.", "gaps"),
    ("Hallo {{1}} und {{name}}, dein Rad ist fertig und wartet.", "gaps"),
    ("Hallo {{1}} da {{2}} ja", "density"),
    ("Hallo     du da", "signs"),
    ("", "length"),
    ("x" * 1025, "length"),
])  # fmt: skip
def test_bodies_that_meta_refuses(text, rule):
    content = changed(body=text, examples={f"body.{name}": "x" for name in ("1", "2", "name", "Name")})

    assert rule in {each for each, _place in found(content)}


def test_every_variable_needs_a_sample_and_the_finding_names_its_field():
    assert found(changed(examples={})) == [("samples", "example-body.1")]
    assert found(changed(examples={"body.1": "  "})) == [("samples", "example-body.1")]
    assert found(changed(examples={"body.1": "{{1}}"})) == [("samples", "example-body.1")]


@pytest.mark.parametrize(("text", "rule"), [
    ("", "length"), ("x" * 61, "length"), ("Hallo 🚲", "signs"), ("*Hallo*", "signs"), ("a\nb", "signs"),
    ("Von {{1}} bis {{2}} offen", "gaps"),
])  # fmt: skip
def test_headers_that_meta_refuses(text, rule):
    content = changed(header="text", header_text=text, examples={"body.1": "a", "header.1": "a", "header.2": "b"})

    assert found(content) == [(rule, "header_text")]


def test_a_header_with_a_variable_at_its_end_is_fine():
    content = changed(header="text", header_text="Auftrag {{1}}", examples={"body.1": "a", "header.1": "7"})

    assert found(content) == []


def test_a_media_header_needs_its_file_and_a_crop_is_said():
    content = changed(header="image")

    assert found(content, around=Surroundings()) == [("files", "header")]
    warned = lint(content, name="a", language="de", category="UTILITY", around=Surroundings({"header": (400, 300)}))
    assert [(each.rule, each.level) for each in warned] == [("ratio", "warn")]


@pytest.mark.parametrize(("footer", "rule"), [("x" * 61, "length"), ("Nr. {{1}}", "gaps"), ("a\nb", "signs")])
def test_footers_that_meta_refuses(footer, rule):
    assert found(changed(footer=footer)) == [(rule, "footer")]


REPLY, SITE = ButtonDraft("quick_reply", "Ja"), ButtonDraft("url", "Ansehen", "https://rad.example")
CALL, COUPON = ButtonDraft("phone_number", "Anrufen", phone="+49 30 901820"), ButtonDraft("copy_code", example="RAD20")


@pytest.mark.parametrize(("buttons", "place"), [
    ([SITE, dataclasses.replace(SITE, text="Mehr"), dataclasses.replace(SITE, text="Noch mehr")], "buttons"),
    ([CALL, dataclasses.replace(CALL, text="Noch mal")], "buttons"),
    ([COUPON, COUPON], "buttons"),
    ([REPLY, SITE, dataclasses.replace(REPLY, text="Nein")], "buttons"),
    ([REPLY, REPLY], "buttons"),
    ([dataclasses.replace(REPLY, text=str(at)) for at in range(11)], "buttons"),
    ([dataclasses.replace(REPLY, text="")], "button-0-text"),
    ([dataclasses.replace(REPLY, text="x" * 26)], "button-0-text"),
    ([dataclasses.replace(REPLY, text="Ja {{1}}")], "button-0-text"),
    ([dataclasses.replace(SITE, url="rad.example")], "button-0-url"),
    ([dataclasses.replace(SITE, url="javascript:alert(1)")], "button-0-url"),
    ([dataclasses.replace(SITE, url="https://wa.me/4930")], "button-0-url"),
    ([dataclasses.replace(SITE, url="https://{{1}}.example/")], "button-0-url"),
    ([dataclasses.replace(SITE, url="https://rad.example/{{1}}/x")], "button-0-url"),
    ([dataclasses.replace(SITE, url="https://rad.example/{{1}}")], "button-0-example"),
    ([dataclasses.replace(CALL, phone="030 901820")], "button-0-phone"),
    ([dataclasses.replace(COUPON, example="")], "button-0-example"),
    ([dataclasses.replace(COUPON, example="ZWANZIG-PROZENT")], "button-0-example"),
])  # fmt: skip
def test_buttons_that_meta_refuses(buttons, place):
    assert place in {each for _rule, each in found(changed(buttons=tuple(buttons)))}


def test_all_kinds_of_buttons_in_one_template_are_fine():
    dynamic = ButtonDraft("url", "Verfolgen", "https://rad.example/t/{{1}}", example="B-2201")

    assert found(changed(buttons=(REPLY, dataclasses.replace(REPLY, text="Nein"), dynamic, SITE, CALL, COUPON))) == []


def test_cards_are_built_alike():
    card = Card("image", "Ein Rad", {}, (SITE,))
    carousel = changed(layout=CAROUSEL, cards=(card, card))

    assert found(carousel) == []
    assert found(changed(layout=CAROUSEL, cards=(card,))) == [("cards", "cards")]
    assert found(changed(layout=CAROUSEL, cards=(card, dataclasses.replace(card, body="")))) == [("cards", "cards")]
    assert found(changed(layout=CAROUSEL, cards=(card, dataclasses.replace(card, buttons=())))) == [
        ("cards", "cards"), ("cards", "card-1")
    ]  # fmt: skip
    long = dataclasses.replace(card, body="x" * 161)
    assert found(changed(layout=CAROUSEL, cards=(long, card))) == [("length", "card-0-body")]
    gap = dataclasses.replace(card, body="Für {{1}} ist das gut")
    assert found(changed(layout=CAROUSEL, cards=(gap, card))) == [("samples", "example-card-0.1")]


def test_offers_are_marketing_with_a_short_headline_and_a_code():
    offer = changed(layout=OFFER, offer_text="Nur kurz", buttons=(COUPON, SITE), footer="egal")

    assert found(offer, category="MARKETING") == []
    assert ("kind", "layout") in found(offer)
    assert found(dataclasses.replace(offer, offer_text="x" * 17), category="MARKETING") == [("offer", "offer_text")]
    assert found(dataclasses.replace(offer, buttons=(SITE,)), category="MARKETING") == [("offer", "buttons")]
    assert found(dataclasses.replace(offer, buttons=(SITE,), offer_expires=False), category="MARKETING") == []


def test_one_time_codes_have_a_category_of_their_own():
    code = Content(layout=CODE, code_button="Code kopieren")

    assert found(code, category="AUTHENTICATION") == []
    assert found(code) == [("kind", "layout")]
    assert found(SOUND, category="AUTHENTICATION") == [("kind", "layout")]
    assert found(dataclasses.replace(code, code_minutes="91"), category="AUTHENTICATION") == [("code", "code_minutes")]


def test_copies_and_names_that_are_taken_are_refused_before_meta_does():
    taken = Surroundings(names_taken={"rad_fertig"}, texts_taken={(SOUND.body, ""): ("rad_fertig", "en")})

    assert found(SOUND, around=taken) == [("name", "name"), ("twin", "body")]


@pytest.mark.parametrize(("whose", "words"), [
    (("rad_fertig", "en"), "English and German are word for word the same, and WhatsApp takes a text only once."
                           " Write this version in German."),
    (("rad_da", "en"), "The template rad_da (English) has word for word the same text, and WhatsApp takes a text only"
                       " once. Change this one, or use that template."),
])  # fmt: skip
def test_a_copy_says_of_what_it_is_one_and_what_helps(whose, words):
    around = Surroundings(texts_taken={(SOUND.body, ""): whose})

    with translation.override("en"):
        said = lint(SOUND, name="rad_fertig", language="de", category="UTILITY", around=around)

    assert [str(each.words) for each in said] == [words]


def warnings(content: Content) -> set[str]:
    said = lint(content, name="a", language="de", category="UTILITY", around=Surroundings(files=FILES))
    return {each.rule for each in said if not each.is_bad}


@pytest.mark.parametrize("text", [
    "Hallo {{1}}, dein Frühlingscheck mit 20 % Rabatt wartet.", "Jetzt sichern: 2 für 1, dein Termin wartet!",
    "Hi {{1}}, save 20% on your next order today.", "Schönes Wochenende euch allen!",
])  # fmt: skip
def test_utility_that_sounds_like_advertising_is_told(text):
    assert "category" in warnings(changed(body=text, examples={"body.1": "Lena"}))


@pytest.mark.parametrize("text", [
    "Hallo {{1}}, dein Rad ist fertig und wartet auf dich.", "Wir haben deine Bestellung verschickt.",
    "Your appointment is tomorrow at nine.", "Dein Termin wurde abgesagt.",
])  # fmt: skip
def test_utility_about_an_order_or_appointment_is_left_alone(text):
    assert warnings(changed(body=text, examples={"body.1": "Lena"})) == set()


def test_the_signs_are_named_as_they_stand_in_the_text():
    assert marketing_signs(Content(body="Gutschein! 20 % auf alles, gutschein", footer="Newsletter")) == [
        "Gutschein", "Newsletter", "20 %"
    ]  # fmt: skip


@given(st.one_of(SOUND_CONTENT, CONTENT), st.sampled_from(["UTILITY", "MARKETING", "AUTHENTICATION"]))
def test_what_is_found_sound_the_practice_phone_takes(content, category):
    """Its check is Meta's form check, written on its own."""
    if found(content, category=category):
        return

    check_components(components_of(content, dict.fromkeys(FILES, "4::x")), content.is_named, category)


@given(CONTENT)
def test_a_look_never_changes_and_never_fails(content):
    first = lint(content, name="a", language="de", category="UTILITY")

    assert first == lint(content, name="a", language="de", category="UTILITY")
    assert [each.is_bad for each in first] == sorted((each.is_bad for each in first), reverse=True)


@given(st.lists(st.sampled_from(["eins", "zwei", "drei", "vier"]), min_size=3, max_size=30), st.data())
def test_a_text_with_few_gaps_between_words_is_sound(words, data):
    """Any text is fine when each gap has words around it: the rule refuses no more than it has to."""
    gaps = data.draw(st.integers(0, (len(words) - 1) // 3))
    for number in range(gaps):
        words.insert(1 + number * 3, f"{{{{{number + 1}}}}}")
    body = " ".join(words)

    assert found(changed(body=body, examples={f"body.{at}": "x" for at in range(1, gaps + 1)})) == []
