"""What follows from a failed message beyond its own state: the window, the consent, the number, the account."""

from datetime import datetime

from inbox.actions.consent import record_consent
from inbox.actions.sending_stops import stop_sending
from inbox.enums import ConsentState, MessageKind, MessageStatus, Via
from inbox.models import Consent, Message
from whatsapp import errors
from whatsapp.models import PhoneNumber
from whatsapp.payloads import StatusUpdate

WINDOW_CLOSED = 131047
MARKETING_STOPPED = 131050


def follow_up_failure(number: PhoneNumber, message: Message, update: StatusUpdate, at: datetime) -> None:
    """Meta refused one of ours after it was accepted. The caller holds the conversation's lock and reports it."""
    conversation = message.conversation
    conversation.has_failed_send = conversation.has_failed_send or message.failure_is_news
    fields = ["has_failed_send"]
    code = message.error_code
    if code == WINDOW_CLOSED:
        # Closed until a newer customer message; never moved back by an older refusal that comes late.
        conversation.window_refused_at = max(conversation.window_refused_at or at, at)
        fields += ["window_refused_at"]
    conversation.save(update_fields=fields)
    if code == MARKETING_STOPPED:
        record_consent(
            conversation.contact, ConsentState.WITHDRAWN, source=Consent.Source.META_ERROR, occurred_at=at,
            wording=update.error.details or update.error.title if update.error else "", message=message,
        )
    if code and errors.action(code) == errors.STOP:
        stop_sending(number, code)


def take_back_failure(message: Message) -> None:
    """It was delivered after all: the row's warning goes when nothing else of the thread has failed."""
    conversation = message.conversation
    failed = Message.objects.filter(conversation=conversation, status=MessageStatus.FAILED)
    others = failed.exclude(pk=message.pk).exclude(kind=MessageKind.REACTION).exclude(via=Via.AUTOMATION)
    if conversation.has_failed_send and not others.exists():
        conversation.has_failed_send = False
        conversation.save(update_fields=["has_failed_send"])
