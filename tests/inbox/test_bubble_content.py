"""What structured messages show: sums, earlier texts, long ones folded, places, and who sent it from where."""

from decimal import Decimal

import pytest
from django.utils import timezone

from inbox import rendering
from inbox.bubbles import bubble
from inbox.enums import Via
from tests import factories
from tests.cast import make_cast
from whatsapp.payloads.contents import content_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def claras():
    return make_cast().claras


def received(conversation, text="", **fields):
    return factories.inbound_message(conversation, text, **fields)


def order(*lines):
    items = [
        {"product_retailer_id": f"P{number}", "quantity": quantity, "item_price": price, "currency": currency}
        for number, (quantity, price, currency) in enumerate(lines)
    ]
    return content_of({"type": "order", "order": {"catalog_id": "1", "product_items": items}}).data


@pytest.mark.parametrize(("lines", "totals"), [
    ([(3, 0.1, "EUR")], [("0.30", "EUR")]),
    ([("2", "19.99", "EUR"), (1, 5, "EUR")], [("44.98", "EUR")]),
    ([(1, 0.1, "EUR"), (1, 0.2, "EUR"), (2, "7.125", "KWD")], [("0.30", "EUR"), ("14.250", "KWD")]),
    ([(1, 10, "EUR"), (1, "viel", "EUR"), (1, 3, "USD")], [("3.00", "USD")]),
])  # fmt: skip
def test_an_order_adds_up_exactly_per_currency_and_not_where_a_price_is_missing(claras, lines, totals):
    message = received(claras, kind="order", data=order(*lines))

    assert bubble.bubble_of(message).order_totals == [(Decimal(amount), currency) for amount, currency in totals]


@pytest.mark.parametrize("data", [{}, {"items": "x"}, {"items": [{"total": []}, 7]}, {"items": [{"total": "NaN"}]}])
def test_an_odd_order_has_no_sum_and_is_still_shown(claras, data):
    message = received(claras, kind="order", data=data)

    assert bubble.bubble_of(message).order_totals == []
    assert rendering.render_message(message, "de")


def test_an_edited_message_tells_what_it_said_before(claras):
    edits = [{"text": "Um <b>9</b>?", "at": "2026-11-24T10:00:00+00:00"}, {"text": "Um 10?", "at": "kaputt"}, "x"]
    html = rendering.render_message(received(claras, "Um 11?", edited_at=timezone.now(), data={"edits": edits}), "en")

    assert "2 earlier versions" in html
    assert "Um &lt;b&gt;9&lt;/b&gt;?" in html


def test_a_deleted_message_shows_neither_its_text_nor_its_earlier_ones(claras):
    gone = received(
        claras, "Geheim", deleted_at=timezone.now(), data={"edits": [{"text": "Geheimer", "at": ""}]},
        edited_at=timezone.now(),
    )  # fmt: skip

    assert "Geheim" not in rendering.render_message(gone, "de")


@pytest.mark.parametrize(("text", "folded"), [("kurz", False), ("x" * 1201, True), ("a\n" * 18, True)])
def test_a_long_message_is_whole_in_the_page_and_folded(claras, text, folded):
    html = rendering.render_message(received(claras, text), "de")

    assert ('data-action="unfold"' in html) is folded
    assert text[:50].split("\n")[0] in html


def test_a_place_can_be_copied_as_coordinates(claras):
    html = rendering.render_message(received(claras, kind="location", data={"latitude": 52, "longitude": 13.4}), "de")

    assert 'data-copy="52.000000, 13.400000"' in html


def test_what_the_owner_wrote_on_the_phone_says_so(claras):
    html = rendering.render_message(factories.outbound_message(claras, "Bin dran", via=Via.PHONE_APP), "en")

    assert "From the phone" in html and "#i-mobile" in html


def test_what_whatsapp_keeps_back_says_what_helps(claras):
    data = {"type": "poll_creation", "code": 131051, "details": "Message type is currently not supported."}
    poll = rendering.render_message(received(claras, kind="unsupported", data=data), "de")
    kept = rendering.render_message(received(claras, kind="unsupported", data={"code": 131060}), "en")

    assert "WhatsApp gibt das nicht weiter: eine Umfrage" in poll and "Bitte darum, es als Text" in poll
    assert "poll_creation" not in poll and "currently" not in poll
    assert "WhatsApp Business app on your phone" in kept


def test_a_quote_of_what_has_no_words_names_its_kind(claras):
    voice = rendering.render_message(received(claras, kind="voice", data={"seconds": 12}), "en")

    assert 'data-action="quote" data-words="Voice message 0:12"' in voice
    assert 'data-action="quote" aria-label' in rendering.render_message(received(claras, "Hallo"), "en")
