"""Send later: a reply waits for its time, in the sight of the whole team. Here is what people do with one.

Everything happens under the conversation's lock, and a reply leaves its state by one conditional update: whoever
changes the row has it, so two workers, a click and a customer's message in the same second never make two messages of
one. The message also carries the reply's own uid, which is unique in the conversation. A reply takes along the files
of its author's composer (`Upload.scheduled`). What happens to it by itself: inbox.actions.later_turns.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import events, saved_reply_places, times
from inbox import text as words
from inbox.actions import drafts, later_steps, locks, outgoing, replying, sending_files, sending_templates, uploads
from inbox.errors import EmptyMessage, InboxRuleViolation, NotAllowed, Sentence, TextTooLong, UnfilledGap
from inbox.models import Conversation, Message, ScheduledReply, Upload
from whatsapp.models import MessageTemplate

State, IfWritten = ScheduledReply.State, ScheduledReply.IfWritten
PENDING = (State.WAITING, State.HELD)
MOST = 20  # waiting in one conversation
LONGEST = timedelta(days=365)


class WindowClosesBefore(InboxRuleViolation):
    """By then only a template could be sent: whoever schedules says what should happen."""

    code = "window_before"
    status = 409
    sentence: Sentence = _("The window is closed at this time. What then?")

    def __init__(self, closes_at: datetime | None) -> None:
        super().__init__()
        if closes_at is not None:
            when = {"when": times.in_words(closes_at, "since")}
            self.sentence = gettext("The window closes at %(when)s, before this time. What then?") % when


class AlreadyDecided(InboxRuleViolation):
    code = "decided"
    status = 409
    sentence = _("This message has been sent or cancelled in the meantime.")


class ChangedMeanwhile(InboxRuleViolation):
    code = "changed"
    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(gettext("%(name)s has changed this meanwhile. Save again to put yours in its place.")
                         % {"name": name})  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """When, and what happens if things are different by then. `asks`: a closed window makes it a draft again."""

    due_at: datetime
    if_written: str = IfWritten.HOLD
    asks: bool = False
    template: MessageTemplate | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def schedule_reply(
    conversation: Conversation, *, by: Agent, text: str, uid: uuid.UUID | str, plan: Plan,
    files: Sequence[uuid.UUID | str] = (), seen_seq: int | None = None, quoted: Message | None = None,
    gaps_meant: bool = False,
) -> ScheduledReply:
    """Keep a reply for later, with the named files of the composer. The same uid again is the same reply.

    Without text and files the plan's template is the message. Raises WindowClosesBefore when only a template could be
    sent by then and the plan says nothing about that.
    """
    outgoing.lock_for_writing(conversation, by)
    known = ScheduledReply.objects.filter(conversation=conversation, uid=outgoing.parsed_uid(uid)).first()
    if known is not None:
        if known.author_id != by.pk:
            raise NotAllowed
        return known
    if ScheduledReply.objects.pending(conversation).count() >= MOST:
        raise InboxRuleViolation(_("Enough is scheduled here already. Send or cancel some of it first."))
    if quoted is not None and quoted.conversation_id != conversation.pk:
        raise NotAllowed
    taken = sending_files.claimed(conversation, by, [outgoing.parsed_uid(each) for each in files]) if files else []
    reply = ScheduledReply(
        workspace_id=conversation.workspace_id, conversation=conversation, author=by, uid=outgoing.parsed_uid(uid),
        quoted=quoted, seen_seq=conversation.seq if seen_seq is None else seen_seq,
    )
    _plan(reply, text, plan, gaps_meant, by=by, has_files=bool(taken))
    reply.save()
    _take_along(reply, taken)
    if not reply.is_template:  # a template is not what lies in the composer
        drafts.settle_draft(by, conversation, reply.text)
    later_steps.report(conversation)
    return reply


@transaction.atomic
def change_reply(
    reply: ScheduledReply, *, by: Agent, text: str, plan: Plan, gaps_meant: bool = False,
    files: Iterable[uuid.UUID | str] = (), without: Collection[uuid.UUID | str] = (),
    mark: str = "",
) -> ScheduledReply:
    """Other words, another time, more `files` out of this agent's composer, `without` some of its own.

    A held one waits again. Who changes it stands for it from then on. What a colleague has added or taken out
    meanwhile stays so; if `mark` is not the reply's any more, whoever changes it hears first of a colleague's change.
    """
    conversation = _take_hold(reply, by)
    if mark and mark != reply.mark and reply.author is not None and reply.author != by:
        raise ChangedMeanwhile(reply.author.first_name)
    unwanted = {outgoing.parsed_uid(each) for each in without}
    kept: list[Upload] = []
    dropped: list[Upload] = []
    for upload in reply.files_in_order:
        (dropped if upload.uid in unwanted else kept).append(upload)
    known = {upload.uid for upload in kept}
    new = [uid for each in files if (uid := outgoing.parsed_uid(each)) not in known]  # posted twice, it is one
    kept += sending_files.claimed(conversation, by, new) if new else []
    if len(kept) > uploads.MOST_FILES:
        raise InboxRuleViolation(_("At most %(count)s files go together.") % {"count": uploads.MOST_FILES})
    reply.author, reply.seen_seq, reply.state, reply.why = by, conversation.seq, State.WAITING, ""
    _plan(reply, text, plan, gaps_meant, by=by, has_files=bool(kept))
    reply.save()
    uploads.forget(dropped)
    _take_along(reply, kept)
    later_steps.report(conversation)
    return reply


@transaction.atomic
def cancel_reply(reply: ScheduledReply, *, by: Agent) -> str:
    """Do not send it. Its text, which is returned, and its files go back to whoever cancels; the author reads of it."""
    conversation = _take_hold(reply, by)
    with events.gathered():
        later_steps.files_to(by, reply)
        later_steps.end(reply, State.CANCELLED, "person", timezone.now())
        if reply.author_id not in (None, by.pk):
            later_steps.tell(reply, "later_cancelled", actor=by)
        later_steps.report(conversation)
    return reply.text


@transaction.atomic
def send_now(reply: ScheduledReply, *, by: Agent) -> list[Message]:
    """Send it at once, whatever held it, as the message of whoever says so. Raises ServiceWindowClosed."""
    conversation = _take_hold(reply, by)
    with events.gathered():
        if reply.is_template:
            sent = [later_steps.send_template(reply, by)]
        else:
            outgoing.require_open_window(conversation)
            sent = later_steps.send(reply, by)
        later_steps.report(conversation)
    return sent


def _plan(
    reply: ScheduledReply, text: str, plan: Plan, gaps_meant: bool, *, by: Agent, has_files: bool
) -> None:
    cleaned, now = words.clean(text).strip(), timezone.now()
    if not cleaned and not has_files and plan.template is None:
        raise EmptyMessage
    if len(cleaned) > replying.TEXT_LIMIT:
        raise TextTooLong(replying.TEXT_LIMIT)
    if not gaps_meant and (gaps := saved_reply_places.gaps(cleaned)):
        raise UnfilledGap(gaps[0])
    if not now < plan.due_at <= now + LONGEST:
        raise InboxRuleViolation(_("Choose a time in the future, within a year."))
    window = reply.conversation.service_window
    if not window.is_open(plan.due_at) and not plan.asks and plan.template is None:
        raise WindowClosesBefore(window.closes_at)
    values: dict[str, Any] = {}
    if plan.template is not None:
        values = sending_templates.prepared(
            reply.conversation, plan.template, plan.values, by=by, due_at=plan.due_at
        ).values
    reply.text, reply.due_at, reply.if_written = cleaned, plan.due_at, plan.if_written
    reply.template, reply.template_values = plan.template, values


def _take_along(reply: ScheduledReply, files: Sequence[Upload]) -> None:
    for position, upload in enumerate(files):
        Upload.objects.filter(pk=upload.pk).update(scheduled=reply, position=position)


def _take_hold(reply: ScheduledReply, by: Agent) -> Conversation:
    """Lock conversation and reply for a person's decision; the instance is brought up to date."""
    conversation = locks.lock(reply.conversation)
    outgoing.lock_for_writing(conversation, by)
    fresh = ScheduledReply.objects.select_for_update().filter(pk=reply.pk, state__in=PENDING)
    if not fresh.exists():
        raise AlreadyDecided
    reply.refresh_from_db()
    reply.conversation = conversation
    return conversation
