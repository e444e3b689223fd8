"""Files leave the composer as messages: in order, once, with the words where WhatsApp shows them."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.actions import delivery, delivery_claims, delivery_results, drafts, outgoing_media, replying
from inbox.enums import DraftKind, MessageStatus
from inbox.errors import FilesGone, InboxRuleViolation, ServiceWindowClosed, TextTooLong
from inbox.models import Attachment, Message, Upload
from tests import factories
from tests.cast import Cast, make_cast
from tests.delivering import deliver_now
from tests.fake_graph import FakeGraph, graph_error
from whatsapp import errors
from whatsapp.client import CloudAPI
from whatsapp.models import PhoneNumber

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def send(cast: Cast, *files: Upload, text: str = "", **more: Any) -> list[Message]:
    more.setdefault("uid", uuid.uuid4())
    return replying.send_files(cast.claras, by=cast.ben, files=[file.uid for file in files], text=text, **more)


def upload(cast: Cast, kind: str = "image", **more: Any) -> Upload:
    return factories.upload(cast.claras, by=cast.ben, kind=kind, **more)


def contents(graph: FakeGraph) -> list[Any]:
    return [payload[payload["type"]] for payload in graph.sent]


def test_each_file_becomes_a_message_of_its_uid_in_the_order_of_the_composer(cast: Cast) -> None:
    first, second = upload(cast, "document", file_name="Rechnung.pdf"), upload(cast)

    messages = send(cast, second, first, text="Bitte sehr")

    assert [(message.uid, message.kind, message.text) for message in messages] == [
        (second.uid, "image", ""), (first.uid, "document", "Bitte sehr"),
    ]  # fmt: skip
    assert [message.status for message in messages] == [MessageStatus.QUEUED] * 2
    assert messages[0].seq < messages[1].seq
    kept = messages[1].attachments.get()
    assert (kept.file.name, kept.file_name, kept.state) == (first.file.name, "Rechnung.pdf", "ready")
    assert not Upload.objects.exists()


def test_the_same_post_again_sends_nothing_more(cast: Cast) -> None:
    files, uid = [upload(cast), upload(cast, "audio")], uuid.uuid4()
    first = send(cast, *files, text="Hör mal", uid=uid)

    again = send(cast, *files, text="Hör mal", uid=uid)

    assert [message.pk for message in again] == [message.pk for message in first]
    assert cast.claras.messages.filter(direction="out").count() == 3


@pytest.mark.parametrize(("kinds", "length", "texts"), [
    (["image"], 1024, ["caption"]), (["image"], 1025, ["", "text"]), (["image", "audio"], 10, ["", "", "text"]),
    (["sticker"], 10, ["", "text"]), (["audio", "video"], 10, ["", "caption"]), (["image"], 0, [""]),
])  # fmt: skip
def test_words_are_the_last_files_caption_or_follow_as_a_message(
    cast: Cast, kinds: list[str], length: int, texts: list[str]
) -> None:
    said = "x" * length

    messages = send(cast, *[upload(cast, kind) for kind in kinds], text=said)

    assert [message.text for message in messages] == [said if each else "" for each in texts]
    assert [message.kind for message in messages if message.text] == [
        kinds[-1] if each == "caption" else "text" for each in texts if each
    ]  # fmt: skip


def test_a_text_too_long_sends_nothing_and_keeps_the_files(cast: Cast) -> None:
    file = upload(cast)

    with pytest.raises(TextTooLong):
        send(cast, file, text="x" * 5000)

    assert Upload.objects.get() == file
    assert not Message.objects.filter(direction="out").exists()


def test_a_file_that_is_not_there_any_more_stops_them_all(cast: Cast) -> None:
    here, gone = upload(cast), upload(cast)
    Upload.objects.filter(pk=gone.pk).delete()

    with pytest.raises(FilesGone):
        send(cast, here, gone)

    assert Upload.objects.get() == here


def test_a_colleagues_file_cannot_be_sent(cast: Cast) -> None:
    file = factories.upload(cast.claras, by=cast.lea)

    with pytest.raises(FilesGone):
        send(cast, file)
    send_by_lea = replying.send_files(cast.claras, by=cast.lea, files=[file.uid], uid=uuid.uuid4())
    with pytest.raises(InboxRuleViolation):
        send(cast, file)

    assert [message.author_id for message in send_by_lea] == [cast.lea.pk]


def test_a_closed_window_keeps_the_files(cast: Cast) -> None:
    file = upload(cast)
    cast.claras.last_customer_message_at = None
    cast.claras.save()

    with pytest.raises(ServiceWindowClosed):
        send(cast, file)

    assert Upload.objects.get() == file


def test_a_colleagues_answer_holds_back_all_of_them_and_each_way_out_is_for_all(cast: Cast) -> None:
    seen = cast.claras.seq
    factories.outbound_message(cast.claras, "Ist fertig.", by=cast.lea)
    files = [upload(cast, "document", file_name="Rechnung.pdf"), upload(cast, "audio")]
    held = send(cast, *files, text="Hier", seen_seq=seen)
    assert {message.status for message in held} == {MessageStatus.HELD}

    said = replying.drop_held(held[1], by=cast.ben)

    assert said == drafts.draft_for(cast.ben, cast.claras, DraftKind.REPLY) == "Hier"
    assert [file.kind for file in Upload.objects.order_by("position")] == ["document", "audio"]
    assert not Message.objects.filter(status=MessageStatus.HELD).exists()

    again = send(cast, *Upload.objects.order_by("position"), text=said, seen_seq=seen)
    replying.confirm_held(again[0], by=cast.ben)

    sent = cast.claras.messages.filter(author=cast.ben).order_by("seq")
    assert [(message.kind, message.status) for message in sent] == [
        ("document", "queued"), ("audio", "queued"), ("text", "queued")
    ]  # fmt: skip


def test_the_row_of_the_list_says_what_was_sent(cast: Cast) -> None:
    send(cast, upload(cast, "document", file_name="Rechnung.pdf"))

    cast.claras.refresh_from_db()
    assert (cast.claras.preview["kind"], cast.claras.preview["text"]) == ("document", "Rechnung.pdf")


# --- On the way to Meta -----------------------------------------------------------------------------------------------


def test_meta_gets_each_kind_as_it_wants_it(cast: Cast, graph: FakeGraph) -> None:
    kinds = ("image", "document", "audio", "sticker", "voice")
    send(cast, *[upload(cast, kind) for kind in kinds])
    send(cast, upload(cast, "video"), text="So geht es")

    for _ in range(6):
        deliver_now()

    assert [payload["type"] for payload in graph.sent] == ["image", "document", "audio", "sticker", "audio", "video"]
    ids = [f"media-{number}" for number in (1, 3, 5, 7, 9, 11)]
    assert contents(graph) == [
        {"id": ids[0]}, {"id": ids[1], "filename": "datei-document"}, {"id": ids[2]}, {"id": ids[3]},
        {"id": ids[4], "voice": True}, {"id": ids[5], "caption": "So geht es"},
    ]  # fmt: skip


def test_a_second_try_uses_the_id_of_the_first(cast: Cast, graph: FakeGraph) -> None:
    (message,) = send(cast, upload(cast))
    graph.answers = []
    graph.before = lambda payload: graph.answers.append(graph_error(131000)) if payload.get("type") else None
    deliver_now()
    graph.before, graph.answers = None, []
    Message.objects.filter(pk=message.pk).update(not_before=None)

    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.attempt) == (MessageStatus.ACCEPTED, 2)
    assert len([url for _method, url, _more in graph.calls if url.endswith("/media")]) == 1
    assert contents(graph) == [{"id": message.attachments.get().media_id}]


def test_a_refused_file_fails_in_words_and_send_again_uploads_it_anew(cast: Cast, graph: FakeGraph) -> None:
    (message,) = send(cast, upload(cast, "document", file_name="Rechnung.pdf"), text="Bitte")
    graph.answers = [graph_error(131053)]
    deliver_now()
    message.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, 131053)

    again = replying.send_again(message, by=cast.ben, uid=uuid.uuid4())
    deliver_now()

    again.refresh_from_db()
    assert (again.status, again.resend_of) == (MessageStatus.ACCEPTED, message)
    assert contents(graph) == [{"id": "media-1", "caption": "Bitte", "filename": "Rechnung.pdf"}]


def test_send_again_after_another_failure_reuses_the_id(cast: Cast) -> None:
    (message,) = send(cast, upload(cast))
    Attachment.objects.update(media_id="m1", media_expires_at=timezone.now() + outgoing_media.MEDIA_ID_LIFETIME)
    Message.objects.filter(pk=message.pk).update(status=MessageStatus.FAILED, error_code=131026)

    again = replying.send_again(message, by=cast.ben, uid=uuid.uuid4())

    assert again.attachments.get().media_id == "m1"


def test_a_window_that_closes_during_the_upload_fails_it(cast: Cast, graph: FakeGraph) -> None:
    (message,) = send(cast, upload(cast))
    claimed = claim(cast)
    claimed.last_customer_message_at = None

    outcome = delivery.attempt(claimed, api(cast))

    assert (outcome.kind, outcome.code) == (delivery.FAILED, errors.WINDOW_CLOSED)
    assert graph.sent == []


def test_a_sender_killed_during_the_upload_is_followed_by_another_and_sends_once(
    cast: Cast, graph: FakeGraph
) -> None:
    (message,) = send(cast, upload(cast))
    zombie = claim(cast)
    Message.objects.filter(pk=message.pk).update(lease_until=timezone.now() - delivery_claims.LEASE)
    delivery_results.store(delivery_results.expired_leases())
    message.refresh_from_db()
    assert message.status == MessageStatus.QUEUED

    outcome = delivery.attempt(zombie, api(cast))  # it was only slow, and wakes up now
    assert outcome.kind == delivery.UNKNOWN
    delivery_results.store([outcome])
    Message.objects.filter(pk=message.pk).update(not_before=None)
    deliver_now()

    message.refresh_from_db()
    assert message.status == MessageStatus.ACCEPTED
    assert len(graph.sent) == 1


def test_a_sender_killed_after_the_upload_leaves_doubt_never_a_second_message(cast: Cast) -> None:
    (message,) = send(cast, upload(cast))
    claim(cast)
    Attachment.objects.update(media_id="m1")
    Message.objects.filter(pk=message.pk).update(lease_until=timezone.now() - delivery_claims.LEASE)

    delivery_results.store(delivery_results.expired_leases())

    message.refresh_from_db()
    assert message.status == MessageStatus.UNKNOWN


def test_a_file_gone_from_our_disk_fails_in_words(cast: Cast, graph: FakeGraph) -> None:
    (message,) = send(cast, upload(cast))
    file = message.attachments.get().file
    file.storage.delete(file.name)

    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, errors.NO_HEADER_FILE)
    assert graph.calls == []


def test_files_leave_room_for_texts(cast: Cast) -> None:
    conversations = [factories.conversation(cast.number) for _ in range(3)]
    for conversation in conversations:
        factories.inbound_message(conversation)
        file = factories.upload(conversation, by=cast.ben)
        replying.send_files(conversation, by=cast.ben, files=[file.uid], uid=uuid.uuid4())
    replying.send_reply(cast.darios, by=cast.ben, text="Ja", uid=uuid.uuid4())
    (number,) = delivery_claims.due_numbers()

    taken = delivery_claims.claim(number, 10, files=2).messages
    nothing_but_files_wait = delivery_claims.claim(number, 10, files=0).messages

    assert sorted(message.kind for message in taken) == ["image", "image", "text"]
    assert nothing_but_files_wait == []


def claim(cast: Cast) -> Any:
    (number,) = delivery_claims.due_numbers()
    (claimed,) = delivery_claims.claim(number, 10).messages
    return claimed


def api(cast: Cast) -> CloudAPI:
    return CloudAPI(PhoneNumber.objects.get(pk=cast.number.pk))


# --- Through the door -------------------------------------------------------------------------------------------------


def test_the_composers_post_answers_with_all_bubbles(cast: Cast) -> None:
    client, uid = Client(), uuid.uuid4()
    client.force_login(cast.ben)
    files = [upload(cast, "document", file_name="Rechnung.pdf"), upload(cast, "audio")]
    said = {"uid": uid, "text": "Hör mal", "files": ",".join(str(file.uid) for file in files)}

    answer = client.post(reverse("conversation-messages", args=[cast.claras.pk]), said)

    assert answer.status_code == 200
    bubbles = [answer.json(), *answer.json()["more"]]
    assert [bubble["uid"] for bubble in bubbles] == [str(files[0].uid), str(files[1].uid), str(uid)]
    assert "Rechnung.pdf" in bubbles[0]["html"]


@pytest.mark.parametrize("files", ["x", "1,2", "0b5f2c1e-6f0a-4c39-9d53-6c1b2f0a7d11"])
def test_nonsense_for_files_is_refused_in_a_sentence(cast: Cast, files: str) -> None:
    client = Client()
    client.force_login(cast.ben)

    answer = client.post(reverse("conversation-messages", args=[cast.claras.pk]), {"uid": uuid.uuid4(), "files": files})

    assert answer.status_code in (409, 422)
    assert answer.json()["sentence"]
