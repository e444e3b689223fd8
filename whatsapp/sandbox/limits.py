"""Meta's two rates: a number's throughput (in and out together) and the pair (one number to one customer)."""

import time
from collections import deque

from whatsapp.sandbox.errors import GraphError
from whatsapp.sandbox.state import Number, Settings


class Limits:
    """Counts what was accepted. Throughput is strict: never more than `throughput` in any second. A pair may burst
    and then pays the burst back: one message each `pair_interval`, up to `pair_burst` borrowed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.refused = {130429: 0, 131056: 0}
        self._seconds: dict[str, deque[float]] = {}
        self._pair_free_at: dict[tuple[str, str], float] = {}

    def check(self, number: Number, customer_key: str) -> None:
        """Raise 130429 or 131056 if this send comes too soon."""
        now = time.monotonic()
        if self.settings.enforce_throughput and len(self._recent(number, now)) >= number.throughput:
            self.refused[130429] += 1
            raise GraphError(130429)
        if self.settings.enforce_pair:
            debt = self._pair_free_at.get((number.id, customer_key), 0.0) - now
            if debt > self.settings.pair_interval * (self.settings.pair_burst - 1):
                self.refused[131056] += 1
                raise GraphError(131056)

    def count(self, number: Number, customer_key: str = "") -> None:
        """An accepted send (with its customer) or an inbound message (without)."""
        now = time.monotonic()
        if self.settings.enforce_throughput:
            self._recent(number, now).append(now)
        if customer_key and self.settings.enforce_pair:
            free_at = max(self._pair_free_at.get((number.id, customer_key), 0.0), now)
            self._pair_free_at[number.id, customer_key] = free_at + self.settings.pair_interval

    def forget(self) -> None:
        self._seconds.clear()
        self._pair_free_at.clear()

    def shift(self, customer_key: str, seconds: float) -> None:
        """The customer's clock moved on: the pair has rested."""
        for (number_id, key), free_at in list(self._pair_free_at.items()):
            if key == customer_key:
                self._pair_free_at[number_id, key] = free_at - seconds

    def _recent(self, number: Number, now: float) -> deque[float]:
        recent = self._seconds.setdefault(number.id, deque())
        while recent and recent[0] <= now - 1:
            recent.popleft()
        return recent


def peak_per_second(times: list[float]) -> int:
    """The most accepted sends in any one second."""
    peak, start = 0, 0
    ordered = sorted(times)
    for end, at in enumerate(ordered):
        while ordered[start] <= at - 1:
            start += 1
        peak = max(peak, end - start + 1)
    return peak
