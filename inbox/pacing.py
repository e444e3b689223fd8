"""How fast we may send: bucket and metronome per number, the pair limit per customer, and when to try again.

Meta counts what a number sends *and* receives, so we start a little below the number's throughput. To one customer Meta
takes one message per six seconds, with up to 45 borrowed from the future (whatsapp-cloud-api.md §15).
"""

import random
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from whatsapp import errors

# Longer than connect and read timeout together: whoever holds a message this long has died.
LEASE = timedelta(seconds=60)
STARTING_RATES = {20: 18.0, 80: 70.0, 1000: 900.0}
PAIR_STEP = timedelta(seconds=6)
PAIR_DEBT = timedelta(seconds=264)  # how far ahead the theoretical arrival time may run: a burst of 45
PAIR_WAIT = timedelta(seconds=6)
SLOWED_FOR = timedelta(seconds=30)
GIVE_UP_AFTER = timedelta(hours=4)


def sending_rate(throughput: int) -> float:
    """Messages a second we let out for a number of this throughput."""
    return STARTING_RATES.get(throughput, max(1.0, throughput * 0.875))


def calling_rate(throughput: int) -> float:
    """The most calls a second that ever leave: room to catch up after a hiccup, and never the number's limit."""
    return min(float(throughput), sending_rate(throughput) * 1.02)


@dataclass(slots=True)
class TokenBucket:
    """Lets `rate` a second through, and after a pause at most `burst` at once. Times are monotonic seconds."""

    rate: float
    updated_at: float
    tokens: float = 1.0

    @property
    def burst(self) -> float:
        return min(max(1.0, self.rate / 10), 50.0)

    def available(self, now: float) -> int:
        """How many may go now."""
        self.tokens = min(self.burst, self.tokens + max(0.0, now - self.updated_at) * self.rate)
        self.updated_at = now
        return int(self.tokens)

    def take(self, count: int) -> None:
        self.tokens -= count

    def change_rate(self, rate: float, now: float) -> None:
        """From now on at this rate; what has gathered so far stays, cut at the new burst."""
        if rate != self.rate:
            self.available(now)
            self.rate = rate
            self.tokens = min(self.tokens, self.burst)


class Metronome:
    """Spaces the calls of one number evenly; and when their threads are held up together, so that all their turns have
    come at once, no second sees more than `rate` of them leave all the same. Times are monotonic seconds."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._next = 0.0
        self._left: deque[float] = deque()  # when the calls of the last second left
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Sleep until this call may leave."""
        time.sleep(self.turn(time.monotonic()))
        while (more := self.leave(time.monotonic())) > 0:
            time.sleep(more)

    def turn(self, now: float) -> float:
        """Take the next turn: the seconds until it comes."""
        with self._lock:
            turn = max(now, self._next)
            self._next = turn + 1 / self.rate
        return turn - now

    def leave(self, now: float) -> float:
        """0 when the call leaves now; else the seconds after which to ask again."""
        with self._lock:
            while self._left and now - self._left[0] >= 1:
                self._left.popleft()
            too_many = len(self._left) - max(1, int(self.rate))
            if too_many >= 0:
                return max(self._left[too_many] + 1 - now, 0.001)
            self._left.append(now)
            return 0.0


def next_arrival(arrival_at: datetime | None, now: datetime) -> datetime | None:
    """The pair limit after one more message now, or None when this one has to wait (GCRA)."""
    reached = max(arrival_at or now, now)
    return None if reached - now > PAIR_DEBT else reached + PAIR_STEP


def retry_after(code: int, attempt: int, age: timedelta, asked: float | None) -> timedelta | None:
    """How long a temporarily refused message waits for its next try, or None when it is given up.

    `attempt` counts from 1, `asked` are the seconds Meta named. Waits spread a little, so that a queue that was
    refused together does not come back together.
    """
    most = errors.most_tries(code)
    if age > GIVE_UP_AFTER or (most is not None and attempt >= most):
        return None
    if code == 131056:
        seconds = 4.0 ** min(attempt - 1, 5)
    elif code in (130429, errors.HTTP_TOO_MANY):
        seconds = 1.0
    elif code == errors.NOT_REACHED:
        seconds = min(30.0, 0.5 * 2.0 ** min(attempt - 1, 6))
    else:
        seconds = min(300.0, 2.0 ** min(attempt, 9))
    return timedelta(seconds=max(seconds, asked or 0.0) * random.uniform(1.0, 1.3))
