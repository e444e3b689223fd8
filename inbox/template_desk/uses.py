"""What still counts on a template: asked before it is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass

from inbox.enums import MessageStatus
from inbox.models import Message, ScheduledReply
from inbox.template_desk.listing import counts_for
from whatsapp.models import MessageTemplate

SHOWN = 10


@dataclass(frozen=True)
class Uses:
    planned: list[ScheduledReply]  # the first of them, by time
    planned_count: int
    queued: int  # messages that wait to be sent; Meta would not take them any more
    sent: int  # in the last 30 days

    @property
    def more(self) -> int:
        return self.planned_count - len(self.planned)


def uses_of(templates: Sequence[MessageTemplate], workspace_id: int) -> Uses:
    planned = ScheduledReply.objects.filter(template__in=templates, state__in=("waiting", "held"))
    queued = Message.objects.filter(
        workspace=workspace_id, template__in=templates, status__in=(MessageStatus.QUEUED, MessageStatus.SENDING)
    )
    counts = counts_for(workspace_id, [each.pk for each in templates])
    return Uses(
        planned=list(planned.select_related("conversation__contact", "author").order_by("due_at", "pk")[:SHOWN]),
        planned_count=planned.count(), queued=queued.count(), sent=sum(sent for sent, _read in counts.values()),
    )  # fmt: skip
