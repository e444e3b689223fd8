"""Our emoji on customers' messages: sent like a reply, shown on the bubble, told apart from what failed."""

import json
import uuid
from datetime import timedelta

import pytest
import requests
from django.http import Http404
from django.utils import timezone

from inbox import rendering, threads
from inbox.actions import reacting, replying
from inbox.actions.conversations import mark_read
from inbox.actions.intake import Intake
from inbox.actions.statuses import apply_statuses
from inbox.enums import MessageKind, MessageStatus
from inbox.errors import InboxRuleViolation, ServiceWindowClosed
from inbox.models import Event, Message, Reaction
from tests import factories, webhooks
from tests.cast import make_cast
from tests.delivering import deliver_now
from tests.fake_graph import graph_error
from whatsapp import payloads

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def question(cast):
    return cast.claras.messages.get()


def ours(message) -> str:
    return Reaction.objects.get(message=message, contact=None).emoji


def reactions_of(graph) -> list[tuple[str, str]]:
    return [(sent["reaction"]["message_id"], sent["reaction"]["emoji"]) for sent in graph.sent]


def test_a_reaction_goes_to_meta_as_one_and_is_no_message_of_the_thread(cast, question, graph):
    reacting.react(question, by=cast.ben, emoji="👍")

    deliver_now()

    assert reactions_of(graph) == [(question.wamid, "👍")]
    assert "context" not in graph.sent[0]
    cast.claras.refresh_from_db()
    assert (cast.claras.assignee, cast.claras.needs_answer, cast.claras.preview["uid"]) == (
        None, True, str(question.uid)
    )  # fmt: skip
    assert [item.thing for item in threads.thread_page(cast.claras, cast.ben).items] == [question]
    assert Message.objects.get(kind=MessageKind.REACTION).status == MessageStatus.ACCEPTED


def test_changing_and_removing_are_told_in_order_and_the_same_again_is_not(cast, question, graph):
    for emoji in ("👍", "👍", "❤️", "❤️", "", ""):
        reacting.react(question, by=cast.ben, emoji=emoji)
        deliver_now()

    assert [emoji for _wamid, emoji in reactions_of(graph)] == ["👍", "❤️", ""]
    assert ours(question) == ""


def test_a_wish_that_still_waits_is_replaced_and_one_taken_back_never_leaves(cast, question, graph):
    reacting.react(question, by=cast.ben, emoji="👍")
    reacting.react(question, by=cast.lea, emoji="❤️")
    deliver_now()
    reacting.react(question, by=cast.ben, emoji="😂")
    reacting.react(question, by=cast.ben, emoji="❤️")
    deliver_now()

    assert [emoji for _wamid, emoji in reactions_of(graph)] == ["❤️"]
    assert ours(question) == "❤️"


def test_a_reaction_waits_for_the_reply_before_it(cast, question, graph):
    replying.send_reply(cast.claras, by=cast.ben, text="Ja", uid=uuid.uuid4())
    reacting.react(question, by=cast.ben, emoji="👍")

    deliver_now()
    assert [sent["type"] for sent in graph.sent] == ["text"]
    deliver_now()
    assert [sent["type"] for sent in graph.sent] == ["text", "reaction"]


def test_what_may_be_lost_is_never_sent_twice_by_itself(cast, question, graph):
    graph.answers = [requests.ReadTimeout("lost")]
    reacting.react(question, by=cast.ben, emoji="👍")

    deliver_now()
    reacting.react(question, by=cast.ben, emoji="👍")
    deliver_now()

    assert len([call for call in graph.calls if call[1].endswith("/messages")]) == 1
    assert Message.objects.get(kind=MessageKind.REACTION).status == MessageStatus.UNKNOWN


def test_a_failed_reaction_says_so_and_can_be_tried_again(cast, question, graph):
    graph.answers = [graph_error(131009)]
    reacting.react(question, by=cast.ben, emoji="👍")
    deliver_now()
    question.refresh_from_db()

    html = rendering.render_message(question, "en")

    assert "Reaction 👍: WhatsApp did not accept" in html
    cast.claras.refresh_from_db()
    assert cast.claras.has_failed_send is False
    reacting.react(question, by=cast.ben, emoji="👍")
    deliver_now()
    question.refresh_from_db()
    assert reactions_of(graph) == [(question.wamid, "👍")]
    assert "react-again" not in rendering.render_message(question, "en")


