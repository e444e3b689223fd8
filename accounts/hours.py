"""Opening hours as a value: is it open, when does it open, and how much open time lies between two moments. Pure.

Blocks are wall-clock times of a zone, so a day of 23 or 25 hours is as long as it is. A time that comes twice that
night is its first; one that the clocks leap over is the moment of the leap. Moments are aware datetimes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# [start, end) in minutes after midnight, in order, not overlapping; an end of 1440 is midnight.
Blocks = tuple[tuple[int, int], ...]
DAY = 1440
LOOKED_BACK = 62  # days, for the last closing
FURTHEST = 800  # days looked ahead for an opening: beyond two years of closed days, nobody waits for one


@dataclass(frozen=True)
class OpeningHours:
    """A week (Monday first) in a zone, and dates that are different. Without a week it is always open."""

    zone: ZoneInfo
    weekly: tuple[Blocks, ...] = ()
    exceptions: Mapping[date, Blocks] = field(default_factory=dict)

    @property
    def always_open(self) -> bool:
        return not self.weekly

    def blocks_on(self, day: date) -> Blocks:
        """The blocks of that date in the zone; none if it is closed all day."""
        if self.always_open:
            return ((0, DAY),)
        return self.exceptions.get(day, self.weekly[day.weekday()])

    def is_open(self, moment: datetime) -> bool:
        return self.always_open or any(start <= moment < end for start, end in self._on(self._date(moment)))

    def closes_after(self, moment: datetime) -> datetime | None:
        """When what is open at `moment` closes (UTC); None if it is closed then, or never closes."""
        if self.always_open:
            return None
        closing = None
        for start, end in self._from(moment):
            if start > (closing or moment):
                return closing  # what follows does not begin where this one ends
            closing = end
        return None

    def next_opening(self, moment: datetime) -> datetime | None:
        """`moment` itself while it is open, else when it next opens (UTC); None if it does not within two years."""
        if self.always_open:
            return moment
        return next((max(start, moment) for start, _end in self._from(moment)), None)

    def closed_since(self, moment: datetime) -> datetime | None:
        """When the last block before `moment` ended (UTC); None if it is open, or none ended within two months."""
        day = self._date(moment)
        for _ in range(LOOKED_BACK):
            for start, end in reversed(list(self._on(day))):
                if start <= moment:
                    return end if end <= moment else None
            day -= timedelta(days=1)
        return None

    def add(self, moment: datetime, open_time: timedelta) -> datetime | None:
        """The moment by which that much open time has passed (UTC): a deadline. None if it never does."""
        if self.always_open:
            return moment + open_time
        left = open_time
        for start, end in self._from(moment):
            begin = max(start, moment)
            if end - begin >= left:
                return begin + left
            left -= end - begin
        return None

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Open time between two moments; zero if the second is not later."""
        if end <= start:
            return timedelta(0)
        if self.always_open:
            return end - start
        total, day, last = timedelta(0), self._date(start), self._date(end)
        while day <= last:
            for opens, closes in self._on(day):
                total += max(min(closes, end) - max(opens, start), timedelta(0))
            day += timedelta(days=1)
        return total

    def _from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The blocks that end after `moment`, in order."""
        day = self._date(moment)
        for _ in range(FURTHEST):
            yield from ((start, end) for start, end in self._on(day) if end > moment)
            day += timedelta(days=1)

    def _on(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        for start, end in self.blocks_on(day):
            opens, closes = self._at(day, start), self._at(day, end)
            if opens < closes:  # else the clocks leap over it
                yield opens, closes

    def _at(self, day: date, minute: int) -> datetime:
        if minute >= DAY:
            day, minute = day + timedelta(days=1), minute - DAY
        local = datetime.combine(day, time(minute // 60, minute % 60), self.zone)
        moment = local.astimezone(UTC)
        if moment.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return moment
        offset = moment.astimezone(self.zone).utcoffset()
        while (earlier := moment - timedelta(minutes=1)).astimezone(self.zone).utcoffset() == offset:
            moment = earlier
        return moment

    def _date(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()
