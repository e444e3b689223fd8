"""Measure Tresen on this machine and print a table: `make bench` (ARGS="--quick" for a short one).

Everything runs here: the stack, the load and fifty sockets share the same processors. Each figure stands beside the
floor measured in the same run (bench.floor_app) and, where it applies, the same application on uvicorn.
"""

import argparse
import asyncio
import os
import platform
import statistics
import sys
import time

from bench import stack
from bench.load import Latencies, Screens, page_times, post_at_rate, webhook

AGENTS = 50


class Table:
    """Rows as they are measured; printed at once and as Markdown at the end."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str]] = []

    def add(self, what: str, target: str, reached: str, beside: str = "") -> None:
        self.rows.append((what, target, reached, beside))
        print(f"  {what}: {reached}   [{target}]   {beside}", flush=True)

    def markdown(self) -> str:
        lines = ["| What | Target | Reached | Beside it |", "| --- | --- | --- | --- |"]
        return "\n".join(lines + [f"| {' | '.join(row)} |" for row in self.rows])


def ratio(ours: float, floor: float) -> str:
    return f"{ours / floor:.1f}×" if floor else "–"


async def door(port: int, rate: float, seconds: float) -> Latencies:
    bodies = [webhook(index, 2000) for index in range(int(rate * seconds))]
    return (await post_at_rate(port, bodies, rate))[0]


async def floor_insert(port: int, rate: float, seconds: float) -> Latencies:
    bodies = [webhook(index, 2000) for index in range(int(rate * seconds))]
    return (await post_at_rate(port, bodies, rate, path="/"))[0]


async def live(port: int, cookies: list[str], rate: float, seconds: float, *, door_port: int = 0) -> Latencies:
    """Webhook POST → frame in the last of all sockets, once what waited for these people is given away."""
    async with Screens(port, cookies, origin_port=door_port) as screens:
        await asyncio.to_thread(settled)
        base = int(time.time()) % 1_000_000 * 10_000
        bodies = [webhook(base + index, 400) for index in range(int(rate * seconds))]
        _, started = await post_at_rate(door_port or port, bodies, rate)
        await asyncio.sleep(3)
        return screens.last_frame({base + index: moment for index, moment in started.items()})


def settled(seconds: float = 120) -> None:
    """Wait until no webhook waits and routing has done what it can: a morning's rush is not what is measured."""
    from inbox.models import Conversation
    from whatsapp.models import WebhookDelivery

    waiting, deadline = -1, time.monotonic() + seconds
    while time.monotonic() < deadline:
        before, waiting = waiting, Conversation.objects.filter(status="open", assignee=None).count()
        if before == waiting and not WebhookDelivery.objects.filter(state="new").exists():
            return
        time.sleep(2)


async def floor_relay(port: int, redis_url: str, rate: float, seconds: float) -> Latencies:
    """Redis PUBLISH of 2 kB → frame in the last of all sockets, nothing between."""
    import redis.asyncio

    client = redis.asyncio.from_url(redis_url)
    async with Screens(port, [""] * AGENTS) as screens:
        started = {}
        for index in range(int(rate * seconds)):
            started[index] = time.perf_counter()
            await client.publish("floor", f"bench-{index}-" + "x" * 2000)
            await asyncio.sleep(1 / rate)
        await asyncio.sleep(1)
    await client.aclose()
    return screens.last_frame(started)


def calm(seconds: float = 300) -> None:
    """Until every stored webhook has been ingested, and a moment longer: the next figure starts from rest."""
    from whatsapp.models import WebhookDelivery

    deadline = time.monotonic() + seconds
    while WebhookDelivery.objects.filter(state="new").exists() and time.monotonic() < deadline:
        time.sleep(0.5)
    time.sleep(2)


