"""The socket's door and the rights of those behind it: origin, session, and what happens when a right ends."""

import asyncio
import json
import time

import pytest
from django.utils import timezone

from accounts.models import Agent, Membership, Role, Session, Visibility
from inbox import events, publishing
from tests import factories
from tests.cast import Cast, make_cast
from tests.pages import Page, cookie_of, eventually, in_db, living_hub, open_pages

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://evil.example", "http://127.0.0.1:8080", "http://127.0.0.1", "https://127.0.0.1:8000",
     "http://127.0.0.1:8000.evil.example", "http://localhost:8000/", ""],
)  # fmt: skip
async def test_another_origin_is_refused_before_the_handshake_and_logged(cast, origin, caplog):
    page = Page(cookie_of(cast.ben), origin=origin)

    assert not await page.open()

    assert "was refused" in caplog.text


async def test_our_own_origin_is_welcome(cast):
    async with open_pages(cookie_of(cast.ben)) as (page,):
        await eventually(lambda: page.frames)

        assert page.frames[0]["kind"] == "welcome"
        assert abs(page.frames[0]["now"] - time.time() * 1000) < 60_000


async def test_two_origin_headers_are_refused(cast):
    page = Page(cookie_of(cast.ben))
    page.wire.scope["headers"].append((b"origin", b"https://evil.example"))

    assert not await page.open()


async def test_another_path_is_refused(cast):
    assert not await Page(cookie_of(cast.ben), path="/ws/other").open()


@pytest.mark.parametrize("cookie", [None, "nothing=1", "tresen_session_8000=", "tresen_session_8000=\x01' OR 1=1"])
async def test_without_a_session_the_page_is_sent_to_sign_in(cookie):
    async with living_hub() as hub:
        page = Page(cookie)
        await page.open()
        await eventually(lambda: page.closed_with)

        assert page.closed_with == 4401
        assert not hub.sockets
        await page.leave()


async def test_a_session_in_the_address_is_no_session(cast):
    key = cookie_of(cast.ben).partition("=")[2]
    async with living_hub():
        page = Page(None)
        page.wire.scope["query_string"] = f"session={key}&token={key}".encode()
        await page.open()
        await eventually(lambda: page.closed_with)

        assert page.closed_with == 4401
        await page.leave()


def _expire() -> None:
    Session.objects.update(expire_date=timezone.now())


def _idle_too_long() -> None:
    _set_in_sessions(active_at=int(time.time()) - 13 * 3600)


def _too_old() -> None:
    _set_in_sessions(started_at=int(time.time()) - 15 * 24 * 3600)


def _set_in_sessions(**values: int) -> None:
    for row in Session.objects.all():
        row.session_data = Session.objects.encode({**row.get_decoded(), **values})
        row.save()


def _sign_out() -> None:
    Session.objects.all().delete()


def _change_password() -> None:
    ben = Agent.objects.get(name="Ben Brandt")
    ben.set_password("another-long-password")
    ben.save()


def _end_all_sessions() -> None:
    Agent.objects.filter(name="Ben Brandt").update(session_epoch=1)


def _deactivate() -> None:
    Agent.objects.filter(name="Ben Brandt").update(is_active=False)


ENDINGS = [_expire, _sign_out, _change_password, _end_all_sessions, _deactivate]


@pytest.mark.parametrize("ending", [*ENDINGS, _idle_too_long, _too_old])
async def test_a_session_that_has_ended_opens_no_socket(cast, ending):
    cookie = cookie_of(cast.ben)
    await in_db(ending)
    async with living_hub():
        page = Page(cookie)
        await page.open()
        await eventually(lambda: page.closed_with)

        assert page.closed_with == 4401
        await page.leave()


@pytest.mark.parametrize("ending", ENDINGS)
async def test_when_a_right_ends_and_no_event_says_so_the_socket_closes_within_five_seconds(cast, ending):
    async with open_pages(cookie_of(cast.ben), cookie_of(cast.ada)) as (bens, adas):
        await in_db(ending)
        await eventually(lambda: bens.closed_with, seconds=5)

        assert bens.closed_with == (4403 if ending is _deactivate else 4401)
        if ending not in (_expire, _sign_out):  # those ended Ada's session as well
            assert adas.closed_with is None


async def test_the_event_of_a_deactivation_closes_the_socket_at_once(cast, monkeypatch):
    monkeypatch.setattr("inbox.hub.CHECK_SECONDS", 3600)

    def deactivate() -> None:
        _deactivate()
        events.rights_changed(cast.ben)

    async with open_pages(cookie_of(cast.ben)) as (page,):
        await in_db(deactivate)
        await eventually(lambda: page.closed_with, seconds=5)

        assert page.closed_with == 4403


