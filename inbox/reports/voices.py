"""What customers said after closing: scores, how many answered, the latest comments."""

from functools import cached_property
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from inbox.reports import charts, tables, words
from inbox.reports.drill import link
from inbox.reports.parts import Part, Section
from inbox.reports.ratings import Ratings, ratings_of, rows_of
from inbox.reports.tables import Table
from inbox.satisfaction_rules import FACES, SCORES, score_words

LATEST = 3  # comments shown beside the scores


class Voices(Section):
    """Scores, comments and their table."""

    @cached_property
    def ratings(self) -> Ratings:
        return ratings_of(self.wanted, self.wanted.span)

    @cached_property
    def ratings_before(self) -> Ratings | None:
        return ratings_of(self.wanted, self.wanted.before) if self.wanted.before else None

    @property
    def average(self) -> str:
        return "" if self.ratings.average is None else words.number(self.ratings.average, 1)

    @property
    def scores(self) -> list[tuple[Part, SafeString]]:
        found = []
        for score, look in zip(SCORES, ("c1", "c2", "c-bad"), strict=True):
            percent = self.ratings.percent(score)
            part = Part(
                f"{FACES[score]} {score_words(score)}", look, words.number(self.ratings.scores[score]),
                words.percent(percent), link(self.wanted, "rated", why=str(score)),
            )  # fmt: skip
            found.append((part, charts.meter(percent, look)))
        return found

    @property
    def comments(self) -> Part:
        count, url = words.number(self.ratings.comments), link(self.wanted, "rated", why="comments")
        return Part(_("Comments"), "", count, url=url)

    @property
    def latest_comments(self) -> list[dict[str, Any]]:
        return rows_of(self.wanted, "comments", None, LATEST)

    @property
    def ratings_table(self) -> Table:
        shown = [self.ratings, *([self.ratings_before] if self.ratings_before else [])]
        headings = [_("Figure"), self.span_words, *([self.before_words] if self.before else [])]
        table = Table(_("Customer satisfaction"), headings)
        table.rows = [
            [tables.text(_("Asked")), *(tables.count(each.asked) for each in shown)],
            [tables.text(_("Answered")), *(tables.count(each.answered) for each in shown)],
            [tables.text(_("Response rate")), *(tables.share(each.response_percent) for each in shown)],
            [tables.text(_("Average, 1 to 5")), *(tables.decimal(each.average) for each in shown)],
            *(
                [tables.text(score_words(score)), *(tables.count(each.scores[score]) for each in shown)]
                for score in SCORES
            ),
            [tables.text(_("Comments")), *(tables.count(each.comments) for each in shown)],
        ]  # fmt: skip
        return table
