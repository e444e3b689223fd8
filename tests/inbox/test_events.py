"""What an action's report becomes: rows in the transaction, parts per language, one publication after the commit."""

import json
import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from inbox import event_payloads, events, jobs, publishing, redis_connections
from inbox.enums import MessageStatus
from inbox.models import Activity, Attachment, Event, Label, Mention, Note, Reaction, ReadCursor
from inbox.visibility import ConversationFacts
from tests import factories
from tests.cast import make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    cast = make_cast()
    cast.ada.language = "en"
    cast.ada.save()
    return cast


@pytest.fixture
def published(monkeypatch):
    """Every publication as a list of payloads."""
    found: list[list[dict]] = []
    monkeypatch.setattr(publishing, "publish", found.append)
    return found


def test_a_message_is_told_with_its_parts_in_every_language(cast, published, django_capture_on_commit_callbacks):
    message = factories.inbound_message(cast.claras, "Passt Dienstag?")
    with django_capture_on_commit_callbacks(execute=True):
        events.message_created(message)

    [[payload]] = published
    assert payload["kind"] == "message"
    assert (payload["uid"], payload["item"]) == (str(message.uid), f"message-{message.uid}")
    assert payload["seq"] == message.seq
    for language in ("de", "en"):
        assert set(payload["html"][language]) == {"row", "message"}
        assert f'id="message-{message.uid}"' in payload["html"][language]["message"]
        assert "Passt Dienstag?" in payload["html"][language]["message"]
        assert f'id="row-{cast.claras.pk}"' in payload["html"][language]["row"]
    stored = Event.objects.get()
    assert {"id": stored.pk, **stored.payload} == json.loads(json.dumps(payload))


def test_facts_say_who_may_hear_it_and_how_far_each_has_read(cast, published, django_capture_on_commit_callbacks):
    cast.claras.assignee = cast.ben
    cast.claras.save()
    note = Note.objects.create(
        workspace=cast.workspace, conversation=cast.claras, seq=50, author=cast.ben, text="@Lea schau mal"
    )
    Mention.objects.create(note=note, conversation=cast.claras, agent=cast.lea)
    ReadCursor.objects.create(agent=cast.ben, conversation=cast.claras, read_count=1)
    with django_capture_on_commit_callbacks(execute=True):
        events.note_added(note)

    [[payload]] = published
    facts = payload["facts"]
    assert (facts["assignee"], facts["team"], facts["mentioned"]) == (cast.ben.pk, cast.team.pk, [cast.lea.pk])
    assert facts["inbound_count"] == cast.claras.inbound_count
    assert payload["reads"] == {str(cast.ben.pk): 1}
    assert payload["item"] == f"note-{note.uid}"


def test_every_change_raises_the_version_and_the_instance_knows(cast):
    before = cast.claras.version
    events.conversation_changed(cast.claras)
    events.conversation_changed(cast.claras)

    assert cast.claras.version == before + 2
    cast.claras.refresh_from_db()
    assert cast.claras.version == before + 2


def test_the_row_is_read_anew_whatever_the_reporter_holds(cast):
    """Somebody else assigned it; the report comes from an instance that has not heard of that."""
    stale = type(cast.claras).objects.get(pk=cast.claras.pk)
    cast.claras.assignee = cast.ben
    cast.claras.save()
    events.conversation_changed(stale)

    assert Event.objects.get().payload["facts"]["assignee"] == cast.ben.pk


