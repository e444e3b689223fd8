"""STOP and START, typed, pressed or set in WhatsApp: newest wins, everything has its evidence."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from inbox.actions.consent import (
    marketing_state,
    may_send_marketing,
    payload_state,
    record_consent,
)
from inbox.consent_words import Keywords
from inbox.enums import ConsentState
from inbox.models import Consent
from tests.cast import make_cast

OURS = Keywords.of({})
GIVEN, WITHDRAWN, UNKNOWN = ConsentState.GIVEN, ConsentState.WITHDRAWN, ConsentState.UNKNOWN


@pytest.mark.parametrize("text", [
    "STOP", "stop", " Stop! ", "STOPP", "Stopp.", "stopp bitte", "Bitte abmelden", "ABMELDEN", "»Abmelden«",
    "unsubscribe", "Newsletter abbestellen", "Keine Werbung mehr!!", "\U0001d412\U0001d413\U0001d40e\U0001d40f",
    "\uff33\uff34\uff2f\uff30\uff30", "stop 🛑", "stop\n", "No marketing, please",
    "STOP STOP", "stop, stop, stop!", "S T O P", "s.t.o.p.p", "Bitte nicht mehr schreiben", "Keine Nachrichten mehr",
])  # fmt: skip
def test_words_that_say_stop(text: str) -> None:
    assert OURS.meaning(text) == WITHDRAWN


@pytest.mark.parametrize("text", ["START", "Start!", "anmelden", "Newsletter anmelden", "subscribe"])
def test_words_that_say_start(text: str) -> None:
    assert OURS.meaning(text) == GIVEN


@pytest.mark.parametrize("text", [
    "", "Stop, ich komme doch", "Wo ist die Bushaltestelle Stop?", "Nonstop", "Kann ich mich für den Kurs anmelden?",
    "ja", "ok", "Start um 9?", "stop it", "bitte", "a b c", "x x", "abgemeldet", "stopf", "🙂",
])  # fmt: skip
def test_words_that_are_just_words(text: str) -> None:
    assert OURS.meaning(text) is None


@pytest.mark.parametrize(("payload", "state"), [
    ("STOP_NEWS", WITHDRAWN), ("OPT_OUT_NEWS", WITHDRAWN), ("opt-out", WITHDRAWN), ("keine_werbung", WITHDRAWN),
    ("OPT_IN_NEWS", GIVEN), ("start_newsletter", GIVEN), ("start_over", None), ("bus_stop_3", None),
    ("liefern_morgen", None), ("", None), ("stopover", None),
])  # fmt: skip
def test_payloads_of_buttons(payload: str, state: ConsentState | None) -> None:
    assert payload_state(payload) == state


@pytest.mark.django_db
def test_nobody_has_agreed_by_default() -> None:
    clara = make_cast().clara

    assert marketing_state(clara) == UNKNOWN
    assert not may_send_marketing(clara)


@pytest.mark.django_db
def test_the_newest_word_counts_whatever_is_recorded_last() -> None:
    clara, now = make_cast().clara, timezone.now()

    record_consent(clara, WITHDRAWN, source="keyword", occurred_at=now)
    record_consent(clara, GIVEN, source="agent", occurred_at=now - timedelta(days=1), wording="Ja, gern", note="Laden")

    assert marketing_state(clara) == WITHDRAWN
    assert Consent.objects.count() == 2


@pytest.mark.django_db
def test_the_ledger_cannot_be_edited() -> None:
    record_consent(make_cast().clara, GIVEN, source="agent", occurred_at=timezone.now())

    for change in ("UPDATE inbox_consent SET state = 'given'", "DELETE FROM inbox_consent"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
