"""What people type about hours: a week of blocks, and days that are different. What is wrong stays as it was typed."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.holidays import holidays_of, is_region
from accounts.hours import DAY
from accounts.hours_words import clock, day_words
from accounts.models import WorkingHours

LIKE_BUSINESS = "business"
MOST_BLOCKS = 6  # a day
HOLIDAYS_AHEAD = timedelta(days=365)
TIME = re.compile(r"(\d{1,2})(?:[:.h ]?(\d{2}))?\s*(?:uhr|h)?", re.IGNORECASE)


class Wrong(Exception):
    """Times that cannot be; carries the sentence for whoever typed them."""


def parse_time(said: str) -> int:
    """ "9", "9:30", "0930", "24:00" → minutes after midnight."""
    found = TIME.fullmatch(said.strip())
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if minute > 59 or hour * 60 + minute > DAY:
        raise Wrong(_("“%(said)s” is no time of day. Write it like 9:00, at most 24:00.") % {"said": said.strip()[:20]})
    return hour * 60 + minute


def parse_blocks(pairs: Sequence[tuple[str, str]]) -> list[list[int]]:
    """From–until as typed → blocks in order. Pairs without any time do not count. Raises Wrong."""
    blocks = []
    for begin, end in pairs:
        if not begin.strip() and not end.strip():
            continue
        if not begin.strip() or not end.strip():
            raise Wrong(_("There is only one time here. Say from when until when."))
        start, stop = parse_time(begin), parse_time(end)
        if stop <= start:
            raise Wrong(
                _("%(end)s is not after %(start)s. Beyond midnight? Then until 24:00, and from 0:00 on the next day.")
                % {"start": clock(start), "end": clock(stop)}
            )
        blocks.append([start, stop])
    blocks.sort()
    for (_start, end), (start, _end) in zip(blocks, blocks[1:], strict=False):
        if start < end:
            raise Wrong(_("These times overlap around %(time)s.") % {"time": clock(start)})
    if len(blocks) > MOST_BLOCKS:
        raise Wrong(_("At most %(most)s times a day.") % {"most": MOST_BLOCKS})
    return blocks


@dataclass
class DayField:
    """One day of the week on the page."""

    number: int
    is_open: bool
    pairs: list[tuple[str, str]]
    error: str = ""
    focus: int | None = None  # the pair that was just added

    @property
    def name(self) -> str:
        return str(WEEKDAYS[self.number])

    @property
    def may_add(self) -> bool:
        return len(self.pairs) < MOST_BLOCKS


@dataclass
class HolidayField:
    day: date
    name: str
    key: str  # its German name, by which it is kept
    is_observed: bool

    @property
    def words(self) -> str:
        return day_words(self.day)


@dataclass
class HoursForm:
    """The page of somebody's hours, as stored or as typed."""

    days: list[DayField]
    is_used: bool
    region: str  # as chosen: a region, "" for none, or LIKE_BUSINESS
    open_holidays: list[str]
    seen: datetime | None = None
    problem: str = ""
    fields: dict[str, Any] = field(default_factory=dict)  # once it is valid: for the row

    @classmethod
    def of(cls, row: WorkingHours) -> "HoursForm":
        usual = _usual(row.weekly)
        days = []
        for number, blocks in enumerate(row.weekly or [[]] * 7):
            pairs = [(clock(start), clock(end)) for start, end in blocks]
            days.append(DayField(number, bool(pairs), pairs or [usual]))
        follows = row.follows_business and bool(row.team_id or row.agent_id)
        return cls(
            days, row.is_used, LIKE_BUSINESS if follows else row.region, list(row.open_holidays), row.changed_at
        )  # fmt: skip

    @classmethod
    def typed(cls, data: QueryDict, row: WorkingHours) -> "HoursForm":
        days = []
        for number in range(7):
            begins, ends = data.getlist(f"from-{number}"), data.getlist(f"until-{number}")
            pairs = [(begin[:20], end[:20]) for begin, end in zip(begins, ends, strict=False)][: MOST_BLOCKS + 1]
            days.append(DayField(number, str(number) in data.getlist("open"), pairs or [("", "")]))
        region = data.get("region", "")
        left_out = set(data.getlist("holiday")) - set(data.getlist("observed"))
        kept = [name for name in row.open_holidays if name not in data.getlist("holiday")]
        form = cls(days, data.get("is_used") == "1", region, sorted({*kept, *left_out}))
        form.seen = _moment(data.get("seen", ""))
        form._reshape(data)
        return form

    def _reshape(self, data: QueryDict) -> None:
        """One more pair of times on a day (`add`), or one less (`drop`, as "day:place")."""
        for day in self.days:
            if data.get("add") == str(day.number) and day.may_add:
                day.pairs.append(("", ""))
                day.focus, day.is_open = len(day.pairs) - 1, True
            for place in range(len(day.pairs)):
                if data.get("drop") == f"{day.number}:{place}" and len(day.pairs) > 1:
                    del day.pairs[place]
                    day.focus = min(place, len(day.pairs) - 1)
                    break

    def is_valid(self, row: WorkingHours) -> bool:
        """Whether all can be stored as typed; what is wrong is said at its day."""
        self.fields, errors = self.read(row)
        for day in self.days:
            day.error = errors.get(day.number, "")
        self.problem = errors.get(None, "")
        return not errors

    def read(self, row: WorkingHours) -> tuple[dict[str, Any], dict[int | None, str]]:
        """What the row would become, and what is wrong with which day; while the week is not in use, nothing is."""
        weekly, errors = [], {}
        for day in self.days:
            try:
                weekly.append(_blocks_of(day))
            except Wrong as wrong:
                errors[day.number] = str(wrong)
        if not self.is_used:
            errors.clear()
        found: dict[int | None, str] = dict(errors)
        if self.region not in ("", LIKE_BUSINESS) and not is_region(self.region):
            found[None] = _("Choose a region from the list.")
        is_business = not row.team_id and not row.agent_id
        return {
            "is_used": self.is_used,
            "weekly": weekly if len(weekly) == 7 else row.weekly,
            "region": "" if self.region == LIKE_BUSINESS else self.region,
            "follows_business": self.region == LIKE_BUSINESS or is_business,
            "open_holidays": self.open_holidays,
        }, found

    def holidays(self, today: date) -> list[HolidayField]:
        """Of the chosen region, within a year."""
        language, found = (get_language() or "de")[:2], []
        for year in (today.year, today.year + 1):
            shown = holidays_of(self.region, year, language)
            for day, key in holidays_of(self.region, year).items():
                if today <= day < today + HOLIDAYS_AHEAD:
                    found.append(HolidayField(day, shown.get(day, key), key, key not in self.open_holidays))
        return found


