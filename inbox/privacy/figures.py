"""Before somebody's rows go, what was counted from them is let go of: the sums of the reports stay, and name nobody."""

from typing import Any

from django.db import connection
from django.db.models import F

from inbox.models import CaseFigures, LostWindow, ReportCell, ReportFailure, ReportMark, Satisfaction
from inbox.models.report import NOBODY
from inbox.privacy.people import Person
from inbox.reports import rolling

SECONDS = 3.0


def are_fresh(person: Person) -> bool:
    """Whether everything of theirs has been counted; works on it for some seconds."""
    marks = ReportMark.objects.filter(conversation_id__in=person.conversations)
    if marks.exists():
        rolling.roll(SECONDS)
    return not marks.exists()


def let_go(person: Person) -> None:
    """Inside the caller's transaction. A list behind a figure shows only what can still be opened."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tresen.reports'))")  # nobody counts meanwhile
    theirs: dict[str, Any] = {"conversation__in": person.conversations}
    ReportCell.objects.filter(**theirs).update(conversation=NOBODY, case=None)
    ReportFailure.objects.filter(**theirs).update(conversation=NOBODY, case=None)
    CaseFigures.objects.filter(**theirs).update(conversation=NOBODY, case=F("case") * -1)
    LostWindow.objects.filter(**theirs).update(conversation=None)
    rated = Satisfaction.objects.filter(**theirs, asked_at__isnull=False)
    rated.filter(score=None, question__status="failed").delete()  # reached nobody, so it was never asked
    rated.update(conversation=None, case=None, question=None, comment="", commented_at=None, due_at=None)
    forget_marks(person)


def forget_marks(person: Person) -> None:
    """What the deletion of rows would have counted anew."""
    ReportMark.objects.filter(conversation_id__in=person.conversations).delete()
