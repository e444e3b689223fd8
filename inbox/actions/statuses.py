"""What became of our messages, as Meta tells it: ticks, failures, prices. Many at a time, because Meta sends many.

A status finds its message by our own id (`biz_opaque_callback_data`), which works before the answer to our request
has come back, else by wamid. One that finds nothing is kept and applied when the wamid is stored. States only move
forward (`Message.advance`), so any order and any repetition ends the same.
"""

import uuid
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from inbox import events
from inbox.actions import contacts
from inbox.actions.failures import follow_up_failure, take_back_failure
from inbox.actions.intake import Intake
from inbox.enums import STATUS_RANK, Direction, MessageKind, MessageStatus
from inbox.models import ContactIdentity, Conversation, Message, UnmatchedStatus
from whatsapp.models import PhoneNumber
from whatsapp.payloads import StatusUpdate, status_from_payload

UNMATCHED_RETRIED = timedelta(minutes=15)  # after that only storing the wamid itself applies them
NOT_YET_ACCEPTED = {MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.UNKNOWN}
RENDERED_STATES = {MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.HELD}
FIELDS = [
    "wamid", "status", "accepted_at", "sent_at", "delivered_at", "read_at", "played_at", "failed_at", "unknown_since",
    "error_code", "error_detail", "pricing", "lease_until",
]  # fmt: skip


Delivered = Counter[tuple[int, date]]  # (our number, first day of the month) → free-form replies


def apply_statuses(number: PhoneNumber, updates: Sequence[StatusUpdate], intake: Intake) -> Delivered:
    """Apply these to the messages of one number; what finds no message is kept for later.

    Returns what Meta will count. The caller adds it (`add_delivered`) when it needs no other lock in its transaction:
    the counting row is one for all conversations.
    """
    places = _places(number, updates)
    _learn_ids(number, updates, places)
    # Conversations before messages: the order of everybody who needs both.
    rows = Conversation.objects.select_for_update(no_key=True)
    wanted = {place.conversation_id for place in places.values()}
    conversations = {row.pk: row for row in rows.filter(pk__in=wanted).order_by("pk")}
    messages = _locked(places.values(), conversations)
    unmatched = []
    touched = _Touched(number, intake.received_at)
    for update in updates:
        place = places.get(update.wamid) or places.get(_uid(update) or "")
        if place is None:
            unmatched.append(update)
        else:
            touched.apply(messages[place.pk], update, intake.clamp(update.at))
    touched.finish()
    _keep(number, unmatched)
    return touched.delivered


def apply_unmatched(message: Message) -> bool:
    """Apply what came before this message's wamid was known. The caller holds conversation and message and has just
    stored the wamid; the message is saved here. True when its state changed."""
    rows = list(
        UnmatchedStatus.objects.select_for_update()
        .filter(Q(wamid=message.wamid) | Q(callback_uid=message.uid), phone_number_id=message.phone_number_id)
        .order_by("created_at", "pk")
    )
    if not rows:
        return False
    touched = _Touched(message.phone_number, timezone.now())
    before = message.status
    for row in rows:
        update = status_from_payload(row.payload)
        touched.apply(message, update, update.at or row.created_at)
    UnmatchedStatus.objects.filter(pk__in=[row.pk for row in rows]).delete()
    touched.finish()
    add_delivered(touched.delivered)
    return message.status != before


