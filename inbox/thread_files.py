"""The files of a conversation for the contact panel: pictures and films to look at, documents to take, newest first."""

from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from inbox.bubbles.bubble import Bubble
from inbox.enums import AttachmentState, MessageKind, MessageStatus
from inbox.models import Attachment, Conversation

PAGE_SIZE = 24
KINDS = (MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.DOCUMENT, MessageKind.AUDIO)
LOOKED_AT = {MessageKind.IMAGE, MessageKind.VIDEO}


@dataclass
class FilePage:
    """`before` is the message before which the next page begins."""

    pictures: list[Bubble] = field(default_factory=list)
    documents: list[Bubble] = field(default_factory=list)
    before: int | None = None


def file_page(conversation: Conversation, *, before: int | None = None) -> FilePage:
    """One page in four queries. What was deleted or is held back is not shown, nor what has not arrived."""
    ready = Attachment.objects.filter(message=OuterRef("pk"), state=AttachmentState.READY)
    messages = conversation.messages.filter(Exists(ready), kind__in=KINDS, deleted_at=None)
    messages = messages.exclude(status=MessageStatus.HELD)
    last = conversation.messages.filter(pk=before).values_list("occurred_at", "seq").first() if before else None
    if last is not None:
        messages = messages.filter(Q(occurred_at__lt=last[0]) | Q(occurred_at=last[0], seq__lt=last[1]))
    found = list(
        messages.select_related("author").prefetch_related("attachments__renditions")
        .order_by("-occurred_at", "-seq")[: PAGE_SIZE + 1]
    )  # fmt: skip
    page = FilePage(before=found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None)
    now = timezone.now()
    for message in found[:PAGE_SIZE]:
        bubble = Bubble(message, now)
        is_looked_at = message.kind in LOOKED_AT and bubble.file_state == AttachmentState.READY
        (page.pictures if is_looked_at else page.documents).append(bubble)
    return page
