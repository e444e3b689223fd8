"""A number of ours that is not ours any more: what becomes of everything that hangs on it."""

from dataclasses import dataclass

from accounts.audit import record_audit
from accounts.models import Agent
from inbox.actions import outbox
from inbox.enums import ConversationStatus, MessageStatus
from inbox.models import Conversation, Message, ScheduledReply
from whatsapp import disconnecting
from whatsapp.errors import DeliveryProblem
from whatsapp.models import PhoneNumber


@dataclass(frozen=True)
class Consequences:
    """What disconnecting would touch, for the warning before it."""

    queued: int
    planned: int
    open_conversations: int
    takes_account: bool  # no other number of its account stays


def consequences(number: PhoneNumber) -> Consequences:
    planned = ScheduledReply.objects.filter(conversation__phone_number=number, state=ScheduledReply.State.WAITING)
    others = PhoneNumber.objects.connected().filter(business_account=number.business_account_id).exclude(pk=number.pk)
    return Consequences(
        Message.objects.filter(phone_number=number, status=MessageStatus.QUEUED).count(), planned.count(),
        Conversation.objects.filter(phone_number=number, status=ConversationStatus.OPEN).count(),
        not others.exists(),
    )  # fmt: skip


def disconnect_number(number: PhoneNumber, *, by: Agent) -> DeliveryProblem | None:
    """From now on nothing goes out or comes in there; answers what Meta would not do, if anything.

    The delivery loop gives what is queued back as not sent, planned replies are held at their time for their authors
    to decide, conversations stay and can be read. Secrets that nothing else needs are deleted.
    """
    if number.disconnected_at is not None:
        return None
    problem = disconnecting.disconnect(number)
    data = {"at_meta": problem.code} if problem else {}
    record_audit(number.workspace, by, "number.disconnected", subject=f"+{number.display_number}", data=data)
    outbox.wake()
    return problem
