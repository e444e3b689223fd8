"""Processes are killed under load; every acknowledged message must be there once, and none may be sent twice.

The whole stack runs as `make run` starts it. The practice phone is both sides of the ledger: which inbound messages
were answered 200 (it repeats the others), and how often it accepted each of our replies.
"""

import random
import threading
import time
import uuid
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

import psycopg
import pytest

from tests.stack.browserless import AgentClient
from tests.stack.counter import Counter, open_counter

pytestmark = pytest.mark.stack

RATE = 20  # messages a second
VICTIMS = ["worker", "web", "valkey", "ingest", "deliver", "attachments"]


class Replying(threading.Thread):
    """Mara answers all the time; what the network breaks is posted again under the same uid, as the page does."""

    def __init__(self, counter: Counter, seed: int) -> None:
        super().__init__(daemon=True)
        self.counter, self.random = counter, random.Random(seed)
        self.accepted: list[str] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        agent = AgentClient(self.counter.port, "lead")
        while not self.stopping.wait(0.25):
            try:
                found = self.counter.rows(
                    "SELECT id FROM inbox_conversation WHERE status = 'open' AND needs_answer"
                    " AND last_customer_message_at > now() - interval '1 hour' ORDER BY id DESC LIMIT 50"
                )
            except psycopg.OperationalError:
                continue
            if found:
                self._reply(agent, self.random.choice(found)[0])

    def _reply(self, agent: AgentClient, conversation: int) -> None:
        uid = uuid.uuid4()  # not from the seed: the demo's rows come from seeds, too
        while not self.stopping.is_set():
            try:
                status = agent.reply(conversation, f"Antwort {uid}", uid)
            except (OSError, HTTPException):
                time.sleep(0.2)
                continue
            if status == 200:
                self.accepted.append(str(uid))
            if status < 500:
                return
            time.sleep(0.2)


def until(condition: Callable[[], object], what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.3)


def storm(counter: Counter, victims: list[str], seconds: int, seed: int) -> tuple[list[str], list[str]]:
    """Load for that long with one kill after another; the inbound wamids and the uids of accepted replies."""
    prefix = f"sturm{seed}"
    counter.phone("POST", "crowd", {
        "messages": RATE * seconds, "customers": 60, "rate": RATE, "seed": seed, "text": prefix
    })  # fmt: skip
    replying = Replying(counter, seed)
    replying.start()
    pause = seconds / (len(victims) + 1)
    for victim in victims:
        time.sleep(pause)
        counter.kill(victim)
    time.sleep(pause)
    replying.stopping.set()
    replying.join(30)
    until(lambda: counter.phone("GET", "crowd?wamids=1")["sent"] == RATE * seconds, "the crowd has written")
    wamids = counter.phone("GET", "crowd?wamids=1")["wamids"]
    return wamids, replying.accepted


def check_inbound(counter: Counter, wamids: list[str]) -> None:
    """Each is there once, in one conversation per customer, and the counts agree."""
    stored = "SELECT count(*) FROM inbox_message WHERE wamid = ANY(%s)"
    until(lambda: counter.one(stored, wamids) == len(wamids), "every inbound message is stored", 180)
    until(lambda: counter.one("SELECT count(*) FROM whatsapp_webhookdelivery WHERE state = 'new'") == 0, "ingested")
    assert counter.one("SELECT count(*) FROM whatsapp_webhookdelivery WHERE state = 'failed'") == 0
    wrong = counter.rows(
        """SELECT v.id, v.inbound_count, count(m.id) FROM inbox_conversation v
           JOIN inbox_message m ON m.conversation_id = v.id AND m.direction = 'in' AND m.kind <> 'system'
           WHERE v.id IN (SELECT conversation_id FROM inbox_message WHERE wamid = ANY(%s))
           GROUP BY v.id HAVING v.inbound_count <> count(m.id)""",
        wamids,
    )
    assert wrong == []
    threads, people = counter.rows(
        """SELECT count(DISTINCT v.id), count(DISTINCT v.contact_id) FROM inbox_conversation v
           JOIN inbox_message m ON m.conversation_id = v.id WHERE m.wamid = ANY(%s)""",
        wamids,
    )[0]
    assert threads == people == 60


def check_outbound(counter: Counter, uids: list[str]) -> None:
    """Each reply we answered 200 for exists, none was accepted twice by the phone, all have an end or are in doubt."""
    assert len(uids) > 10, "the load never got going"
    assert counter.one("SELECT count(*) FROM inbox_message WHERE uid = ANY(%s::uuid[])", uids) == len(uids)
    busy = "SELECT count(*) FROM inbox_message WHERE uid = ANY(%s::uuid[]) AND status IN ('queued', 'sending')"
    until(lambda: counter.one(busy, uids) == 0, "every reply has left the queue", 180)
    ledger = counter.phone("GET", "ledger")
    assert ledger["twice"] in ([], {}, 0), ledger["twice"]
    accepted = set(ledger["by_callback"])
    confirmed = counter.rows(
        "SELECT uid::text FROM inbox_message WHERE uid = ANY(%s::uuid[])"
        " AND status IN ('accepted', 'sent', 'delivered', 'read')",
        uids,
    )
    assert {uid for (uid,) in confirmed} <= accepted, "shown as sent, but the phone never had it"


def weather(victims: list[str], seconds: int, seed: int) -> None:
    with open_counter() as counter:
        wamids, uids = storm(counter, victims, seconds, seed)
        check_inbound(counter, wamids)
        check_outbound(counter, uids)
        assert Path(counter.env["DATA_DIR"]).exists()


def test_killing_worker_web_redis_and_loops_under_load_loses_and_doubles_nothing() -> None:
    weather(VICTIMS, seconds=28, seed=7)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 4))
def test_five_minutes_of_random_kills_of_everything_lose_and_double_nothing(seed: int) -> None:
    chance = random.Random(seed)
    victims = [chance.choice([*VICTIMS, "postgres"]) for _ in range(40)]
    weather(victims, seconds=300, seed=seed)
