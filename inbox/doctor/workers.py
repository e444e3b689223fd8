"""The background queues: each has a living worker, none is jammed, failed jobs are named."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.doctor.findings import Finding, bad, good, warn
from inbox.job_queues import queue_states

JAMMED_AFTER = timedelta(minutes=15)


def look() -> Iterator[Finding]:
    states, now = queue_states(), timezone.now()
    for state in states:
        names = {"queue": state.name}
        if not state.alive:
            yield bad(
                _("Nobody works on the queue “%(queue)s”.") % names,
                _("Start a worker: python -m config.worker %(queue)s") % names,
            )
        elif state.oldest_at and now - state.oldest_at > JAMMED_AFTER:
            minutes = int((now - state.oldest_at).total_seconds() // 60)
            yield warn(
                _("The queue “%(queue)s” is jammed: its first job has been waiting for %(minutes)s min.")
                % {**names, "minutes": minutes},
                _("Look at the log of its worker, or start a second one."),
            )
    if all(state.alive for state in states):
        yield good(_("Every queue has a worker."))
    if failed := sum(state.failed for state in states):
        words = ngettext("%(count)s background job failed.", "%(count)s background jobs failed.", failed)
        yield warn(words % {"count": failed}, _("Settings → Background jobs says why, and tries them again."))
