"""What must happen between restoring and opening again. Each step returns a sentence for the person at the console.

A backup is a picture of the past: what was waiting to be sent then has probably been sent since, so nothing of it may
leave by itself. Steps run in order, on the migrated database, before any process of Tresen is started.
"""

from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.fields import secret_columns
from accounts.models import ApiToken
from inbox.backup.manifest import Manifest
from inbox.enums import MessageStatus
from inbox.models import Message, ScheduledReply
from inbox.privacy import repeating

Step = Callable[[Manifest], str]


def hold_what_was_queued(manifest: Manifest) -> str:
    """Queued or on its way then: nobody knows whether the customer has it, so a person decides."""
    under_way = Message.objects.filter(status__in=(MessageStatus.QUEUED, MessageStatus.SENDING))
    count = under_way.update(status=MessageStatus.UNKNOWN, unknown_since=timezone.now(), lease_until=None)
    if not count:
        return ""
    words = ngettext(
        "%(count)s message was waiting to be sent. It is marked “not confirmed”; nobody sends it but a person.",
        "%(count)s messages were waiting to be sent. They are marked “not confirmed”; nobody sends them but a person.",
        count,
    )
    return words % {"count": count}


def hold_what_was_planned(manifest: Manifest) -> str:
    """Replies whose time has passed since the backup are held and ask their authors."""
    late = ScheduledReply.objects.filter(state=ScheduledReply.State.WAITING, due_at__lte=timezone.now())
    count = late.update(state=ScheduledReply.State.HELD, why="late")
    if not count:
        return ""
    words = ngettext(
        "%(count)s planned reply whose time has passed is held until its author decides.",
        "%(count)s planned replies whose time has passed are held until their authors decide.", count,
    )  # fmt: skip
    return words % {"count": count}


def read_secrets(manifest: Manifest) -> str:
    """Every stored secret once: with the wrong FIELD_KEYS this is the moment to learn it."""
    broken = 0
    for model, names in secret_columns():
        for name in names:
            rows = model._base_manager.order_by("pk").values_list("pk", flat=True)
            for pk in rows.iterator(chunk_size=500):
                broken += not _is_readable(model, name, pk)
    if broken:
        words = _("%(count)s stored secrets cannot be read with FIELD_KEYS: connect the numbers again.")
        return words % {"count": broken}
    return _("All stored tokens can be read.")


def _is_readable(model: type, name: str, pk: object) -> bool:
    try:
        model._base_manager.filter(pk=pk).values_list(name, flat=True).first()  # type: ignore[attr-defined]
    except ImproperlyConfigured:
        return False
    return True


def repeat_erasures(manifest: Manifest) -> str:
    """Whoever was erased after the backup is erased again, before anybody sees the restored rows."""
    done, lost = repeating.repeat_all()
    said = []
    if done:
        words = ngettext(
            "%(count)s erasure from after the backup was repeated.",
            "%(count)s erasures from after the backup were repeated.", done,
        )  # fmt: skip
        said.append(words % {"count": done})
    if lost:
        words = _("%(count)s erasures are known only by another key: repeat them by hand (%(uids)s).")
        said.append(words % {"count": len(lost), "uids": ", ".join(lost)})
    return " ".join(said)


def name_what_came_after(manifest: Manifest) -> str:
    """What a picture of the past has forgotten, and somebody may rely on: a no to marketing, a revoked token."""
    when = date_format(timezone.localtime(manifest.created_at), "SHORT_DATETIME_FORMAT")
    said = [_(
        "What customers have said since %(when)s is not in it, a STOP neither: ask before the next marketing message."
    ) % {"when": when}]  # fmt: skip
    if count := ApiToken.objects.filter(revoked_at=None, expires_at__gt=timezone.now()).count():
        words = ngettext(
            "%(count)s API token opens as it did then: revoke it again if it was revoked since.",
            "%(count)s API tokens open as they did then: revoke again what was revoked since.", count,
        )  # fmt: skip
        said.append(words % {"count": count})
    return " ".join(said)


STEPS: tuple[Step, ...] = (
    hold_what_was_queued, hold_what_was_planned, read_secrets, repeat_erasures, name_what_came_after,
)  # fmt: skip
