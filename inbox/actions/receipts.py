"""What the customer sees of us while we read and write: blue ticks and the typing indicator.

A courtesy, not a message: whatever Meta answers, nothing is retried and nobody is bothered. Meta marks a message and
all before it, and keeps a typing indicator for 25 s; it cannot be shown without marking read.
"""

import logging
from datetime import timedelta

import redis
from django.utils import timezone

from inbox import jobs
from inbox.enums import Direction, MessageKind
from inbox.models import Conversation, Message
from inbox.redis_connections import client, key
from whatsapp.client import CloudAPI
from whatsapp.errors import DeliveryProblem

logger = logging.getLogger(__name__)

MARKABLE_FOR = timedelta(days=30)
TYPING_SECONDS = 20  # a little less than Meta shows it, so that it does not flicker while somebody goes on writing
LOOK_BACK = 50  # messages; older unmarked ones are covered by the newest


def acknowledge(conversation: Conversation, *, read_count: int | None = None) -> None:
    """One of us has read what is there: have the newest customer message marked read, once. In a transaction.

    `read_count`: how many of the customer's messages were on the screen; what has come since is not marked. `read_at`
    of a received message is when we told Meta. Nothing while the workspace has read receipts switched off.
    """
    newest = (
        conversation.messages.filter(direction=Direction.IN, occurred_at__gt=timezone.now() - MARKABLE_FOR)
        .exclude(wamid="")
        .exclude(kind=MessageKind.SYSTEM)
        .order_by("-occurred_at", "-seq")
    )
    # In one statement, so that a message arriving now is either counted and listed, or neither.
    found = list(newest.values_list("pk", "read_at", "conversation__inbound_count")[:LOOK_BACK])
    unseen = max(0, found[0][2] - read_count) if found and read_count is not None else 0
    unmarked = [pk for pk, read_at, _count in found[unseen:] if read_at is None]
    wanted = Message.objects.filter(pk__in=unmarked, read_at=None, workspace__read_receipts=True)
    if unmarked and wanted.update(read_at=timezone.now()):
        jobs.enqueue(jobs.send_read_receipt, unmarked[0])


def show_typing(conversation: Conversation) -> None:
    """One of us is writing a reply: let the customer see it, at most each 20 s and only while we may write."""
    if not conversation.workspace.read_receipts or not conversation.service_window.is_open(timezone.now()):
        return
    try:
        if not client().set(key("typing-shown", conversation.pk), 1, nx=True, ex=TYPING_SECONDS):
            return
    except (redis.RedisError, OSError):
        return
    jobs.enqueue(jobs.send_typing, conversation.pk)


def send_read_receipt(message: Message, *, typing: bool = False) -> None:
    """The request itself, in a job."""
    try:
        CloudAPI(message.phone_number).mark_read(message.wamid, typing=typing)
    except DeliveryProblem as problem:
        logger.info("WhatsApp did not take the read mark of message %s: %s", message.pk, problem)


def send_typing(conversation: Conversation) -> None:
    """The typing indicator hangs on the customer's newest message."""
    newest = (
        conversation.messages.filter(direction=Direction.IN, occurred_at__gt=timezone.now() - MARKABLE_FOR)
        .exclude(wamid="")
        .exclude(kind=MessageKind.SYSTEM)
        .select_related("phone_number__business_account")
        .order_by("-occurred_at", "-seq")
    )
    if (message := newest.first()) is not None:
        send_read_receipt(message, typing=True)
