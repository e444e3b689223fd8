"""Opening hours against a minute-by-minute recount that knows nothing of blocks as moments.

The recount walks through the minutes of UTC and looks at the clock on the wall; where the clock is put back it stays
at the latest time it has shown, as the rule says ("a time that comes twice is its first").
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.hours import DAY, OpeningHours

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
# Around both changes of the clocks, around New Year, and an ordinary week.
FIRST_DAYS = [date(2026, 3, 26), date(2026, 10, 22), date(2026, 12, 29), date(2026, 6, 8)]
DAYS = 7


@lru_cache(maxsize=8)
def wall(first: date) -> list[tuple[datetime, date, int]]:
    """Every minute of these days: the moment, the date on the wall, and the latest time the wall has shown on it."""
    moment = datetime(first.year, first.month, first.day, tzinfo=BERLIN).astimezone(UTC)
    found, day, latest = [], None, 0
    while (local := moment.astimezone(BERLIN)).date() < first + timedelta(days=DAYS):
        latest = max(latest, local.hour * 60 + local.minute) if local.date() == day else local.hour * 60 + local.minute
        day = local.date()
        found.append((moment, day, latest))
        moment += MINUTE
    return found


def recount(hours: OpeningHours, first: date) -> list[tuple[datetime, bool]]:
    return [
        (moment, any(start <= minute < end for start, end in hours.blocks_on(day)))
        for moment, day, minute in wall(first)
    ]


@st.composite
def blocks(draw):
    """Up to four blocks that do not overlap, at odd times too; they may touch, and reach both midnights."""
    marks = draw(st.lists(st.one_of(st.sampled_from([0, 60, 120, 150, 180, 540, DAY]), st.integers(0, DAY)),
                          max_size=8, unique=True))
    marks = sorted(marks)[: len(marks) // 2 * 2]
    pairs = list(zip(marks[::2], marks[1::2], strict=True))
    if draw(st.booleans()):  # neighbours that touch
        pairs = list(zip(marks, marks[1:], strict=False))
    return tuple(pairs)


@st.composite
def situations(draw):
    first = draw(st.sampled_from(FIRST_DAYS))
    weekly = tuple(draw(st.lists(blocks(), min_size=7, max_size=7)))
    days = st.integers(0, DAYS - 1).map(lambda n: first + timedelta(days=n))
    exceptions = draw(st.dictionaries(days, st.one_of(st.just(()), blocks()), max_size=3))
    return first, OpeningHours(BERLIN, weekly, exceptions)


@settings(max_examples=60, deadline=None)
@given(situations(), st.integers(0, DAYS * DAY - 200), st.integers(0, 59))
def test_open_closing_and_next_opening_are_what_the_minutes_say(situation, index, second):
    first, hours = situation
    minutes = recount(hours, first)
    start, is_open = minutes[index]
    moment = start + timedelta(seconds=second)

    assert hours.is_open(moment) == is_open
    later = minutes[index:]
    opening = next((at for at, opened in later if opened), None)
    if opening is not None:
        assert hours.next_opening(moment) == max(opening, moment)
    closing = next((at for at, opened in later if not opened), None)
    if is_open and closing is not None:
        assert hours.closes_after(moment) == closing
    elif not is_open:
        assert hours.closes_after(moment) is None


@settings(max_examples=60, deadline=None)
@given(situations(), st.integers(0, DAYS * DAY - 200), st.integers(0, DAYS * DAY - 200))
def test_open_time_between_two_moments_is_the_number_of_open_minutes(situation, one, other):
    first, hours = situation
    minutes = recount(hours, first)
    start, end = sorted((one, other))

    counted = sum(opened for _moment, opened in minutes[start:end])

    assert hours.between(minutes[start][0], minutes[end][0]) == counted * MINUTE
    assert hours.between(minutes[end][0], minutes[start][0]) == timedelta(0)


@settings(max_examples=60, deadline=None)
@given(situations(), st.integers(0, DAYS * DAY - 200), st.integers(1, 1500))
def test_a_deadline_is_where_that_many_open_minutes_have_passed(situation, index, wanted):
    first, hours = situation
    minutes = recount(hours, first)
    opened = [moment for moment, is_open in minutes[index:] if is_open]

    deadline = hours.add(minutes[index][0], wanted * MINUTE)

    if len(opened) >= wanted:
        assert deadline == opened[wanted - 1] + MINUTE
    if deadline is not None:
        assert hours.between(minutes[index][0], deadline) == wanted * MINUTE


@settings(max_examples=40, deadline=None)
@given(situations(), st.integers(0, DAYS * DAY - 200))
def test_open_time_adds_up_however_it_is_cut(situation, cut):
    first, hours = situation
    minutes = wall(first)
    start, middle, end = minutes[0][0], minutes[cut][0] + timedelta(seconds=17), minutes[-1][0]

    assert hours.between(start, middle) + hours.between(middle, end) == hours.between(start, end)


def test_hours_around_the_clock_never_close():
    hours = OpeningHours(BERLIN, (((0, DAY),),) * 7)

    assert hours.closes_after(datetime(2026, 11, 26, 12, tzinfo=UTC)) is None


def test_a_block_within_the_hour_that_is_leapt_over_does_not_exist():
    night = OpeningHours(BERLIN, (((125, 175),),) * 7)  # 2:05 to 2:55

    assert night.between(datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)) == timedelta(0)
    assert night.next_opening(datetime(2026, 3, 29, tzinfo=UTC)) == datetime(2026, 3, 30, 0, 5, tzinfo=UTC)
