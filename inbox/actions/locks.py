"""How actions take hold of a conversation: its row is locked and read anew.

Against each other, not against keys (NO KEY): whoever only refers to the row, a draft or a read mark, need not wait.
Always in two statements. PostgreSQL gives a row that changed while its lock was awaited in its new version, but joined
to the rows it referred to before: `select_related` in the locking statement would show an assignee_id without assignee.
"""

from django.db import connection
from django.db.models import QuerySet

from inbox.models import Attachment, Conversation, Message

SHOWN = ("workspace", "contact", "team", "assignee", "phone_number")


def lock(conversation: Conversation) -> Conversation:
    """Lock the row until the end of the transaction and bring this instance up to date. Returns the same instance."""
    Conversation.objects.select_for_update(no_key=True).filter(pk=conversation.pk).values_list("pk").first()
    conversation.refresh_from_db(from_queryset=Conversation.objects.select_related(*SHOWN))
    return conversation


def lock_all(conversations: QuerySet[Conversation], *, skip_locked: bool = False) -> list[Conversation]:
    """Lock these rows and read them anew, in the order given; `skip_locked` leaves out what others hold."""
    locked = conversations.select_for_update(of=("self",), skip_locked=skip_locked, no_key=True)
    order = list(locked.values_list("pk", flat=True))
    rows = Conversation.objects.select_related(*SHOWN).in_bulk(order)
    return [rows[pk] for pk in order]


def lock_assignment(workspace_id: int) -> None:
    """One routing run per workspace at a time, until the end of the transaction. Taken before any row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('assign'), %s::int)", [workspace_id % 2**31])


def locked_message(attachment: Attachment) -> Message | None:
    """The file's message with its conversation locked; None when it was erased meanwhile."""
    found = Message.objects.filter(attachments=attachment.pk).select_related("conversation").first()
    if found is None:
        return None
    conversation = lock(found.conversation)
    message = Message.objects.filter(pk=found.pk).first()
    if message is not None:
        message.conversation = conversation
    return message
