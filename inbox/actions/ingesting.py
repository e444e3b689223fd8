"""Stored webhook deliveries become facts: every item in a savepoint of its own, every delivery with an end.

`ingest_next` takes the oldest waiting deliveries, at most 100 items a transaction, and leaves each as processed,
ignored (why), failed (why) or waiting for another try. Doing it again changes nothing, so a process may die anywhere.
What depends on the commit (assignment, jobs, pushes) happens after it.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from inbox import events, statements
from inbox.actions import account_events, receiving
from inbox.actions.intake import Ignored, Intake, NotYet
from inbox.actions.sources import Quarantined, Sources
from inbox.actions.statuses import Delivered, add_delivered, apply_statuses
from whatsapp import payloads
from whatsapp.models import DeliveryState, WebhookDelivery
from whatsapp.payloads import Item, NumberItem, StatusUpdate

logger = logging.getLogger(__name__)

ITEMS_A_TRANSACTION = 100
DELIVERIES_A_TRANSACTION = 25
MOST_ATTEMPTS = 5
BACKOFF = [timedelta(seconds=seconds) for seconds in (1, 5, 30, 120)]
WAIT_FOR_TARGET = [timedelta(seconds=seconds) for seconds in (2, 10, 60)]
FINDINGS_KEPT = 200

NUMBER_ACTIONS: dict[type, Any] = {
    payloads.InboundMessage: receiving.receive_message,
    payloads.Echo: receiving.receive_echo,
    payloads.ReactionChange: receiving.receive_reaction,
    payloads.Edit: receiving.receive_edit,
    payloads.Revoke: receiving.receive_revoke,
    payloads.SystemChange: receiving.receive_system,
    payloads.PreferenceUpdate: account_events.receive_preference,
    payloads.NumberErrors: account_events.receive_number_errors,
}
DELIVERY = statements.Columns(
    WebhookDelivery, "d", "id", "meta_app_id", "received_at", "body", "state", "reason", "findings", "attempts",
    "next_try_at", "finished_at",
)  # fmt: skip
CLAIM = statements.sql(
    """
SELECT {d} FROM whatsapp_webhookdelivery d
 WHERE d.state = 'new' AND (d.next_try_at IS NULL OR d.next_try_at <= %s)
 ORDER BY d.id LIMIT %s FOR UPDATE SKIP LOCKED
