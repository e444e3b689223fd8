"""The figures of the reports equal a plain recount over the rows, whatever happens to these."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import WorkingHours
from inbox.actions import contact_merges, contacts
from inbox.enums import ConversationStatus, Direction, MessageKind, MessageStatus, Via
from inbox.models import Assignment, Case, CaseFigures, ContactIdentity, Message, ReportCell, ReportMark, ReportSlot
from inbox.reports import recount, rolling
from tests import factories
from tests.cast import Cast, make_cast
from whatsapp.models import Rate
from whatsapp.payloads import Person
from whatsapp.rates import load_preset

pytestmark = pytest.mark.django_db
# The night in which the clocks go back in Germany, and some days around it.
START = datetime(2026, 10, 24, 6, 0, tzinfo=UTC)


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    load_preset()
    return cast


def rolled() -> None:
    while rolling.roll_batch():
        pass
    assert not ReportMark.objects.exists()


def must_agree() -> None:
    rolled()
    plain = recount.count_messages()
    assert recount.kept_cells() == plain
    assert recount.kept_slots() == recount.sums_of(plain)
    assert recount.kept_cases() == recount.count_cases()


# --- Histories -------------------------------------------------------------------------------------------------------

STEP = st.tuples(
    st.sampled_from([
        "in", "in", "reply", "reply", "auto", "template", "fail", "phone", "close", "open", "move", "status", "free",
        "delete", "hold", "late", "give", "reaction",
    ]),
    st.integers(0, 2200),  # minutes until it happens
    st.integers(0, 10**6),  # which one, where there are several
)  # fmt: skip


class History:
    """Two conversations that things happen to, by plain rows, as the product and its database would leave them."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.now = cast, START
        Message.objects.all().delete()
        self.threads = [cast.claras, cast.darios]
        Case.objects.update(opened_at=START - timedelta(minutes=1))
        self.made = factories.template(cast.number)

    def happen(self, what: str, minutes: int, which: int) -> None:
        self.now += timedelta(minutes=minutes)
        thread = self.threads[which % 2]
        thread.refresh_from_db()
        getattr(self, what if what not in ("in", "open") else f"{what}_")(thread, which)

    def in_(self, thread, which) -> None:
        factories.inbound_message(thread, "?", at=self.now)

    def reply(self, thread, which, **fields) -> Message:
        fields = {"by": self.cast.ben, "at": self.now, "delivered_at": self.now} | fields
        message = factories.outbound_message(thread, "Ja", **fields)
        Case.objects.filter(pk=message.case_id, first_replied_at=None, opened_at__lte=self.now).update(
            first_replied_at=self.now, first_replied_by=self.cast.ben
        )
        return message

    def auto(self, thread, which) -> None:
        factories.outbound_message(thread, "Danke", via=Via.AUTOMATION, at=self.now)

    def template(self, thread, which) -> None:
        self.reply(thread, which, kind=MessageKind.TEMPLATE, template=self.made, data={"category": "UTILITY"})

    def fail(self, thread, which) -> None:
        self.reply(thread, which, status=MessageStatus.FAILED, delivered_at=None, error_code=131026)

    def hold(self, thread, which) -> None:
        factories.outbound_message(thread, "Ja?", by=self.cast.ben, at=self.now, status=MessageStatus.HELD)

    def phone(self, thread, which) -> None:
        self.reply(thread, which, via=Via.PHONE_APP)

    def reaction(self, thread, which) -> None:
        self.reply(thread, which, kind=MessageKind.REACTION)

    def late(self, thread, which) -> None:
        factories.inbound_message(thread, "von vorhin", at=self.now - timedelta(minutes=which % 3000))

    def close(self, thread, which) -> None:
        Case.objects.filter(conversation=thread, closed_at=None).update(closed_at=self.now, closed_by=self.cast.ben)
        thread.status, thread.closed_at = ConversationStatus.CLOSED, self.now
        thread.save()

    def open_(self, thread, which) -> None:
        if not thread.cases.filter(closed_at=None).exists():
            Case.objects.create(
                workspace=thread.workspace, conversation=thread, team=thread.team, opened_at=self.now
            )

    def move(self, thread, which) -> None:
        team = [self.cast.team, self.cast.other_team][which // 2 % 2]
        Case.objects.filter(conversation=thread, closed_at=None).update(team=team)

    def give(self, thread, which) -> None:
        Assignment.objects.create(conversation=thread, agent=self.cast.ben, team=thread.team, created_at=self.now)

    def status(self, thread, which) -> None:
        """Meta says what became of one of ours, long after."""
        if message := self._one(which):
            states = [
                {"status": "failed", "error_code": 131049, "failed_at": self.now},
                {"status": "read", "delivered_at": self.now, "read_at": self.now, "error_code": None},
            ]
            Message.objects.filter(pk=message.pk).update(**states[which % 2])

    def free(self, thread, which) -> None:
        if message := self._one(which):
            kind = ["free_customer_service", "regular"][which % 2]
            Message.objects.filter(pk=message.pk).update(pricing={"type": kind, "category": "service"})

    def delete(self, thread, which) -> None:
        if message := self._one(which):
            message.delete()

    def _one(self, which: int) -> Message | None:
        ours = list(Message.objects.filter(direction=Direction.OUT).order_by("pk"))
        return ours[which % len(ours)] if ours else None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEP, min_size=1, max_size=25), pauses=st.sets(st.integers(0, 25)))
