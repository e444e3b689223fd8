"""A lead asks a customer to answer before the window closes, so that we can go on writing freely afterwards.

Queued like a reply and under its rules, with the lead as author, but as an automatic message: what the customer asked
is still unanswered, so nobody's target is met by it, nobody takes the conversation over, and reports do not count it.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Workspace
from inbox import access, events
from inbox.actions import outbox
from inbox.actions.activity import add_activity
from inbox.actions.bookkeeping import register_reply
from inbox.actions.outgoing import lock_for_writing, require_open_window
from inbox.enums import BlockState, Direction, MessageKind, MessageStatus, Via
from inbox.errors import AlreadyAsked, InboxRuleViolation, NotAllowed
from inbox.models import Contact, Conversation, Message, WindowAsk

LONGEST_ASK = 500
WORDS = {
    "de": "Bist du noch da? Antworte kurz, dann können wir dir weiter frei schreiben.",
    "en": "Are you still there? A short answer lets us go on writing to you freely.",
}


def ask_to_answer(conversation: Conversation, *, by: Agent) -> Message:
    """Send the prepared words in the contact's language. Once for each window, and only while somebody still waits."""
    with transaction.atomic(), events.gathered():
        lock_for_writing(conversation, by)
        if not access.leads(by, conversation):
            raise NotAllowed
        require_open_window(conversation)
        if not (conversation.is_open and conversation.needs_answer):
            raise InboxRuleViolation(_("Somebody has answered in the meantime."))
        window_of, now = conversation.last_customer_message_at, timezone.now()
        assert window_of is not None  # the window is open
        if WindowAsk.objects.filter(conversation=conversation, window_of=window_of).exists():
            raise AlreadyAsked
        message = Message(
            workspace_id=conversation.workspace_id, conversation=conversation, author=by, via=Via.AUTOMATION,
            phone_number_id=conversation.phone_number_id, seq=conversation.next_seq(), direction=Direction.OUT,
            status=MessageStatus.QUEUED, kind=MessageKind.TEXT, text=words_for(conversation), occurred_at=now,
        )  # fmt: skip
        register_reply(conversation, message)
        message.save(force_insert=True)
        fields = {"window_of": window_of, "by": by, "asked_at": now}
        WindowAsk.objects.update_or_create(conversation=conversation, defaults=fields)
        add_activity(conversation, "asked_back", actor=by)
        events.message_created(message)
        events.conversation_changed(conversation)
        outbox.wake()
    return message


def may_ask(conversation: Conversation) -> bool:
    """Whether it makes sense now: unanswered, writable, the window open, and not asked in it. Reads `window_ask`."""
    asked = getattr(conversation, "window_ask", None)
    return (
        conversation.is_open
        and conversation.needs_answer
        and conversation.block_state == BlockState.NONE
        and conversation.contact.kind != Contact.Kind.GROUP
        and conversation.service_window.is_open(timezone.now())
        and (asked is None or asked.window_of != conversation.last_customer_message_at)
    )


def words_for(conversation: Conversation) -> str:
    """In the contact's language, as far as it is known and there are words in it."""
    workspace = conversation.workspace
    spoken = (conversation.contact.language, workspace.language, "de")
    language = next(each for each in spoken if each in WORDS)
    return words_in(workspace, language)


def words_in(workspace: Workspace, language: str) -> str:
    """The business's own words, else ours."""
    return str(workspace.ask_texts.get(language) or WORDS[language])
