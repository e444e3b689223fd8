"""`manage.py deliver`: hands queued messages to Meta, as fast as each number may and never twice.

One process is active at a time for all numbers (a session advisory lock; a second one stands by). The main thread
claims on the connection that holds the lock, so a leader without its connection cannot claim. Sender threads make the
calls without a database; one thread stores the results in batches. LISTEN wakes the loop, and it looks twice a second
anyway. Redis is not needed.

    queue ──claim──▶ sending ──call──▶ accepted | failed | queued again | number stopped | unknown

Killed at any moment, a message in `sending` becomes *unknown* when its lease ends; no path leads from there back into
the queue. On SIGTERM nothing more is claimed and what is under way gets 20 seconds.
"""

import logging
import queue
import threading
import time
from collections import Counter
from datetime import datetime

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from inbox.actions import delivery, delivery_claims, delivery_results
from inbox.actions.delivery import UNKNOWN, Outcome
from inbox.actions.delivery_claims import DueNumber
from inbox.actions.outbox import CHANNEL
from inbox.loops.listening import Listener
from inbox.pacing import Metronome, TokenBucket, calling_rate, sending_rate
from inbox.sending import Outgoing
from whatsapp import client, errors
from whatsapp.client import CloudAPI
from whatsapp.models import PhoneNumber

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
DRAIN_SECONDS = 20.0
HOUSEKEEPING_SECONDS = 1.0
THREADS, THREADS_FOR_FAST_NUMBERS = 32, 200
FAST_THROUGHPUT = 1000
CLAIM_AT_MOST = 100
RESULTS_AT_ONCE, RESULTS_WAIT_SECONDS = 200, 0.01
# A fast number is served in draughts: claiming one by one would cost more than sending.
BREATH_SECONDS = 0.02
LONGEST_BREATH_SECONDS = 0.1
LOCK_NAME = "tresen.deliver"


