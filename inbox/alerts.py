"""What people must know wherever they are: the banner above every page. A few cheap questions, most for admins only."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import Agent
from accounts.permissions import may_manage_settings
from inbox import storage
from inbox.actions.sending_stops import reasons
from inbox.models import OutgoingWebhook
from inbox.template_desk import alarms as template_alarms
from whatsapp.deliveries import oldest_unprocessed_age
from whatsapp.models import NumberHealth, PhoneNumber
from whatsapp.number_alarms import alarms

WAITING_SECONDS = 60


@dataclass(frozen=True)
class Alert:
    kind: str  # disk, quota, deliveries, stopped, templates
    sentence: str | Promise
    url: str = ""
    is_urgent: bool = True


def alerts_for(agent: Agent) -> list[Alert]:
    """The banners of this person's pages. A number that sends nothing concerns everybody who writes replies; the rest
    only those who can do something about it."""
    if not may_manage_settings(agent):
        return _stopped(agent)
    warnings = storage.storage_warnings(agent.workspace)
    alerts = [Alert(each.kind, each.sentence, is_urgent=each.is_urgent) for each in warnings]
    found = [*_deliveries(agent), *_stopped(agent), *_numbers(agent), *_templates(agent), *_webhooks(agent)]
    return [*alerts, *found]


def _deliveries(agent: Agent) -> list[Alert]:
    age = oldest_unprocessed_age(workspace_id=agent.workspace_id)
    if age < WAITING_SECONDS:
        return []
    sentence = _("Messages from WhatsApp have been waiting for %(minutes)s min to be taken in.")
    return [Alert("deliveries", sentence % {"minutes": int(age // 60)}, reverse("settings-deliveries"))]


def _templates(agent: Agent) -> list[Alert]:
    found = template_alarms.banner(agent.workspace_id)
    return [Alert("templates", *found)] if found else []


def _connected(agent: Agent) -> QuerySet[PhoneNumber]:
    return PhoneNumber.objects.connected().filter(workspace_id=agent.workspace_id)


def _stopped(agent: Agent) -> list[Alert]:
    stopped = _connected(agent).select_related("business_account")
    stopped = stopped.exclude(Q(sending_stopped_at=None) & Q(business_account__sending_stopped_at=None))
    alerts = []
    for number in stopped:
        words = {"number": str(number), "reason": " ".join(map(str, reasons(number)))}
        sentence = _("%(number)s sends nothing at the moment. %(reason)s") % words
        if may_manage_settings(agent):
            alerts.append(Alert("stopped", sentence, reverse("settings-number-one", args=[number.pk])))
        else:
            wait = _("Replies wait until an admin has fixed it.")
            alerts.append(Alert("stopped", f"{sentence} {wait}"))
    return alerts


def _webhooks(agent: Agent) -> list[Alert]:
    """Other systems that hear nothing any more."""
    off = OutgoingWebhook.objects.filter(workspace=agent.workspace_id, switched_off_at__isnull=False).order_by("pk")
    sentence = _("The webhook to %(host)s is switched off: it has failed for three days.")
    return [
        Alert("webhook", sentence % {"host": urlsplit(url).netloc}, reverse("settings-webhook", args=[pk]), False)
        for pk, url in off.values_list("pk", "url")
    ]


def _numbers(agent: Agent) -> list[Alert]:
    """What Meta says of the numbers, the most urgent thing of each; all of it stands on its page."""
    rows = NumberHealth.objects.filter(phone_number__in=_connected(agent)).order_by("pk")
    found = []
    for health in rows.select_related("phone_number__business_account"):
        number = health.phone_number
        for alarm in alarms(number, health, timezone.now())[:1]:
            sentence = f"{number}: {alarm.sentence}"
            found.append(Alert(alarm.kind, sentence, reverse("settings-number-one", args=[number.pk]), alarm.is_urgent))
    return found
