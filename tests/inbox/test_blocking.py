"""Blocking a contact at WhatsApp: the wish at once, the answer when it comes, and what it means for writing."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from inbox import jobs
from inbox.actions.blocking import block_contact, unblock_contact
from inbox.actions.replying import send_reply
from inbox.enums import BlockState, ConversationStatus
from inbox.errors import ContactBlocked, InboxRuleViolation
from inbox.loops.sweeper import requeue_blocks
from inbox.models import Activity, Block, Conversation
from tests.cast import make_cast
from tests.fake_graph import FakeGraph, graph_error, response
from tests.inbox.writing import kinds
from tests.recording_queue import forget_jobs, recorded_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


def block_state(cast):
    return Conversation.objects.get(pk=cast.claras.pk).block_state


def settle(cast):
    jobs.settle_block(cast.claras.pk)


def test_blocking_closes_locks_and_tells_whatsapp(cast, graph: FakeGraph, django_capture_on_commit_callbacks):
    forget_jobs()
    with django_capture_on_commit_callbacks(execute=True):
        block_contact(cast.claras, by=cast.ben)
    assert (cast.claras.block_state, cast.claras.status) == (BlockState.ASKED, ConversationStatus.CLOSED)
    assert [job.args for job in recorded_jobs("settle_block")] == [(cast.claras.pk,)]
    with pytest.raises(ContactBlocked):
        send_reply(cast.claras, by=cast.ben, text="Hallo", uid=uuid.uuid4())

    settle(cast)
    [(method, url, request)] = graph.calls
    assert (method, url.rpartition("/")[2]) == ("POST", "block_users")
    assert request["json"]["block_users"] == [{"user": f"+{cast.clara.phone}"}]
    assert block_state(cast) == BlockState.BLOCKED
    assert kinds(cast.claras)[-1] == "blocked"


def test_a_contact_without_number_is_blocked_by_their_user_id(cast, graph: FakeGraph):
    cast.clara.identities.update(kind="bsuid", value="DE.123")
    block_contact(cast.claras, by=cast.ben, spam=True)
    settle(cast)

    assert graph.calls[0][2]["json"]["block_users"] == [{"user_id": "DE.123"}]
    assert Activity.objects.get(conversation=cast.claras, kind="blocked").data == {"spam": True}


@pytest.mark.parametrize(
    "answer", [graph_error(139100), response(200, {"block_users": {"failed_users": [{"input": "+49"}]}})]
)
def test_what_whatsapp_refuses_is_taken_back_and_said(cast, graph: FakeGraph, answer):
    block_contact(cast.claras, by=cast.ben)
    graph.answers = [answer]
    settle(cast)

    assert block_state(cast) == BlockState.NONE
    assert not Block.objects.exists()
    assert kinds(cast.claras)[-1] == "block_refused"


def test_whatsapp_away_is_asked_again_by_the_sweeper(cast, graph: FakeGraph, django_capture_on_commit_callbacks):
    block_contact(cast.claras, by=cast.ben)
    graph.answers = [graph_error(131000, 500)]
    settle(cast)
    assert block_state(cast) == BlockState.ASKED

    forget_jobs()
    with django_capture_on_commit_callbacks(execute=True):
        requeue_blocks(timezone.now())
        requeue_blocks(timezone.now() + timedelta(minutes=2))
        requeue_blocks(timezone.now() + timedelta(minutes=2))
    assert len(recorded_jobs("settle_block")) == 1
    settle(cast)
    assert block_state(cast) == BlockState.BLOCKED
    assert Block.objects.get().try_at is None


def test_unblocking_opens_the_composer_when_whatsapp_has_agreed(cast, graph: FakeGraph):
    block_contact(cast.claras, by=cast.ben)
    settle(cast)
    unblock_contact(cast.claras, by=cast.lea)
    assert block_state(cast) == BlockState.LIFTING
    settle(cast)

    assert [call[0] for call in graph.calls] == ["POST", "DELETE"]
    assert block_state(cast) == BlockState.NONE
    assert kinds(cast.claras)[-1] == "unblocked"


def test_an_answer_to_an_old_wish_decides_nothing(cast, graph: FakeGraph):
    block_contact(cast.claras, by=cast.ben)
    graph.before = lambda payload: unblock_contact(Conversation.objects.get(pk=cast.claras.pk), by=cast.ben)
    settle(cast)
    assert block_state(cast) == BlockState.LIFTING

    graph.before = None
    settle(cast)
    assert block_state(cast) == BlockState.NONE


def test_only_within_a_day_of_their_last_message(cast, graph: FakeGraph):
    cast.claras.last_customer_message_at = timezone.now() - timedelta(hours=25)
    cast.claras.save()
    with pytest.raises(InboxRuleViolation):
        block_contact(cast.claras, by=cast.ben)

    assert block_state(cast) == BlockState.NONE


def test_the_page_shows_it_and_offers_the_way_back(cast, graph: FakeGraph, client):
    client.force_login(cast.ben)
    client.post(f"/conversations/{cast.claras.pk}/block/", {"spam": "1"})
    settle(cast)
    html = client.get(f"/conversations/{cast.claras.pk}/").content.decode()

    assert 'data-mode="readonly"' in html
    assert "Clara ist blockiert" in html
    assert f'hx-delete="/conversations/{cast.claras.pk}/block/"' in html
