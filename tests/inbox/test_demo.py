"""Fast-forward, and the past that the practice phone is given. Demo mode only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox.actions.consent import record_consent
from inbox.demo import fast_forward
from inbox.demo.builder import DemoWorkspace
from inbox.demo.past import give_past_to_phone, phone_key_of
from inbox.demo.weeks import DemoWeeks
from inbox.enums import ConsentState, ConversationStatus
from inbox.models import Activity, Case, Consent, Contact, Conversation, Event, Message, Note, PairLimit
from inbox.reports import recount
from inbox.reports.reading import read
from inbox.reports.rolling import roll
from inbox.reports.wanted import Scope, Wanted
from tests.cast import Cast, make_cast
from tests.phone_fixture import PracticePhone
from whatsapp.sandbox import remote

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    cast.workspace.is_demo = True
    cast.workspace.save()
    return cast


@pytest.fixture
def asked_phone(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """The phone's calls, in place of the phone."""
    calls: list[tuple[str, Any]] = []
    monkeypatch.setattr(remote, "call", lambda method, path, data=None, **more: calls.append((path, data)))
    return calls


def test_everything_of_the_customer_moves_into_the_past_and_nothing_of_others(
    cast: Cast, asked_phone: list[tuple[str, Any]]
) -> None:
    claras, message = cast.claras, cast.claras.messages.get()
    note = Note.objects.create(workspace=cast.workspace, conversation=claras, seq=98, author=cast.ben, text="?")
    opened_at = claras.current_case().opened_at
    claras.snoozed_until, claras.status = timezone.now() + DAY, ConversationStatus.SNOOZED
    claras.save()
    PairLimit.objects.create(phone_number=cast.number, recipient=cast.clara.phone, arrival_at=timezone.now())
    before = Conversation.objects.get(pk=claras.pk)
    others = cast.darios.messages.get().occurred_at

    fast_forward.fast_forward(cast.clara, timedelta(hours=20), phone_key="clara")

    after = Conversation.objects.get(pk=claras.pk)
    moved = timedelta(hours=20)
    for name in ("last_customer_message_at", "last_message_at", "waiting_since", "snoozed_until", "created_at"):
        assert getattr(before, name) - getattr(after, name) == moved, name
    assert after.preview["at"] == (message.occurred_at - moved).isoformat()
    assert Message.objects.get(pk=message.pk).occurred_at == message.occurred_at - moved
    assert after.current_case().opened_at == opened_at - moved
    assert PairLimit.objects.get().arrival_at < timezone.now() - timedelta(hours=19)
    assert cast.darios.messages.get().occurred_at == others
    assert Note.objects.get(pk=note.pk).occurred_at == note.occurred_at - moved
    assert asked_phone == [("customers/clara/advance", {"seconds": 20 * 3600.0})]


def test_the_screens_hear_of_it(cast: Cast, asked_phone: list[tuple[str, Any]]) -> None:
    fast_forward.fast_forward(cast.clara, DAY, phone_key="clara")

    event = Event.objects.filter(conversation_id=cast.claras.pk).latest("id")
    closes_at = Conversation.objects.get(pk=cast.claras.pk).service_window.closes_at
    assert event.kind == "conversation"
    assert event.payload["facts"]["closes_at"] == int(closes_at.timestamp() * 1000)


def test_consents_are_evidence_and_stay(cast: Cast, asked_phone: list[tuple[str, Any]]) -> None:
    record_consent(
        cast.clara,
        ConsentState.GIVEN,
        source=Consent.Source.AGENT,
        wording="Ja",
        by=cast.ben,
        occurred_at=timezone.now(),
    )
    before = Consent.objects.get().occurred_at

    fast_forward.fast_forward(cast.clara, DAY, phone_key="clara")

    assert Consent.objects.get().occurred_at == before


def test_when_the_phone_cannot_follow_nothing_has_moved(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **more: Any) -> None:
        raise remote.PhoneUnreachable

    monkeypatch.setattr(remote, "call", away)
    before = cast.claras.last_customer_message_at

    with pytest.raises(remote.PhoneUnreachable):
        fast_forward.fast_forward(cast.clara, DAY, phone_key="clara")

    assert Conversation.objects.get(pk=cast.claras.pk).last_customer_message_at == before


