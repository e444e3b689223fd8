"""Drawings for the reports: plain SVG with a title and a description, no script and no style of their own.

Everything they are given is escaped; numbers are written by Python. Each has a table beside it on the page.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from inbox.reports.words import number

WIDTH = 720
LEFT, TOP, HEIGHT = 44, 8, 204  # of the field in which something is drawn
BOTTOM = TOP + HEIGHT
LETTER, APART = 6.8, 10  # of what stands below the field
FEW = 6  # so many fit where the drawing is small


@dataclass(frozen=True)
class Series:
    """A row of values with its name; `look` is the class of what is drawn."""

    name: str
    look: str
    values: Sequence[float | None]
    words: Sequence[str] = ()  # of each value, where the number alone does not say it


def bars(title: str, about: str, labels: Sequence[str], series: Sequence[Series]) -> SafeString:
    """Stacked bars, the first series at the bottom."""
    sums = [sum(each.values[place] or 0 for each in series) for place in range(len(labels))]
    top, steps = _scale(max(sums, default=0))
    step = (WIDTH - LEFT) / max(len(labels), 1)
    width = min(step * 0.5, 28)
    drawn = []
    for place, label in enumerate(labels):
        x, y, parts = LEFT + step * (place + 0.5) - width / 2, float(BOTTOM), []
        for each in series:
            if value := each.values[place] or 0:
                height = max(HEIGHT * value / top, 1.5)
                y -= height
                parts.append(_rect(each.look, x, y, width, max(height - 1.5, 1), radius=2))
        said = ", ".join(f"{each.name} {_said(each, place)}" for each in series)
        drawn.append(format_html("<g><title>{}: {}</title>{}</g>", label, said, _joined(parts)))
    return _chart(title, about, _joined([_grid(top, steps), *drawn, _ticks(labels, step)]))


def lines(
    title: str, about: str, labels: Sequence[str], series: Sequence[Series], *, target: float | None = None,
    target_words: str = "",
) -> SafeString:  # fmt: skip
    """Lines over time; where nothing was measured a line has a gap."""
    known = [value for each in series for value in each.values if value is not None]
    top, steps = _scale(max([*known, target or 0], default=0))
    step = (WIDTH - LEFT) / max(len(labels), 1)

    def at(place: int, value: float) -> tuple[float, float]:
        return LEFT + step * (place + 0.5), BOTTOM - HEIGHT * value / top

    drawn = [_grid(top, steps)]
    for each in series:
        drawn += [_line(each, stretch, at) for stretch in _stretches(each.values)]
    if target is not None:
        y = BOTTOM - HEIGHT * target / top
        drawn.append(format_html(
            '<line class="target" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<text class="tick tick--target" x="{}" y="{}" text-anchor="end">{}</text>',
            LEFT, WIDTH, _n(y), _n(y), WIDTH, _n(y - 5), target_words,
        ))  # fmt: skip
    for place, label in enumerate(labels):
        said = ", ".join(f"{each.name} {_said(each, place)}" for each in series if each.values[place] is not None)
        if said:
            drawn.append(format_html(
                '<g><title>{}: {}</title><rect class="hover" x="{}" y="{}" width="{}" height="{}"/></g>',
                label, said, _n(LEFT + step * place), TOP, _n(step), HEIGHT,
            ))  # fmt: skip
    return _chart(title, about, _joined([*drawn, _ticks(labels, step)]))


def heat(
    title: str, about: str, rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float | None]],
    words: Sequence[Sequence[str]],
) -> SafeString:  # fmt: skip
    """A table of squares; the darker, the more. Nothing measured is the lightest.

    How dark goes by rank: one hour out of the ordinary must not make all others look alike.
    """
    ranks = sorted({value for row in values for value in row if value})
    left, size = 30, (420 - 30) / max(len(columns), 1)
    drawn = []
    for place, label in enumerate(columns):
        if place % 2 == 0 or len(columns) <= 8:
            drawn.append(_text(left + size * (place + 0.5), 12, label, "middle"))
    for down, label in enumerate(rows):
        y = 20 + down * 22
        drawn.append(_text(0, y + 14, label, "start"))
        for across, value in enumerate(values[down]):
            level = -(-5 * (ranks.index(value) + 1) // len(ranks)) if value else 0
            square = _rect(f"h{level}", left + size * across + 1, y, size - 2, 20, radius=4)
            said = f"{label} {columns[across]}: {words[down][across]}"
            drawn.append(SafeString(f"<g><title>{escape(said)}</title>{square}</g>"))
    height = 20 + 22 * len(rows)
    return _svg("chart heat", f"0 0 420 {height}", title, about, _joined(drawn))


def stacked(title: str, about: str, parts: Iterable[tuple[str, str, float]]) -> SafeString:
    """One bar of (name, look, value), each a share of the whole."""
    found = [(name, look, value) for name, look, value in parts if value > 0]
    total, x, drawn = sum(value for _, _, value in found) or 1, 0.0, []
    for name, look, value in found:
        width = 400 * value / total
        drawn.append(format_html("<g><title>{}</title>{}</g>", name, _rect(look, x, 0, max(width - 2, 1), 24)))
        x += width
    return _svg("stackbar stackbar--l", "0 0 400 24", title, about, _joined(drawn), stretched=True)


def meter(percent: float, look: str = "c1") -> SafeString:
    """A bar that is so far full; the number stands beside it."""
    track = mark_safe('<rect class="meter__track" width="100" height="6"/>')  # noqa: S308 - no variable in it
    return format_html(
        '<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">{}{}</svg>',
        track, _rect(look, 0, 0, max(0.0, min(percent, 100.0)), 6),
    )  # fmt: skip


def spark(values: Sequence[float | None]) -> SafeString:
    """The course of a figure in small; it says nothing that is not said elsewhere."""
    points = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(points) < 2:
        return SafeString("")
    low, high = min(value for _, value in points), max(value for _, value in points)
    span, last = (high - low) or 1, max(len(values) - 1, 1)
    at = [(2 + 72 * place / last, 19 - 16 * (value - low) / span if high > low else 11) for place, value in points]
    path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in at)
    return format_html(
        '<svg class="spark" viewBox="0 0 76 22" width="76" height="22" aria-hidden="true">'
        '<path class="spark__line" d="{}"/><circle class="spark__dot" cx="{}" cy="{}" r="2.5"/></svg>',
        path, _n(at[-1][0]), _n(at[-1][1]),
    )  # fmt: skip


def _chart(title: str, about: str, drawn: SafeString) -> SafeString:
    return _svg("chart", f"0 0 {WIDTH} {BOTTOM + 24}", title, about, drawn)


def _svg(look: str, box: str, title: str, about: str, drawn: SafeString, *, stretched: bool = False) -> SafeString:
    ratio = mark_safe(' preserveAspectRatio="none"') if stretched else ""  # noqa: S308 - no variable in it
    return format_html(
        '<svg class="{}" viewBox="{}"{} role="img" aria-label="{}. {}"><desc>{}</desc>{}</svg>',
        look, box, ratio, title, about, about, drawn,
    )  # fmt: skip


def _line(series: Series, stretch: list[int], at) -> SafeString:  # type: ignore[no-untyped-def]
    points = [at(place, float(series.values[place] or 0)) for place in stretch]
    x, y = points[-1]
    dot = format_html('<circle class="dot {}" cx="{}" cy="{}" r="3.5"/>', series.look, _n(x), _n(y))
    if len(points) == 1:
        return dot
    path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
    return format_html('<path class="line {}" d="{}"/>{}', series.look, path, dot)


def _stretches(values: Sequence[float | None]) -> list[list[int]]:
    """Places that follow one another without a gap."""
    found: list[list[int]] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        if found and found[-1][-1] == place - 1:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def _scale(most: float) -> tuple[float, list[float]]:
    """The top of the field and the lines in it: three round steps that leave little empty."""
    if most <= 3:
        return 3, [0, 1, 2, 3]
    size = 1.0
    while size * 10 * 3 < most:
        size *= 10
    step = next(size * factor for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if size * factor * 3 >= most)
    step = step if step == int(step) else int(step) + 1
    return step * 3, [step * line for line in range(4)]


def _grid(top: float, steps: Sequence[float]) -> SafeString:
    heights = [(value, BOTTOM - HEIGHT * value / top) for value in steps]
    return format_html_join(
        "", '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>',
        ((LEFT, WIDTH, _n(y), _n(y), LEFT - 8, _n(y + 4), number(value)) for value, y in heights),
    )  # fmt: skip


def _ticks(labels: Sequence[str], step: float) -> SafeString:
    """As many as fit; on a telephone only some of them are shown."""
    longest = max(map(len, labels), default=1)
    every = max(1, math.ceil((LETTER * longest + APART) / step))
    few = every * math.ceil(len(labels) / every / FEW)
    return _joined([
        _text(
            LEFT + step * (place + 0.5), BOTTOM + 18, label, "middle",
            look="tick tick--below" if place % few == 0 else "tick tick--below tick--more",
        )
        for place, label in enumerate(labels) if place % every == 0
    ])  # fmt: skip


def _text(x: float, y: float, words: str, anchor: str, *, look: str = "tick") -> SafeString:
    return SafeString(
        f'<text class="{look}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def _rect(look: str, x: float, y: float, width: float, height: float, *, radius: float = 0) -> SafeString:
    return SafeString(
        f'<rect class="{look}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{radius}"/>'
    )


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 - each of them is safe


def _said(series: Series, place: int) -> str:
    return series.words[place] if series.words else number(series.values[place] or 0)


def _n(value: float) -> str:
    """As short as it can be, whatever the language: a decimal comma would end a number in SVG."""
    return f"{value:.1f}".removesuffix(".0")
