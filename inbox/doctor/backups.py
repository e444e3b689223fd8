"""When was the last backup, and can we make one at all?"""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from inbox.backup.folders import finished_backups
from inbox.backup.programs import ProgramMissing, program
from inbox.doctor.findings import Finding, bad, good, note, warn

OLD, TOO_OLD = timedelta(hours=26), timedelta(days=8)
ALARMING = timedelta(days=2)  # a night was missed, and the next one too


def too_old() -> str:
    """That the last backup is too old, in a sentence. Who has never made one here may make them in another way."""
    made = finished_backups(settings.BACKUP_DIR)
    age = timezone.now() - made[-1].created_at if made else None
    if age is None or age <= ALARMING:
        return ""
    return _("The last backup is %(days)s days old.") % {"days": age.days}


def look() -> Iterator[Finding]:
    try:
        program("pg_dump")
    except ProgramMissing as missing:
        yield warn(missing.sentence, _("Install the client of PostgreSQL, at least as new as the server."))
    made = finished_backups(settings.BACKUP_DIR)
    folder = {"folder": settings.BACKUP_DIR}
    advice = _("Run manage.py backup every night (docs/operations.md) and copy the result to another machine.")
    if not made:
        yield (note if settings.DEMO else bad)(_("There is no backup in %(folder)s.") % folder, advice)
        return
    age = timezone.now() - made[-1].created_at
    if age < timedelta(hours=48):
        words = _("The last backup is %(hours)s h old.") % {"hours": int(age.total_seconds() // 3600)}
    else:
        words = _("The last backup is %(days)s days old.") % {"days": age.days}
    yield bad(words, advice) if age > TOO_OLD else warn(words, advice) if age > OLD else good(words)
