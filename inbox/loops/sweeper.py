"""What nobody's message starts: time passes, people leave, Redis forgets. Run by the ingest loop about once a second.

Every chore looks through an index, takes few rows and does each in a transaction of its own, because messages wait
meanwhile; `run` says whether more is due, and the loop comes back soon. With nothing to do, a sweep is a handful of
index look-ups. A chore that fails is logged and tried again at the next sweep; a lost database connection is the loop's
business.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models import Workspace
from inbox import events, jobs
from inbox.actions import later_turns
from inbox.actions.activity import add_activity
from inbox.actions.answer_steps import take_due_steps
from inbox.actions.answer_timers import Retiming
from inbox.actions.automatic_answers import answer_due, give_up_late
from inbox.actions.availability import change_shifts, end_breaks
from inbox.actions.conversations import wake_conversation
from inbox.actions.handback import hand_back_absent
from inbox.actions.locks import lock
from inbox.actions.lost_windows import note_lost_windows
from inbox.actions.queue import unassigned
from inbox.actions.routing import route_waiting
from inbox.actions.satisfaction import ask_due
from inbox.actions.warnings import remind_of_waiting, warn_of_closing_windows
from inbox.enums import ConversationStatus
from inbox.loops.requeueing import (
    prepare_attachments,
    requeue_attachments,
    requeue_blocks,
    requeue_erasures,
    requeue_imports,
    requeue_person_exports,
)
from inbox.models import (
    Activity,
    Conversation,
    ReportMark,
    ScheduledReply,
    SearchBacklog,
    UnmatchedStatus,
)
from inbox.outgoing_webhooks.delivering import queue_due
from inbox.push_queue import requeue_lost
from inbox.search.indexing import BATCH, index_batch
from whatsapp.service_window import WINDOW

logger = logging.getLogger(__name__)

ROWS = 20  # of one chore in one sweep
DELETED = 500
SELDOM = timedelta(seconds=5)  # what may be a little late
CLEAN_EVERY = timedelta(minutes=10)
WINDOWS_LOOK_BACK = timedelta(hours=48)  # after a standstill, lines for windows that closed meanwhile
PREPARE_EVERY = timedelta(seconds=5)
OVERLAP = timedelta(minutes=1)  # a reply under way at the end of a window may still have failed
REPORTS_EVERY = timedelta(seconds=10)
STATUS_KEPT_FOR = timedelta(days=7)  # as long as Meta may still repeat the webhook it belongs to


class Sweeper:
    """The chores, and what one sweep tells the next."""

    def __init__(self, route: Callable[[int, datetime], object] = route_waiting) -> None:
        self._route = route
        self._windows_done: dict[int, datetime] = {}  # per workspace: lines are written for windows begun before
        self._lost_noted: datetime | None = None  # windows that had closed by then are written down
        self._last_run: dict[str, datetime] = {}
        self._retiming = Retiming()

    def run(self, now: datetime) -> bool:
        """One sweep, in an order in which what one chore frees the next can give away; is there more to do?"""
        more = self._try(send_due_replies, now)
        more |= self._try(wake_due, now)
        more |= self._try(end_breaks, now)
        more |= self._try(change_shifts, now)
        if self._is_time("hand back", SELDOM, now) and self._try(hand_back_gone, now):
            del self._last_run["hand back"]
            more = True
        more |= self._try(take_due_steps, now)
        if self._is_time("retime", SELDOM, now) and self._try(self.retime, now):
            del self._last_run["retime"]
            more = True
        self._try(self.route_queues, now)
        more |= self._try(answer_due, now)  # after routing: by then the team is known
        more |= self._try(self.tell_closed_windows, now)
        more |= self._try(self.note_lost_windows, now)
        more |= self._try(warn_of_closing_windows, now)
        more |= self._try(remind_of_waiting, now)
        more |= self._try(requeue_attachments, now)
        more |= self._try(requeue_blocks, now)
        if self._is_time("prepare", PREPARE_EVERY, now):
            self._try(prepare_attachments, now)
        if self._is_time("pushes", SELDOM, now):
            more |= self._try(requeue_lost, now)
        self._try(queue_due, now)
        if self._is_time("late answers", SELDOM, now):
            more |= self._try(give_up_late, now)
        if self._is_time("ratings", SELDOM, now):
            more |= self._try(ask_due, now)
        if self._is_time("imports", SELDOM, now):
            self._try(requeue_imports, now)
        if self._is_time("erasures", SELDOM, now):
            self._try(requeue_erasures, now)
            self._try(requeue_person_exports, now)
        if self._is_time("reports", REPORTS_EVERY, now):
            self._try(roll_reports, now)
        more |= self._try(index_new, now)
        if self._is_time("clean", CLEAN_EVERY, now) and self._try(forget_old_statuses, now):
            del self._last_run["clean"]
        return more

    def route_queues(self, now: datetime) -> bool:
        """Whatever still waits is offered again: somebody may have come, got capacity, or a notice was lost."""
        for workspace_id in unassigned().order_by().values_list("workspace_id", flat=True).distinct():
            self._route(workspace_id, now)
        return False

    def retime(self, now: datetime) -> bool:
        """Answer timers whose targets or hours have changed."""
        return self._retiming.run(now)

    def tell_closed_windows(self, now: datetime) -> bool:
        """One line per window that closed in an open conversation, at the time it closed."""
        more = False
        for workspace in Workspace.objects.all():
            begun_before = now - WINDOW + timedelta(seconds=workspace.window_margin_seconds)
            since = self._windows_done.get(workspace.pk, begun_before - WINDOWS_LOOK_BACK)
            told = Activity.objects.filter(
                conversation=OuterRef("pk"), kind="window_closed", occurred_at__gte=OuterRef("last_customer_message_at")
            )
            closed = (
                Conversation.objects.open()
                .filter(workspace=workspace, last_customer_message_at__gte=since)
                .filter(last_customer_message_at__lte=begun_before)
                .filter(Q(window_refused_at=None) | Q(window_refused_at__lt=F("last_customer_message_at")))
                .filter(~Exists(told))
                .order_by("last_customer_message_at")[:ROWS]
            )
            rows = list(closed)
            for conversation in rows:
                _tell_closed_window(conversation, now)
            last = rows[-1].last_customer_message_at if len(rows) == ROWS else None
            self._windows_done[workspace.pk] = last or begun_before
            more = more or last is not None
        return more

    def note_lost_windows(self, now: datetime) -> bool:
        """A row per window that closed on a customer nobody had answered."""
        more = note_lost_windows(now, self._lost_noted)
        if not more:
            self._lost_noted = now - OVERLAP
        return more

    def _is_time(self, chore: str, every: timedelta, now: datetime) -> bool:
        last = self._last_run.get(chore)
        if last is not None and timedelta(0) <= now - last < every:
            return False
        self._last_run[chore] = now
        return True

    def _try(self, chore: Callable[[datetime], bool], now: datetime) -> bool:
        try:
            return chore(now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("A chore of the sweeper failed: %s", getattr(chore, "__name__", chore))
            return False


_sweeper = Sweeper()


def run_sweep(now: datetime | None = None) -> None:
    """One sweep of this process's sweeper."""
    _sweeper.run(now or timezone.now())


