"""Whether the business is open, as its customers would say it."""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.hours import OpeningHours


def opening_words(hours: OpeningHours, now: datetime) -> str:
    """"Open until 18:30", "Opens tomorrow at 9:00" …; nothing where no hours were set."""
    if hours.always_open:
        return ""
    if (closes := hours.closes_after(now)) is not None:
        return _("Open until %(time)s") % {"time": f"{closes.astimezone(hours.zone):%H:%M}"}
    opens = hours.next_opening(now)
    if opens is None:
        return _("Closed")
    days = (opens.astimezone(hours.zone).date() - now.astimezone(hours.zone).date()).days
    words = {"time": f"{opens.astimezone(hours.zone):%H:%M}", "days": days}
    if days == 0:
        return _("Opens at %(time)s") % words
    return (_("Opens tomorrow at %(time)s") if days == 1 else _("Opens in %(days)s days")) % words
