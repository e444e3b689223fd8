"""How actions take hold of a conversation: its row is locked and read anew, in place."""

from django.db import connection

from inbox.models import Conversation


def lock(conversation: Conversation) -> Conversation:
    """Lock the row until the end of the transaction and bring this instance up to date. Returns the same instance."""
    conversation.refresh_from_db(
        from_queryset=Conversation.objects.select_for_update(of=("self",)).select_related(
            "workspace", "contact", "team", "assignee", "phone_number"
        )
    )
    return conversation


def lock_assignment(workspace_id: int) -> None:
    """One routing run per workspace at a time, until the end of the transaction. Taken before any row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('assign'), %s::int)", [workspace_id % 2**31])
