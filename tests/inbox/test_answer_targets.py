"""The rule of answer targets against a recount that looks at every minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from accounts.hours import OpeningHours
from inbox.answer_targets import NONE, Plan, Step, Target, basis, plan

MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
SHOP = OpeningHours(BERLIN, (*[((540, 780), (840, 1110))] * 5, ((600, 840),), ()))

minutes = st.integers(0, 1440)


@st.composite
def days(draw):
    """A day's blocks, in order and apart."""
    edges = sorted(draw(st.sets(minutes, max_size=4)))
    return tuple(zip(edges[::2], edges[1::2], strict=False))


weeks = st.builds(
    lambda week, free: OpeningHours(BERLIN, tuple(week), dict.fromkeys(free, ())),
    st.lists(days(), min_size=7, max_size=7),
    st.sets(st.dates(date(2026, 10, 20), date(2026, 11, 2)), max_size=4),  # the night on which clocks go back is in it
)
starts = st.integers(0, 10 * 1440).map(lambda minute: datetime(2026, 10, 20, tzinfo=UTC) + minute * MINUTE)
targets = st.builds(
    Target, st.integers(1, 90), st.sampled_from([0, 10, 50, 90]), st.booleans(),
    st.one_of(st.none(), st.integers(0, 60)),
)  # fmt: skip


def counted(start: datetime, open_minutes: float, hours: OpeningHours) -> datetime | None:
    """The minute by which so many open minutes have passed; None when that takes more than two weeks."""
    at, passed = start, 0
    while passed < open_minutes:
        if at - start > timedelta(days=14):
            return None
        passed += hours.is_open(at)
        at += MINUTE
    return at


@given(starts, targets, weeks)
def test_every_moment_is_the_one_that_counting_minutes_finds(start, target, hours):
    due = counted(start, target.minutes, hours)
    if due is None:
        return
    found = plan(start, target, hours)
    assert found is not None
    assert found.due_at <= due  # an opening may lie between two whole minutes only in seconds
    assert due - found.due_at < MINUTE or hours.between(found.due_at, due) == timedelta(0)
    assert hours.between(start, found.due_at) == target.minutes * MINUTE
    assert found.requeue_at == (found.due_at if target.requeues else None)
    if target.remind_percent:
        assert hours.between(start, found.remind_at) == target.minutes * MINUTE * target.remind_percent / 100
        assert start <= found.remind_at <= found.due_at
    if target.tell_lead_after is not None and found.tell_lead_at is not None:
        assert hours.between(found.due_at, found.tell_lead_at) == target.tell_lead_after * MINUTE


@given(
    starts, targets, weeks,
    st.lists(st.integers(1, 400), max_size=12),  # minutes between two looks: a standstill is a large one
)  # fmt: skip
def test_each_step_comes_once_whenever_somebody_looks_and_no_reminder_after_the_target(start, target, hours, looks):
    found = plan(start, target, hours)
    if found is None:
        return
    now, done, taken = start, NONE, []
    for pause in looks:
        now += pause * MINUTE
        for step in found.due(now, done):
            assert found.moments()[step] <= now
            assert step != Step.REMIND or now < found.due_at
            taken.append(step)
        done |= found.passed(now)
        nearest = found.next_at(done)
        assert nearest is None or nearest > now

    assert len(taken) == len(set(taken))
    wanted = {step for step, at in found.moments().items() if at <= now}
    assert wanted - set(taken) <= {Step.REMIND}
    assert taken == sorted(taken)


def test_a_question_shortly_before_the_weekend_is_due_on_monday():
    friday = datetime(2026, 11, 27, 18, 20, tzinfo=BERLIN)
    found = plan(friday, Target(30, 50, True, 10), SHOP)
    saturday = datetime(2026, 11, 28, 10, 0, tzinfo=BERLIN)
    assert found.due_at == saturday + timedelta(minutes=20)
    assert found.remind_at == saturday + timedelta(minutes=5)
    assert found.tell_lead_at == saturday + timedelta(minutes=30)


def test_a_team_that_never_opens_promises_nothing():
    assert plan(datetime(2026, 11, 27, tzinfo=UTC), Target(30), OpeningHours(BERLIN, ((),) * 7)) is None


def test_after_a_standstill_only_what_still_counts_is_done():
    noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    found = Plan(noon + 30 * MINUTE, noon + 20 * MINUTE, noon + 30 * MINUTE, noon + 40 * MINUTE)
    assert found.due(noon + 19 * MINUTE) == []
    assert found.due(noon + 20 * MINUTE) == [Step.REMIND]
    assert found.due(noon + 60 * MINUTE) == [Step.MISS, Step.REQUEUE, Step.TELL_LEAD]
    assert found.passed(noon + 60 * MINUTE) == Step.REMIND | Step.MISS | Step.REQUEUE | Step.TELL_LEAD


def test_another_target_and_other_hours_have_another_fingerprint():
    closed = OpeningHours(BERLIN, SHOP.weekly, {date(2026, 12, 24): ()})
    assert len({basis(Target(30), SHOP), basis(Target(31), SHOP), basis(Target(30), closed), basis(None, SHOP)}) == 4
    assert basis(Target(30), closed) == basis(Target(30), OpeningHours(BERLIN, SHOP.weekly, {date(2026, 12, 24): ()}))
