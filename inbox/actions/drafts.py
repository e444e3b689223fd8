"""What an agent has typed and not sent. It survives closed windows, lost connections and reloads.

The agent's other pages hear of every change, with the text; colleagues hear that there is a draft, and no word of it.
"""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Agent
from inbox import events
from inbox import text as words
from inbox.enums import DraftKind, MessageStatus
from inbox.models import Conversation, Draft, Message, Note

JUST = timedelta(minutes=1)
DRAFT_LIMIT = 20_000  # more than a message holds: what was typed is kept whole, sending refuses it


def save_draft(agent: Agent, conversation: Conversation, kind: str, text: str, *, page: str = "") -> Draft | None:
    """Keep the text, the newest wins; an empty one forgets the draft and returns None. `page` is where it was typed."""
    cleaned = words.clean(text)[:DRAFT_LIMIT]
    if not cleaned.strip() or _has_just_been_said(agent, conversation, kind, cleaned.strip()):
        clear_draft(agent, conversation, kind, page=page)
        return None
    draft, is_new = Draft.objects.update_or_create(
        agent=agent, conversation=conversation, kind=DraftKind(kind),
        defaults={"text": cleaned, "updated_at": timezone.now()},
    )
    events.draft_changed(agent, conversation, kind, cleaned, page=page)
    if is_new and kind == DraftKind.REPLY:
        events.drafting(conversation, agent, has_draft=True)
    return draft


def _has_just_been_said(agent: Agent, conversation: Conversation, kind: str, text: str) -> bool:
    """On a slow line a draft's last save comes after the message itself: nobody should find it and send it again.

    What has failed is changed and sent anew, and what is held is not said yet.
    """
    just = {"conversation": conversation, "author": agent, "occurred_at__gt": timezone.now() - JUST, "text": text}
    if kind == DraftKind.NOTE:
        return Note.objects.filter(**just).exists()
    unsaid = [MessageStatus.FAILED, MessageStatus.HELD]
    return Message.objects.filter(**just).exclude(status__in=unsaid).exists()


def settle_draft(
    agent: Agent, conversation: Conversation, said: str, kind: str = DraftKind.REPLY, *, is_new: bool = True
) -> None:
    """What has become a message is no draft any more; what was typed after it, while it was on its way, stays.

    Of a message that was there already (not `is_new`) only the very words go: what differs is not its beginning.
    """
    draft = draft_for(agent, conversation, kind)
    if said and draft.startswith(f"{said}\n"):
        save_draft(agent, conversation, kind, draft.removeprefix(f"{said}\n"))
    elif draft and (is_new or draft.strip() == said):
        clear_draft(agent, conversation, kind, said=said)


def draft_for(agent: Agent, conversation: Conversation, kind: str = DraftKind.REPLY) -> str:
    """The text this agent left in this conversation's composer, or ""."""
    draft = Draft.objects.filter(agent=agent, conversation=conversation, kind=kind).values_list("text", flat=True)
    return draft.first() or ""


def clear_draft(
    agent: Agent, conversation: Conversation, kind: str = DraftKind.REPLY, *, page: str = "", said: str = ""
) -> None:
    """Forget it, since this was `said`; nothing follows where there was none."""
    deleted, _by_model = Draft.objects.filter(agent=agent, conversation=conversation, kind=kind).delete()
    if not deleted:
        return
    events.draft_changed(agent, conversation, kind, "", page=page, said=said)
    if kind == DraftKind.REPLY:
        events.drafting(conversation, agent, has_draft=False)
