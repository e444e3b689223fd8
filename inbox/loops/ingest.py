"""`manage.py ingest`: stored webhook deliveries become conversations, and time's chores are done.

One process is active at a time (a session advisory lock; a second one stands by and takes over when the first one's
connection ends). The door's notification wakes it, and it looks twice a second anyway. Everything it knows is in rows,
so it may be killed at any moment; it outlives restarts of PostgreSQL and does not need Redis.
"""

import logging
import threading
import time

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from inbox.actions.ingesting import Ingester
from inbox.actions.queue import waiting_in_queue
from inbox.actions.routing import BATCH, route_waiting
from inbox.actions.statuses import match_waiting
from inbox.loops.listening import Listener
from inbox.loops.sweeper import Sweeper
from inbox.models import RoutingDecision
from whatsapp.deliveries import CHANNEL

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
STAND_BY_SECONDS = 0.2
SWEEP_SECONDS = 1.0
SWEEP_WHEN_TOLD_SECONDS = 0.1  # a notice without a delivery: there is something to route (inbox.actions.wakeups)
# A look at the queue costs nearly as much for one conversation as for ten, and with everybody busy it is in vain.
# What is stored meanwhile would wait for it.
ROUTE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
LOCK_NAME = "tresen.ingest"


class IngestLoop:
    """The loop. `run` until `stop`; both may be called from different threads."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.wake = threading.Event()
        self._ingester = Ingester()
        self._sweeper = Sweeper(route=lambda workspace_id, _: self._to_route.add(workspace_id))
        self._session: object = None  # the connection that holds the lock
        self._swept_at = 0.0
        self._pause = 0.0
        self._told = False  # of something that the next sweep should look after soon
        self._to_route: set[int] = set()  # workspaces with new work for the assignment
        self._route_after: dict[int, float] = {}
        self._full: set[int] = set()  # workspaces in which nobody had room at the last look

    def stop(self) -> None:
        """Finish the transaction under way, then return from `run`."""
        self.stopping.set()
        self.wake.set()

    def run(self) -> None:
        """Ingest until stopped. Trouble with the database is waited for, never a reason to end."""
        listener = Listener(CHANNEL, self.wake.set)
        listener.start()
        try:
            told = False
            while not self.stopping.is_set():
                self.wake.clear()
                told = self.wake.wait(self._turn(told))
        finally:
            listener.stop()
            connection.close()

    def _turn(self, told: bool = False) -> float:
        """Do what there is to do; how long to sleep afterwards unless woken."""
        try:
            if not self._leads():
                return STAND_BY_SECONDS
            ingested = self.drain()
            self._told = self._told or (told and not ingested)
            self._sweep(SWEEP_WHEN_TOLD_SECONDS if self._told else SWEEP_SECONDS)
            self._pause = 0.0
            self._route()
            return self._patience()
        except (OperationalError, InterfaceError) as error:
            self._pause = min(max(self._pause * 2, 0.1), LONGEST_PAUSE_SECONDS)
            logger.warning("The database is away (%s), again in %.1f s", type(error).__name__, self._pause)
            self._session = None
            connection.close()
            time.sleep(self._pause)  # without the wake-up: the listener's reconnect would end it at once
            return 0.0

    def _leads(self) -> bool:
        """Is the lock ours, on the very connection that does the work?"""
        if self._session is not None and connection.connection is self._session:
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [LOCK_NAME])
            leads = bool(cursor.fetchone()[0])
        if leads:
            self._session = connection.connection
            logger.info("Ingest is active")
        return leads

    def drain(self) -> int:
        """Process everything that is due now, sweeping in between; how many deliveries."""
        count = 0
        while not self.stopping.is_set():
            result = self._ingester.ingest_next()
            if result is None:
                return count
            count += result.deliveries
            self._to_route |= result.routed
            self._route()
            self._sweep()
        return count

    def _route(self) -> None:
        """Give work away at once, a batch at a time; in a workspace that was looked at a moment ago, in a moment."""
        for workspace_id in sorted(self._to_route):
            if time.monotonic() < self._route_after.get(workspace_id, 0.0):
                continue
            self._to_route.discard(workspace_id)
            decided = route(workspace_id, expect_room=workspace_id not in self._full)
            self._route_after[workspace_id] = time.monotonic() + ROUTE_SECONDS
            if any(decision.agent_id is not None for decision in decided):
                self._full.discard(workspace_id)
            if len(decided) >= BATCH:
                self._to_route.add(workspace_id)
            elif all(decision.agent_id is None for decision in decided) and waiting_in_queue(workspace_id).exists():
                self._full.add(workspace_id)

    def _patience(self) -> float:
        if self._to_route:
            soonest = min(self._route_after.get(workspace_id, 0.0) for workspace_id in self._to_route)
            return max(0.0, soonest - time.monotonic())
        return SWEEP_WHEN_TOLD_SECONDS if self._told else POLL_SECONDS

    def _sweep(self, every: float = SWEEP_SECONDS) -> None:
        if time.monotonic() - self._swept_at < every:
            return
        self._told = self._sweeper.run(timezone.now())
        match_waiting()
        self._swept_at = time.monotonic()


def route(workspace_id: int, *, expect_room: bool) -> list[RoutingDecision]:
    """Give a batch of new work away, in a transaction of its own. Failed work waits for the sweeper."""
    try:
        return route_waiting(workspace_id, rounds=1, expect_room=expect_room)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("Routing failed for workspace %s", workspace_id)
        return []
