"""Who hears of a draft: the agent's other pages with the text, colleagues that there is one, strangers nothing."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox import publishing, queries
from inbox.actions import drafts
from inbox.actions.replying import confirm_held, send_again, send_reply, send_template
from inbox.audience import Memory, Outgoing
from inbox.filters import Filter
from tests import factories
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def published(monkeypatch) -> list[dict]:
    """What went out, in order: (kind, has or text)."""
    payloads: list[dict] = []
    monkeypatch.setattr(publishing, "after_commit", payloads.extend)
    return payloads


def told(published) -> list[tuple]:
    return [(each["kind"], each.get("has", each.get("text"))) for each in published if each["kind"].startswith("draft")]


def test_colleagues_hear_that_a_draft_begins_and_ends_and_no_word_of_it(cast, published):
    drafts.save_draft(cast.ben, cast.claras, "reply", "Geh")
    drafts.save_draft(cast.ben, cast.claras, "reply", "Geheim", page="p")
    drafts.save_draft(cast.ben, cast.claras, "reply", " ")
    drafts.clear_draft(cast.ben, cast.claras)

    assert told(published) == [
        ("draft", "Geh"), ("drafting", True), ("draft", "Geheim"), ("draft", ""), ("drafting", False)
    ]  # fmt: skip
    assert all("text" not in each for each in published if each["kind"] == "drafting")


def test_the_text_goes_to_the_pages_of_its_author_alone(cast, published):
    drafts.save_draft(cast.ben, cast.claras, "note", "Nur für mich")

    class Page:
        def __init__(self, agent):
            self.person = type("Person", (), {
                "agent_id": agent.pk, "language": "de", "rights": type("Rights", (), {
                    "workspace_id": agent.workspace_id, "role": agent.role})()})()
            self.conversation = cast.claras.pk

    [payload] = published
    people = (cast.ben, cast.ada, cast.mallory)
    heard = {agent.first_name: Outgoing(payload, Memory()).text_for(Page(agent)) for agent in people}
    assert "Nur für mich" in (heard["Ben"] or "") and heard["Ada"] is None and heard["Mallory"] is None


def test_a_sent_reply_ends_the_draft_and_a_template_leaves_it(cast, published):
    template = factories.template(cast.number, components=[{"type": "BODY", "text": "Hallo"}])
    drafts.save_draft(cast.ben, cast.claras, "reply", "Halb")
    send_template(cast.claras, by=cast.ben, template=template, values={}, uid=uuid.uuid4())
    assert drafts.draft_for(cast.ben, cast.claras) == "Halb"

    send_reply(cast.claras, by=cast.ben, text="Ganz", uid=uuid.uuid4())

    assert drafts.draft_for(cast.ben, cast.claras) == ""
    assert told(published)[-2:] == [("draft", ""), ("drafting", False)]


def test_what_was_typed_while_the_reply_was_on_its_way_stays_a_draft(cast, published):
    uid = uuid.uuid4()
    for _try in range(2):  # the answer may be lost, and the page saves both once more before it asks again
        drafts.save_draft(cast.ben, cast.claras, "reply", "Erstens\nZweitens")
        send_reply(cast.claras, by=cast.ben, text="Erstens", uid=uid)
        assert drafts.draft_for(cast.ben, cast.claras) == "Zweitens"
        assert told(published)[-1] == ("draft", "Zweitens")
    send_reply(cast.claras, by=cast.ben, text="Erstens", uid=uid)
    assert drafts.draft_for(cast.ben, cast.claras) == "Zweitens"


def test_the_words_of_a_note_go_from_its_draft_and_what_follows_stays(cast):
    drafts.save_draft(cast.ben, cast.claras, "note", "Erstens\nZweitens")
    client = Client()
    client.force_login(cast.ben)
    client.post(reverse("conversation-notes", args=[cast.claras.pk]), {"text": "Erstens", "uid": str(uuid.uuid4())})
    assert drafts.draft_for(cast.ben, cast.claras, "note") == "Zweitens"


def test_a_draft_that_was_sent_says_what_it_became(cast, published):
    drafts.save_draft(cast.ben, cast.claras, "reply", "Hal")
    send_reply(cast.claras, by=cast.ben, text="Hallo", uid=uuid.uuid4())
    assert [each["said"] for each in published if each["kind"] == "draft"] == ["", "Hallo"]


def test_what_was_held_or_failed_and_is_sent_again_leaves_what_is_typed_meanwhile(cast):
    failed = factories.outbound_message(cast.claras, "Ist fertig", by=cast.ben, status="failed")
    drafts.save_draft(cast.ben, cast.claras, "reply", "Anderes")
    send_again(failed, by=cast.ben, uid=uuid.uuid4())
    assert drafts.draft_for(cast.ben, cast.claras) == "Anderes"

    factories.outbound_message(cast.claras, "Schon erledigt", by=cast.lea)
    held = send_reply(cast.claras, by=cast.ben, text="Mach ich", uid=uuid.uuid4(), seen_seq=0)
    drafts.save_draft(cast.ben, cast.claras, "reply", "Anderes")
    confirm_held(held, by=cast.ben)
    assert drafts.draft_for(cast.ben, cast.claras) == "Anderes"


def test_the_list_and_the_thread_say_who_keeps_a_draft(cast):
    drafts.save_draft(cast.ben, cast.claras, "reply", "Halb")
    drafts.save_draft(cast.lea, cast.claras, "note", "Notiz")
    gone = factories.agent(cast.workspace, "Gone", teams=[cast.team], is_active=False)
    drafts.save_draft(gone, cast.claras, "reply", "x")

    rows = {row.conversation.pk: row.drafters for row in queries.list_page(cast.lea, Filter(view="all")).rows}
    assert rows == {cast.claras.pk: [{"id": cast.ben.pk, "name": "Ben Brandt"}], cast.darios.pk: []}
    client = Client()
    client.force_login(cast.lea)
    page = client.get(reverse("conversation", args=[cast.claras.pk]))
    assert page.context["drafters"] == [{"id": cast.ben.pk, "name": "Ben Brandt"}]
    assert b"Halb" not in page.content


def test_the_page_that_saved_is_named_so_that_it_need_not_listen(cast, published):
    client = Client()
    client.force_login(cast.ben)
    client.post(reverse("conversation-draft", args=[cast.claras.pk]), {"kind": "reply", "text": "a", "page": "p1"})
    assert published[0]["page"] == "p1"


def test_a_save_that_comes_after_its_message_leaves_no_draft_to_be_sent_again(cast):
    message = send_reply(cast.claras, by=cast.ben, text="Ist fertig", uid=uuid.uuid4())
    drafts.save_draft(cast.ben, cast.claras, "reply", "Ist fertig ")
    assert drafts.draft_for(cast.ben, cast.claras) == ""

    drafts.save_draft(cast.ben, cast.claras, "note", "Ist fertig")
    assert drafts.draft_for(cast.ben, cast.claras, "note") == "Ist fertig"
    factories.note(cast.claras, by=cast.ben, text="Ist fertig")
    drafts.save_draft(cast.ben, cast.claras, "note", "Ist fertig")
    assert drafts.draft_for(cast.ben, cast.claras, "note") == ""

    # What failed is brought back to be changed; a minute later the same words may be meant.
    for change in ({"status": "failed"}, {"occurred_at": timezone.now() - timedelta(minutes=2)}):
        type(message).objects.filter(pk=message.pk).update(**change)
        drafts.save_draft(cast.ben, cast.claras, "reply", "Ist fertig")
        assert drafts.draft_for(cast.ben, cast.claras) == "Ist fertig"
        drafts.clear_draft(cast.ben, cast.claras)
        type(message).objects.filter(pk=message.pk).update(status="sent")
