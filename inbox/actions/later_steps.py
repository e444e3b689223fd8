"""How a scheduled reply leaves its state: sent, held, given back, ended. The caller holds the conversation's lock.

Why one is held or has ended (`why`): customer (has written), colleague (has answered), author (works here no more or
sees it no more), blocked (the contact), late (we stood still at its time), window (closed, nothing chosen for that),
template (the chosen one could not be sent), instead (the template went out in its place), closed (the conversation),
person (somebody's decision).
"""

import uuid
from datetime import datetime

from django.utils import timezone

from accounts.models import Agent
from inbox import access, events
from inbox.actions import drafts, outgoing, sending_files, sending_templates
from inbox.actions.activity import add_activity
from inbox.enums import DraftKind, MessageKind, NoticeKind
from inbox.errors import TemplateNotSendable
from inbox.models import Conversation, Mention, Message, ScheduledReply
from inbox.visibility import facts_of

State = ScheduledReply.State


def send(reply: ScheduledReply, by: Agent) -> list[Message]:
    """Its words and files become messages of `by`; what is typed in the composer meanwhile stays there."""
    conversation, files = reply.conversation, reply.files_in_order
    if files:
        made = sending_files.as_messages(
            files, reply.text, conversation, by=by, uid=reply.uid, quoted=reply.quoted
        )  # fmt: skip
    else:
        made = [outgoing.new_message(
            conversation, by=by, uid=reply.uid, kind=MessageKind.TEXT, text=reply.text, quoted=reply.quoted,
            quoted_wamid=reply.quoted.wamid if reply.quoted else "",
        )]  # fmt: skip
    end(reply, State.SENT, "", timezone.now(), made[0])
    for message in made:
        outgoing.put_in_thread(message, keeps_draft=True)
    return made


def send_template(reply: ScheduledReply, by: Agent) -> Message:
    """Its template, with all rules asked now; raises what they raise."""
    if reply.template is None:
        raise TemplateNotSendable
    filled = sending_templates.prepared(reply.conversation, reply.template, reply.template_values, by=by)
    message = sending_templates.queue_prepared(filled, by=by, uid=reply.uid)
    end(reply, State.SENT, "", timezone.now(), message)
    return message


def give_back(reply: ScheduledReply, why: str, now: datetime) -> None:
    """Text and files lie in its author's composer again, the text after what has been typed since."""
    assert reply.author is not None
    files_to(reply.author, reply)
    end(reply, State.RETURNED, why, now, reply.message)
    kept = drafts.draft_for(reply.author, reply.conversation)
    text = "\n".join(filter(None, (kept, reply.text)))
    drafts.save_draft(reply.author, reply.conversation, DraftKind.REPLY, text)
    events.draft_changed(reply.author, reply.conversation, DraftKind.REPLY, text, files=True)
    tell(reply, "later_returned", asks=why != "instead")


def files_to(agent: Agent, reply: ScheduledReply) -> None:
    """Put its files into this agent's composer, under uids of their own."""
    for upload in reply.files.all():
        upload.scheduled, upload.agent, upload.uid, upload.created_at = None, agent, uuid.uuid4(), timezone.now()
        upload.save(update_fields=["scheduled", "agent", "uid", "created_at"])


def hold(reply: ScheduledReply, why: str) -> None:
    reply.state, reply.why, reply.ended_at = State.HELD, why, None
    reply.save(update_fields=["state", "why", "ended_at"])
    tell(reply, "later_held", asks=True)


def end(reply: ScheduledReply, state: str, why: str, now: datetime, message: Message | None = None) -> None:
    reply.state, reply.why, reply.ended_at, reply.message = state, why, now, message
    reply.save(update_fields=["state", "why", "ended_at", "message"])


def tell(reply: ScheduledReply, kind: str, *, actor: Agent | None = None, asks: bool = False) -> None:
    """A line in the thread; where the author has to decide, it calls them as a mention does."""
    author = reply.author
    data = {"of": author.name if author else "", "due": reply.due_at.isoformat(), "why": reply.why}
    if reply.state == State.CANCELLED and actor is None:
        data["text"] = reply.text  # it is in nobody's composer: what was written can still be read here
    # At the moment it ended, as the rows say: then it is of the case that was closed with it, and goes with that.
    line = add_activity(reply.conversation, kind, actor=actor, data=data, occurred_at=reply.ended_at)
    if asks and author is not None and author.is_active and sees(author, reply.conversation):
        Mention.objects.create(activity=line, conversation=reply.conversation, agent=author)
        events.notice_due(reply.conversation, [author.pk], NoticeKind.MENTION)


def sees(agent: Agent, conversation: Conversation) -> bool:
    return access.sees(agent, facts_of(conversation))


def report(conversation: Conversation) -> None:
    """How many wait is on the conversation, so that nobody asks where there are none."""
    count = ScheduledReply.objects.pending(conversation).count()
    conversation.later_count = count
    conversation.save(update_fields=["later_count"])
    events.later_changed(conversation)