""",
    d=DELIVERY,
)

ACCOUNT_ACTIONS: dict[type, Any] = {
    payloads.TemplateEvent: account_events.receive_template_event,
    payloads.AccountEvent: account_events.receive_account_event,
}


@dataclass
class Progress:
    """How far one delivery has come. A long one takes several transactions; losing this means only doing it again."""

    items: list[Item]
    position: int = 0
    done: int = 0
    waiting: int = 0
    findings: list[dict[str, str]] = field(default_factory=list)

    def note(self, item: Item, outcome: str, reason: str) -> None:
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append({"path": item.path, "outcome": outcome, "reason": reason[:300]})


@dataclass
class Result:
    """What one transaction did."""

    deliveries: int
    routed: set[int]  # workspaces with new work for the assignment


class Ingester:
    """Keeps the progress of long deliveries between transactions, and which one to try alone after trouble."""

    def __init__(self) -> None:
        self.progress: dict[int, Progress] = {}
        self.sources: dict[int, Sources] = {}
        self.alone = 0  # transactions that take one delivery each, to find out whose fault it was

    def ingest_next(self) -> Result | None:
        """Process the oldest waiting deliveries in one transaction; None when nothing waits.

        Trouble of the database is raised when the connection is gone, and otherwise counted on the delivery.
        """
        claimed: list[WebhookDelivery] = []
        try:
            with transaction.atomic(), events.gathered():
                claimed.extend(self._claim())
                routed: set[int] = set()
                delivered: Delivered = Counter()
                taken = self._fitting(claimed)
                for delivery, budget in taken:
                    intake = self._ingest(delivery, budget)
                    routed |= intake.routed
                    delivered.update(intake.delivered)
                add_delivered(delivered)  # last: whoever holds that row must wait for nobody
        except Exception as error:
            if isinstance(error, InterfaceError) or _is_gone(error) or not claimed:
                raise
            if _is_standoff(error):
                self.progress.clear()
                logger.warning("A deadlock with another process, once more")
                return Result(0, set())
            self._blame(claimed, error)
            return Result(0, set())
        self.alone = max(0, self.alone - 1)
        return Result(len(taken), routed) if claimed else None

    def _claim(self) -> list[WebhookDelivery]:
        rows = statements.fetch(CLAIM, [timezone.now(), 1 if self.alone else DELIVERIES_A_TRANSACTION])
        return [DELIVERY.instance(row) for row in rows]

    def _fitting(self, claimed: Sequence[WebhookDelivery]) -> list[tuple[WebhookDelivery, int]]:
        """As many as fit into one transaction, with the number of items each may have; at least one."""
        left = ITEMS_A_TRANSACTION
        taken: list[tuple[WebhookDelivery, int]] = []
        for delivery in claimed:
            progress = self.progress.get(delivery.pk)
            if progress is None:
                progress = self.progress[delivery.pk] = Progress(payloads.parse(bytes(delivery.body)))
            wanted = len(progress.items) - progress.position
            if taken and wanted > left:
                break
            taken.append((delivery, min(wanted, left)))
            left -= wanted
            if left <= 0:
                break
        return taken

    def _ingest(self, delivery: WebhookDelivery, budget: int) -> Intake:
        before = self.progress[delivery.pk]
        # A copy: when this transaction fails, the progress must not have moved.
        progress = Progress(before.items, before.position, before.done, before.waiting, list(before.findings))
        intake = Intake(delivery.received_at, is_last_try=delivery.attempts >= len(WAIT_FOR_TARGET))
        sources = self._sources(delivery.meta_app_id)
        for run in _runs(progress.items[progress.position:progress.position + budget]):
            _handle_run(sources, run, intake, progress)
        progress.position += budget
        is_finished = progress.position >= len(progress.items)
        if is_finished:
            _finish(delivery, progress)
        transaction.on_commit(lambda: self._committed(delivery.pk, None if is_finished else progress))
        return intake

    def _sources(self, meta_app_id: int) -> Sources:
        found = self.sources.get(meta_app_id)
        if found is None or not found.is_fresh:
            found = self.sources[meta_app_id] = Sources(meta_app_id)
        return found

    def _committed(self, pk: int, progress: Progress | None) -> None:
        if progress is None:
            self.progress.pop(pk, None)
        else:
            self.progress[pk] = progress

    def _blame(self, claimed: Sequence[WebhookDelivery], error: Exception) -> None:
        """It broke. Of several deliveries the culprit is unknown: one by one. A single one waits, or ends."""
        self.progress.clear()
        self.sources.clear()
        if len(claimed) > 1:
            logger.warning("A batch of deliveries broke (%s), trying them one by one", type(error).__name__)
            self.alone = len(claimed)
            return
        delivery = claimed[0]
        logger.exception("Delivery %s broke its transaction", delivery.pk)
        delivery.attempts += 1
        if delivery.attempts >= MOST_ATTEMPTS:
            _end(delivery, DeliveryState.FAILED, f"{type(error).__name__}, {delivery.attempts} times")
        else:
            delivery.next_try_at = timezone.now() + BACKOFF[min(delivery.attempts, len(BACKOFF)) - 1]
            delivery.save(update_fields=["attempts", "next_try_at"])


def _is_gone(error: Exception) -> bool:
    """Has the server or the connection gone, rather than this statement failed?"""
    return isinstance(error, OperationalError) and (connection.connection is None or connection.connection.closed)


def _is_standoff(error: Exception) -> bool:
    """Did PostgreSQL end a deadlock here? Nobody's fault, and everything is as it was before."""
    return isinstance(error.__cause__, DeadlockDetected)