async def test_a_team_taken_away_ends_its_events_even_without_a_word(cast):
    """First there is something to hear, then there is not, and a colleague still hears it."""

    def write() -> None:
        events.message_created(factories.inbound_message(cast.claras, "Hallo?"))

    async with open_pages(cookie_of(cast.ben), cookie_of(cast.ada)) as (bens, adas):
        await in_db(write)
        await eventually(lambda: len(bens.news()) == 1)
        await in_db(Membership.objects.filter(agent=cast.ben).delete)
        await eventually(lambda: any(frame["kind"] == "rights_changed" for frame in bens.frames), seconds=5)

        await in_db(write)
        await eventually(lambda: len(adas.news()) == 2)

        assert len(bens.news()) == 1


async def test_a_demoted_admin_hears_only_what_remains(cast):
    def demote() -> None:
        Agent.objects.filter(pk=cast.ada.pk).update(role=Role.AGENT, visibility=Visibility.OWN)

    def write() -> None:
        events.message_created(factories.inbound_message(cast.claras, "Noch da?"))

    async with open_pages(cookie_of(cast.ada), cookie_of(cast.lea)) as (adas, leas):
        await in_db(demote)
        await eventually(lambda: any(frame["kind"] == "rights_changed" for frame in adas.frames), seconds=5)
        await in_db(write)
        await eventually(leas.news)

        assert adas.news() == []


async def test_a_frame_of_64_kib_passes_and_one_byte_more_closes_the_socket(cast):
    async with open_pages(cookie_of(cast.ben)) as (page,):
        await page.wire.send_to(text_data=_padded(65_536))
        await page.say(kind="pong", n=0)
        await asyncio.sleep(0.1)
        assert page.closed_with is None

        await page.wire.send_to(text_data=_padded(65_537))
        await eventually(lambda: page.closed_with)

        assert page.closed_with == 1009


@pytest.mark.parametrize("nonsense", ["", "[]", "{", "[" * 60_000, "null", '"hello"', "\ud83d"])
async def test_nonsense_is_ignored_and_a_page_full_of_it_closed(cast, nonsense):
    async with open_pages(cookie_of(cast.ben)) as (page,):
        await page.wire.send_input({"type": "websocket.receive", "text": nonsense})
        await asyncio.sleep(0.05)
        assert page.closed_with is None

        for _ in range(6):
            await page.wire.send_input({"type": "websocket.receive", "text": nonsense})
        await eventually(lambda: page.closed_with)

        assert page.closed_with == 1008


async def test_a_page_that_talks_without_end_is_closed(cast):
    async with open_pages(cookie_of(cast.ben)) as (page,):
        for _ in range(60):
            await page.say(kind="unknown")
        await eventually(lambda: page.closed_with)

        assert page.closed_with == 1008


async def test_one_agent_cannot_open_pages_without_end(cast, monkeypatch):
    monkeypatch.setattr("inbox.consumers.PAGES_PER_AGENT", 2)
    cookie = cookie_of(cast.ben)
    async with open_pages(cookie, cookie, cookie_of(cast.lea)):
        third = Page(cookie)
        await third.open()
        await eventually(lambda: third.closed_with)

        assert third.closed_with == 1008
        await third.leave()


async def test_colleagues_see_who_looks_and_who_writes(cast):
    async with open_pages(cookie_of(cast.ben), cookie_of(cast.lea)) as (bens, leas):
        await bens.look_at(cast.claras)
        await leas.look_at(cast.claras)
        await bens.say(kind="typing", conversation=cast.claras.pk, what="note")
        await eventually(lambda: any(frame["kind"] == "typing" for frame in leas.frames))

        typing = next(frame for frame in leas.frames if frame["kind"] == "typing")
        assert _viewers(bens)[-1] == [cast.ben.pk, cast.lea.pk]
        assert (typing["agent"]["id"], typing["what"]) == (cast.ben.pk, "note")


async def test_a_page_that_closes_is_no_longer_a_viewer(cast):
    async with open_pages(cookie_of(cast.ben), cookie_of(cast.lea)) as (bens, leas):
        await bens.look_at(cast.claras)
        await leas.look_at(cast.claras)
        await bens.leave()
        await eventually(lambda: _viewers(leas)[-1] == [cast.lea.pk])


async def test_looking_and_writing_is_refused_where_one_may_not_see(cast):
    """Mallory's workspace, Ben's foreign team: the same hints that work for Ada do nothing for them."""
    foreign = await in_db(_in_the_other_team, cast)
    cookies = [cookie_of(person) for person in (cast.ben, cast.mallory, cast.ada)]
    async with open_pages(*cookies) as (bens, mallorys, adas):
        await adas.look_at(foreign)
        for page in (bens, mallorys):
            await page.say(kind="view", conversation=foreign.pk)
            await page.say(kind="typing", conversation=foreign.pk)
        await bens.look_at(cast.claras)  # what is still behind in the queue of hints has been handled now

        assert not [frame for frame in adas.frames if frame["kind"] == "typing"]
        adas.frames[:] = [frame for frame in adas.frames if frame.get("conversation") == foreign.pk]
        assert _viewers(adas) == [[cast.ada.pk]]