def match_waiting(limit: int = 200) -> int:
    """Apply kept statuses whose message is known by now (both were stored at the same moment); how many messages."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT m.id, m.conversation_id FROM inbox_unmatchedstatus s JOIN inbox_message m"
            " ON m.phone_number_id = s.phone_number_id AND m.wamid = s.wamid AND m.wamid <> ''"
            " WHERE s.created_at > %s LIMIT %s",
            [timezone.now() - UNMATCHED_RETRIED, limit],
        )
        found = cursor.fetchall()
    for message_id, conversation_id in found:
        with transaction.atomic(), events.gathered():  # each alone: nobody waits for two conversations
            Conversation.objects.select_for_update(no_key=True).get(pk=conversation_id)
            message = Message.objects.select_for_update(no_key=True, of=("self",)).select_related(
                "conversation__contact", "conversation__workspace", "phone_number__business_account"
            ).get(pk=message_id)
            apply_unmatched(message)
    return len(found)


class _Place:
    """Where a message is, before anything is locked."""

    def __init__(self, row: tuple[int, uuid.UUID, str, int, int]) -> None:
        self.pk, self.uid, self.wamid, self.conversation_id, self.contact_id = row


def _uid(update: StatusUpdate) -> str | None:
    """Our own message id in the callback data; None when somebody else wrote it."""
    try:
        return str(uuid.UUID(update.callback[-36:])) if len(update.callback) >= 36 else None
    except ValueError:
        return None


def _places(number: PhoneNumber, updates: Iterable[StatusUpdate]) -> dict[str, _Place]:
    """Our messages that these are about, under their wamid and under their uid."""
    updates = list(updates)
    uids = {uid for update in updates if (uid := _uid(update))}
    found = Message.objects.filter(
        Q(wamid__in={update.wamid for update in updates}) | Q(uid__in=uids),
        phone_number=number, direction=Direction.OUT,
    ).values_list("pk", "uid", "wamid", "conversation_id", "conversation__contact_id")
    places: dict[str, _Place] = {}
    for row in found:
        place = _Place(row)
        places[str(place.uid)] = place
        if place.wamid:
            places[place.wamid] = place
    return places


def _locked(places: Iterable[_Place], conversations: dict[int, Conversation]) -> dict[int, Message]:
    rows = Message.objects.select_for_update(no_key=True).filter(pk__in={place.pk for place in places}).order_by("pk")
    messages = {row.pk: row for row in rows}
    for message in messages.values():
        message.conversation = conversations[message.conversation_id]
    return messages


def _learn_ids(number: PhoneNumber, updates: Iterable[StatusUpdate], places: dict[str, _Place]) -> None:
    """Writing to a phone number teaches the BSUID behind it, and the other way round."""
    shown: dict[tuple[int, str], StatusUpdate] = {}
    for update in updates:
        place = places.get(update.wamid) or places.get(_uid(update) or "")
        if place is not None:
            for value in contacts.ids_of(update.person).values():
                shown[place.contact_id, value] = update
    if not shown:
        return
    known = set(
        ContactIdentity.objects.filter(
            workspace_id=number.workspace_id, portfolio=number.portfolio, value__in={value for _, value in shown}
        ).values_list("value", flat=True)
    )
    for (contact_id, value), update in shown.items():
        if value not in known:
            contacts.learn(number, contact_id, update.person)


def _keep(number: PhoneNumber, updates: Sequence[StatusUpdate]) -> None:
    UnmatchedStatus.objects.bulk_create(
        [
            UnmatchedStatus(
                phone_number=number, wamid=update.wamid, callback_uid=_uid(update), status=update.status,
                payload=update.as_payload(),
            )
            for update in updates
        ],
        ignore_conflicts=True,
    )


class _Touched:
    """The messages of one run, changed in memory and written once, with one report."""

    def __init__(self, number: PhoneNumber, now: datetime) -> None:
        self.number, self.now = number, now
        self.changed: dict[int, Message] = {}
        self.saved: dict[int, Message] = {}
        self.rendered: set[int] = set()
        self.failed: list[tuple[Message, StatusUpdate, datetime]] = []
        self.recovered: list[Message] = []
        self.delivered: Delivered = Counter()

    def apply(self, message: Message, update: StatusUpdate, at: datetime) -> None:
        before = (message.status, message.delivered_at)
        if not message.wamid:
            message.wamid = update.wamid
        message.accepted_at = min(message.accepted_at or at, at)
        if message.status in NOT_YET_ACCEPTED:
            # Meta knows it, so it was accepted, whatever happened to the answer.
            message.status, message.unknown_since, message.lease_until = MessageStatus.ACCEPTED, None, None
        if update.status == MessageStatus.FAILED:
            self._fail(message, update, at)
        else:
            message.advance(MessageStatus(update.status), at)
        _price(message, update)
        if before[1] is None and message.delivered_at is not None:
            self._count(message)
        if before[0] == MessageStatus.FAILED and message.status != MessageStatus.FAILED:
            self.recovered.append(message)
        self.saved[message.pk] = message
        if message.status != before[0]:
            self.changed[message.pk] = message
            if before[0] in RENDERED_STATES or message.status in RENDERED_STATES:
                self.rendered.add(message.pk)

    def _fail(self, message: Message, update: StatusUpdate, at: datetime) -> None:
        if message.advance(MessageStatus.FAILED, at):
            error = update.error
            message.error_code = error.code if error else 131000
            message.error_detail = (error.details or error.title) if error else ""
            self.failed.append((message, update, at))

    def _count(self, message: Message) -> None:
        """Meta's free thousand counts delivered free-form replies, by the account's calendar."""
        if message.kind != MessageKind.TEMPLATE and message.delivered_at is not None:
            zone = _zone(self.number.business_account.timezone)
            self.delivered[self.number.pk, message.delivered_at.astimezone(zone).date().replace(day=1)] += 1

    def finish(self) -> None:
        for message in self.saved.values():
            message.save(update_fields=FIELDS)
        for message in self.changed.values():
            _show_in_row(message)
        for message, update, at in self.failed:
            follow_up_failure(self.number, message, update, at)
        for message in self.recovered:
            take_back_failure(message)
        for pk in self.rendered:
            events.message_changed(self.changed[pk])
        plain = [message for pk, message in self.changed.items() if pk not in self.rendered]
        if plain:
            events.messages_changed(plain)


def _price(message: Message, update: StatusUpdate) -> None:
    """Keep the pricing of the furthest status that had one, so that the order of arrival does not matter."""
    if update.pricing is None and update.origin is None:
        return
    stored = message.pricing or {}
    rank = STATUS_RANK.get(MessageStatus(update.status), 0)
    kept = STATUS_RANK.get(MessageStatus(stored["status"]), 0) if "status" in stored else -1
    pricing = dict(stored)
    if update.pricing is not None and rank >= kept:
        pricing = {**update.pricing, "status": update.status}
        if "origin" in stored:
            pricing["origin"] = stored["origin"]
    if update.origin is not None:
        pricing["origin"] = update.origin
    message.pricing = pricing


def _show_in_row(message: Message) -> None:
    """The list row shows the tick of its newest message. The conversation is locked by the caller."""
    conversation = message.conversation
    if conversation.preview.get("uid") == str(message.uid):
        conversation.preview = {**conversation.preview, "status": message.status}
        conversation.save(update_fields=["preview"])


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("Europe/Berlin")


def add_delivered(delivered: Delivered) -> None:
    """Count them, in one order for everybody."""
    for (number_id, month), count in sorted(delivered.items()):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO inbox_servicemessagecount (phone_number_id, month, delivered) VALUES (%s, %s, %s)"
                " ON CONFLICT (phone_number_id, month)"
                " DO UPDATE SET delivered = inbox_servicemessagecount.delivered + excluded.delivered",
                [number_id, month, count],
            )
