"""How the practice phone shows what has more than words."""

import pytest

from inbox.practice.screen import answer_to, bubbles

CARD = {
    "header": {"type": "image", "image": {"id": "m1"}}, "body": "Das Stadtrad",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Probefahrt", "payload": "card0: Probefahrt"},
        {"type": "URL", "text": "Ansehen", "url": "https://rad.example"},
    ],
}  # fmt: skip
RENN = CARD | {"body": "Das Rennrad", "buttons": [
    {"type": "QUICK_REPLY", "text": "Probefahrt", "payload": "card1: Probefahrt"}
]}  # fmt: skip


def message(**content) -> dict:
    return {
        "wamid": "w1", "direction": "out", "type": "template", "at": 1.0, "quoted": "", "reactions": {},
        "business_read": False, "status": "delivered", "content": content,
    }  # fmt: skip


def test_a_carousel_has_its_cards_each_with_picture_words_and_buttons():
    (bubble,) = bubbles([message(body="Neu bei uns:", cards=[CARD, RENN])])

    assert [(card.text, card.media_id) for card in bubble.cards] == [("Das Stadtrad", "m1"), ("Das Rennrad", "m1")]
    assert [(button.text, button.index) for button in bubble.cards[0].buttons] == [
        ("Probefahrt", "0.0"), ("Ansehen", "")
    ]  # fmt: skip


def test_a_button_of_a_card_answers_for_that_card():
    carousel = message(body="Neu bei uns:", cards=[CARD, RENN])

    assert answer_to(carousel, "1.0")["payload"] == "card1: Probefahrt"
    with pytest.raises(LookupError):
        answer_to(carousel, "2.0")


def test_an_offer_shows_its_headline_its_end_and_its_code():
    code = {"type": "COPY_CODE", "text": "", "code": "RAD20"}
    (bubble,) = bubbles([message(body="20 %", offer={"text": "Nur kurz!", "expires": 60_000}, buttons=[code])])

    assert (bubble.offer, bubble.offer_ends and bubble.offer_ends.timestamp()) == ("Nur kurz!", 60)
    assert (bubble.buttons[0].icon, bubble.buttons[0].description, bubble.buttons[0].index) == ("copy", "RAD20", "")