def test_whatever_happens_the_figures_equal_a_recount(db, steps, pauses) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT history")
    try:
        cast = make_cast()
        load_preset()
        WorkingHours.objects.create(workspace=cast.workspace, weekly=[[[540, 1080]]] * 5 + [[[600, 840]], []])
        history = History(cast)
        for position, step in enumerate(steps):
            history.happen(*step)
            if position in pauses:
                rolled()
        must_agree()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT history")


# --- What reaches across midnight ------------------------------------------------------------------------------------


@pytest.fixture
def history(cast) -> History:
    return History(cast)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def test_an_answer_of_tomorrow_counts_for_the_template_of_today(history):
    history.happen("template", 0, 0)
    must_agree()
    assert ReportCell.objects.get().templates_answered == 0

    history.happen("in", 24 * 60, 0)
    must_agree()

    assert ReportCell.objects.order_by("slot").first().templates_answered == 1


def test_when_the_answer_of_the_evening_fails_the_one_of_the_morning_has_ended_the_wait(history):
    history.happen("in", 0, 0)
    history.happen("reply", 60, 0)
    history.happen("reply", 20 * 60, 0)
    must_agree()
    assert [cell.answered for cell in ReportCell.objects.order_by("slot")] == [0, 1, 0]

    Message.objects.filter(direction="out", occurred_at=at(1)).update(status="failed", error_code=131026)
    must_agree()

    assert [cell.answered for cell in ReportCell.objects.order_by("slot")] == [0, 0, 1]


def test_an_answer_after_the_window_has_closed_ends_the_wait_too_late(history):
    history.happen("in", 0, 0)
    history.happen("template", 24 * 60, 0)
    must_agree()

    assert sum(ReportCell.objects.values_list("answered", flat=True)) == 0


# --- Targets ---------------------------------------------------------------------------------------------------------


def test_the_target_is_the_one_that_held_when_the_customer_was_answered(history, cast):
    cast.team.first_response_minutes = 30
    cast.team.save()
    history.happen("in", 0, 0)
    history.happen("reply", 45, 0)
    rolled()
    cast.team.first_response_minutes = 60
    cast.team.save()
    history.happen("close", 10, 0)
    rolled()
    call_command("rebuild_reports", verbosity=0)

    figures = CaseFigures.objects.get(conversation=cast.claras)

    assert (figures.target_minutes, figures.due_at) == (30, figures.opened_at + timedelta(minutes=30))
    open_ones = CaseFigures.objects.filter(conversation=cast.darios)
    assert open_ones.get().target_minutes is None  # nobody has asked anything there


def test_a_case_of_another_team_takes_its_counts_and_a_new_target_along(history, cast):
    cast.other_team.first_response_minutes = 5
    cast.other_team.save()
    history.happen("in", 0, 0)
    rolled()
    history.happen("move", 5, 2)
    must_agree()

    figures = CaseFigures.objects.get(conversation=cast.claras)

    assert (figures.team, figures.target_minutes) == (cast.other_team, 5)
    assert set(ReportSlot.objects.values_list("team", flat=True)) == {cast.other_team.pk}


# --- Healing ---------------------------------------------------------------------------------------------------------


def test_rebuilding_mends_whatever_is_wrong(history):
    for step in ("in", "reply", "fail", "template"):
        history.happen(step, 400, 0)
    rolled()
    ReportCell.objects.update(received=77)
    ReportSlot.objects.all().delete()
    CaseFigures.objects.update(close_seconds=1, reply_seconds=5)
    gone = ReportCell.objects.first()
    gone.pk, gone.slot = None, at(24 * 40)
    gone.save()

    call_command("rebuild_reports", verbosity=0)

    must_agree()


