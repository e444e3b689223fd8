"""Passing a message on: into other open conversations one may write to, each with all rules of a reply."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from inbox import queries
from inbox.actions import forwarding
from inbox.enums import MessageKind
from inbox.errors import InboxRuleViolation, ServiceWindowClosed
from inbox.models import Attachment, Conversation, Message
from tests import factories
from tests.cast import make_cast
from tests.delivering import deliver_now

pytestmark = pytest.mark.django_db
CARD = {"name": "Jule Hoffmann", "phones": [{"phone": "+49 176 0406907", "wa_id": "491760406907"}]}


@pytest.fixture
def cast():
    return make_cast()


def close_window(conversation: Conversation) -> None:
    conversation.last_customer_message_at = timezone.now() - timedelta(hours=25)
    conversation.save()


def forward(cast, message, *to, **options):
    options = {"by": cast.ben, "uid": uuid.uuid4(), **options}
    return forwarding.forward(message, to=to, **options)


@pytest.mark.parametrize(("kind", "text", "data", "sent"), [
    ("text", "Bis 18 Uhr", {}, {"text": {"body": "Bis 18 Uhr", "preview_url": False}}),
    ("location", "", {"latitude": 52.5, "longitude": 13.4, "name": "Hier", "error": {"code": 1}},
     {"location": {"latitude": 52.5, "longitude": 13.4, "name": "Hier"}}),
    ("contacts", "", {"contacts": [CARD], "number_shared": True}, {"contacts": [{
        "name": {"formatted_name": "Jule Hoffmann", "first_name": "Jule", "last_name": "Hoffmann"},
        "phones": [{"phone": "+49 176 0406907", "wa_id": "491760406907"}]}]}),
    ("button_reply", "Do 14:00", {"id": "b1"}, {"text": {"body": "Do 14:00", "preview_url": False}}),
])  # fmt: skip
def test_words_places_and_cards_are_passed_on(cast, graph, kind, text, data, sent):
    message = factories.inbound_message(cast.claras, text, kind=kind, data=data)

    [copy], refused = forward(cast, message, cast.darios)
    deliver_now()

    assert refused == []
    assert {key: graph.sent[0].get(key) for key in sent} == sent
    assert (copy.forwarded, copy.conversation, copy.author) == (1, cast.darios, cast.ben)


def test_it_claims_and_answers_the_other_conversation_like_a_reply(cast):
    forward(cast, cast.claras.messages.get(), cast.darios)

    cast.darios.refresh_from_db()
    assert (cast.darios.assignee, cast.darios.needs_answer) == (cast.ben, False)


def test_a_window_that_closed_meanwhile_stops_only_its_own(cast):
    ellas = factories.conversation(cast.number, factories.contact(cast.number, "Ella Ernst"))
    factories.inbound_message(ellas, "Hallo")
    close_window(cast.darios)

    sent, [refusal] = forward(cast, cast.claras.messages.get(), cast.darios, ellas)

    assert [copy.conversation for copy in sent] == [ellas]
    assert (refusal.conversation, refusal.sentence) == (
        cast.darios, ServiceWindowClosed.sentence
    )  # fmt: skip


def test_the_same_click_twice_forwards_once(cast):
    uid, message = uuid.uuid4(), cast.claras.messages.get()

    forward(cast, message, cast.darios, uid=uid)
    forward(cast, message, cast.darios, uid=uid)

    assert Message.objects.filter(conversation=cast.darios, direction="out").count() == 1


def test_what_cannot_be_passed_on_and_too_many_targets_are_refused(cast):
    gone = factories.inbound_message(cast.claras, "Weg", deleted_at=timezone.now())
    order = factories.inbound_message(cast.claras, "", kind=MessageKind.ORDER)

    for message, targets in ((gone, [cast.darios]), (order, [cast.darios]), (cast.claras.messages.first(), [])):
        with pytest.raises(InboxRuleViolation):
            forward(cast, message, *targets)
    with pytest.raises(InboxRuleViolation):
        forward(cast, cast.claras.messages.first(), *[cast.darios] * 6)


def test_the_chooser_offers_what_is_mine_or_nobodys_with_an_open_window(cast):
    def offered(words: str = "") -> list[str]:
        found = queries.writable_conversations(cast.ben, words, besides=cast.claras.pk)
        return [each.contact.display_name for each in found]

    others = {"Ella Ernst": {}, "Finn Falk": {"assignee": cast.lea}, "Gil Gerber": {"team": cast.other_team}}
    for name, fields in others.items():
        factories.inbound_message(
            factories.conversation(cast.number, factories.contact(cast.number, name), **fields), "Hallo"
        )
    assert offered() == ["Ella Ernst", "Dario Conti"]
    assert offered("ella") == ["Ella Ernst"]
    close_window(cast.darios)
    assert offered() == ["Ella Ernst"]


def test_over_http_strangers_are_neither_sources_nor_targets(cast, client):
    message = cast.claras.messages.get()
    url, said = f"/messages/{message.pk}/forward/", {"uid": uuid.uuid4(), "to": [cast.darios.pk]}
    client.force_login(cast.mallory)
    assert client.post(url, said).status_code == 404
    client.force_login(cast.ben)
    foreign = factories.conversation(cast.other_number)
    assert client.post(url, {**said, "to": [foreign.pk]}).status_code == 404

    answer = client.post(url, said)

    assert (answer.status_code, answer.json()["refused"]) == (200, [])
    assert "Dario Conti" in client.get(url).content.decode()


def with_file(cast, kind: str, mime_type: str, size: int = 1000, **fields) -> Message:
    message = factories.inbound_message(cast.claras, "Schau mal", kind=kind, **fields)
    Attachment.objects.create(
        message=message, kind=kind, mime_type=mime_type, size=size, state="ready", file="attachments/photo.jpg",
        file_name="photo.jpg", is_inline=True,
    )  # fmt: skip
    return message


def test_a_file_is_passed_on_as_our_own_copy_with_its_words(cast):
    photo = with_file(cast, "image", "image/jpeg")

    [copy], _refused = forward(cast, photo, cast.darios)

    file = copy.attachments.get()
    assert (copy.kind, copy.text, file.file.name, file.media_id) == (
        "image", "Schau mal", "attachments/photo.jpg", ""
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "mime_type", "size"), [
    ("image", "image/webp", 1000), ("video", "video/quicktime", 1000), ("document", "application/x-msdownload", 1000),
    ("image", "image/jpeg", 6 * 1024 * 1024),
])  # fmt: skip
def test_a_file_that_whatsapp_does_not_take_from_us_stays(cast, kind, mime_type, size):
    with pytest.raises(InboxRuleViolation):
        forward(cast, with_file(cast, kind, mime_type, size), cast.darios)


def test_a_file_that_has_not_come_yet_stays(cast):
    photo = with_file(cast, "image", "image/jpeg")
    photo.attachments.update(state="pending", file="")

    with pytest.raises(InboxRuleViolation):
        forward(cast, photo, cast.darios)