class ExceptionForm(forms.Form):
    """Days that are different. `blocks` are none for closed."""

    first = forms.DateField(label=gettext_lazy("First day"))
    last = forms.DateField(label=gettext_lazy("Last day"), required=False)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, required=False)
    kind = forms.ChoiceField(choices=[("closed", ""), ("open", "")])

    def __init__(self, data: QueryDict | None = None, *, today: date) -> None:
        super().__init__(data)
        self.today = today
        self.pairs = [("", ""), ("", "")]
        if data is not None:
            self.pairs = list(zip(data.getlist("from"), data.getlist("until"), strict=False))[:3] or self.pairs

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first = cleaned.get("first")
        cleaned["last"] = last = cleaned.get("last") or first
        if first and not self.today - timedelta(days=366) <= first <= self.today + timedelta(days=730):
            self.add_error("first", _("Choose a day within the next two years."))
        if first and last and last < first:
            self.add_error("last", _("The last day is before the first."))
        cleaned["blocks"] = []
        if cleaned.get("kind") == "open":
            try:
                cleaned["blocks"] = parse_blocks(self.pairs)
                if not cleaned["blocks"]:
                    raise Wrong(_("Say from when until when."))
            except Wrong as wrong:
                self.add_error("kind", str(wrong))
        return cleaned


def _blocks_of(day: DayField) -> list[list[int]]:
    blocks = parse_blocks(day.pairs) if day.is_open else []
    if day.is_open and not blocks:
        raise Wrong(_("Say from when until when, or switch the day off."))
    return blocks


def _usual(weekly: Sequence) -> tuple[str, str]:
    """What a closed day offers when it is switched on: the commonest single block."""
    counted = Counter(tuple(day[0]) for day in weekly if len(day) == 1)
    [(start, end)] = [counted.most_common(1)[0][0]] if counted else [(540, 1080)]
    return clock(start), clock(end)


def _moment(said: str) -> datetime | None:
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        return None
