"""Agents send: what is queued, what is refused, and what is held back."""

import uuid
from datetime import timedelta

import pytest
from django.http import Http404
from django.utils import timezone

from inbox.actions import drafts, replying
from inbox.enums import ConversationStatus, DraftKind, MessageStatus
from inbox.errors import (
    EmptyMessage,
    InboxRuleViolation,
    NotAllowed,
    ReadOnlyConversation,
    ServiceWindowClosed,
    TextTooLong,
)
from inbox.models import Contact, Event, Message
from tests import factories
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def reply(cast: Cast, text: str = "Ja, seit heute früh.", **options) -> Message:
    options.setdefault("by", cast.ben)
    options.setdefault("uid", uuid.uuid4())
    return replying.send_reply(options.pop("conversation", cast.claras), text=text, **options)


def close_window(conversation) -> None:
    conversation.last_customer_message_at = timezone.now() - timedelta(hours=24)
    conversation.save()


def test_a_reply_is_queued_and_answers_the_conversation(cast):
    message = reply(cast)

    cast.claras.refresh_from_db()
    assert (message.status, message.author, message.seq) == (MessageStatus.QUEUED, cast.ben, 2)
    assert (cast.claras.assignee, cast.claras.needs_answer) == (cast.ben, False)
    assert cast.claras.preview["uid"] == str(message.uid)
    assert Event.objects.filter(kind="message", conversation_id=cast.claras.pk).count() == 1


def test_the_same_uid_again_is_the_same_message(cast):
    uid = uuid.uuid4()

    first, second = reply(cast, uid=uid), reply(cast, uid=str(uid))

    assert first == second
    assert Message.objects.filter(conversation=cast.claras, direction="out").count() == 1


def test_a_closed_window_refuses_free_text(cast):
    close_window(cast.claras)

    with pytest.raises(ServiceWindowClosed):
        reply(cast)

    assert not Message.objects.filter(direction="out").exists()


def test_the_margin_before_24_hours_already_refuses(cast):
    cast.claras.last_customer_message_at = timezone.now() - timedelta(hours=23, minutes=59, seconds=30)
    cast.claras.save()

    with pytest.raises(ServiceWindowClosed):
        reply(cast)


def test_a_refusal_by_meta_closes_the_window_until_the_customer_writes(cast):
    cast.claras.window_refused_at = timezone.now()
    cast.claras.save()

    with pytest.raises(ServiceWindowClosed):
        reply(cast)


@pytest.mark.parametrize("text", ["", "  \n\t ", "\x00"])
def test_nothing_is_not_a_message(cast, text):
    with pytest.raises(EmptyMessage):
        reply(cast, text)


def test_4096_code_points_fit_and_one_more_does_not(cast):
    assert len(reply(cast, "🚲" * 4096).text) == 4096
    with pytest.raises(TextTooLong):
        reply(cast, "🚲" * 4097)


def test_broken_characters_are_made_storable(cast):
    assert reply(cast, "Rad\x00 fertig \ud83d").text == "Rad fertig \ufffd"


def test_a_colleagues_answer_holds_the_message_back(cast):
    seen = cast.claras.seq
    reply(cast, "Ich kümmere mich.", by=cast.lea)

    held = reply(cast, "Ist fertig.", seen_seq=seen)

    assert held.status == MessageStatus.HELD
    cast.claras.refresh_from_db()
    assert cast.claras.preview["text"] == "Ich kümmere mich."
    assert Event.objects.filter(payload__uid=str(held.uid)).count() == 0


def test_ones_own_answer_from_another_tab_holds_nothing_back(cast):
    seen = cast.claras.seq
    reply(cast, "Moment …")

    assert reply(cast, "Ist fertig.", seen_seq=seen).status == MessageStatus.QUEUED


def test_an_answer_typed_on_the_phone_counts_as_a_colleagues(cast):
    seen = cast.claras.seq
    factories.outbound_message(cast.claras, "Vom Handy", via="phone_app", status="sent")

    assert reply(cast, seen_seq=seen).status == MessageStatus.HELD


def test_a_held_message_is_sent_on_confirmation_below_the_colleagues(cast):
    seen = cast.claras.seq
    first = reply(cast, by=cast.lea)
    held = reply(cast, seen_seq=seen)

    sent = replying.confirm_held(held, by=cast.ben)

    assert sent.status == MessageStatus.QUEUED
    assert sent.seq > first.seq
    assert replying.confirm_held(held, by=cast.ben).seq == sent.seq


def test_only_its_author_decides_about_a_held_message(cast):
    seen = cast.claras.seq
    reply(cast, by=cast.lea)
    held = reply(cast, seen_seq=seen)

    for decide in (replying.confirm_held, replying.drop_held):
        with pytest.raises(NotAllowed):
            decide(held, by=cast.ada)

    held.refresh_from_db()
    assert held.status == MessageStatus.HELD


def test_a_held_message_cannot_slip_through_a_window_that_has_closed(cast):
    seen = cast.claras.seq
    reply(cast, by=cast.lea)
    held = reply(cast, seen_seq=seen)
    close_window(cast.claras)

    with pytest.raises(ServiceWindowClosed):
        replying.confirm_held(held, by=cast.ben)


def test_a_dropped_message_becomes_a_draft_again(cast):
    seen = cast.claras.seq
    reply(cast, by=cast.lea)
    held = reply(cast, "Ist fertig.", seen_seq=seen)

    replying.drop_held(held, by=cast.ben)

    assert not Message.objects.filter(pk=held.pk).exists()
    assert drafts.draft_for(cast.ben, cast.claras) == "Ist fertig."


