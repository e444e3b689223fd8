"""The processes that receive, send and plan: does one of each hold its lock, and is it up to date?"""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.doctor.findings import Finding, bad, good, note, warn
from inbox.enums import MessageStatus
from inbox.figures import oldest_due_age, outbox_depth
from inbox.loops.leaders import DELIVER, INGEST, SCHEDULER, leading
from whatsapp import deliveries

LATE_SECONDS, TOO_LATE_SECONDS = 30, 300


def look() -> Iterator[Finding]:
    alive = leading()
    yield from _ingest(alive[INGEST])
    yield from _deliver(alive[DELIVER])
    if alive[SCHEDULER]:
        yield good(_("The scheduler is active."))
    else:
        yield bad(
            _("No scheduler is active: nothing is tidied up, templates are not fetched."),
            _("Start the process scheduler (python -m config.scheduler)."),
        )
    if failed := deliveries.failed_count():
        words = ngettext(
            "%(count)s webhook delivery could not be processed.",
            "%(count)s webhook deliveries could not be processed.",
            failed,
        )
        yield warn(words % {"count": failed}, _("Settings → Webhook deliveries shows them and tries them again."))
    if unknown := outbox_depth(MessageStatus.UNKNOWN):
        words = ngettext(
            "Of %(count)s message nobody knows whether WhatsApp took it.",
            "Of %(count)s messages nobody knows whether WhatsApp took them.", unknown,
        )  # fmt: skip
        yield note(words % {"count": unknown}, _("They are marked “not confirmed” in their conversations."))


def _ingest(is_active: bool) -> Iterator[Finding]:
    age = deliveries.oldest_unprocessed_age()
    if not is_active:
        yield bad(
            _("No process receives: what customers write is stored, but nobody sees it."),
            _("Start the process ingest (manage.py ingest) and look at its log."),
        )
    elif age > LATE_SECONDS:
        finding = bad if age > TOO_LATE_SECONDS else warn
        yield finding(
            _("Receiving is late: the oldest delivery has been waiting for %(seconds)s s.") % {"seconds": round(age)},
            _("Look at the log of ingest; restart it if it repeats an error."),
        )
    else:
        yield good(_("Receiving is up to date."))


def _deliver(is_active: bool) -> Iterator[Finding]:
    age = oldest_due_age()
    if not is_active:
        yield bad(
            _("No process sends: replies wait in the queue."),
            _("Start the process deliver (manage.py deliver) and look at its log."),
        )
    elif age > LATE_SECONDS:
        finding = bad if age > TOO_LATE_SECONDS else warn
        yield finding(
            _("Sending is late: the oldest reply has been waiting for %(seconds)s s.") % {"seconds": round(age)},
            _("Look at the log of deliver, and at the part WhatsApp below."),
        )
    else:
        yield good(_("Sending is up to date."))
