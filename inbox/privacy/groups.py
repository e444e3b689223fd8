"""What somebody wrote in a WhatsApp group goes from a thread that stays: its row must not show it any longer."""

from collections.abc import Iterable

from django.db.models import Model

from inbox import events
from inbox.actions.bookkeeping import preview_of
from inbox.actions.locks import lock
from inbox.models import Case, Conversation, Message
from inbox.privacy.people import Person

SUBJECT = 160


def remember(rows: Iterable[Model], person: Person) -> dict[int, list[str]]:
    """Conversation of others → the texts that are about to go from it."""
    found: dict[int, list[str]] = {}
    for row in rows:
        assert isinstance(row, Message)
        if row.conversation_id not in person.conversations:
            found.setdefault(row.conversation_id, []).append(" ".join(row.text.split())[:SUBJECT])
    return found


def tidy_up(gone: dict[int, list[str]]) -> None:
    """Preview and subject are those of what is left."""
    for pk, texts in gone.items():
        conversation = lock(Conversation.objects.get(pk=pk))
        Case.objects.filter(conversation=pk, subject__in=[text for text in texts if text]).update(subject="")
        last = conversation.messages.exclude(kind__in=["system", "reaction"]).order_by("-occurred_at", "-seq").first()
        conversation.preview = preview_of(last, last.occurred_at) if last else {}
        conversation.save(update_fields=["preview"])
        events.conversation_changed(conversation)
