"""The counter under a crowd: what issue 4 promises, tried and judged.

make bench ARGS="--acceptance [--conversations 300] [--minutes 10] [--speed 1] [--seed 7] [--agents 12]"

Starts everything that `make run` starts, in a folder of its own, signs in agents with sockets and a lead who watches
the board, sends a crowd from the practice phone (`whatsapp.sandbox.visits`), and judges afterwards by the rows alone
(bench.verdicts). Ends with 1 when something does not hold; times are printed and never judged.
"""

import argparse
import asyncio
import os
import sys
import time
import traceback
from datetime import datetime
from typing import Any

from bench import stack
from bench.wire import percentile

CAPACITY = 6
PATIENCE = 240  # seconds for the last ones to be answered


def main(said: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--conversations", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=10, help="of the plan")
    parser.add_argument("--speed", type=float, default=1, help="how many times faster it is played")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--agents", type=int, default=12)
    parser.add_argument("--closing", type=float, default=0.05, help="share whose window is nearly over")
    wanted = parser.parse_args(said)
    port = stack.open_port()
    with stack.running_stack(port) as env:
        os.environ.update(env)
        os.environ["TRESEN_PROCESS"] = "bench"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        rows = serve(port, wanted)
    print(markdown(rows))
    sys.exit(0 if all(holds for *_, holds in rows) else 1)


Row = tuple[str, str, str, bool]  # what, target, reached, holds


def serve(port: int, wanted: argparse.Namespace) -> list[Row]:
    """One crowd from beginning to end, and the verdicts about it."""
    from django.utils import timezone

    from bench.run import settled
    from bench.verdicts import judge
    from whatsapp.sandbox.visit_plan import plan

    agents, lead = prepare(wanted.agents)
    phones = [visit.phone for visit in plan(wanted.seed, wanted.conversations, wanted.minutes * 60)]
    began = timezone.now()
    desks, watching, progress = asyncio.run(serving(port, agents, lead, phones, wanted))
    settled(60)
    ended = timezone.now()
    served = conversations_of(phones)
    rows: list[Row] = [(
        "customers who wrote", f"{wanted.conversations}", f"{len(served)}, {progress['messages']} messages",
        len(served) == wanted.conversations and is_complete(served, progress),
    )]  # fmt: skip
    for verdict in judge(served, {pk: CAPACITY for pk, _ in agents}, began, ended):
        for line in verdict.wrong[:10]:
            print(f"  {verdict.what}: {line}", file=sys.stderr)
        rows.append((verdict.what, "always", verdict.found, verdict.holds))
    rows += [recounted(), ratings(served)]
    rows.append((
        "work done by HTTP", "–", f"{sum(desk.answered for desk in desks)} replies, "
        f"{sum(desk.closed for desk in desks)} closed, {sum(desk.refused for desk in desks)} refused",
        not any(desk.trouble for desk in desks),
    ))  # fmt: skip
    for desk in desks:
        for line in desk.trouble[:3]:
            print(f"  an agent's trouble: {line}", file=sys.stderr)
    return rows + board_rows(watching, began)


async def serving(
    port: int, agents: list[tuple[int, str]], lead: str, phones: list[str], wanted: argparse.Namespace
) -> tuple[list[Any], Any, dict[str, Any]]:
    from bench.simulated import Pace, Person, Watching, Worker
    from whatsapp.sandbox import remote

    pace = Pace(wanted.speed)
    workers = [Worker(Person(port, cookie, csrf()), pk, wanted.seed, pace) for pk, cookie in agents]
    watching = Watching(Person(port, lead, csrf()))
    tasks = [asyncio.create_task(worker.person.listen()) for worker in workers]
    tasks += [asyncio.create_task(watching.person.listen(watching.hear)), asyncio.create_task(watching.look())]
    await asyncio.sleep(1)
    tasks += [asyncio.create_task(worker.work()) for worker in workers]
    await asyncio.to_thread(remote.call, "POST", "visits", {
        "conversations": wanted.conversations, "minutes": wanted.minutes, "speed": wanted.speed, "seed": wanted.seed,
        "closing": wanted.closing,
    })  # fmt: skip
    progress = await until_served(wanted, phones)
    broken = [task.exception() for task in tasks if task.done() and not task.cancelled()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for error in filter(None, broken):
        traceback.print_exception(error)
        raise RuntimeError("a simulated person left early")
    return [worker.desk for worker in workers], watching, progress


async def until_served(wanted: argparse.Namespace, phones: list[str]) -> dict[str, Any]:
    """Until all have come and nobody waits for an answer any more; then the crowd is sent home."""
    from whatsapp.sandbox import remote

    deadline = time.monotonic() + wanted.minutes * 60 / wanted.speed + PATIENCE
    said = 0.0
    while time.monotonic() < deadline:
        await asyncio.sleep(1)
        seen = await asyncio.to_thread(remote.call, "GET", "visits")
        left = await asyncio.to_thread(waiting, phones)
        if time.monotonic() - said > 15:
            said = time.monotonic()
            print(f"  {seen['started']} have written, {seen['answered']} are answered, {left} wait", flush=True)
        if not seen["is_running"] and not left and seen["answered"] == seen["started"]:
            break
    progress: dict[str, Any] = await asyncio.to_thread(remote.call, "DELETE", "visits")
    await asyncio.to_thread(remote.call, "GET", "idle", None, params={"seconds": 20}, wait=25)
    return progress


def waiting(phones: list[str]) -> int:
    """How many of these customers wait and can be answered."""
    from datetime import timedelta

    from django.db import connection
    from django.utils import timezone

    from inbox.models import Conversation

    try:
        since = timezone.now() - timedelta(hours=24)
        theirs = Conversation.objects.open().filter(contact__identities__value__in=phones)
        return theirs.filter(needs_answer=True, last_customer_message_at__gt=since).count()
    finally:
        connection.close()


def prepare(count: int) -> tuple[list[tuple[int, str]], str]:
    """So many equal agents of the team that gets what comes in, and a lead; everybody else is away."""
    from accounts.models import Agent, Availability, Membership, Role, Visibility, Workspace
    from inbox.actions.bookkeeping import team_for
    from inbox.models import SatisfactionSettings
    from whatsapp.models import PhoneNumber

    workspace = Workspace.objects.filter(is_demo=True)[0]
    number = PhoneNumber.objects.filter(workspace=workspace).order_by("display_number")[0]
    team = team_for(number)
    Agent.objects.filter(workspace=workspace).update(availability=Availability.AWAY)
    SatisfactionSettings.objects.get_or_create(workspace=workspace)[0].teams.add(team)
    agents = []
    for index in range(count):
        agent = Agent.objects.create(
            workspace=workspace, email=f"counter{index}@radhaus.example", name=f"Counter {index + 1}", password="!",
            visibility=Visibility.TEAM, capacity=CAPACITY, language="de" if index % 2 else "en",
        )  # fmt: skip
        Membership.objects.create(team=team, agent=agent)
        agents.append((agent.pk, stack.session_of(agent)))
    lead = Agent.objects.filter(workspace=workspace, role=Role.LEAD).order_by("pk")[0]
    return agents, stack.session_of(lead)


def csrf() -> str:
    import secrets
    import string

    from django.conf import settings

    token = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32))
    return f"{settings.CSRF_COOKIE_NAME}={token}"


