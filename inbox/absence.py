"""Why somebody off duty is not there, in words: "Back at 13:00", "Done for today", "Off today"."""

from datetime import datetime

from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.models import Agent, Duty
from inbox.markup import when


def absence(person: Agent, now: datetime | None = None) -> SafeString:
    """As safe HTML, in the reader's zone; empty for whoever is on duty."""
    now = now or timezone.now()
    if not person.is_off_duty(now):
        return SafeString("")
    today = timezone.localtime(now).date()
    back, since = person.duty_until, person.duty_since
    if person.is_due(now):  # their hours have just ended, and the sweeper has not come yet
        back, since = None, person.duty_until
    if back is not None and timezone.localtime(back).date() == today:
        sentence = escape(_("Back at %(time)s"))
        return mark_safe(sentence % {"time": when(back)})  # noqa: S308 - escaped, and a time of ours
    if person.duty != Duty.FREE and since is not None and timezone.localtime(since).date() == today:
        return SafeString(escape(_("Done for today")))
    return SafeString(escape(_("Off today")))

