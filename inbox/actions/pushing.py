"""Devices that want pushes, and sending to them."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import access, notices, presence, push
from inbox.enums import Channel, NoticeKind
from inbox.errors import InboxRuleViolation
from inbox.models import Conversation, PushDevice, PushNotice
from inbox.visibility import facts_of

MOST_DEVICES = 10
# How long a push is of use, in seconds; a device that is off for longer does not get it.
LASTING = {NoticeKind.CLOSING_60: 3600, NoticeKind.CLOSING_15: 900, NoticeKind.TARGET_SOON: 900}
LASTING_ELSE = 4 * 3600
TEST_SECONDS = 60


class NotAPushService(InboxRuleViolation):
    code = "push_service"
    sentence = _("Your browser's push service is not one that Tresen knows, so nothing is sent there.")


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def new_token() -> str:
    """What the cookie of a browser says, so that a sign-out there finds its device."""
    return secrets.token_urlsafe(24)


@transaction.atomic
def add_device(agent: Agent, *, endpoint: str, p256dh: str, auth: str, name: str, token: str) -> PushDevice:
    """This browser gets the agent's pushes from now on, and nobody else's. The oldest of too many devices goes."""
    if not push.is_push_service(endpoint):
        raise NotAPushService
    PushDevice.objects.filter(token_hash=hashed(token)).delete()
    device, _made = PushDevice.objects.update_or_create(
        endpoint_hash=hashed(endpoint),
        defaults={
            "agent": agent, "key": push.current_key(), "endpoint": endpoint, "p256dh": p256dh, "auth": auth,
            "token_hash": hashed(token), "name": name, "session_epoch": agent.session_epoch,
            "created_at": timezone.now(), "sent_at": None, "failures": 0, "problem": "",
        },
    )  # fmt: skip
    newest = PushDevice.objects.filter(agent=agent).order_by("-created_at", "-pk").values("pk")[:MOST_DEVICES]
    PushDevice.objects.filter(agent=agent).exclude(pk__in=newest).delete()
    return device


def device_of(agent: Agent, token: str) -> PushDevice | None:
    """The agent's device behind this browser's cookie."""
    if not token:
        return None
    return PushDevice.objects.living().filter(agent=agent, token_hash=hashed(token)).first()


def remove_device(agent: Agent, pk: int) -> bool:
    """One of one's own; False when there is none of this number."""
    return bool(PushDevice.objects.filter(agent=agent, pk=pk).delete()[0])


def forget_browser(token: str, *, but_of: Agent | None = None) -> None:
    """Somebody signed out in this browser, or somebody else (`but_of`) signed in."""
    devices = PushDevice.objects.filter(token_hash=hashed(token))
    (devices.exclude(agent=but_of) if but_of else devices).delete()


def forget_ended_devices() -> None:
    """Those of people who were signed out everywhere or left; they got nothing since then."""
    PushDevice.objects.exclude(pk__in=PushDevice.objects.living().values("pk")).delete()


def send_notice(notice: PushNotice) -> None:
    """Push to the agent's devices, unless it no longer holds, they want quiet, or they are looking at the page.

    Asked at this moment, not when it happened. A second job for the same row finds it claimed or gone.
    """
    if not PushNotice.objects.filter(pk=notice.pk, claimed_at=None).update(claimed_at=timezone.now()):
        return
    agent = Agent.objects.select_related("workspace").get(pk=notice.agent_id)
    kind, now = NoticeKind(notice.kind), timezone.now()
    lasts = LASTING.get(kind, LASTING_ELSE)
    devices = list(PushDevice.objects.living().filter(agent=agent).select_related("key"))
    if devices and notice.created_at + timedelta(seconds=lasts) > now and not presence.looks_now(agent.pk):
        payload = _payload(agent, notice.conversation, kind)
        for device in devices if payload else ():
            _send(device, payload or {}, seconds=lasts, is_urgent=True)
    PushNotice.objects.filter(pk=notice.pk).delete()


def send_test(device: PushDevice) -> push.Outcome:
    """A push to this very device, at once; says what came of it."""
    with translation.override(device.agent.language):
        payload = {
            "title": str(_("A test")), "body": str(_("This is how Tresen tells you something.")), "tag": "test",
            "lang": device.agent.language, "data": {"url": "/settings/notifications/"},
        }  # fmt: skip
    return _send(device, payload, seconds=TEST_SECONDS, is_urgent=True)


def _payload(agent: Agent, conversation: Conversation, kind: NoticeKind) -> dict | None:
    if not access.sees(agent, facts_of(conversation)):
        return None
    with translation.override(agent.language):
        notice = notices.notice_for(agent, conversation, kind, timezone.now(), notices.settings_of(agent))
    if notice is None or Channel.PUSH not in notice["channels"]:
        return None
    channels = notice.pop("channels")
    del notice["sound"]
    return {**notice, "silent": Channel.SOUND not in channels}


def _send(device: PushDevice, payload: dict, *, seconds: int, is_urgent: bool) -> push.Outcome:
    outcome = push.send(device, payload, seconds=seconds, is_urgent=is_urgent)
    row = PushDevice.objects.filter(pk=device.pk)
    if outcome.gone:
        row.delete()
    elif outcome.ok:
        row.update(sent_at=timezone.now(), failures=0, problem="")
    else:
        row.update(failures=F("failures") + 1, problem=outcome.problem[:200])
    return outcome