def test_a_recount_names_what_differs(history):
    history.happen("in", 0, 0)
    call_command("recount_reports", stdout=StringIO())
    ReportCell.objects.update(received=77)

    with pytest.raises(CommandError, match="2 figures differ"):
        call_command("recount_reports", stderr=StringIO())


def test_a_conversation_that_goes_takes_its_counts_along(history, cast):
    history.happen("in", 0, 0)
    history.happen("in", 0, 1)
    rolled()

    cast.claras.delete()

    must_agree()
    assert ReportSlot.objects.get().received == 1


def test_small_batches_come_to_the_same(history):
    for which in range(4):
        history.happen("in", 1500, which)
    assert rolling.roll_batch(1) == 1
    assert ReportMark.objects.exists()
    must_agree()


# --- Prices ----------------------------------------------------------------------------------------------------------


def test_what_was_counted_before_is_priced_anew_of_who_has_had_several_numbers(history, cast):
    history.happen("template", 0, 0)
    history.happen("template", 0, 1)
    ContactIdentity.objects.create(
        workspace=cast.workspace, contact=cast.clara, portfolio=cast.number.portfolio, kind="phone",
        value="436641234567", created_at=at(600),
    )  # fmt: skip
    rolled()
    ReportCell.objects.update(utility_cost=77)

    with connection.cursor() as cursor:
        cursor.execute(import_module("inbox.migrations.0045_priced_and_found_anew").PRICED)

    assert set(ReportMark.objects.values_list("conversation_id", flat=True)) == {cast.claras.pk}
    rolled()
    assert ReportCell.objects.filter(utility_cost=77).values_list("conversation", flat=True).get() == cast.darios.pk


def test_what_somebody_cost_who_has_no_number_now_stays_and_a_first_number_prices_what_was_sent_before(history, cast):
    """Clara's number is somebody else's now; of Dario nobody knew more than his user id."""
    dario = cast.dario.identities.get(kind="phone").value
    cast.dario.identities.filter(kind="phone").delete()
    history.happen("template", 0, 0)
    history.happen("template", 0, 1)
    must_agree()
    [german] = {cell.utility_cost for cell in ReportCell.objects.filter(conversation=cast.claras)}
    assert german and ReportCell.objects.get(conversation=cast.darios).unpriced == 1

    ContactIdentity.objects.filter(contact=cast.clara, kind="phone").update(is_active=False, ended_at=at(1))
    Message.objects.filter(conversation=cast.claras).update(read_at=at(2))  # counted anew
    contacts.learn(cast.number, cast.dario.pk, Person(phone=dario))

    must_agree()
    assert set(ReportCell.objects.values_list("utility_cost", "unpriced")) == {(german, 0)}


def test_a_message_costs_what_the_country_costs_to_which_it_went(history, cast):
    """Clara moves from Germany to Austria; then it turns out that Dario's Swiss number was hers as well."""
    ContactIdentity.objects.update(created_at=START)
    history.happen("template", 0, 0)
    history.happen("template", 0, 1)
    must_agree()
    german = ReportSlot.objects.get().utility_cost / 2
    Rate.objects.create(effective_from=date(2026, 1, 1), currency="EUR", market="AT", category="utility", amount="0.05")
    ContactIdentity.objects.filter(contact=cast.clara, kind="phone").update(is_active=False, ended_at=at(1))
    ContactIdentity.objects.create(
        workspace=cast.workspace, contact=cast.clara, portfolio=cast.number.portfolio, kind="phone",
        value="436641234567", created_at=at(1),
    )  # fmt: skip
    history.happen("template", 120, 0)
    Message.objects.filter(conversation=cast.claras, occurred_at__lt=at(1)).update(read_at=at(2))  # counted anew
    must_agree()
    costs = {cell.slot: cell.utility_cost for cell in ReportCell.objects.filter(conversation=cast.claras)}
    assert (costs[at(0)], costs[at(2)]) == (german, 50_000)

    ContactIdentity.objects.filter(contact=cast.dario, kind="phone").update(value="41791234567")
    merge = contact_merges.merge(cast.clara, cast.dario, by=cast.ada, choices={}, uses="gone")
    must_agree()
    contact_merges.undo_merge(merge, by=cast.ada)
    must_agree()
