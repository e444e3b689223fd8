"""What every section of the reports' page is made from: the figures of its period, and how they are put in words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from inbox.reports import words
from inbox.reports.reading import Times, read, share_answered
from inbox.reports.wanted import Wanted


@dataclass
class Part:
    """A line beside a drawing."""

    name: str
    look: str
    count: str
    amount: str = ""
    url: str = ""
    percent: float = 0.0


class Section:
    """A part of the page, as of `now`; a page of several reads its figures once."""

    def __init__(self, wanted: Wanted, now: datetime) -> None:
        self.wanted, self.now, self.scope = wanted, now, wanted.scope
        self.period, self.before = read(wanted, now)

    @property
    def span_words(self) -> str:
        return words.span(self.wanted.span.first, self.wanted.span.last)

    @property
    def before_words(self) -> str:
        before = self.wanted.before
        return words.span(before.first, before.last) if before else ""

    @cached_property
    def buckets(self) -> list[tuple[date, date]]:
        """First and last day of each, as far as they are within the period."""
        span, found = self.wanted.span, []
        first = span.first
        while first <= span.last:
            last = first if self.wanted.unit == "day" else first + timedelta(days=6 - first.weekday())
            found.append((first, min(last, span.last)))
            first = last + timedelta(days=1)
        return found

    @cached_property
    def keys(self) -> list[date]:
        """Under which the figures of each are kept: its day, or its Monday."""
        if self.wanted.unit == "day":
            return [first for first, _last in self.buckets]
        return [first - timedelta(days=first.weekday()) for first, _last in self.buckets]

    @cached_property
    def labels(self) -> list[str]:
        return [words.day(first, "short") for first, _last in self.buckets]

    def said(self, seconds: float | None) -> str:
        return words.duration_words(seconds, clock=self.wanted.clock)

    def _opened(self, pick: Callable[[Times], float | None]) -> list[float | None]:
        return [pick(self.period.opened_by_bucket.get(key, Times())) for key in self.keys]

    def _closed(self, key: date) -> Times:
        return self.period.closed_by_bucket.get(key, Times())

    def _answered(self, key: date) -> float | None:
        counts = self.period.by_bucket.get(key, {})
        return share_answered(counts.get("answered", 0), self.period.lost_by_bucket.get(key, 0))
