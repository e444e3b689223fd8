"""What is old goes by itself at night, in portions: each kind of data has its own time, set by an admin.

Only what is closed is touched, and looked at again under its lock before it goes. Counts in the reports stay, consents
stay (they prove something), contacts stay. `due` says what would go tonight; `run` does it.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent, AuditEntry, Workspace
from inbox import events, jobs
from inbox.actions.bookkeeping import preview_of
from inbox.enums import AttachmentState, ConversationStatus
from inbox.models import (
    Activity,
    Attachment,
    Case,
    CaseFigures,
    Consent,
    Contact,
    ContactIdentity,
    ContactMerge,
    Conversation,
    Message,
    Note,
    PersonExport,
    Rendition,
    ReportCell,
    ReportFailure,
    RetentionSettings,
    Satisfaction,
    ScheduledReply,
)
from inbox.models.report import NOBODY
from inbox.privacy import erasing, figures, ledgers, words
from inbox.privacy.people import Person
from inbox.privacy.places import PLACES
from whatsapp.models import DeliveryState, WebhookDelivery

logger = logging.getLogger(__name__)

BATCH = 100
SECONDS_A_JOB = 20.0
MOST_COUNTED = 100_000
Rows = QuerySet[Any]


@dataclass(frozen=True)
class Kind:
    key: str
    words: str | Promise
    hint: str | Promise
    choices: tuple[int | None, ...]  # days; None: kept
    rows: Callable[[int, datetime], Rows]
    forget: Callable[[list[int]], int]  # some of these rows, in one transaction; how many went

    @property
    def column(self) -> str:
        return f"{self.key}_days"


def settings_of(workspace: Workspace) -> RetentionSettings:
    return RetentionSettings.objects.filter(workspace=workspace).first() or RetentionSettings(workspace=workspace)


@transaction.atomic
def change(workspace: Workspace, days: dict[str, int | None], *, by: Agent) -> bool:
    """Set the days of each kind; whether anything is different now."""
    chosen = settings_of(workspace)
    changed = {key: value for key, value in days.items() if getattr(chosen, f"{key}_days") != value}
    for key, value in changed.items():
        setattr(chosen, f"{key}_days", value)
    if changed:
        chosen.save()
        record_audit(workspace, by, "privacy.retention_changed", data={
            key: value if value is not None else "–" for key, value in changed.items()
        })  # fmt: skip
    return bool(changed)


def due(workspace: Workspace, now: datetime | None = None, chosen: RetentionSettings | None = None) -> dict[str, int]:
    """How many of each kind would go tonight; nothing is changed. Stops counting at MOST_COUNTED."""
    now, chosen = now or timezone.now(), chosen or settings_of(workspace)
    return {
        kind.key: kind.rows(workspace.pk, now - timedelta(days=days)).order_by()[:MOST_COUNTED].count()
        if (days := getattr(chosen, kind.column)) is not None else 0
        for kind in KINDS
    }  # fmt: skip


def run(now: datetime | None = None, seconds: float = SECONDS_A_JOB) -> bool:
    """Some seconds of work for all workspaces; is there more? Repeating it is harmless."""
    now, end, more = now or timezone.now(), time.monotonic() + seconds, False
    for workspace in Workspace.objects.order_by("pk"):
        gone, left = _run_workspace(workspace, now, end)
        more |= left
        if gone:
            logger.info("Retention: %s", gone)
            record_audit(workspace, None, "privacy.retention", data=gone)
    return more


def _run_workspace(workspace: Workspace, now: datetime, end: float) -> tuple[dict[str, int], bool]:
    chosen, gone = settings_of(workspace), dict[str, int]()
    for kind in KINDS:
        days, after = getattr(chosen, kind.column), 0
        while days is not None:
            rows = kind.rows(workspace.pk, now - timedelta(days=days)).filter(pk__gt=after).order_by("pk")
            ids = list(rows.values_list("pk", flat=True)[:BATCH])
            if not ids:
                break
            if count := kind.forget(ids):
                gone[kind.key] = gone.get(kind.key, 0) + count
            after = ids[-1]  # what did not go now (somebody is at it) is looked at tomorrow
            if time.monotonic() >= end:
                return gone, True
    return gone, False


def work() -> None:
    """The nightly job."""
    if run():
        jobs.enqueue(jobs.forget_what_is_old)


def _closed(workspace_id: int) -> QuerySet[Conversation]:
    return Conversation.objects.filter(workspace=workspace_id, status=ConversationStatus.CLOSED)


def _media(workspace_id: int, before: datetime) -> Rows:
    return Attachment.objects.filter(
        message__conversation__in=_closed(workspace_id).values("pk"), message__occurred_at__lt=before,
        message__workspace=workspace_id,
    ).exclude(file="")  # fmt: skip


def _cases(workspace_id: int, before: datetime) -> Rows:
    theirs = Case.objects.filter(workspace=workspace_id, closed_at__lt=before)
    return theirs.filter(Exists(_closed(workspace_id).filter(pk=OuterRef("conversation"))))


def _conversations(workspace_id: int, before: datetime) -> Rows:
    return _closed(workspace_id).filter(closed_at__lt=before, last_message_at__lt=before)


def _deliveries(workspace_id: int, before: datetime) -> Rows:
    done = (DeliveryState.PROCESSED, DeliveryState.IGNORED)
    return WebhookDelivery.objects.filter(meta_app__workspace=workspace_id, state__in=done, received_at__lt=before)


def _audit(workspace_id: int, before: datetime) -> Rows:
    return AuditEntry.objects.filter(workspace=workspace_id, created_at__lt=before)


def _still_closed(ids: list[int]) -> set[int]:
    """Locked until the end of the transaction: nobody opens them meanwhile."""
    found = Conversation.objects.select_for_update(no_key=True).filter(pk__in=ids, status=ConversationStatus.CLOSED)
    return set(found.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _forget_media(ids: list[int]) -> int:
    """The message stays and says that its file has gone."""
    rows = list(Attachment.objects.filter(pk__in=ids).select_related("message"))
    closed = _still_closed([row.message.conversation_id for row in rows])
    rows = [row for row in rows if row.message.conversation_id in closed]
    Rendition.objects.filter(attachment__in=rows).delete()
    names = [str(row.file.name) for row in rows]
    Attachment.objects.filter(pk__in=[row.pk for row in rows]).update(
        file="", state=AttachmentState.EXPIRED, reason="retention", peaks=None
    )
    transaction.on_commit(lambda: erasing.delete_files(names))
    return len(rows)


def _forget_cases(ids: list[int]) -> int:
    return sum(_forget_case(pk) for pk in ids)


def _forget_case(pk: int) -> int:
    """A closed case with its messages, notes, lines and what was planned in it, some at a time."""
    while True:
        with transaction.atomic():
            case = Case.objects.filter(pk=pk, closed_at__isnull=False).first()
            if case is None or not _still_closed([case.conversation_id]):
                return 0
            person = Person(case.workspace_id, conversations=[case.conversation_id])
            if not figures.are_fresh(person):
                return 0  # tomorrow
            _let_go_of(case)
            messages = list(Message.objects.filter(case=pk).order_by("pk").values_list("pk", flat=True)[:BATCH])
            ledgers.part_consents(messages)
            erasing.delete_rows(Message, messages)
            if not messages:
                between = {"conversation": case.conversation_id, "occurred_at__range": (case.opened_at, case.closed_at)}
                erasing.delete_rows(Note, list(Note.objects.filter(**between).values_list("pk", flat=True)))
                Activity.objects.filter(**between).delete()
                ended = {"conversation": case.conversation_id, "ended_at__range": (case.opened_at, case.closed_at)}
                ScheduledReply.objects.filter(**ended).delete()
                case.delete()
                _show_what_is_left(case.conversation_id)
            figures.forget_marks(person)
            if not messages:
                return 1


def _let_go_of(case: Case) -> None:
    """Its counts belong to nobody from now on."""
    ReportCell.objects.filter(case=case).update(conversation=NOBODY, case=None)
    ReportFailure.objects.filter(case=case).update(conversation=NOBODY, case=None)
    CaseFigures.objects.filter(case=case).update(conversation=NOBODY, case=-case.pk)
    Satisfaction.objects.filter(case=case, asked_at=None).delete()
    Satisfaction.objects.filter(case=case).update(
        conversation=None, case=None, question=None, comment="", commented_at=None, due_at=None
    )


def _show_what_is_left(conversation_id: int) -> None:
    conversation = Conversation.objects.get(pk=conversation_id)
    last = conversation.messages.exclude(kind__in=["system", "reaction"]).order_by("-occurred_at", "-seq").first()
    conversation.preview = preview_of(last, last.occurred_at) if last else {}
    conversation.save(update_fields=["preview"])


# They are the contact's, who stays.
_OF_CONTACT: tuple[type[Model], ...] = (Consent, Contact, ContactIdentity, ContactMerge, PersonExport, Conversation)


def _forget_conversations(ids: list[int]) -> int:
    return sum(_forget_conversation(pk) for pk in ids)


def _forget_conversation(pk: int) -> int:
    """All of a thread, some rows at a time; the contact stays, without it."""
    while True:
        with transaction.atomic(), events.gathered():
            if not _still_closed([pk]):
                return 0
            conversation = Conversation.objects.get(pk=pk)
            person = Person(conversation.workspace_id, conversations=[pk])
            if not figures.are_fresh(person):
                return 0
            figures.let_go(person)
            if _forget_some(person):
                figures.forget_marks(person)
                continue
            events.conversation_removed(conversation)
            conversation.delete()
            figures.forget_marks(person)
            return 1


def _forget_some(person: Person) -> bool:
    for place in PLACES:
        if place.model in _OF_CONTACT:
            continue
        ids = list(place.rows(person).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if ids:
            if place.model is Message:
                ledgers.part_consents(ids)
            if place.label == "inbox.SearchDocument":
                words.forget_documents("id", ids)
            else:
                erasing.delete_rows(place.model, ids)
            return True
    return False


def _forget_deliveries(ids: list[int]) -> int:
    return WebhookDelivery.objects.filter(pk__in=ids).delete()[0]


def _forget_audit(ids: list[int]) -> int:
    return ledgers.forget_audit(ids)


KINDS: tuple[Kind, ...] = (
    Kind("media", _("Files"), _("Pictures, voice messages, films and documents of closed conversations. The message "
         "stays and says that its file is gone."), (None, 90, 180, 365, 730, 1095, 2190, 3650), _media, _forget_media),
    Kind("messages", _("Closed cases"), _("Messages, notes and lines of cases that were closed that long ago, while "
         "the conversation is closed."), (None, 180, 365, 730, 1095, 2190, 3650), _cases, _forget_cases),
    Kind("conversations", _("Closed conversations"), _("Whole conversations that have been closed and silent that "
         "long. The contact stays."), (None, 180, 365, 730, 1095, 2190, 3650), _conversations, _forget_conversations),
    Kind("audit", _("Activity log"), _("Lines about what people with special rights did."), (None, 365, 730, 1095,
         2190, 3650), _audit, _forget_audit),
    Kind("deliveries", _("Raw webhook deliveries"), _("What WhatsApp sent, as it came. Failed ones stay for 90 days."),
         (7, 14, 30), _deliveries, _forget_deliveries),
)  # fmt: skip

# What goes by itself in any case, with its days or hours.
FIXED: tuple[tuple[str | Promise, str | Promise], ...] = (
    (_("Exports of people"), _("24 hours")), (_("Live events of the screens"), _("48 hours")),
    (_("Imported files"), _("14 days")), (_("Files left in composers"), _("14 days")),
    (_("Failed background jobs"), _("7 days")), (_("Records for undoing a merge"), _("1 day")),
)  # fmt: skip

