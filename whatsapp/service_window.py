"""The customer service window: "may we write freely now?" is answered here and nowhere else.

Meta: free-form messages are accepted for 24 hours after the customer's last message; after that only approved
templates (whatsapp-cloud-api.md §9). Every path asks `ServiceWindow.is_open`: the composer when drawn, the reply when
accepted, the delivery loop right before the call.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(hours=24)
SOON = timedelta(hours=4)
URGENT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ServiceWindow:
    """The window of one conversation. Times are aware (UTC); `margin_seconds` closes it a little early.

    `last_customer_message_at` is Meta's timestamp, cut at our time of receipt by whoever stores it, so a clock that
    runs ahead never lengthens the window. `refused_at` is when Meta answered 131047: closed until a newer message.
    All answers derive from `closes_at`, so what a screen counts down to is the instant the server says no.
    """

    last_customer_message_at: datetime | None
    refused_at: datetime | None = None
    margin_seconds: int = 60

    @property
    def closes_at(self) -> datetime | None:
        """The instant from which nothing but templates is accepted, margin included; None if it never opened."""
        if self.last_customer_message_at is None:
            return None
        regular = self.last_customer_message_at + WINDOW - timedelta(seconds=self.margin_seconds)
        if self.refused_at is not None and self.refused_at >= self.last_customer_message_at:
            return min(regular, self.refused_at)
        return regular

    def is_open(self, now: datetime) -> bool:
        """May a free-form message be sent at `now`?"""
        closes_at = self.closes_at
        return closes_at is not None and now < closes_at

    def time_left(self, now: datetime) -> timedelta:
        """Until `closes_at`; never negative, and never more than a full window even if a timestamp lies ahead."""
        closes_at = self.closes_at
        if closes_at is None:
            return timedelta(0)
        return max(timedelta(0), min(closes_at - now, WINDOW - timedelta(seconds=self.margin_seconds)))

    def state(self, now: datetime) -> str:
        """open, soon (at most 4 h), urgent (under 1 h) or closed: the words of the design's ring."""
        left = self.time_left(now)
        if left <= timedelta(0):
            return "closed"
        if left < URGENT:
            return "urgent"
        return "soon" if left <= SOON else "open"

    def percent_left(self, now: datetime) -> int:
        """0–100 of the 24 hours, for the ring."""
        return round(self.time_left(now) / WINDOW * 100)