def test_a_reaction_that_failed_is_dropped_without_asking_meta(cast, question, graph):
    graph.answers = [graph_error(131009)]
    reacting.react(question, by=cast.ben, emoji="👍")
    deliver_now()

    reacting.react(question, by=cast.ben, emoji="")
    deliver_now()

    assert (ours(question), graph.sent) == ("", [])


def test_a_failure_that_comes_later_is_shown_on_the_message_it_is_about(cast, question, graph):
    reacting.react(question, by=cast.ben, emoji="👍")
    deliver_now()
    sending = Message.objects.get(kind=MessageKind.REACTION)

    errors = [{"code": 131047, "title": "x"}]
    told = {"id": sending.wamid, "status": "failed", "timestamp": "1795341600", "errors": errors}
    items = payloads.parse(json.dumps(webhooks.envelope({"statuses": [told]})).encode())
    apply_statuses(cast.number, items, Intake(timezone.now()))

    event = Event.objects.filter(kind="message_changed").latest("pk").payload
    assert event["item"] == f"message-{question.uid}"
    assert 'data-action="react-again"' in event["html"]["de"]["message"]


def test_the_event_names_the_message_and_the_number_it_used_up(cast, question):
    reacting.react(question, by=cast.ben, emoji="👍")

    event = Event.objects.filter(kind="message_changed").latest("pk").payload
    assert (event["item"], event["seq"], event["took"]) == (f"message-{question.uid}", question.seq, question.seq + 1)


@pytest.mark.parametrize("wish", ["ja", "👍👍", "<b>", "1"])
def test_only_a_single_emoji_is_a_reaction(cast, question, wish):
    with pytest.raises(InboxRuleViolation):
        reacting.react(question, by=cast.ben, emoji=wish)

    assert not Message.objects.filter(kind=MessageKind.REACTION).exists()


def test_our_own_old_and_deleted_messages_take_no_reaction(cast, question):
    mine = factories.outbound_message(cast.claras, "Ja", by=cast.ben)
    old = factories.inbound_message(cast.claras, "Alt", at=timezone.now() - timedelta(days=31))
    gone = factories.inbound_message(cast.claras, "Weg", deleted_at=timezone.now())

    for message in (mine, old, gone):
        with pytest.raises(reacting.NotReactable):
            reacting.react(message, by=cast.ben, emoji="👍")


def test_a_closed_window_takes_no_reaction(cast, question):
    cast.claras.last_customer_message_at = timezone.now() - timedelta(hours=25)
    cast.claras.save()

    with pytest.raises(ServiceWindowClosed):
        reacting.react(question, by=cast.ben, emoji="👍")


def test_what_the_owner_puts_on_the_phone_is_known_when_we_change_it(cast, question, graph):
    Reaction.objects.create(message=question, emoji="👍", occurred_at=timezone.now())

    reacting.react(question, by=cast.ben, emoji="👍")
    reacting.react(question, by=cast.ben, emoji="")
    deliver_now()

    assert reactions_of(graph) == [(question.wamid, "")]


def test_strangers_find_nothing_to_react_to(cast, question):
    with pytest.raises(Http404):
        reacting.react(question, by=cast.mallory, emoji="👍")


def test_reacting_over_http_answers_with_the_bubble(cast, question, client):
    client.force_login(cast.ben)

    answer = client.post(f"/messages/{question.pk}/reaction/", {"emoji": "👍"}).json()
    assert "👍 Ben" in answer["html"]
    answer = client.delete(f"/messages/{question.pk}/reaction/").json()

    assert "👍 Ben" not in answer["html"]


def test_a_reaction_is_no_answer_that_holds_a_colleagues_reply_back(cast, question):
    mark_read(cast.lea, cast.claras)
    reacting.react(question, by=cast.ben, emoji="👍")

    reply = replying.send_reply(cast.claras, by=cast.lea, text="Ja", uid=uuid.uuid4(), seen_seq=question.seq)

    assert reply.status == MessageStatus.QUEUED