def test_what_is_rolled_back_was_never_said(cast, published, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(RuntimeError), transaction.atomic():
            events.message_created(factories.inbound_message(cast.claras, "Ein Traum"))
            raise RuntimeError

    assert published == []
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_events_belong_into_a_transaction(cast):
    with pytest.raises(transaction.TransactionManagementError):
        events.message_created(factories.inbound_message(cast.claras, "Allein"))


def test_gathered_events_share_one_row_one_version_and_one_publication(
    cast, published, django_capture_on_commit_callbacks, monkeypatch
):
    drawn = []
    render = event_payloads._render
    monkeypatch.setattr(
        event_payloads,
        "_render",
        lambda name, thing, language: drawn.append((name, language)) or render(name, thing, language),
    )
    with django_capture_on_commit_callbacks(execute=True), events.gathered():
        for text in ("Eins", "Zwei", "Drei"):
            events.message_created(factories.inbound_message(cast.claras, text))
        events.conversation_changed(cast.claras)
        events.message_created(factories.inbound_message(cast.darios, "Vier"))

    [payloads] = published
    assert [payload["kind"] for payload in payloads] == ["message", "message", "message", "conversation", "message"]
    assert [sorted(payload["html"]["de"]) for payload in payloads] == [
        ["message"], ["message"], ["message"], ["head", "row"], ["message", "row"]
    ]  # fmt: skip
    assert len({payload["version"] for payload in payloads[:4]}) == 1
    assert [payload.get("partial") for payload in payloads] == [True, True, True, None, None]
    german = sorted(name for name, language in drawn if language == "de")
    assert german == ["head", "message", "message", "message", "message", "row", "row"]


def test_a_conversation_that_changed_comes_with_its_head(cast, published, django_capture_on_commit_callbacks):
    label = Label.objects.create(workspace=cast.workspace, name="Garantie", hue=3)
    cast.claras.labels.add(label)
    with django_capture_on_commit_callbacks(execute=True):
        events.conversation_changed(cast.claras)

    [[payload]] = published
    assert f'id="head-{cast.claras.pk}"' in payload["html"]["en"]["head"]
    assert "Garantie" in payload["html"]["de"]["row"]
    assert payload["facts"]["labels"] == [label.pk]


def test_only_languages_that_somebody_reads_are_rendered(cast, published, django_capture_on_commit_callbacks):
    workspace = factories.workspace("Nur deutsch")
    number = factories.number(workspace, team=factories.team(workspace, "Alle"))
    factories.agent(workspace, "Doris")
    with django_capture_on_commit_callbacks(execute=True):
        events.conversation_changed(factories.conversation(number))

    assert set(published[0][0]["html"]) == {"de"}


def test_a_language_counts_from_the_moment_somebody_reads_it(cast, published, django_capture_on_commit_callbacks):
    cast.ada.language = "de"
    cast.ada.save()
    with django_capture_on_commit_callbacks(execute=True):
        events.message_created(factories.inbound_message(cast.claras))
    cast.ben.language = "en"
    cast.ben.save()
    with django_capture_on_commit_callbacks(execute=True):
        events.message_created(factories.inbound_message(cast.claras))

    assert [set(payload["html"]) for [payload] in published] == [{"de"}, {"de", "en"}]


def test_a_customer_without_a_name_is_shown_by_number_and_files_and_reactions_are_there(
    cast, published, django_capture_on_commit_callbacks
):
    nameless = factories.conversation(cast.number, factories.contact(cast.number, "", phone="4917612345678"))
    message = factories.inbound_message(nameless, "", kind="document")
    Attachment.objects.create(message=message, kind="document", file_name="Rechnung.pdf", state="failed")
    Reaction.objects.create(message=message, emoji="🎉", contact=nameless.contact, occurred_at=message.occurred_at)
    with django_capture_on_commit_callbacks(execute=True):
        events.message_changed(message)

    [[payload]] = published
    assert "+49 176" in payload["html"]["de"]["row"]
    assert "🎉" in payload["html"]["de"]["message"]
    assert "Rechnung.pdf" in payload["html"]["de"]["message"]


def test_a_failing_part_of_a_gathering_takes_only_its_own_events_along(
    cast, published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True), events.gathered():
        events.message_created(factories.inbound_message(cast.claras, "Bleibt"))
        with pytest.raises(RuntimeError), transaction.atomic(), events.gathered():
            events.message_created(factories.inbound_message(cast.darios, "Geht"))
            raise RuntimeError

    [payloads] = published
    assert [payload["conversation"] for payload in payloads] == [cast.claras.pk]


def test_a_part_that_cannot_be_rendered_costs_neither_the_message_nor_the_event(
    cast, published, django_capture_on_commit_callbacks, monkeypatch, caplog
):
    def broken(*args):
        Event.objects.raw("SELECT 1/0 AS id")[0]

    monkeypatch.setattr("inbox.rendering.render_message", broken)
    with django_capture_on_commit_callbacks(execute=True):
        message = factories.inbound_message(cast.claras, "Trotzdem da")
        events.message_created(message)

    [[payload]] = published
    assert "message" not in payload["html"].get("de", {})
    message.refresh_from_db()
    assert message.text == "Trotzdem da"
    assert "without" in caplog.text


def test_a_dead_redis_costs_nothing_but_a_line_in_the_log(cast, settings, caplog, django_capture_on_commit_callbacks):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    publishing._paused_until = 0
    try:
        with django_capture_on_commit_callbacks(execute=True):
            events.message_created(factories.inbound_message(cast.claras, "Hallo"))
    finally:
        publishing._paused_until = 0

    assert Event.objects.count() == 1
    assert "did not take" in caplog.text


def test_a_publication_reaches_the_channel(cast, django_capture_on_commit_callbacks):
    pubsub = redis_connections.client().pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe(publishing.channel())
    pubsub.get_message(timeout=2)
    with django_capture_on_commit_callbacks(execute=True):
        events.conversation_changed(cast.claras)

    message = None
    while message is None:
        message = pubsub.get_message(timeout=2)
    pubsub.close()
    assert json.loads(message["data"])["conversation"] == cast.claras.pk


def _sent(conversation, status, **fields):
    return factories.outbound_message(conversation, status=status, **fields)


def test_another_database_of_the_same_redis_server_hears_nothing(settings):
    """An installation beside ours has its own ids: they would hide our events, and ours would reach its people."""
    base, _slash, number = settings.REDIS_URL.rpartition("/")
    with redis_connections.client().pubsub() as ours:
        ours.subscribe(publishing.channel())
        assert ours.get_message(timeout=5)["type"] == "subscribe"
        settings.REDIS_URL = f"{base}/{int(number or 0) + 8}"
        publishing.publish([{"kind": "message", "id": 7, "text": "theirs"}])
        settings.REDIS_URL = f"{base}/{number}"
        publishing.publish([{"kind": "message", "id": 7, "text": "ours"}])

        assert json.loads(ours.get_message(timeout=5)["data"])["text"] == "ours"


def test_hundreds_of_marks_are_one_light_event_a_conversation(
    cast, published, django_capture_on_commit_callbacks, django_assert_num_queries
):
    messages = [_sent(cast.claras, MessageStatus.DELIVERED) for _ in range(30)]
    messages += [_sent(cast.darios, MessageStatus.READ) for _ in range(30)]
    version = cast.claras.version
    with django_capture_on_commit_callbacks(execute=True), django_assert_num_queries(2):
        events.messages_changed(messages)

    [payloads] = published
    assert [(payload["kind"], len(payload["ticks"])) for payload in payloads] == [("ticks", 30), ("ticks", 30)]
    assert "html" not in payloads[0]
    cast.claras.refresh_from_db()
    assert cast.claras.version == version


def test_a_mark_on_the_newest_message_concerns_the_row_too(cast, published, django_capture_on_commit_callbacks):
    older, newest = (_sent(cast.claras, MessageStatus.DELIVERED) for _ in range(2))
    cast.claras.preview = {"uid": str(newest.uid)}
    cast.claras.save()
    with django_capture_on_commit_callbacks(execute=True):
        events.messages_changed([older])
        events.messages_changed([newest])

    assert [payloads[0]["in_row"] for payloads in published] == [False, True]


@pytest.mark.parametrize("status", [MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.HELD])
def test_a_state_that_needs_words_comes_rendered(cast, published, django_capture_on_commit_callbacks, status):
    message = _sent(cast.claras, status)
    with django_capture_on_commit_callbacks(execute=True):
        events.messages_changed([message])

    [[payload]] = published
    assert payload["kind"] == "message_changed"
    assert f'id="message-{message.uid}"' in payload["html"]["de"]["message"]


def test_a_change_of_hands_names_who_could_see_it_before(cast):
    before = ConversationFacts(cast.workspace.pk, cast.other_team.pk, cast.ben.pk, frozenset({cast.lea.pk}))
    events.conversation_changed(cast.claras, previous=before)

    assert Event.objects.get().payload["before"] == {
        "team": cast.other_team.pk, "assignee": cast.ben.pk, "mentioned": [cast.lea.pk]
    }  # fmt: skip


def test_an_activity_is_an_item_of_the_thread(cast):
    activity = Activity.objects.create(
        workspace=cast.workspace, conversation=cast.claras, seq=9, kind="closed", actor=cast.ben
    )
    events.activity_added(activity)

    payload = Event.objects.get().payload
    assert payload["item"] == f"activity-{activity.pk}"
    assert f'id="activity-{activity.pk}"' in payload["html"]["en"]["message"]


def test_fleeting_things_leave_no_row(cast, published, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        events.typing(cast.claras, cast.ben)
        events.viewing(cast.claras, [cast.ben])
        events.conversation_read(cast.ben, cast.claras, 3)

    assert [payloads[0]["kind"] for payloads in published] == ["typing", "viewing", "read"]
    assert not Event.objects.exists()


def test_the_cost_of_a_report_does_not_grow_with_the_conversation(cast, django_assert_max_num_queries):
    for _ in range(3):
        agent = factories.agent(cast.workspace, "Neu", teams=[cast.team])
        ReadCursor.objects.create(agent=agent, conversation=cast.claras, read_count=1)
    message = factories.inbound_message(cast.claras, "Wie viele?", uid=uuid.uuid4())
    with django_assert_max_num_queries(6):
        events.message_created(message)


def test_events_are_kept_for_two_days(cast, monkeypatch):
    monkeypatch.setattr("inbox.event_writing.FORGOTTEN_AT_ONCE", 2)
    for hours in (1, 47, 49, 50, 51, 90, 91):
        Event.objects.create(
            workspace=cast.workspace, kind="alert", payload={}, created_at=timezone.now() - timedelta(hours=hours)
        )

    jobs.forget_old_events()

    assert Event.objects.count() == 2
    assert jobs.forget_old_events in jobs.HOURLY
