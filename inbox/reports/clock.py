"""When customers write, and how long they wait: by weekday and hour of the business's zone."""

from functools import cached_property

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from inbox.reports import charts, words
from inbox.reports.parts import Section
from inbox.reports.reading import Times

FIRST_HOUR, LAST_HOUR = 7, 20  # always shown; earlier and later ones where something happened


class Clock(Section):
    """Two maps of the week."""

    @cached_property
    def hours(self) -> range:
        places = [*self.period.by_hour, *self.period.opened_by_hour]
        found = [hour for _weekday, hour in places]
        return range(min([FIRST_HOUR, *found]), max([LAST_HOUR, *found]) + 1)

    @property
    def received_heat(self) -> SafeString:
        values = [[self._received(weekday, hour) for hour in self.hours] for weekday in range(1, 8)]
        said = [[words.number(value) for value in row] for row in values]
        return charts.heat(
            _("When customers write"), self.busiest, words.weekdays(), [str(hour) for hour in self.hours],
            values, said,
        )  # fmt: skip

    @property
    def busiest(self) -> str:
        """The three hours with the most, in words."""
        found = {place: counts["received"] for place, counts in self.period.by_hour.items() if counts["received"]}
        most = sorted(found, key=lambda place: (-found[place], place))[:3]
        return _("Busiest: %(hours)s") % {"hours": _places(most)} if most else _("Nothing received")

    @property
    def waiting_heat(self) -> SafeString:
        values = [[self._waited(weekday, hour) for hour in self.hours] for weekday in range(1, 8)]
        said = [[self.said(value) for value in row] for row in values]
        return charts.heat(
            _("How long customers wait"), self.slowest, words.weekdays(), [str(hour) for hour in self.hours],
            values, said,
        )  # fmt: skip

    @property
    def slowest(self) -> str:
        """The three hours whose customers wait longest, in words."""
        found = {place: times.median for place, times in self.period.opened_by_hour.items() if times.median}
        most = sorted(found, key=lambda place: (-(found[place] or 0), place))[:3]
        return _("Longest waits: %(hours)s") % {"hours": _places(most)} if most else _("Nobody has waited")

    def _received(self, weekday: int, hour: int) -> int:
        return self.period.by_hour.get((weekday, hour), {}).get("received", 0)

    def _waited(self, weekday: int, hour: int) -> float | None:
        return self.period.opened_by_hour.get((weekday, hour), Times()).median


def _places(places: list[tuple[int, int]]) -> str:
    return ", ".join(
        _("%(day)s %(hour)s:00") % {"day": words.weekdays()[weekday - 1], "hour": hour} for weekday, hour in places
    )