async def test_writing_is_told_at_most_each_three_seconds(cast):
    async with open_pages(cookie_of(cast.ben), cookie_of(cast.lea)) as (bens, leas):
        await leas.look_at(cast.claras)
        for _ in range(10):
            await bens.say(kind="typing", conversation=cast.claras.pk)
        await bens.look_at(cast.claras)
        await eventually(lambda: any(frame["kind"] == "typing" for frame in leas.frames))

        assert len([frame for frame in leas.frames if frame["kind"] == "typing"]) == 1


async def test_an_active_page_keeps_the_session_alive_and_an_open_one_does_not(cast):
    cookie = cookie_of(cast.ben)
    long_ago = int(time.time()) - 3 * 3600
    await in_db(_set_in_sessions, active_at=long_ago)
    async with open_pages(cookie) as (page,):
        await page.say(kind="pong", n=0)
        assert await in_db(_active_at, cookie) == long_ago

        await page.say(kind="active")
        async with asyncio.timeout(5):
            while await in_db(_active_at, cookie) == long_ago:
                await asyncio.sleep(0.05)


async def test_a_session_that_falls_idle_loses_its_socket(cast):
    cookie = cookie_of(cast.ben)
    await in_db(_set_in_sessions, active_at=int(time.time()) - 12 * 3600 + 2)
    async with open_pages(cookie) as (page,):
        await eventually(lambda: page.closed_with, seconds=8)

        assert page.closed_with == 4401


async def test_a_lost_publication_is_no_lost_deactivation(cast, monkeypatch):
    """The revoking event is dropped on its way: the socket ends all the same."""
    monkeypatch.setattr(publishing, "publish", lambda payloads: None)

    def deactivate() -> None:
        _deactivate()
        events.rights_changed(cast.ben)

    async with open_pages(cookie_of(cast.ben)) as (page,):
        await in_db(deactivate)
        await eventually(lambda: page.closed_with, seconds=5)

        assert page.closed_with == 4403


async def test_a_page_that_says_hello_learns_who_is_looking_where_it_may(cast):
    hidden = await in_db(_in_the_other_team, cast)
    async with open_pages(*map(cookie_of, (cast.ada, cast.lea, cast.ben))) as (adas, leas, bens):
        await adas.look_at(hidden)
        await leas.look_at(cast.claras)
        await eventually(lambda: _viewers(bens))
        bens.frames.clear()
        await bens.say(kind="hello", conversation=None)
        await eventually(lambda: _viewers(bens))

        assert _viewers(bens) == [[cast.lea.pk]]


def _viewers(page: Page) -> list[list[int]]:
    return [[agent["id"] for agent in frame["agents"]] for frame in page.frames if frame["kind"] == "viewing"]


def _in_the_other_team(cast: Cast):
    return factories.conversation(cast.number, factories.contact(cast.number, "Eva"), team=cast.other_team)


def _active_at(cookie: str) -> int:
    return Session.objects.get(pk=cookie.partition("=")[2]).get_decoded()["active_at"]


def _padded(size: int) -> str:
    empty = json.dumps({"kind": "pad", "x": ""})
    return json.dumps({"kind": "pad", "x": "x" * (size - len(empty))})


async def test_a_page_is_told_when_its_list_is_older_than_what_has_happened(cast):
    async with open_pages(*map(cookie_of, (cast.ada, cast.ben))) as (adas, bens):
        rendered = await _now()
        await in_db(_write, cast.claras)
        await eventually(lambda: _told(adas, "message"))
        await bens.say(kind="hello", conversation=None, since=rendered)
        await eventually(lambda: _told(bens, "missed"))

        assert len(_told(bens, "missed")) == 1


async def test_what_one_may_not_see_and_who_looks_where_make_no_list_old(cast):
    hidden = await in_db(_in_the_other_team, cast)
    async with open_pages(*map(cookie_of, (cast.ada, cast.ben))) as (adas, bens):
        rendered = await _now()
        await in_db(_write, hidden)
        await eventually(lambda: _told(adas, "message"))
        await adas.look_at(cast.claras)
        await bens.say(kind="hello", conversation=None, since=rendered)
        await bens.say(kind="ping")
        await eventually(lambda: _told(bens, "beat"))

        assert not _told(bens, "missed")


@pytest.mark.parametrize("since", [0, -1, 1.5, "now", [], True])
async def test_a_page_older_than_what_is_known_or_that_talks_nonsense_fetches_its_list(cast, since):
    async with open_pages(cookie_of(cast.ben)) as (page,):
        await page.say(kind="hello", conversation=None, since=since)
        await eventually(lambda: _told(page, "missed"))

        assert _told(page, "missed")


async def _now() -> int:
    """In ms, a little after the hub has begun."""
    await asyncio.sleep(0.01)
    return int(time.time() * 1000)


def _write(conversation) -> None:
    events.message_created(factories.inbound_message(conversation, "Hallo?"))


def _told(page: Page, kind: str) -> list[dict]:
    return [frame for frame in page.frames if frame["kind"] == kind]
