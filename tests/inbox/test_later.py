"""Send later: what waits, what holds it, what becomes of it at its time."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import strip_tags

from inbox import activity_lines
from inbox.actions import drafts, later, later_turns
from inbox.actions.conversations import close_conversation, reopen_conversation
from inbox.actions.later import AlreadyDecided, Plan, WindowClosesBefore
from inbox.actions.replying import send_reply
from inbox.enums import MessageKind
from inbox.errors import ServiceWindowClosed, UnfilledGap
from inbox.forms.conversations import snooze_choices
from inbox.forms.later import later_choices
from inbox.loops.sweeper import Sweeper
from inbox.models import Activity, Conversation, Event, Mention, Message, ScheduledReply
from inbox.queries import view_counts
from tests import factories, webhooks
from tests.cast import Cast, make_cast
from tests.signing_in import browser

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock) -> Cast:
    return make_cast()


def scheduled(cast, text="Bis gleich", *, by=None, hours=2.0, **plan) -> ScheduledReply:
    wanted = Plan(due_at=timezone.now() + timedelta(hours=hours), **plan)
    conversation = Conversation.objects.get(pk=cast.claras.pk)
    return later.schedule_reply(conversation, by=by or cast.ben, text=text, uid=uuid.uuid4(), plan=wanted)


def sweep() -> None:
    Sweeper(route=lambda *_: None).run(timezone.now())


def writes(cast) -> None:
    """Clara writes, as the intake tells it."""
    with transaction.atomic():
        conversation = Conversation.objects.select_for_update().get(pk=cast.claras.pk)
        factories.inbound_message(conversation, "Noch etwas")
        later_turns.customer_wrote(conversation, timezone.now())


def lines(kind: str) -> list[str]:
    return [line.data["why"] for line in Activity.objects.filter(kind=kind)]


def sent() -> list[Message]:
    return list(Message.objects.filter(direction="out").order_by("pk"))


# --- its time comes ---------------------------------------------------------------------------------------------------


def test_it_goes_out_at_its_time_once_and_not_before(cast, clock):
    reply = scheduled(cast)
    clock.shift(timedelta(hours=2, seconds=-1))
    sweep()
    assert sent() == []

    clock.shift(timedelta(seconds=1))
    sweep()
    sweep()

    [message] = sent()
    assert (message.uid, message.text, message.author, message.status) == (reply.uid, "Bis gleich", cast.ben, "queued")
    reply.refresh_from_db()
    assert (reply.state, reply.message, reply.conversation.later_count) == ("sent", message, 0)


def test_what_waited_while_everything_stood_still_goes_out_unless_it_is_far_too_late(cast, clock):
    scheduled(cast, "kurz", hours=3)
    scheduled(cast, "lange", hours=1)
    clock.shift(timedelta(hours=4))

    sweep()

    assert [message.text for message in sent()] == ["kurz"]
    assert lines("later_held") == ["late"]


def test_what_is_typed_meanwhile_stays_a_draft(cast, clock):
    scheduled(cast)
    drafts.save_draft(cast.ben, cast.claras, "reply", "Noch ein halber")
    clock.shift(timedelta(hours=2))
    sweep()

    assert len(sent()) == 1
    assert drafts.draft_for(cast.ben, cast.claras) == "Noch ein halber"


def test_the_composers_draft_has_become_the_scheduled_message(cast):
    drafts.save_draft(cast.ben, cast.claras, "reply", "Bis gleich")
    scheduled(cast)
    assert drafts.draft_for(cast.ben, cast.claras) == ""


def test_one_that_fails_leaves_the_others_their_time(cast, clock, monkeypatch):
    scheduled(cast, "eins", hours=1)
    scheduled(cast, "zwei", hours=1.5)
    real = later_turns.send_due

    def broken(pk, now):
        if ScheduledReply.objects.get(pk=pk).text == "eins":
            raise RuntimeError
        real(pk, now)

    monkeypatch.setattr(later_turns, "send_due", broken)
    clock.shift(timedelta(hours=2))
    sweep()

    assert [message.text for message in sent()] == ["zwei"]


# --- the customer writes, a colleague answers -------------------------------------------------------------------------


def test_when_the_customer_writes_it_is_held_and_its_author_is_called(cast, clock):
    reply = scheduled(cast)
    writes(cast)
    clock.shift(timedelta(hours=3))
    sweep()

    reply.refresh_from_db()
    assert sent() == [] and (reply.state, reply.why) == ("held", "customer")
    assert lines("later_held") == ["customer"]
    assert Mention.objects.get().agent == cast.ben and view_counts(cast.ben)["mentions"] == 1


def test_or_cancelled_where_its_author_chose_so(cast, clock):
    reply = scheduled(cast, if_written="cancel")
    writes(cast)
    clock.shift(timedelta(hours=3))
    sweep()

    reply.refresh_from_db()
    assert sent() == [] and reply.state == "cancelled"
    assert Conversation.objects.get(pk=cast.claras.pk).later_count == 0


def test_a_customer_who_writes_costs_no_query_where_nothing_waits(cast, django_assert_num_queries):
    conversation = Conversation.objects.get(pk=cast.claras.pk)
    with django_assert_num_queries(0):
        later_turns.customer_wrote(conversation, timezone.now())


@pytest.mark.django_db(transaction=True)
def test_the_intake_of_a_real_webhook_holds_it(clock):
    number = webhooks.radhaus()
    webhooks.receive(webhooks.text("wamid.1", "Hallo", at=int(NOON.timestamp())))
    conversation = Conversation.objects.get()
    agent = factories.agent(number.workspace, teams=[conversation.team])
    plan = Plan(due_at=NOON + timedelta(hours=1))
    later.schedule_reply(conversation, by=agent, text="Bis gleich", uid=uuid.uuid4(), plan=plan)
    clock.shift(timedelta(minutes=1))

    webhooks.receive(webhooks.text("wamid.2", "Noch etwas", at=int(NOON.timestamp()) + 60))

    assert ScheduledReply.objects.get().why == "customer"


def test_a_colleagues_answer_holds_it_too(cast, clock):
    scheduled(cast)
    send_reply(cast.claras, by=cast.lea, text="Ist schon fertig", uid=uuid.uuid4())
    clock.shift(timedelta(hours=2))
    sweep()

    assert [message.text for message in sent()] == ["Ist schon fertig"]
    assert lines("later_held") == ["colleague"]


def test_ones_own_answer_and_another_assignee_do_not(cast, clock):
    scheduled(cast)
    send_reply(cast.claras, by=cast.ben, text="Moment", uid=uuid.uuid4())
    Conversation.objects.filter(pk=cast.claras.pk).update(assignee=cast.lea)
    clock.shift(timedelta(hours=2))
    sweep()

    assert [message.text for message in sent()] == ["Moment", "Bis gleich"]
    assert Conversation.objects.get(pk=cast.claras.pk).assignee == cast.lea


@pytest.mark.parametrize("how", ["deactivated", "moved away"])
def test_the_message_of_somebody_who_left_waits_for_a_colleague(cast, clock, how):
    reply = scheduled(cast)
    if how == "deactivated":
        cast.ben.is_active = False
        cast.ben.save()
    else:
        Conversation.objects.filter(pk=cast.claras.pk).update(team=cast.other_team, assignee=cast.ada)
    clock.shift(timedelta(hours=2))
    sweep()

    assert sent() == [] and lines("later_held") == ["author"] and not Mention.objects.exists()
    reply.refresh_from_db()
    [message] = later.send_now(reply, by=cast.ada)
    assert (message.author, message.text) == (cast.ada, "Bis gleich")


# --- the window -------------------------------------------------------------------------------------------------------


def test_a_time_after_the_window_wants_to_know_what_then(cast):
    with pytest.raises(WindowClosesBefore) as refused:
        scheduled(cast, hours=30)
    assert "11:59" in str(refused.value.sentence)
    assert scheduled(cast, hours=30, asks=True).state == "waiting"


def test_a_closed_window_makes_it_a_draft_again_after_what_was_typed_and_says_so(cast, clock):
    reply = scheduled(cast, hours=30, asks=True)
    drafts.save_draft(cast.ben, cast.claras, "reply", "Übrigens")
    clock.shift(timedelta(hours=30))
    sweep()

    reply.refresh_from_db()
    assert sent() == [] and (reply.state, reply.why) == ("returned", "window")
    assert drafts.draft_for(cast.ben, cast.claras) == "Übrigens\nBis gleich"
    assert lines("later_returned") == ["window"] and Mention.objects.get().agent == cast.ben


def test_a_window_that_the_customer_opened_again_needs_no_fallback(cast, clock):
    template = factories.template(cast.number, components=[{"type": "BODY", "text": "Hallo {{1}}"}])
    reply = scheduled(cast, hours=30, template=template, values={"body.1": "Clara"})
    clock.shift(timedelta(hours=20))
    writes(cast)
    reply.refresh_from_db()
    due = Plan(due_at=reply.due_at, template=template, values={"body.1": "Clara"})
    later.change_reply(reply, by=cast.ben, text=reply.text, plan=due)
    clock.shift(timedelta(hours=10))
    sweep()

    assert [(message.kind, message.text) for message in sent()] == [(MessageKind.TEXT, "Bis gleich")]


def test_the_chosen_template_goes_out_with_the_values_of_then(cast, clock):
    template = factories.template(cast.number, components=[{"type": "BODY", "text": "Hallo {{1}}"}])
    scheduled(cast, hours=30, template=template, values={"body.1": "Clara"})
    clock.shift(timedelta(hours=30))
    sweep()

    assert [(message.kind, message.text) for message in sent()] == [(MessageKind.TEMPLATE, "Hallo Clara")]


def test_a_template_that_was_paused_meanwhile_gives_the_text_back(cast, clock):
    template = factories.template(cast.number, components=[{"type": "BODY", "text": "Hallo"}])
    scheduled(cast, hours=30, template=template)
    template.status = "PAUSED"
    template.save()
    clock.shift(timedelta(hours=30))
    sweep()

    assert sent() == [] and lines("later_returned") == ["template"]
    assert drafts.draft_for(cast.ben, cast.claras) == "Bis gleich"


def test_send_now_needs_an_open_window_and_leaves_it_waiting(cast, clock):
    reply = scheduled(cast, hours=30, asks=True)
    clock.shift(timedelta(hours=25))
    with pytest.raises(ServiceWindowClosed):
        later.send_now(reply, by=cast.ben)
    reply.refresh_from_db()
    assert reply.state == "waiting"


# --- people decide ----------------------------------------------------------------------------------------------------


def test_a_colleague_changes_it_and_stands_for_it_then(cast, clock):
    reply = scheduled(cast)
    writes(cast)
    reply.refresh_from_db()

    later.change_reply(reply, by=cast.lea, text="Doch später", plan=Plan(due_at=timezone.now() + timedelta(hours=1)))
    clock.shift(timedelta(hours=1))
    sweep()

    assert [(message.text, message.author) for message in sent()] == [("Doch später", cast.lea)]


def test_what_is_decided_is_decided(cast, clock):
    reply = scheduled(cast)
    assert later.cancel_reply(reply, by=cast.lea) == "Bis gleich"
    assert lines("later_cancelled") == ["person"]
    stale = ScheduledReply.objects.get(pk=reply.pk)
    for decide in (
        lambda: later.cancel_reply(stale, by=cast.ben),
        lambda: later.send_now(stale, by=cast.ben),
        lambda: later.change_reply(stale, by=cast.ben, text="x", plan=Plan(due_at=NOON + timedelta(hours=1))),
    ):
        with pytest.raises(AlreadyDecided):
            decide()
    clock.shift(timedelta(hours=2))
    sweep()
    assert sent() == []


def test_closing_cancels_and_taking_that_back_brings_it_back(cast, clock):
    reply = scheduled(cast)
    close_conversation(cast.claras, by=cast.ben)
    reply.refresh_from_db()
    assert (reply.state, reply.why) == ("cancelled", "closed")
    with translation.override("en"):
        line = activity_lines.line_of(Activity.objects.get(kind="later_cancelled")).html
    assert "cancelled · conversation closed: “Bis gleich”" in strip_tags(line)

    clock.shift(timedelta(minutes=1))
    reopen_conversation(cast.claras, by=cast.ben)
    clock.shift(timedelta(hours=2))
    sweep()

    assert [message.text for message in sent()] == ["Bis gleich"]


def test_closed_for_good_is_cancelled_for_good(cast, clock):
    scheduled(cast)
    close_conversation(cast.claras, by=cast.ben)
    clock.shift(timedelta(minutes=10))
    reopen_conversation(cast.claras, by=cast.ben)
    clock.shift(timedelta(hours=2))
    sweep()

    assert sent() == []


def test_the_same_uid_is_the_same_reply_and_a_gap_is_asked_about(cast):
    uid, plan = uuid.uuid4(), Plan(due_at=NOON + timedelta(hours=1))
    with pytest.raises(UnfilledGap):
        later.schedule_reply(cast.claras, by=cast.ben, text="Hallo {{Vorname}}", uid=uid, plan=plan)
    for _ in range(2):
        later.schedule_reply(cast.claras, by=cast.ben, text="Hallo", uid=uid, plan=plan)
    assert ScheduledReply.objects.count() == 1


# --- times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "key", "expected"),
    [
        # The clocks go back on Sunday 25 October 2026 and forward on Sunday 28 March 2027.
        (datetime(2026, 10, 24, 16, 0, tzinfo=UTC), "tomorrow", datetime(2026, 10, 25, 8, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 9, 0, tzinfo=UTC), "evening", datetime(2026, 10, 24, 16, 0, tzinfo=UTC)),
        (datetime(2027, 3, 27, 16, 0, tzinfo=UTC), "tomorrow", datetime(2027, 3, 28, 7, 0, tzinfo=UTC)),
        (datetime(2027, 3, 27, 16, 0, tzinfo=UTC), "monday", datetime(2027, 3, 29, 7, 0, tzinfo=UTC)),
        (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), "hour", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "hour", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_nine_oclock_is_nine_oclock_on_the_wall_and_an_hour_is_an_hour(now, key, expected):
    for choices in (later_choices, snooze_choices):
        with timezone.override(ZoneInfo("Europe/Berlin")):
            moments = {name: moment for name, _words, _icon, moment in choices(now)}
        assert key not in moments or moments[key].astimezone(UTC) == expected


def test_a_time_that_the_clocks_skip_is_refused_with_a_sentence(cast, clock):
    clock.move_to(datetime(2027, 3, 27, 12, 0, tzinfo=UTC))
    answer = post(cast, at="2027-03-28T02:30", fallback="ask")
    assert answer.status_code == 422 and "2027-03-28 02:30" in answer.json()["sentence"]
    assert not ScheduledReply.objects.exists()


# --- the pages --------------------------------------------------------------------------------------------------------


def post(cast, **said):
    said = {"uid": uuid.uuid4(), "text": "Bis gleich", "if_written": "hold", **said}
    return browser(cast.ben).post(reverse("conversation-later", args=[cast.claras.pk]), said)


def test_scheduling_answers_with_what_waits_and_tells_the_others(cast):
    answer = post(cast, when="tomorrow", fallback="")

    assert answer.status_code == 200 and "Bis gleich" in answer.json()["html"]
    assert ScheduledReply.objects.get().due_at == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    event = Event.objects.filter(kind="later").last()
    assert "Bis gleich" in event.payload["html"]["en"]["later"]


def test_the_thread_shows_what_waits_to_the_whole_team(cast):
    scheduled(cast, "Morgen *früh*")
    page = browser(cast.lea).get(reverse("conversation", args=[cast.claras.pk])).content.decode()
    assert "Morgen <b>früh</b>" in page and "Send now" in page


def test_the_dialog_says_which_times_lie_beyond_the_window(cast):
    page = browser(cast.ben).get(reverse("conversation-later-dialog", args=[cast.claras.pk]))
    assert [(key, late) for key, *_rest, late in page.context["choices"]] == [
        ("hour", False), ("evening", False), ("tomorrow", False), ("monday", True)
    ]  # fmt: skip
    answer = post(cast, at="2026-11-25T09:00")
    assert (answer.status_code, answer.json()["code"]) == (409, "window_before")


def test_the_fields_of_a_template_come_with_what_is_known(cast):
    template = factories.template(cast.number, components=[{"type": "BODY", "text": "Hallo {{vorname}}"}])
    address = reverse("conversation-later-dialog", args=[cast.claras.pk])
    page = browser(cast.ben).get(address, {"template": template.pk})
    assert re.search(r'name="value:body\.vorname"[^>]* value="Clara"', page.content.decode())
    assert browser(cast.ben).get(address, {"template": "9" * 30}).status_code == 404

    answer = post(cast, at="2026-11-25T09:00", fallback="template", template=template.pk)
    assert answer.status_code == 422 and "body.vorname" in answer.json()["fields"]


def test_cancelling_gives_the_text_back(cast):
    reply = scheduled(cast)
    answer = browser(cast.ben).delete(reverse("later", args=[reply.pk]))
    assert answer.json()["text"] == "Bis gleich" and "hidden" in answer.json()["html"]
