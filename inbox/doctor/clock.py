"""Is our clock right? The 24-hour window, tokens and times of messages depend on it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import Error as DatabaseError
from django.db import connection
from django.utils.translation import gettext as _

from inbox.doctor.findings import Finding, bad, good, note, warn
from whatsapp import client, errors

TOLERATED_SECONDS, TOO_MUCH_SECONDS = 2.0, 30.0
META_TOLERATED_SECONDS = 3.0  # Meta's header has whole seconds, and the answer takes its time


def look() -> Iterator[Finding]:
    compared = []
    for found in (_against_database(), _against_meta()):
        if isinstance(found, Finding):
            yield found
        elif found is not None:
            compared.append(found)
    if compared:
        yield good(_("The clock agrees with %(others)s.") % {"others": _(" and ").join(compared)})


def _against_database() -> Finding | str | None:
    """A finding when the clocks differ, else whose clock agreed; None when nobody could be asked."""
    before = datetime.now(UTC)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            theirs = cursor.fetchone()[0]
    except DatabaseError:
        return None
    after = datetime.now(UTC)
    return _judged("PostgreSQL", (theirs - (before + (after - before) / 2)).total_seconds(), TOLERATED_SECONDS)


def _against_meta() -> Finding | str | None:
    before = datetime.now(UTC)
    try:
        theirs = client.meta_clock()
    except errors.TemporaryFailure:
        return note(_("WhatsApp's clock could not be asked."))
    after = datetime.now(UTC)
    if theirs is None:
        return None
    return _judged("WhatsApp", (theirs - (before + (after - before) / 2)).total_seconds(), META_TOLERATED_SECONDS)


def _judged(whose: str, ahead: float, tolerated: float) -> Finding | str:
    if abs(ahead) <= tolerated:
        return whose
    sentence = _("The clock of %(whose)s is %(seconds)s s ahead of ours.")
    if ahead < 0:
        sentence = _("The clock of %(whose)s is %(seconds)s s behind ours.")
    finding = bad if abs(ahead) > TOO_MUCH_SECONDS else warn
    return finding(
        sentence % {"whose": whose, "seconds": f"{abs(ahead):.0f}"},
        _("Let the machine keep time (timedatectl set-ntp true, or chrony)."),
    )
