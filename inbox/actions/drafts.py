"""What an agent has typed and not sent. It survives closed windows, lost connections and reloads."""

from django.utils import timezone

from accounts.models import Agent
from inbox import text as words
from inbox.enums import DraftKind
from inbox.models import Conversation, Draft

DRAFT_LIMIT = 20_000  # more than a message holds: what was typed is kept whole, sending refuses it


def save_draft(agent: Agent, conversation: Conversation, kind: str, text: str) -> Draft | None:
    """Keep the text, the newest wins; an empty one forgets the draft and returns None."""
    cleaned = words.clean(text)[:DRAFT_LIMIT]
    if not cleaned.strip():
        clear_draft(agent, conversation, kind)
        return None
    draft, _created = Draft.objects.update_or_create(
        agent=agent, conversation=conversation, kind=DraftKind(kind),
        defaults={"text": cleaned, "updated_at": timezone.now()},
    )
    return draft


def draft_for(agent: Agent, conversation: Conversation, kind: str = DraftKind.REPLY) -> str:
    """The text this agent left in this conversation's composer, or ""."""
    draft = Draft.objects.filter(agent=agent, conversation=conversation, kind=kind).values_list("text", flat=True)
    return draft.first() or ""


def clear_draft(agent: Agent, conversation: Conversation, kind: str = DraftKind.REPLY) -> None:
    Draft.objects.filter(agent=agent, conversation=conversation, kind=kind).delete()
