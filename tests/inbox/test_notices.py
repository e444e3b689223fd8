"""Who is told of what, in which words, and when nobody is."""

import wave
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry
from inbox.actions import assignment, conversations, following, notes
from inbox.actions.warnings import remind_of_waiting, warn_of_closing_windows
from inbox.enums import NoticeKind
from inbox.models import Event, NotificationSettings, ReadCursor
from inbox.models.notification import _within
from inbox.notices import notice_for, settings_of
from tests import factories
from tests.cast import make_cast

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday
pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock):
    cast = make_cast()
    cast.ben.language = "en"
    cast.ben.save()
    return cast


def told(kind: str = "") -> list[dict]:
    """Every `tell` so far, in order; of one kind of event or all."""
    found = Event.objects.order_by("pk") if not kind else Event.objects.filter(kind=kind).order_by("pk")
    return [event.payload["tell"] for event in found if "tell" in event.payload]


def write_in(conversation, text="Hallo?"):
    from inbox import events

    message = factories.inbound_message(conversation, text)
    events.message_created(message)
    return message


def assigned(conversation, agent, **fields):
    conversation.assignee, conversation.assigned_at = agent, timezone.now()
    for name, value in fields.items():
        setattr(conversation, name, value)
    conversation.save()
    return conversation


# --- who is told


def test_a_message_calls_whoever_has_the_conversation_and_nobody_when_nobody_has(cast):
    write_in(cast.claras)
    assert told() == []

    write_in(assigned(cast.claras, cast.ben))
    factories.outbound_message(cast.claras, by=cast.ben)

    assert told("message") == [{str(cast.ben.pk): "message"}]


def test_a_message_calls_followers_too_and_their_notice_ends_with_the_following(cast, asked):
    following.follow(cast.claras, by=cast.ben)
    write_in(cast.claras)

    assert told("message") == [{str(cast.ben.pk): "message"}]
    assert asked("message")["body"] == "2 new messages"

    following.unfollow(cast.claras, by=cast.ben)
    assert asked("message") is None


def test_an_assignment_calls_the_colleague_but_not_who_took_it_themselves(cast):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
    assert told() == [{str(cast.ben.pk): "assigned"}]

    assignment.claim(cast.darios, by=cast.ben)
    conversations.close_conversation(cast.claras, by=cast.ben)
    conversations.reopen_conversation(cast.claras, by=cast.lea)

    assert told() == [{str(cast.ben.pk): "assigned"}]


def test_a_mention_calls_the_mentioned_and_not_the_author(cast):
    notes.add_note(cast.claras, by=cast.ben, text="@Lea Lenz und @Ben Brandt: bitte", uid="a" * 32)

    assert told() == [{str(cast.lea.pk): "mention"}]


def test_a_page_that_was_away_hears_the_newest_of_each_conversation_and_of_others_nothing(cast, clock):
    client = Client()
    client.force_login(cast.ben)
    for conversation in (cast.claras, cast.darios):
        assignment.assign(conversation, to_agent=cast.ben, by=cast.lea)
    clock.shift(timedelta(minutes=1))
    since = int(timezone.now().timestamp() * 1000)
    clock.shift(timedelta(minutes=1))
    write_in(cast.claras)
    write_in(cast.claras)
    assignment.assign(cast.darios, to_agent=cast.lea, by=cast.lea)

    [missed] = client.get(f"/notices/?since={since}").json()["events"]
    assert (missed["conversation"], missed["tell"]) == (cast.claras.pk, {str(cast.ben.pk): "message"})
    assert missed["id"] == Event.objects.filter(kind="message").latest("pk").pk
    assert len(client.get(f"/notices/?since={since - 120_000}").json()["events"]) == 2

    clock.shift(timedelta(hours=2))
    for nonsense in (since, "", "x", "9" * 40, -1):
        assert client.get(f"/notices/?since={nonsense}").json() == {"events": []}