def conversations_of(phones: list[str]) -> list[int]:
    from inbox.models import Conversation

    found = Conversation.objects.filter(contact__identities__kind="phone", contact__identities__value__in=phones)
    return sorted(set(found.values_list("pk", flat=True)))


def is_complete(conversations: list[int], progress: dict[str, Any]) -> bool:
    """Every message that the phone told of is there, once. Reactions are no messages of ours."""
    from inbox.models import Message, Reaction

    stored = Message.objects.filter(conversation__in=conversations, direction="in").count()
    reactions = Reaction.objects.filter(message__conversation__in=conversations, contact__isnull=False).count()
    return stored + reactions == int(progress["messages"])


def recounted() -> Row:
    """The kept figures of everything there is against the plain count of `manage.py recount_reports`."""
    from inbox.reports.recount import differences

    deadline = time.monotonic() + 180
    while wrong := list(differences()):  # the product follows within a minute, and still asks customers how it was
        if time.monotonic() > deadline:
            break
        time.sleep(5)
    for line in wrong[:5]:
        print(f"  recount: {line}", file=sys.stderr)
    return "reports equal to a recount", "always", f"{len(wrong)} differences", not wrong


def ratings(conversations: list[int]) -> Row:
    """Customers who were asked after closing; none of their answers opened anything."""
    from inbox.models import Message, Satisfaction

    asked = Satisfaction.objects.filter(conversation__in=conversations, asked_at__isnull=False)
    taps = Message.objects.filter(conversation__in=conversations, kind="button_reply").select_related("case")
    wrong = [tap.pk for tap in taps if tap.case is None or tap.case.opened_at >= tap.occurred_at]
    found = f"{asked.count()} asked, {asked.filter(score__isnull=False).count()} answered, " \
            f"{asked.exclude(comment='').count()} comments"  # fmt: skip
    return "ratings open nothing", "always", found, not wrong


def board_rows(watching: Any, began: datetime) -> list[Row]:
    """From the event's row to the frame at the board's socket, and how long the board took to be looked up."""
    from inbox.models import Event

    written = dict(Event.objects.filter(created_at__gte=began).values_list("pk", "created_at"))
    frames = [
        (moment - written[pk].timestamp()) * 1000 for pk, moment in watching.heard.items() if pk in written
    ]  # fmt: skip
    if not frames or not watching.pages:
        return [("the board lives", "–", "no event reached it", False)]
    return [
        ("event → board's socket", "p95 ≤ 300 ms",
         f"p50 {percentile(frames, 0.5):.0f} ms, p95 {percentile(frames, 0.95):.0f} ms ({len(frames)} events)", True),
        ("the board looked up anew", "–",
         f"p50 {percentile(watching.pages, 0.5):.0f} ms, p95 {percentile(watching.pages, 0.95):.0f} ms "
         f"({len(watching.pages)} times)", not watching.trouble),
    ]  # fmt: skip


def markdown(rows: list[Row]) -> str:
    lines = ["| What | Target | Reached | Holds |", "| --- | --- | --- | --- |"]
    return "\n".join(lines + [f"| {what} | {target} | {reached} | {'yes' if holds else '**NO**'} |"
                              for what, target, reached, holds in rows])  # fmt: skip


if __name__ == "__main__":
    main()