def test_the_last_minute_is_by_the_clock_that_the_composer_counts_down_to(
    cast: Cast, asked_phone: list[tuple[str, Any]]
) -> None:
    conversation = Conversation.objects.select_related("workspace", "contact__workspace").get(pk=cast.claras.pk)

    fast_forward.leave_last_minute(conversation, phone_key="clara")

    left = Conversation.objects.get(pk=cast.claras.pk).service_window.time_left(timezone.now())
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)


def test_a_closed_window_has_no_last_minute(cast: Cast, asked_phone: list[tuple[str, Any]]) -> None:
    fast_forward.fast_forward(cast.clara, DAY, phone_key="clara")
    conversation = Conversation.objects.select_related("workspace", "contact__workspace").get(pk=cast.claras.pk)

    with pytest.raises(fast_forward.CannotFastForward):
        fast_forward.leave_last_minute(conversation, phone_key="clara")


@pytest.mark.parametrize(("demo_mode", "demo_workspace"), [(False, True), (True, False)])
def test_outside_the_demo_time_passes_by_itself(
    cast: Cast, asked_phone: list[tuple[str, Any]], settings: Any, demo_mode: bool, demo_workspace: bool
) -> None:
    settings.DEMO = demo_mode
    cast.workspace.is_demo = demo_workspace
    cast.workspace.save()

    with pytest.raises(fast_forward.CannotFastForward):
        fast_forward.fast_forward(Contact.objects.get(pk=cast.clara.pk), DAY, phone_key="clara")

    assert asked_phone == []


def test_the_phone_shows_the_demo_workspaces_conversations(
    start_practice_phone: Callable[..., PracticePhone], settings: Any, tmp_path: Any
) -> None:
    settings.DATA_DIR = tmp_path
    workspace = DemoWorkspace().build()
    give_past_to_phone(workspace)

    phone = start_practice_phone()

    lena = Contact.objects.get(profile_name="Lena Hoffmann")
    ours = Message.objects.filter(conversation__contact=lena).order_by("occurred_at", "seq")
    theirs = phone.chat(phone_key_of(lena), limit=500)
    assert [message["wamid"] for message in theirs] == list(ours.values_list("wamid", flat=True))
    picture = next(message for message in theirs if message["type"] == "image")
    stored = ours.get(kind="image").attachments.get()
    with stored.file.open() as file:
        assert phone.http.get(f"{phone.url}/_control/media/{picture['content']['id']}").content == file.read()
    assert phone.send().status_code == 200
    assert phone.wait_for(phone.chat(limit=500)[-1]["wamid"], "delivered")


def test_activities_move_too(cast: Cast, asked_phone: list[tuple[str, Any]]) -> None:
    line = Activity.objects.create(workspace=cast.workspace, conversation=cast.claras, seq=99, kind="closed")

    fast_forward.fast_forward(cast.clara, DAY, phone_key="clara")

    assert Activity.objects.get(pk=line.pk).occurred_at == line.occurred_at - DAY


def test_the_weeks_before_are_rows_that_the_reports_count(db: None) -> None:
    demo_workspace = DemoWorkspace()
    demo_workspace.build()
    DemoWeeks(demo_workspace).write()
    roll()
    admin = demo_workspace.people["admin"]

    period, before = read(Wanted.of({}, Scope.of(admin), timezone.now()), timezone.now())

    assert list(recount.differences()) == []
    assert before is not None
    assert min(period.opened.cases, before.opened.cases) > 40
    assert period.counts["received"] > 100 and period.lost and period.failures
    assert period.counts["marketing_cost"] > 0 and period.counts["utility_cost"] > 0
    assert period.counts["unpriced"] < 40  # of the day itself, of which WhatsApp has said nothing
    for case in Case.objects.filter(closed_at=None):
        assert case.opened_at > timezone.now() - timedelta(days=60)
    for conversation in Conversation.objects.filter(status=ConversationStatus.CLOSED):
        times = [message.occurred_at for message in conversation.messages.order_by("seq")]
        assert times == sorted(times) and len(set(times)) == len(times)
