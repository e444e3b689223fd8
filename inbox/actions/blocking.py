"""Blocking a contact at WhatsApp, and letting them write again.

The wish is a row and locks the composer at once; a job tells WhatsApp, outside any transaction. What WhatsApp refuses
is taken back with a line that says why. A blocked contact's messages no longer reach us, and we cannot write to them.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import events, jobs
from inbox.access import require_sight
from inbox.actions.activity import add_activity
from inbox.actions.conversations import close_conversation
from inbox.actions.locks import lock
from inbox.enums import BlockState, ConversationStatus
from inbox.errors import InboxRuleViolation, ReadOnlyConversation
from inbox.models import Block, Contact, Conversation
from inbox.visibility import facts_of
from whatsapp.client import CloudAPI
from whatsapp.errors import DeliveryProblem, TemporaryFailure

logger = logging.getLogger(__name__)

BLOCKABLE_FOR = timedelta(hours=24)  # after the customer's last message (whatsapp-cloud-api.md §14)
JOB_LOST_AFTER = timedelta(seconds=60)
GIVE_UP_AFTER = timedelta(hours=1)


def is_blockable(conversation: Conversation) -> bool:
    """Whether WhatsApp would take it now: one person who is not blocked and has written within the day."""
    return (
        conversation.contact.kind != Contact.Kind.GROUP
        and conversation.block_state == BlockState.NONE
        and _wrote_lately(conversation)
    )


def _wrote_lately(conversation: Conversation) -> bool:
    wrote_at = conversation.last_customer_message_at
    return wrote_at is not None and timezone.now() - wrote_at < BLOCKABLE_FOR


def block_contact(conversation: Conversation, *, by: Agent, spam: bool = False) -> Conversation:
    """Nobody writes to them from now on, and the case is closed. WhatsApp is told by a job and may refuse."""
    with transaction.atomic(), events.gathered():
        lock(conversation)
        require_sight(by, conversation)
        if conversation.contact.kind == Contact.Kind.GROUP:
            raise ReadOnlyConversation
        if conversation.block_state in (BlockState.ASKED, BlockState.BLOCKED):
            return conversation
        now = timezone.now()
        if not _wrote_lately(conversation):
            raise InboxRuleViolation(_("WhatsApp allows this only within 24 hours after their last message."))
        if conversation.status != ConversationStatus.CLOSED:
            close_conversation(conversation, by=by, outcome=str(_("Spam")) if spam else "", asks=False)
        Block.objects.update_or_create(
            conversation=conversation,
            defaults={"by": by, "spam": spam, "asked_at": now, "try_at": now + JOB_LOST_AFTER},
        )
        _set(conversation, BlockState.ASKED)
        jobs.enqueue(jobs.settle_block, conversation.pk)
    return conversation


def unblock_contact(conversation: Conversation, *, by: Agent) -> Conversation:
    """They may write again, once WhatsApp has heard of it."""
    with transaction.atomic(), events.gathered():
        lock(conversation)
        require_sight(by, conversation)
        if conversation.block_state not in (BlockState.ASKED, BlockState.BLOCKED):
            return conversation
        now = timezone.now()
        Block.objects.filter(conversation=conversation).update(by=by, asked_at=now, try_at=now + JOB_LOST_AFTER)
        _set(conversation, BlockState.LIFTING)
        jobs.enqueue(jobs.settle_block, conversation.pk)
    return conversation


def settle_block(conversation: Conversation) -> None:
    """Tell WhatsApp what is wanted now, and keep the answer unless the wish has changed meanwhile."""
    wanted = conversation.block_state
    if wanted not in (BlockState.ASKED, BlockState.LIFTING):
        return
    try:
        _tell(conversation, block=wanted == BlockState.ASKED)
    except TemporaryFailure as problem:
        if timezone.now() - conversation.block.asked_at < GIVE_UP_AFTER:
            logger.info("WhatsApp could not be told to block or unblock, the sweeper will: %s", problem)
            return
        _answered(conversation, wanted, problem)
    except DeliveryProblem as problem:
        _answered(conversation, wanted, problem)
    else:
        _answered(conversation, wanted, None)


def _tell(conversation: Conversation, *, block: bool) -> None:
    contact = conversation.contact
    user = {"user": f"+{contact.phone}"} if contact.phone else {"user_id": contact.bsuid}
    CloudAPI(conversation.phone_number).block_user(user, block=block)


def _answered(conversation: Conversation, wanted: str, problem: DeliveryProblem | None) -> None:
    with transaction.atomic(), events.gathered():
        lock(conversation)
        if conversation.block_state != wanted:
            return
        row = Block.objects.select_related("by").get(conversation=conversation)
        is_blocked = (wanted == BlockState.ASKED) == (problem is None)
        kind = "blocked" if wanted == BlockState.ASKED else "unblocked"
        data = {"spam": row.spam} if problem is None else {"code": problem.code, "tried": kind}
        add_activity(conversation, kind if problem is None else "block_refused", actor=row.by, data=data)
        if is_blocked:
            Block.objects.filter(pk=row.pk).update(try_at=None)
        else:
            row.delete()
        _set(conversation, BlockState.BLOCKED if is_blocked else BlockState.NONE)


def _set(conversation: Conversation, state: BlockState) -> None:
    conversation.block_state = state
    conversation.save(update_fields=["block_state"])
    events.conversation_changed(conversation, previous=facts_of(conversation))
