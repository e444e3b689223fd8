"""Photos and films sent one after the other share rows, two to a row, as on the customer's phone.

The page does the same when entries come or go (static/js/lib/albums.js).
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inbox.threads import Item

APART = timedelta(minutes=5)


def lay_out(items: Iterable["Item"]) -> None:
    """Give each entry of an album its place in the row: a, b, or w for a last one that has the row to itself."""
    for run in _runs(items):
        for index, item in enumerate(run):
            is_alone = index == len(run) - 1 and len(run) % 2 == 1
            item.tile = "" if len(run) == 1 else "w" if is_alone else "ab"[index % 2]


def _runs(items: Iterable["Item"]) -> Iterator[list["Item"]]:
    run: list[Item] = []
    for item in items:
        item.tile = ""
        if run and not (_fits(item) and not item.first and item.at - run[-1].at <= APART):
            yield run
            run = []
        if _fits(item):
            run.append(item)
    if run:
        yield run


def _fits(item: "Item") -> bool:
    return item.kind == "message" and bool(item.context["b"].is_tile)
