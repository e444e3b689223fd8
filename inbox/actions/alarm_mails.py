"""Alarms by mail: what the banners say that needs somebody today, to every admin who wants it, once a day at most.

Asked hourly and whenever sending stops. The row of an alarm is claimed before its mail leaves, so that two workers send
one; a mail server that refuses gives it back, and the next hour tries again.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import links, mail
from accounts.models import Agent, Role, Workspace
from inbox.alerts import Alert, alerts_for
from inbox.doctor import backups
from inbox.models import AlarmMail

logger = logging.getLogger(__name__)

AGAIN = timedelta(hours=24)
FORGOTTEN = timedelta(days=30)
MOST_ADMINS, MOST_ALARMS = 50, 20


def mail_all_alarms() -> None:
    """Every workspace by itself: one's mail server is not the next one's trouble."""
    AlarmMail.objects.filter(told_at__lt=timezone.now() - FORGOTTEN).delete()
    for workspace in Workspace.objects.order_by("pk"):
        mail_alarms(workspace, timezone.now())


def mail_alarms(workspace: Workspace, now: datetime) -> int:
    """Mail what is new; how many mails went out."""
    if not mail.is_set_up(workspace):
        return 0
    admins = Agent.objects.filter(workspace=workspace, role=Role.ADMIN, is_active=True, alarm_mails=True)
    readers = list(admins.select_related("workspace").order_by("pk")[:MOST_ADMINS])
    claimed = _claim(workspace, _urgent(readers[0]), now) if readers else set()
    if not claimed:
        return 0
    sent = sum(_mail(reader, claimed) for reader in readers)
    if not sent:
        AlarmMail.objects.filter(workspace=workspace, alarm__in=claimed, told_at=now).delete()
    return sent


def _urgent(reader: Agent) -> list[Alert]:
    """In the language that is spoken now."""
    alerts = [alert for alert in alerts_for(reader) if alert.is_urgent]
    if sentence := backups.too_old():
        alerts.append(Alert("backup", sentence))
    return alerts[:MOST_ALARMS]


def _key(alert: Alert) -> str:
    return f"{alert.kind} {alert.url}"[:120]


def _claim(workspace: Workspace, alerts: Iterable[Alert], now: datetime) -> set[str]:
    """Those whose mail is due, from now on ours."""
    claimed = set()
    for alarm in map(_key, alerts):
        row, is_new = AlarmMail.objects.get_or_create(workspace=workspace, alarm=alarm, defaults={"told_at": now})
        due = AlarmMail.objects.filter(pk=row.pk, told_at__lte=now - AGAIN)
        if is_new or due.update(told_at=now):
            claimed.add(alarm)
    return claimed


def _mail(reader: Agent, claimed: set[str]) -> bool:
    with translation.override(reader.language), timezone.override(reader.zone):
        told = [alert for alert in _urgent(reader) if _key(alert) in claimed]
        pages = [(alert.sentence, links.absolute(alert.url) if alert.url else "") for alert in told]
        context = {"reader": reader, "alarms": pages, "choices": links.absolute("/settings/notifications/")}
        text = render_to_string("inbox/mail/alarms.txt", context)
        subject = _("%(name)s: the inbox needs you") % {"name": reader.workspace.name}
    try:
        return bool(told) and mail.send(reader.workspace, " ".join(subject.split()), text, reader.email)
    except (SMTPException, OSError) as error:
        logger.warning("An alarm could not be mailed: %s", type(error).__name__)
        return False