def _runs(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Neighbouring statuses of one number together, everything else alone."""
    for key, group in groupby(items, lambda item: item.phone_number_id if isinstance(item, StatusUpdate) else None):
        if key is None:
            yield from ([item] for item in group)
        else:
            yield list(group)


def _handle_run(sources: Sources, run: list[Item], intake: Intake, progress: Progress) -> None:
    if len(run) > 1:
        try:
            with events.gathered(), transaction.atomic():
                number = sources.number(run[0])
                delivered = apply_statuses(number, [item for item in run if isinstance(item, StatusUpdate)], intake)
            intake.delivered.update(delivered)
            progress.done += len(run)
            return
        except (OperationalError, InterfaceError):
            raise
        except Quarantined as reason:
            for item in run:
                progress.note(item, "ignored", str(reason))
            return
        except Exception as error:
            logger.warning("%s statuses at once failed (%s), trying them one by one", len(run), type(error).__name__)
    for item in run:
        _handle(sources, item, intake, progress)


def _handle(sources: Sources, item: Item, intake: Intake, progress: Progress) -> None:
    """One item in its savepoint. Whatever goes wrong with it stays with it, except that the database is in trouble."""
    if isinstance(item, payloads.Broken):
        progress.note(item, "failed", item.reason)
        return
    try:
        _in_savepoint(sources, item, intake)
        progress.done += 1
    except NotYet as reason:
        progress.waiting += 1
        progress.note(item, "waiting", str(reason))
    except (Ignored, Quarantined) as reason:
        progress.note(item, "ignored", str(reason))
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError as error:
        logger.warning("Item %s was refused by the database: %s", item.path, type(error).__name__)
        progress.note(item, "failed", f"the database refused it: {type(error).__name__}")
    except Exception as error:
        logger.exception("Item %s failed", item.path)
        progress.note(item, "failed", f"{type(error).__name__}: {error}")


def _in_savepoint(sources: Sources, item: Item, intake: Intake) -> None:
    try:
        with events.gathered(), transaction.atomic():
            delivered = _dispatch(sources, item, intake)
    except IntegrityError:
        # Another process stored the same fact a moment ago: now it is found, and there is nothing left to do.
        with events.gathered(), transaction.atomic():
            delivered = _dispatch(sources, item, intake)
    intake.delivered.update(delivered)


def _dispatch(sources: Sources, item: Item, intake: Intake) -> Delivered:
    if isinstance(item, payloads.Unrecognized):
        raise Ignored(item.reason)
    if isinstance(item, StatusUpdate):
        return apply_statuses(sources.number(item), [item], intake)
    if isinstance(item, NumberItem):
        NUMBER_ACTIONS[type(item)](sources.number(item), item, intake)
    else:
        ACCOUNT_ACTIONS[type(item)](sources.account(item), item, intake)
    return Counter()


def _finish(delivery: WebhookDelivery, progress: Progress) -> None:
    """Give the delivery its end, or its next try when something has not arrived yet."""
    delivery.findings = progress.findings
    if progress.waiting:
        delivery.next_try_at = timezone.now() + WAIT_FOR_TARGET[min(delivery.attempts, len(WAIT_FOR_TARGET) - 1)]
        delivery.attempts += 1
        delivery.reason = _reason(progress, "waiting")
        delivery.save(update_fields=["findings", "next_try_at", "attempts", "reason"])
    elif any(finding["outcome"] == "failed" for finding in progress.findings):
        _end(delivery, DeliveryState.FAILED, _reason(progress, "failed"))
        events.workspace_alert(delivery.meta_app.workspace, "webhook_failed", delivery=delivery.pk)
    elif progress.done:
        _end(delivery, DeliveryState.PROCESSED, "")
    else:
        _end(delivery, DeliveryState.IGNORED, _reason(progress, "ignored") or "nothing in it")


def _reason(progress: Progress, outcome: str) -> str:
    reasons = [finding["reason"] for finding in progress.findings if finding["outcome"] == outcome]
    return (reasons[0] if len(reasons) == 1 else f"{reasons[0]} (+{len(reasons) - 1})")[:300] if reasons else ""


def _end(delivery: WebhookDelivery, state: str, reason: str) -> None:
    delivery.state, delivery.reason, delivery.finished_at = state, reason, timezone.now()
    delivery.next_try_at = None
    statements.update(delivery, ["state", "reason", "findings", "attempts", "next_try_at", "finished_at"])