def pages(port: int, cookie: str) -> dict[str, Latencies]:
    from inbox.models import Conversation

    some = Conversation.objects.filter(status="open").order_by("-last_message_at")[0].pk
    opened = f"/conversations/{some}/"
    paths: dict[str, tuple[str, dict[str, str]]] = {
        "inbox page, All": ("/?view=all", {}),
        "inbox page, Mine": ("/?view=mine", {}),
        "another view chosen in the list": ("/?view=all", {"HX-Request": "true", "HX-Target": "list"}),
        "a conversation opened from the list": (opened, {"HX-Request": "true", "HX-Target": "thread"}),
        "a conversation opened by its address": (opened, {}),
    }
    return {name: asyncio.run(page_times(port, path, cookie, more)) for name, (path, more) in paths.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the data and of the time")
    parser.add_argument("--conversations", type=int, default=0)
    parser.add_argument("--acceptance", action="store_true", help="serve a crowd and judge it: bench.acceptance")
    arguments, more = parser.parse_known_args()
    if arguments.acceptance:
        from bench import acceptance

        acceptance.main([*more, "--conversations", str(arguments.conversations or 300)])
    if more:
        parser.error(f"unknown: {' '.join(more)}")
    share = 0.1 if arguments.quick else 1.0
    total = arguments.conversations or int(100_000 * share)
    port = stack.open_port()
    phone_port = stack.open_port()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    )
    with stack.running_stack(port, {"GRAPH_BASE_URL": f"http://127.0.0.1:{phone_port}"}) as env:
        os.environ.update(env)
        os.environ["TRESEN_PROCESS"] = "bench"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        phone = [sys.executable, "manage.py", "practice_phone", "--port", str(phone_port), "--bench"]
        with stack.running_server(phone, f"http://127.0.0.1:{phone_port}/v26.0/", env):
            table = Table()
            measure_all(table, port, env, total, share)
    print(f"\n{table.markdown()}")


def measure_all(table: Table, port: int, env: dict[str, str], total: int, share: float) -> None:
    from bench import reports, search, sending
    from bench.generate import generate

    cookies = stack.sign_in_people(AGENTS)
    floor_port, uvicorn_port = stack.open_port(), stack.open_port()
    seconds = max(5.0, 30 * share)

    generate(1000)
    settled()
    small = pages(port, cookies[0])
    print(f"generating {total} conversations …", flush=True)
    began = time.monotonic()
    generate(total - 1000, progress=True)
    table.add(
        f"stored: {total:,} conversations, {total * 10:,} messages",
        "–",
        f"generated in {time.monotonic() - began:.0f} s",
    )

    table.add("made findable", "–", f"{search.indexing_rate():,.0f} messages a second")
    with search.narrowed("bench1@radhaus.example"):
        found = search.measure(port, cookies[0], cookies[1])
    beneath = found.pop("floor")
    for name, series in found.items():
        table.add(name, "p95 < 150 ms", series.row95(), f"floor (bare index) {beneath.row95()}")

    settled()
    large = pages(port, cookies[0])
    for name, series in large.items():
        table.add(name, "p50 ≤ 50 ms", series.row(), f"{ratio(series.p50, small[name].p50)} of 1,000 conversations")

    for name, series in reports.measure(port).items():
        table.add(name, "p95 < 300 ms", series.row95())

    web = {**env, "TRESEN_PROCESS": "web"}
    daphne = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p"]
    uvicorn = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--no-access-log",
               "--log-level", "error", "--port", str(uvicorn_port)]  # fmt: skip
    create_floor_table()
    with (
        stack.running_server(
            [*daphne, str(floor_port), "bench.floor_app:application"], f"http://127.0.0.1:{floor_port}/", web
        ),
        stack.running_server(uvicorn, f"http://127.0.0.1:{uvicorn_port}/accounts/login/", web),
    ):
        floor = asyncio.run(floor_insert(floor_port, 100, seconds))
        ours = asyncio.run(door(port, 100, seconds))
        calm()
        other = asyncio.run(door(uvicorn_port, 100, seconds))
        table.add("webhook acknowledged, 100/s", "p50 ≤ 8, p99 ≤ 40 ms", ours.row(),
                  f"floor {floor.row()}: {ratio(ours.p50, floor.p50)}; uvicorn {other.row()}")  # fmt: skip
        calm()
        floor = asyncio.run(floor_relay(floor_port, env["REDIS_URL"], 50, seconds))
        for rate in (20, 50):
            ours = asyncio.run(live(port, cookies, rate, seconds))
            calm()
            other = asyncio.run(live(uvicorn_port, cookies, rate, seconds, door_port=port))
            calm()
            beside = f"floor (relay) {floor.row()}: {ratio(ours.p50, floor.p50)}; sockets on uvicorn {other.row()}"
            table.add(f"webhook → last of {AGENTS} sockets, {rate}/s", "p50 ≤ 40, p99 ≤ 150 ms", ours.row(), beside)

    table.add(
        "sending at an 80/s number", "saturated, never exceeded", sending.measure(int(2400 * max(share, 0.3)), 80).row()
    )
    table.add("sending at a 1,000/s number", "≥ 600/s", sending.measure(int(10_000 * max(share, 0.3)), 1000).row())


def create_floor_table() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_floor (id bigserial PRIMARY KEY, body bytea)")


def median(values: list[float]) -> float:
    return statistics.median(values) if values else 0.0


if __name__ == "__main__":
    main()