def send_due_replies(now: datetime) -> bool:
    """Scheduled replies whose time has come. Each claims its own row, so a second sweeper does no harm."""
    due = ScheduledReply.objects.filter(state=ScheduledReply.State.WAITING, due_at__lte=now).order_by("due_at")
    rows = list(due.values_list("pk", flat=True)[:ROWS])
    for pk in rows:
        try:
            later_turns.send_due(pk, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("Scheduled reply %s could not be sent", pk)  # the others have their time, too
    return len(rows) == ROWS


def wake_due(now: datetime) -> bool:
    """Snoozed conversations whose time has come are open again."""
    due = Conversation.objects.filter(status=ConversationStatus.SNOOZED, snoozed_until__lte=now)
    rows = list(due.order_by("snoozed_until")[:ROWS])
    for conversation in rows:
        with transaction.atomic(), events.gathered():
            lock(conversation)
            if conversation.snoozed_until is not None and conversation.snoozed_until <= now:
                wake_conversation(conversation)
    return len(rows) == ROWS


def hand_back_gone(now: datetime) -> bool:
    """Unanswered work of people beyond their grace returns to its queues."""
    found = [hand_back_absent(workspace_id, now) for workspace_id in Workspace.objects.values_list("pk", flat=True)]
    return any(found)


def roll_reports(now: datetime) -> bool:
    """Reports follow what has changed, in a job beside the messages. One that finds another at work ends at once."""
    if ReportMark.objects.exists():
        jobs.enqueue(jobs.roll_reports)
    return False


def index_new(now: datetime) -> bool:
    """What was written, changed or deleted since becomes findable, or is not found any more."""
    return SearchBacklog.objects.exists() and index_batch() == BATCH


def forget_old_statuses(now: datetime) -> bool:
    """Statuses that never found their message, after a week."""
    old = UnmatchedStatus.objects.filter(created_at__lt=now - STATUS_KEPT_FOR).order_by("created_at")[:DELETED]
    deleted, _ = UnmatchedStatus.objects.filter(pk__in=old.values("pk")).delete()
    return deleted == DELETED


def _tell_closed_window(conversation: Conversation, now: datetime) -> None:
    begun_at = conversation.last_customer_message_at
    with transaction.atomic(), events.gathered():
        lock(conversation)
        if not conversation.is_open or conversation.last_customer_message_at != begun_at:
            return
        window = conversation.service_window
        if not window.is_open(now):
            add_activity(conversation, "window_closed", occurred_at=window.closes_at)
