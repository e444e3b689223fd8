"""How long an event takes from its report to the last of many open pages.

python -m bench.fanout --url http://127.0.0.1:8000 [--pages 50] [--rate 20] [--seconds 20]

Works beside a running stack: DATABASE_URL, REDIS_URL, REDIS_PREFIX and PORT as the web process has them, the demo
workspace filled. One process reports changes of existing messages (locked, rendered, stored, committed, published),
another holds the pages' sockets. Changes show nothing new on a screen and leave the data as it was.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import time
from collections import defaultdict

DOMAIN = "@fanout.bench.invalid"


def _setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()


def _sessions(pages: int) -> list[str]:
    """As many colleagues who see everything as there are pages, each signed in once."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from accounts.models import Agent, Availability, Visibility, Workspace
    from accounts.sessions import SessionStore

    workspace = Workspace.objects.get(is_demo=True)
    keys = []
    for number in range(pages):
        agent = Agent.objects.create(
            workspace=workspace, email=f"page-{number}{DOMAIN}", name=f"Page {number}", password="!",
            visibility=Visibility.ALL, availability=Availability.AWAY,
        )  # fmt: skip
        session = SessionStore()
        session[SESSION_KEY] = str(agent.pk)
        session[BACKEND_SESSION_KEY] = "accounts.backends.AgentBackend"
        session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
        session.create()
        keys.append(session.session_key)
    return keys


def _remove_colleagues() -> None:
    from accounts.models import Agent

    Agent.objects.filter(email__endswith=DOMAIN).delete()


def report(rate: float, seconds: float, results: "multiprocessing.Queue") -> None:
    """Report changes at a steady rate; hand back [(event id, before, after commit)]."""
    _setup()
    from django.db import transaction

    from inbox import events
    from inbox.models import Conversation, Event, Message

    messages = list(Message.objects.filter(workspace__is_demo=True).select_related("conversation")[:500])
    started, done = time.perf_counter(), []
    for number in range(int(rate * seconds)):
        while time.perf_counter() < started + number / rate:
            time.sleep(0.0005)
        message = messages[number * 7 % len(messages)]
        before = time.time()
        with transaction.atomic():
            Conversation.objects.select_for_update().get(pk=message.conversation_id)
            events.message_changed(message)
            event = Event.objects.filter(conversation_id=message.conversation_id).latest("pk").pk
        done.append((event, before, time.time()))
    results.put(done)


async def _listen(url: str, cookie: str, heard: dict[int, list[float]], ready: asyncio.Semaphore) -> None:
    import websockets

    async with websockets.connect(
        url.replace("http", "ws", 1) + "/ws/", additional_headers={"Cookie": cookie}, origin=url, max_size=None
    ) as socket:
        ready.release()
        async for text in socket:
            now = time.time()
            frame = json.loads(text)
            if frame["kind"] == "beat":
                await socket.send(json.dumps({"kind": "pong", "n": frame["n"]}))
            for event in frame.get("events", [frame]):
                if "id" in event:
                    heard[event["id"]].append(now)


async def measure(url: str, cookies: list[str], rate: float, seconds: float) -> tuple[dict[int, list[float]], list]:
    """Open the pages, let the other process report, collect."""
    heard: dict[int, list[float]] = defaultdict(list)
    ready = asyncio.Semaphore(0)
    listeners = [asyncio.create_task(_listen(url, cookie, heard, ready)) for cookie in cookies]
    for _ in cookies:
        await asyncio.wait_for(ready.acquire(), 30)
    await asyncio.sleep(1)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=report, args=(rate, seconds, results))
    process.start()
    done = await asyncio.to_thread(results.get)
    await asyncio.sleep(2)
    for listener in listeners:
        listener.cancel()
    process.join()
    return heard, done


def _line(name: str, values: list[float]) -> str:
    cuts = statistics.quantiles(values, n=100)
    return f"{name:32} p50 {cuts[49] * 1000:7.1f} ms   p90 {cuts[89] * 1000:7.1f} ms   p99 {cuts[98] * 1000:7.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    _setup()
    from django.conf import settings

    _remove_colleagues()
    cookies = [f"{settings.SESSION_COOKIE_NAME}={key}" for key in _sessions(options.pages)]
    try:
        heard, done = asyncio.run(measure(options.url, cookies, options.rate, options.seconds))
    finally:
        _remove_colleagues()
    complete = [(before, after, heard[event]) for event, before, after in done if len(heard[event]) == options.pages]
    print(f"{options.pages} pages, {options.rate:g} events a second, {len(done)} events,"
          f" {len(complete)} reached every page")  # fmt: skip
    print(_line("lock, render, store, commit", [after - before for before, after, _ in complete]))
    print(_line("commit to first page", [min(times) - after for _, after, times in complete]))
    print(_line("commit to last page", [max(times) - after for _, after, times in complete]))
    print(_line("report to last page", [max(times) - before for before, _, times in complete]))


if __name__ == "__main__":
    main()
