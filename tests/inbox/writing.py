"""How tests let customers and agents write, with all the bookkeeping and nothing else."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Agent
from inbox.actions.bookkeeping import register_customer_message, register_reply
from inbox.actions.locks import lock
from inbox.enums import Via
from inbox.models import Conversation, Message
from tests import factories


def customer_writes(
    conversation: Conversation, text: str = "Hallo", *, at: datetime | None = None, now: datetime | None = None
) -> Message:
    with transaction.atomic():
        lock(conversation)
        message = factories.bare_row(conversation, text, at or timezone.now(), inbound=True)
        register_customer_message(conversation, message, now or timezone.now())
    return message


def agent_writes(
    conversation: Conversation, by: Agent | None, text: str = "Gern.", *, at: datetime | None = None,
    via: Via = Via.AGENT,
) -> Message:
    with transaction.atomic():
        lock(conversation)
        message = factories.bare_row(conversation, text, at or timezone.now(), inbound=False, author=by, via=via)
        register_reply(conversation, message)
    return message


def kinds(conversation: Conversation) -> list[str]:
    """The lines of its thread, in the order shown."""
    return list(conversation.activities.order_by("occurred_at", "seq").values_list("kind", flat=True))