# --- the words


@pytest.fixture
def asked(cast):
    """`asked(kind)`: the notice Ben's page gets, or None."""
    client = Client()
    client.force_login(cast.ben)

    def ask(kind: str, conversation=None):
        answer = client.get(f"/conversations/{(conversation or cast.claras).pk}/notice/?kind={kind}")
        assert answer.status_code in (200, 204)
        return answer.json() if answer.status_code == 200 else None

    return ask


def test_a_notice_has_the_name_and_no_word_of_the_customer(cast, asked):
    write_in(assigned(cast.claras, cast.ben), "Meine Kreditkarte ist 4711")

    notice = asked("message")

    assert (notice["title"], notice["body"]) == ("Clara Sommer", "2 new messages")
    assert notice["data"]["url"] == f"/conversations/{cast.claras.pk}/"
    assert notice["channels"] == ["screen", "sound", "push"]
    assert "4711" not in str(notice)


def test_text_is_shown_only_to_who_wants_it_and_while_the_workspace_allows_it(cast, asked):
    write_in(assigned(cast.claras, cast.ben), "Passt *Dienstag*?")
    NotificationSettings.objects.create(agent=cast.ben, with_text=True)
    assert asked("message")["body"] == "Passt Dienstag?"

    cast.workspace.text_in_notifications = False
    cast.workspace.save()

    assert asked("message")["body"] == "2 new messages"


def test_what_is_over_is_not_told(cast, asked):
    assigned(cast.claras, cast.ben)
    ReadCursor.objects.create(agent=cast.ben, conversation=cast.claras, read_count=cast.claras.inbound_count)
    assert asked("message") is None  # read elsewhere meanwhile
    assert asked("mention") is None
    assert asked("waiting") is not None
    assert asked("nonsense") is None

    assigned(cast.claras, cast.lea)

    assert [asked(kind) for kind in ("assigned", "message", "waiting", "closing_15")] == [None] * 4


def test_a_muted_channel_is_left_out_and_all_muted_say_nothing(cast, asked):
    assigned(cast.claras, cast.ben)
    chosen = NotificationSettings.objects.create(agent=cast.ben, muted=["message.sound", "assigned.screen"])
    assert asked("message")["channels"] == ["screen", "push"]
    assert asked("assigned")["channels"] == ["sound", "push"]

    chosen.muted = ["message.screen", "message.sound", "message.push"]
    chosen.save()

    assert asked("message") is None


def test_in_quiet_hours_nothing_is_told(cast, clock):
    assigned(cast.claras, cast.ben)
    chosen = NotificationSettings(agent=cast.ben, quiet_from=time(18), quiet_until=time(8), quiet_weekends=True)

    def is_told(moment: str) -> bool:
        now = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/Berlin"))
        return notice_for(cast.ben, cast.claras, NoticeKind.MESSAGE, now, chosen) is not None

    assert is_told("2026-11-25T17:59")
    assert not is_told("2026-11-25T18:00")
    assert not is_told("2026-11-26T07:59")
    assert is_told("2026-11-26T08:00")
    assert not is_told("2026-11-28T12:00")  # a Saturday
    assert is_told("2026-11-30T12:00")