def test_a_held_message_keeps_the_text_that_was_a_draft_and_comes_back_before_what_was_typed_since(cast):
    seen = cast.claras.seq
    reply(cast, by=cast.lea)
    drafts.save_draft(cast.ben, cast.claras, DraftKind.REPLY, "Ist fertig.")
    held = reply(cast, "Ist fertig.", seen_seq=seen)
    assert drafts.draft_for(cast.ben, cast.claras) == ""
    drafts.save_draft(cast.ben, cast.claras, DraftKind.REPLY, "Und die Klingel auch.")

    assert replying.drop_held(held, by=cast.ben) == "Ist fertig.\nUnd die Klingel auch."
    assert drafts.draft_for(cast.ben, cast.claras) == "Ist fertig.\nUnd die Klingel auch."


def test_what_is_dropped_for_good_leaves_the_draft_alone(cast):
    seen = cast.claras.seq
    reply(cast, by=cast.lea)
    held = reply(cast, "Ist fertig.", seen_seq=seen)
    drafts.save_draft(cast.ben, cast.claras, DraftKind.REPLY, "Anderes")

    assert replying.drop_held(held, by=cast.ben, keep=False) == "Ist fertig."
    assert drafts.draft_for(cast.ben, cast.claras) == "Anderes"


def test_the_draft_is_gone_once_it_is_sent(cast):
    drafts.save_draft(cast.ben, cast.claras, DraftKind.REPLY, "Ist fer")
    drafts.save_draft(cast.ben, cast.claras, DraftKind.NOTE, "Ruft an")
    drafts.save_draft(cast.lea, cast.claras, DraftKind.REPLY, "Meins")

    reply(cast)

    assert drafts.draft_for(cast.ben, cast.claras) == ""
    assert drafts.draft_for(cast.ben, cast.claras, DraftKind.NOTE) == "Ruft an"
    assert drafts.draft_for(cast.lea, cast.claras) == "Meins"


def test_a_refused_reply_leaves_the_draft(cast):
    drafts.save_draft(cast.ben, cast.claras, DraftKind.REPLY, "Ist fertig")
    close_window(cast.claras)

    with pytest.raises(ServiceWindowClosed):
        reply(cast)

    assert drafts.draft_for(cast.ben, cast.claras) == "Ist fertig"


def test_replying_reopens_a_closed_conversation_with_a_new_case(cast):
    cast.claras.cases.update(closed_at=timezone.now())
    cast.claras.status, cast.claras.closed_at = ConversationStatus.CLOSED, timezone.now()
    cast.claras.save()

    reply(cast)

    cast.claras.refresh_from_db()
    assert (cast.claras.status, cast.claras.assignee) == (ConversationStatus.OPEN, cast.ben)
    assert cast.claras.cases.count() == 2


def test_groups_are_read_only(cast):
    group = factories.contact(cast.number, "Radgruppe", phone="", kind=Contact.Kind.GROUP)
    conversation = factories.conversation(cast.number, group, last_customer_message_at=timezone.now())

    with pytest.raises(ReadOnlyConversation):
        reply(cast, conversation=conversation)


def test_a_colleagues_conversation_may_be_answered_by_who_sees_it(cast):
    reply(cast, by=cast.lea)

    assert reply(cast, by=cast.ada).author == cast.ada

    cast.claras.refresh_from_db()
    assert cast.claras.assignee == cast.lea


def test_who_lost_sight_cannot_send_any_more(cast):
    cast.claras.team = cast.other_team
    cast.claras.save()

    with pytest.raises(Http404):
        reply(cast)
    with pytest.raises(Http404):
        reply(cast, by=cast.mallory)


def test_a_quote_must_be_of_the_same_conversation(cast):
    foreign = cast.darios.messages.get()

    with pytest.raises(NotAllowed):
        reply(cast, quoted=foreign)

    own = cast.claras.messages.get()
    assert reply(cast, quoted=own).quoted_wamid == own.wamid


def test_nonsense_for_a_uid_is_refused_in_words(cast):
    with pytest.raises(InboxRuleViolation):
        reply(cast, uid="1")


@pytest.mark.parametrize(("status", "code"), [("failed", 131053), ("unknown", -10)])
def test_send_again_is_a_new_message_once(cast, status, code):
    failed = factories.outbound_message(cast.claras, "Ist fertig", by=cast.ben, status=status, error_code=code)

    again = replying.send_again(failed, by=cast.ben, uid=uuid.uuid4())

    assert (again.status, again.text, again.resend_of) == (MessageStatus.QUEUED, "Ist fertig", failed)
    assert replying.send_again(failed, by=cast.lea, uid=uuid.uuid4()) == again
    told = Event.objects.get(kind="message_changed", payload__uid=str(failed.uid)).payload
    shown = told["html"]["de"]["message"]
    assert "Noch einmal gesendet" in shown and "resend" not in shown


@pytest.mark.parametrize(("status", "code"), [("delivered", None), ("queued", None), ("unknown", None)])
def test_what_may_still_arrive_is_not_sent_again(cast, status, code):
    message = factories.outbound_message(cast.claras, by=cast.ben, status=status, error_code=code)

    with pytest.raises(InboxRuleViolation):
        replying.send_again(message, by=cast.ben, uid=uuid.uuid4())


def test_send_again_asks_the_window_like_any_reply(cast):
    failed = factories.outbound_message(cast.claras, by=cast.ben, status="failed", error_code=131047)
    close_window(cast.claras)

    with pytest.raises(ServiceWindowClosed):
        replying.send_again(failed, by=cast.ben, uid=uuid.uuid4())
