"""The course of the figures over the days or weeks of the period, drawn."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from inbox.reports import charts, words
from inbox.reports.charts import Series
from inbox.reports.drill import link
from inbox.reports.parts import Part, Section


class Courses(Section):
    """Messages, cases, first replies and closings, bucket by bucket."""

    @property
    def messages_chart(self) -> SafeString:
        counts = [self.period.by_bucket.get(key, {}) for key in self.keys]
        names = (("received", _("received"), "c1"), ("replies", _("sent"), "c2"), ("automatic", _("automatic"), "c3"))
        series = [
            Series(name, look, [each.get(measure, 0) for each in counts])
            for measure, name, look in names if measure != "automatic" or self.has_automatic
        ]  # fmt: skip
        totals = self.period.counts
        about = _("%(received)s received, %(sent)s sent, %(span)s") % {
            "received": words.number(totals["received"]), "sent": words.number(totals["replies"]),
            "span": self.span_words,
        }  # fmt: skip
        return charts.bars(_("Messages"), about, self.labels, series)

    @property
    def has_automatic(self) -> bool:
        return self.period.counts["automatic"] > 0

    @property
    def cases_chart(self) -> SafeString:
        opened = self._opened(lambda times: times.cases)
        closed: list[float | None] = [self._closed(key).cases for key in self.keys]
        about = _("%(opened)s opened, %(again)s of them again, %(closed)s closed, %(span)s") % {
            "opened": words.number(self.period.opened.cases), "again": words.number(self.period.opened.again),
            "closed": words.number(self.period.closed.cases), "span": self.span_words,
        }  # fmt: skip
        series = [Series(_("opened"), "k1", opened), Series(_("closed"), "k2", closed)]
        return charts.lines(_("Conversations"), about, self.labels, series)

    @property
    def replies_chart(self) -> SafeString:
        target = self.target_minutes
        series = [
            _minutes(_("Median"), "k1", self._opened(lambda times: times.median), self.wanted.clock),
            _minutes(_("slowest tenth"), "k2", self._opened(lambda times: times.slowest), self.wanted.clock),
        ]
        about = _("Median %(median)s, slowest tenth %(slowest)s, in minutes, %(span)s") % {
            "median": self.said(self.period.opened.median), "slowest": self.said(self.period.opened.slowest),
            "span": self.span_words,
        }  # fmt: skip
        target_words = _("Target %(minutes)s min") % {"minutes": target} if target else ""
        return charts.lines(
            _("First reply"), about, self.labels, series, target=target, target_words=target_words
        )  # fmt: skip

    @property
    def target_minutes(self) -> int | None:
        """Of the chosen team, else the one that all teams share."""
        chosen = [team for team in self.scope.teams if self.wanted.team_id in (None, team.pk)]
        targets = {team.first_response_minutes for team in chosen}
        return targets.pop() if len(targets) == 1 else None

    @property
    def closings_chart(self) -> SafeString:
        hours = [_hours(self._closed(key).median) for key in self.keys]
        slowest = [_hours(self._closed(key).slowest) for key in self.keys]
        said = [[self.said(getattr(self._closed(key), name)) for key in self.keys] for name in ("median", "slowest")]
        series = [Series(_("Median"), "k1", hours, said[0]), Series(_("slowest tenth"), "k2", slowest, said[1])]
        about = _("Median %(median)s, slowest tenth %(slowest)s, in hours, %(span)s") % {
            "median": self.said(self.period.closed.median), "slowest": self.said(self.period.closed.slowest),
            "span": self.span_words,
        }  # fmt: skip
        return charts.lines(_("Until closed"), about, self.labels, series)

    @property
    def case_links(self) -> list[Part]:
        """To the lists behind this drawing."""
        opened, closed = self.period.opened, self.period.closed
        return [
            Part(_("opened"), "", words.number(opened.cases), url=link(self.wanted, "opened")),
            Part(_("of them opened again"), "", words.number(opened.again), url=link(self.wanted, "again")),
            Part(_("closed"), "", words.number(closed.cases), url=link(self.wanted, "closed")),
        ]


def _minutes(name: str, look: str, seconds: list[float | None], clock: bool) -> Series:
    said = [words.duration_words(value, clock=clock) for value in seconds]
    return Series(name, look, [None if value is None else round(value / 60, 1) for value in seconds], said)


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 1)