MOMENTS = st.integers(0, 24 * 60 - 1).map(lambda minutes: time(minutes // 60, minutes % 60))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MOMENTS, MOMENTS, MOMENTS)
def test_a_moment_is_quiet_or_in_the_hours_the_other_way_round_never_both(moment, start, end):
    if start != end:
        assert _within(moment, start, end) != _within(moment, end, start)


# --- what time alone brings


def leave(conversation, minutes: float, clock) -> None:
    """Until so much of the window is left."""
    clock.move_to(conversation.service_window.closes_at - timedelta(minutes=minutes))


def sweep() -> None:
    warn_of_closing_windows(timezone.now())


def test_a_closing_window_is_told_once_at_each_threshold_and_to_whom_it_concerns(cast, clock):
    assigned(cast.claras, cast.ben)
    conversations.close_conversation(cast.darios, by=cast.ben)
    leave(cast.claras, 60.1, clock)
    sweep()
    assert told("notice") == []

    leave(cast.claras, 60, clock)
    sweep()
    leave(cast.claras, 20, clock)
    sweep()
    leave(cast.claras, 15, clock)
    sweep()
    leave(cast.claras, 5, clock)
    sweep()

    assert told("notice") == [
        {str(cast.ben.pk): "closing_60"}, {str(cast.ben.pk): "closing_15", str(cast.lea.pk): "closing_15"}
    ]


def test_even_in_the_last_minute_there_are_words_and_none_after_it(cast, clock, asked):
    assigned(cast.claras, cast.ben)
    leave(cast.claras, 0.5, clock)
    assert asked("closing_15")["body"] == "Unanswered: the window closes in 1 min"

    leave(cast.claras, 0, clock)
    assert asked("closing_15") is None


def test_an_unassigned_one_is_told_to_those_who_lead_its_team(cast, clock):
    other = factories.agent(cast.workspace, "Otto", role="lead", leads=[cast.other_team])
    leave(cast.claras, 10, clock)
    sweep()

    assert told("notice") == [{str(cast.lea.pk): "closing_15"}] * 2  # Clara's and Dario's; 60 is past
    assert str(other.pk) not in str(told())


def test_an_answer_and_a_closed_window_end_the_warnings_and_a_new_message_begins_anew(cast, clock):
    assigned(cast.claras, cast.ben)
    conversations.close_conversation(cast.darios, by=cast.ben)
    factories.outbound_message(cast.claras, by=cast.ben)
    leave(cast.claras, 10, clock)
    sweep()
    assert told("notice") == []

    factories.inbound_message(cast.claras, "Noch etwas", at=timezone.now())
    leave(cast.claras, 50, clock)
    sweep()
    assert told("notice") == [{str(cast.ben.pk): "closing_60"}]

    leave(cast.claras, -1, clock)
    sweep()
    assert len(told("notice")) == 1


def test_warnings_cost_the_same_statements_however_many_were_told(cast, clock, django_assert_num_queries):
    leave(cast.claras, 10, clock)
    sweep()

    with django_assert_num_queries(1):
        sweep()


# --- reminders


def remind() -> None:
    remind_of_waiting(timezone.now())


@pytest.fixture
def reminded(cast):
    """Ben wants to be reminded every 10 minutes, at most twice; Clara waits for him."""
    NotificationSettings.objects.create(agent=cast.ben, repeat_minutes=10, repeat_times=2)
    return assigned(cast.claras, cast.ben)


def test_who_asked_for_it_is_reminded_every_so_often_and_not_for_ever(cast, reminded, clock):
    for _ in range(45):
        clock.shift(timedelta(minutes=1))
        remind()
        remind()

    assert told("notice") == [{str(cast.ben.pk): "waiting"}] * 2
    assert [event.created_at for event in Event.objects.filter(kind="notice")] == [
        NOON + timedelta(minutes=10), NOON + timedelta(minutes=20)
    ]  # fmt: skip


@pytest.mark.parametrize("ending", ["answer", "close", "snooze", "hand over"])
def test_reminders_end_with_the(ending, cast, reminded, clock):
    clock.shift(timedelta(minutes=10))
    remind()
    if ending == "answer":
        factories.outbound_message(reminded, by=cast.ben)
    elif ending == "close":
        conversations.close_conversation(reminded, by=cast.ben)
    elif ending == "snooze":
        conversations.snooze_conversation(reminded, until=timezone.now() + timedelta(days=1), by=cast.ben)
    else:
        assignment.assign(reminded, to_agent=cast.lea, by=cast.ben)
    clock.shift(timedelta(minutes=10))
    remind()

    assert told("notice") == [{str(cast.ben.pk): "waiting"}]


def test_whoever_takes_over_is_not_reminded_of_the_time_before(cast, reminded, clock):
    NotificationSettings.objects.create(agent=cast.lea, repeat_minutes=30, repeat_times=1)
    clock.shift(timedelta(minutes=40))
    assignment.assign(reminded, to_agent=cast.lea, by=cast.ben)
    clock.shift(timedelta(minutes=29))
    remind()
    assert told("notice") == []

    clock.shift(timedelta(minutes=1))
    remind()

    assert told("notice") == [{str(cast.lea.pk): "waiting"}]


def test_quiet_hours_hold_reminders_back(cast, reminded, clock):
    NotificationSettings.objects.update(quiet_from=time(12), quiet_until=time(14))  # Berlin: until 13:00 UTC
    clock.shift(timedelta(minutes=59))
    remind()
    assert told("notice") == []

    clock.shift(timedelta(minutes=1))
    remind()

    assert told("notice") == [{str(cast.ben.pk): "waiting"}]


# --- the page


def test_choices_are_kept_and_shown_again(cast):
    client = Client()
    client.force_login(cast.ben)
    data = {
        "on": ["message.sound", "mention.push"], "with_text": "on", "quiet_from": "18:30", "quiet_until": "08:00",
        "repeat_minutes": "15", "repeat_times": "4",
    }  # fmt: skip
    assert client.post("/settings/notifications/", data).status_code == 302

    chosen = settings_of(cast.ben)
    assert chosen.choices_on() == ["message.sound", "mention.push"]
    assert (chosen.with_text, chosen.quiet_from, chosen.quiet_until) == (True, time(18, 30), time(8))
    assert (chosen.repeat_minutes, chosen.repeat_times) == (15, 4)
    page = client.get("/settings/notifications/").content.decode()
    assert 'value="message.sound" checked' in page and 'value="message.push" checked' not in page
    assert 'value="18:30"' in page


@pytest.mark.parametrize("wrong", [{"quiet_from": "18:30"}, {"quiet_from": "08:00", "quiet_until": "08:00"},
                                   {"repeat_minutes": "7"}, {"on": "message.smoke"}])  # fmt: skip
def test_nonsense_is_refused_and_loses_nothing(wrong, cast):
    client = Client()
    client.force_login(cast.ben)
    answer = client.post(
        "/settings/notifications/", {"on": ["mention.push"], "repeat_minutes": "0", "repeat_times": "3", **wrong}
    )

    assert answer.status_code == 422
    assert not NotificationSettings.objects.exists()
    if "on" not in wrong:
        assert 'value="mention.push" checked' in answer.content.decode()


def test_an_admin_forbids_text_for_all_and_that_is_on_record(cast):
    client = Client()
    client.force_login(cast.ada)
    client.post("/settings/notifications/text/")

    cast.workspace.refresh_from_db()
    assert not cast.workspace.text_in_notifications
    assert AuditEntry.objects.get(verb="workspace.notification_text").data == {"allowed": False}

    client.force_login(cast.ben)
    assert client.post("/settings/notifications/text/", {"allowed": "on"}).status_code == 403


# --- the sounds


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_has_a_sound_of_its_own_short_and_quiet(kind):
    folder = Path(__file__).resolve().parents[2] / "static" / "sounds"
    with wave.open(str(folder / f"{kind}.wav")) as file:
        frames = file.readframes(file.getnframes())
        seconds = file.getnframes() / file.getframerate()
    loudest = max(abs(int.from_bytes(frames[n:n + 2], "little", signed=True)) for n in range(0, len(frames), 2))
    others = [path.read_bytes() for path in folder.glob("*.wav") if path.stem != kind]

    assert 0.05 < seconds < 0.7
    assert 1_000 < loudest < 0.1 * 32_768
    assert (folder / f"{kind}.wav").read_bytes() not in others
