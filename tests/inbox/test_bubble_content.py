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


@pytest.mark.parametrize("kind", [
    "image", "interactive", "list", "link_preview", "location", "media_placeholder", "reaction", "button", "hsm",
    "text", "errors", "call_permission_reply",
])  # fmt: skip
def test_what_whatsapp_keeps_back_has_german_words(claras, kind):
    data = {"type": kind, "code": 131051, "details": "Message type is currently not supported."}
    html = rendering.render_message(received(claras, kind="unsupported", data=data), "de")

    assert f": {kind}<" not in html and "WhatsApp gibt d" in html


def test_a_file_that_is_too_large_says_so_in_the_readers_language(claras):
    data = {"type": "", "code": 131052, "details": "Media file size too big."}
    html = rendering.render_message(received(claras, kind="unsupported", data=data), "de")

    assert "größer als 100 MB" in html and "too big" not in html


def test_of_our_own_message_nobody_asks_the_customer(claras):
    echo = factories.outbound_message(claras, "", via=Via.PHONE_APP, kind="unsupported", data={"code": 131051})
    html = rendering.render_message(echo, "de")

    assert "Schau in die WhatsApp-Business-App" in html and "Bitte darum" not in html


@pytest.mark.parametrize("text", ["", "\u200b\u200b", "  \n "])
def test_a_message_in_which_nothing_can_be_seen_says_so(claras, text):
    assert "Leere Nachricht" in rendering.render_message(received(claras, text), "de")
    assert "Leere Nachricht" not in rendering.render_message(received(claras, "."), "de")


def test_what_stood_below_a_chosen_entry_is_shown(claras):
    chosen = received(claras, "10 – 12 Uhr", kind="list_reply", data={"id": "1", "description": "nur mit Termin"})

    assert "nur mit Termin" in rendering.render_message(chosen, "de")


def test_a_form_speaks_to_people(claras):
    fields = [["screen_0_Abholung_am_1", "2_Samstag"], ["einverstanden", "true"], ["notiz", ""]]
    reply = received(claras, kind="flow_reply", data={"name": "flow", "fields": fields})

    assert bubble.bubble_of(reply).form_fields[0] == ("Abholung am", "Samstag")
    html = rendering.render_message(reply, "de")
    assert "<dd dir=\"auto\">Ja</dd>" in html and "<dd dir=\"auto\">–</dd>" in html and "· flow" not in html


def test_a_line_of_an_order_without_a_number_or_name_is_no_riddle(claras):
    message = received(claras, kind="order", data={"items": [{"id": "", "quantity": 2}, {"id": "A"}]})
    html = rendering.render_message(message, "de")

    assert "2 × ?" in html and "? × A" in html


def test_a_change_without_words_is_no_empty_line(claras):
    line = received(claras, "", kind="system", data={"event": "other"})

    assert "Bei WhatsApp hat sich etwas" in rendering.render_message(line, "de")


def test_a_quote_in_a_group_names_who_wrote_and_one_of_the_phone_says_so(claras):
    number = claras.phone_number
    group = factories.conversation(number, factories.contact(number, "", phone="", kind="group"))
    heidi = factories.contact(number, "Heidi Heil", phone="4915100007001")
    asked = received(group, "Wer kommt?", sender_contact=heidi)
    echo = factories.outbound_message(claras, "Bin dran", via=Via.PHONE_APP)

    assert bubble.bubble_of(received(group, "Ich", quoted=asked)).quote_author == "Heidi Heil"
    assert bubble.bubble_of(received(claras, "Gut", quoted=echo)).quote_author == str(Via.PHONE_APP.label)