class Deliverer:
    """The delivery loop. `run` until `stop`; both may be called from different threads."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.wake = threading.Event()
        self._jobs: queue.SimpleQueue[tuple[Outgoing, CloudAPI, Metronome] | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
        self._senders: list[threading.Thread] = []
        self._in_flight: Counter[int] = Counter()
        self._files: set[int] = set()  # messages with a file under way, which may take minutes
        self._lock = threading.Lock()
        self._session: object = None  # the connection that holds the leader's lock
        self._buckets: dict[int, TokenBucket] = {}
        self._metronomes: dict[int, Metronome] = {}
        self._apis: dict[int, tuple[float, CloudAPI]] = {}
        self._unreachable = _Unreachable()
        self._housekeeping_at = 0.0

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is under way is done, after 20 s at the latest."""
        self.stopping.set()
        self.wake.set()

    def run(self) -> None:
        client.use_pool_of(THREADS_FOR_FAST_NUMBERS)
        listener = Listener(CHANNEL, self.wake.set)
        listener.start()
        writer = threading.Thread(target=self._write_results, name="results", daemon=True)
        writer.start()
        while not self.stopping.is_set():
            self.wake.clear()
            pause = self._turn()
            # Between two draughts nothing may wake us, or every stored result would cost a claim.
            (self.stopping if pause <= LONGEST_BREATH_SECONDS else self.wake).wait(pause)
        self._drain(writer)
        listener.stop()
        connection.close()

    def _turn(self) -> float:
        """One round of work as leader; how long to wait for the next one unless woken."""
        try:
            if not self._is_leader():
                return POLL_SECONDS
            if time.monotonic() >= self._housekeeping_at:
                self._housekeeping_at = time.monotonic() + HOUSEKEEPING_SECONDS
                self._keep_house()
            return self._claim_round()
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away, nothing is claimed meanwhile: %s", str(error).strip())
            self._session = None
            connection.close()
            self.stopping.wait(POLL_SECONDS)
        except DatabaseError:
            logger.exception("A round of claiming failed")
        return POLL_SECONDS

    # --- Leading ------------------------------------------------------------------------------------------------------

    def _is_leader(self) -> bool:
        if self._session is not None and connection.connection is self._session:
            return True
        self._session = None
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [LOCK_NAME])
            if cursor.fetchone()[0]:
                self._session = connection.connection
                logger.info("Delivering")
        return self._session is not None

    def _keep_house(self) -> None:
        for outcome in delivery_results.expired_leases():
            self._results.put(outcome)
        delivery_results.mark_unconfirmed()

    # --- Claiming -----------------------------------------------------------------------------------------------------

    def _claim_round(self) -> float:
        pause = self._unreachable.pause()
        if pause > 0:
            return min(pause, POLL_SECONDS)
        numbers = [number for number in delivery_claims.due_numbers() if not number.is_stopped]
        waits = [self._claim_from(number, alone=len(numbers) == 1) for number in numbers]
        return min(waits, default=POLL_SECONDS)

    def _claim_from(self, number: DueNumber, *, alone: bool) -> float:
        """Claim what this number may send now; the wait until it may send more."""
        places = self._places(number, alone=alone)
        bucket, now = self._bucket(number), time.monotonic()
        allowed = min(places, bucket.available(now), CLAIM_AT_MOST)
        if allowed <= 0:
            # Without a free place a finished message wakes us; without a token time does.
            return POLL_SECONDS if places <= 0 else max(BREATH_SECONDS, (1 - bucket.tokens) / bucket.rate)
        api = self._api(number.id)
        with self._lock:
            files = delivery_claims.FILES_AT_ONCE - len(self._files)
        claim = delivery_claims.claim(number, allowed, files)
        bucket.take(len(claim.messages))
        with self._lock:
            self._in_flight[number.id] += len(claim.messages) + len(claim.refusals)
            self._files.update(message.id for message in claim.messages if message.is_file)
        for outcome in claim.refusals:
            self._results.put(outcome)
        for message in claim.messages:
            self._jobs.put((message, api, self._metronomes[number.id]))
        taken = len(claim.messages) + len(claim.refusals) + claim.waiting
        return BREATH_SECONDS if taken >= allowed or number.throughput >= FAST_THROUGHPUT and taken else POLL_SECONDS

    def _places(self, number: DueNumber, *, alone: bool) -> int:
        """Free sender threads for this number. A hanging one leaves a quarter of them to the others."""
        wanted = THREADS_FOR_FAST_NUMBERS if number.throughput >= FAST_THROUGHPUT else THREADS
        while len(self._senders) < wanted:
            sender = threading.Thread(target=self._send, name=f"sender-{len(self._senders)}", daemon=True)
            sender.start()
            self._senders.append(sender)
        with self._lock:
            free = len(self._senders) - self._in_flight.total()
            own = len(self._senders) * (4 if alone else 3) // 4 - self._in_flight[number.id]
        return min(free, own)

    def _bucket(self, number: DueNumber) -> TokenBucket:
        now, slower = time.monotonic(), 2 if _is_ahead(number.slowed_until) else 1
        rate = sending_rate(number.throughput) / slower
        bucket = self._buckets.setdefault(number.id, TokenBucket(rate, now))
        bucket.change_rate(rate, now)
        at_most = calling_rate(number.throughput) / slower
        self._metronomes.setdefault(number.id, Metronome(at_most)).rate = at_most
        return bucket

    def _api(self, number_id: int) -> CloudAPI:
        """Read at most once a second, so that a new token is used soon."""
        read_at, api = self._apis.get(number_id, (0.0, None))
        if api is None or time.monotonic() - read_at > 1.0:
            number = PhoneNumber.objects.select_related("business_account__meta_app").get(pk=number_id)
            api = CloudAPI(number)
            self._apis[number_id] = (time.monotonic(), api)
        return api

    # --- Sending and storing ------------------------------------------------------------------------------------------

    def _send(self) -> None:
        while (job := self._jobs.get()) is not None:
            message, api, metronome = job
            metronome.wait()
            outcome = delivery.attempt(message, api)
            self._unreachable.saw(outcome)
            self._results.put(outcome)

    def _write_results(self) -> None:
        """Store results in batches until told to end; a lost database only delays them."""
        batch: list[Outcome] = []
        ending = False
        while not (ending and not batch):
            ending = self._gather(batch) or ending
            if not batch:
                continue
            try:
                delivery_results.store(batch)
            except (OperationalError, InterfaceError) as error:
                logger.warning("Results wait for the database: %s", str(error).strip())
                connection.close()
                time.sleep(POLL_SECONDS)
                continue
            except Exception:
                self._store_singly(batch)
            self._let_go(batch)
            batch = []
        connection.close()

    def _gather(self, batch: list[Outcome]) -> bool:
        """Fill the batch with what comes within 10 ms of the first; True when it is the last one."""
        until = None
        while len(batch) < RESULTS_AT_ONCE:
            try:
                timeout = None if not batch else max(0.0, (until or 0.0) - time.monotonic())
                outcome = self._results.get(timeout=timeout)
            except queue.Empty:
                return False
            if outcome is None:
                return True
            until = until or time.monotonic() + RESULTS_WAIT_SECONDS
            batch.append(outcome)
        return False

    def _store_singly(self, batch: list[Outcome]) -> None:
        """One result that cannot be stored must not hold up the others; it ends as unknown with its lease."""
        logger.exception("A batch of results failed, storing them one by one")
        for outcome in batch:
            try:
                delivery_results.store([outcome])
            except Exception:
                logger.exception("The result of message %s could not be stored", outcome.message_id)

    def _let_go(self, batch: list[Outcome]) -> None:
        with self._lock:
            for outcome in batch:
                if outcome.in_flight:
                    self._in_flight[outcome.phone_number_id] -= 1
                    self._files.discard(outcome.message_id)
        self.wake.set()

    def _drain(self, writer: threading.Thread) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._in_flight.total() > 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        for _sender in self._senders:
            self._jobs.put(None)
        self._results.put(None)
        writer.join(max(1.0, deadline - time.monotonic()))
        if left := self._in_flight.total():
            logger.warning("%d message(s) were still under way; they will show as not confirmed", left)


class _Unreachable:
    """When Meta cannot be reached at all, everybody pauses instead of burning through the queue."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0

    def saw(self, outcome: Outcome) -> None:
        if outcome.code == errors.NOT_REACHED:
            if time.monotonic() >= self._until:  # those that failed together count once
                self._failures = min(self._failures + 1, 6)
                self._until = time.monotonic() + min(10.0, 0.25 * 2**self._failures)
        elif outcome.kind != UNKNOWN:
            self._failures = 0

    def pause(self) -> float:
        return max(0.0, self._until - time.monotonic())


def _is_ahead(moment: datetime | None) -> bool:
    return moment is not None and moment > timezone.now()
