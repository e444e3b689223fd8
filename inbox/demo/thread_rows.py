"""Writes one conversation of the demo: its cases, messages, notes, lines and marks."""

import hashlib
import mimetypes
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from PIL import Image

from accounts.models import Agent
from inbox.actions import answer_timers
from inbox.actions.bookkeeping import preview_of
from inbox.demo.threads import Assigned, Closed, Noted, Said, Sent, Step, Thread, span
from inbox.enums import AttachmentState, ConversationStatus, Direction, MessageKind, MessageStatus, Via
from inbox.models import (
    Activity,
    Assignment,
    Attachment,
    Case,
    Contact,
    Conversation,
    DeliveryAttempt,
    Mention,
    Message,
    Note,
    Reaction,
    ReadCursor,
    RoutingDecision,
)

if TYPE_CHECKING:
    from inbox.demo.builder import DemoWorkspace

MEDIA = Path(__file__).parent / "media"
FILE_KINDS = {"voice": "audio"}


def media(name: str) -> tuple[ContentFile, str, str]:
    """A file of the demo with its type and SHA-256."""
    content, suffix = (MEDIA / name).read_bytes(), Path(name).suffix
    mime_type = "audio/ogg" if suffix == ".ogg" else mimetypes.guess_type(name)[0] or "application/octet-stream"
    return ContentFile(content, name=f"{uuid.uuid4().hex}{suffix}"), mime_type, hashlib.sha256(content).hexdigest()


def message_saying(contact: Contact, text: str, at: datetime) -> Message | None:
    """The customer's own message with these words, at that time."""
    messages = Message.objects.filter(conversation__contact=contact, direction=Direction.IN, text=text)
    return messages.filter(occurred_at=at).first()


def write_consent_line(message: Message | None, state: str) -> None:
    """The line below a message that gave or withdrew consent."""
    if message is None:
        return
    conversation = message.conversation
    Activity.objects.create(
        workspace_id=conversation.workspace_id, conversation=conversation, seq=conversation.next_seq(), kind="consent",
        data={"state": state}, occurred_at=message.occurred_at + timedelta(seconds=1),
    )
    conversation.save(update_fields=["seq"])


class ThreadRows:
    """One thread being told: keeps the open case, the marks and the messages that others quote."""

    def __init__(self, demo: "DemoWorkspace", thread: Thread) -> None:
        self.demo, self.thread = demo, thread
        first = demo.at(thread.steps[0].ago)
        self.conversation = Conversation.objects.create(
            workspace=demo.workspace, phone_number=demo.number, contact=demo.contacts[thread.customer],
            team=demo.teams[thread.team], last_message_at=first, created_at=first,
        )
        Contact.objects.filter(pk=self.conversation.contact_id).update(created_at=first)
        self.case: Case | None = None
        self.marked: dict[str, Message] = {}
        self.last: Message | None = None

    def write(self) -> None:
        for step in self.thread.steps:
            self._write(step, self.demo.at(step.ago))
        self._finish()

    def _write(self, step: Step, at: datetime) -> None:
        match step:
            case Said():
                self._said(step, at)
            case Sent():
                self._sent(step, at)
            case Noted():
                self._noted(step, at)
            case Assigned():
                self._assigned(step, at)
            case Closed():
                self._closed(step, at)

    # --- messages -----------------------------------------------------------------------------------------------------
    def _said(self, step: Said, at: datetime) -> None:
        conversation = self.conversation
        if self.case is None:
            self._open_case(at, step.text)
        message = self._message(
            step, at, direction=Direction.IN, status=MessageStatus.RECEIVED,
            data={**step.data, "file_name": step.name} if getattr(step, "name", "") else step.data,
            sender_contact=conversation.contact, created_at=at + timedelta(seconds=1),
        )
        conversation.last_customer_message_at = at
        conversation.inbound_count += 1
        conversation.needs_answer = True
        conversation.waiting_since = conversation.waiting_since or at
        if step.heart_from:
            Reaction.objects.create(
                message=message, agent=self.demo.people[step.heart_from], emoji="❤️",
                occurred_at=at + timedelta(seconds=40),
            )

    def _sent(self, step: Sent, at: datetime) -> None:
        conversation, author = self.conversation, self.demo.people[step.by]
        if self.case is None:
            self._open_case(at, step.text, by=author)
        fields = self._marks(step, at)
        if step.template:
            template = self.demo.templates[step.template]
            fields |= self.demo.template_message(template, step.values)
            template.used_count += 1
            template.last_used_at = max(template.last_used_at or at, at)
            template.save(update_fields=["used_count", "last_used_at"])
        else:
            fields["data"] = step.data
        message = self._message(step, at, direction=Direction.OUT, via=Via.AGENT, author=author, **fields)
        DeliveryAttempt.objects.create(
            message=message, number=1, started_at=at, finished_at=at + timedelta(seconds=1), outcome="accepted",
            http_status=200,
        )
        if step.error:
            conversation.has_failed_send = True
        conversation.needs_answer, conversation.waiting_since = False, None
        conversation.answered_at, conversation.last_agent = at, author
        if self.case and self.case.first_replied_at is None:
            self.case.first_replied_at, self.case.first_replied_by = at, author

    def _marks(self, step: Sent, at: datetime) -> dict[str, Any]:
        """Status and the times that belong to it."""
        status = MessageStatus(step.status)
        fields: dict[str, Any] = {"status": status, "accepted_at": at + timedelta(seconds=1)}
        if status == MessageStatus.FAILED:
            return fields | {"failed_at": at + timedelta(seconds=5), "error_code": step.error, "attempt": 1}
        steps = (("sent_at", 2), ("delivered_at", 4), ("read_at", 95))
        reached = {MessageStatus.SENT: 1, MessageStatus.DELIVERED: 2, MessageStatus.READ: 3}[status]
        return fields | {name: at + timedelta(seconds=s) for name, s in steps[:reached]} | {"attempt": 1}

    def _message(self, step: Said | Sent, at: datetime, **fields: Any) -> Message:
        conversation = self.conversation
        uid = uuid.uuid4()
        fields.setdefault("text", step.text)
        message = Message.objects.create(
            workspace=conversation.workspace, conversation=conversation, phone_number=conversation.phone_number,
            case=self.case, seq=conversation.next_seq(), uid=uid, wamid=f"wamid.DEMO{uid.hex.upper()}",
            kind=MessageKind(step.kind), occurred_at=at, quoted=self.marked.get(step.quotes), **fields,
        )
        if step.file:
            self._attach(message, step)
        if step.mark:
            self.marked[step.mark] = message
        if self.case:
            self.case.message_count += 1
        conversation.last_message_at, self.last = at, message
        return message

    def _attach(self, message: Message, step: Said | Sent) -> None:
        content, mime_type, sha256 = media(step.file)
        width = height = None
        if mime_type.startswith("image/"):
            with Image.open(MEDIA / step.file) as picture:
                width, height = picture.size
        Attachment.objects.create(
            message=message, kind=FILE_KINDS.get(step.kind, step.kind), file=content, file_name=step.name,
            mime_type=mime_type, is_inline=mime_type.startswith(("image/", "audio/")), is_voice=step.kind == "voice",
            size=content.size, width=width, height=height, sha256=sha256, state=AttachmentState.READY,
            created_at=message.occurred_at,
        )

    # --- everything else ----------------------------------------------------------------------------------------------
    def _noted(self, step: Noted, at: datetime) -> None:
        conversation, people = self.conversation, self.demo.people.values()
        note = Note.objects.create(
            workspace=conversation.workspace, conversation=conversation, seq=conversation.next_seq(),
            author=self.demo.people[step.by], text=step.text, occurred_at=at,
        )
        for person in people:
            if f"@{person.first_name}" in step.text:
                Mention.objects.create(note=note, conversation=conversation, agent=person, created_at=at)

    def _assigned(self, step: Assigned, at: datetime) -> None:
        conversation, agent = self.conversation, self.demo.people[step.to]
        by = self.demo.people[step.by] if step.by else None
        Assignment.objects.create(conversation=conversation, agent=agent, team=conversation.team, by=by, created_at=at)
        data: dict[str, Any] = {"to": agent.name, "to_id": agent.pk}
        if by is None:
            facts = {"load": step.load, "capacity": agent.capacity, "idle_minutes": step.idle}
            decision = RoutingDecision.objects.create(
                workspace=conversation.workspace, conversation=conversation, team=conversation.team, agent=agent,
                reason="least_busy", facts=facts | {"candidates": self._who_was_there(agent, step)}, created_at=at,
            )
            data |= {"reason": "least_busy", "decision": decision.pk, **facts}
        claims = by is not None and by.pk == agent.pk
        self._line("claimed" if claims else "assigned", at, by, data)
        conversation.assignee, conversation.assigned_at = agent, at

    def _who_was_there(self, chosen: Agent, step: Assigned) -> list[dict[str, Any]]:
        """The whole team, everybody a little busier than who got it."""
        team = self.conversation.team
        there = [(chosen, step.load, step.idle)]
        if team is not None:
            others = team.agents.exclude(pk=chosen.pk).order_by("pk")
            there += [(each, min(each.capacity, step.load + 1 + at % 2), 3 + 4 * at) for at, each in enumerate(others)]
        return [
            {"agent": each.pk, "load": load, "capacity": each.capacity, "idle_minutes": idle}
            for each, load, idle in there
        ]

    def _closed(self, step: Closed, at: datetime) -> None:
        conversation, by = self.conversation, self.demo.people[step.by]
        self._line("closed", at, by, {"outcome": step.outcome})
        if self.case:
            self.case.closed_at, self.case.closed_by, self.case.outcome = at, by, step.outcome
            self.case.save()
            self.case = None
        conversation.status, conversation.closed_at = ConversationStatus.CLOSED, at
        conversation.needs_answer, conversation.waiting_since = False, None

    def _open_case(self, at: datetime, subject: str, by: Agent | None = None) -> None:
        conversation = self.conversation
        if conversation.status == ConversationStatus.CLOSED:
            self._line("reopened", at - timedelta(seconds=1), by, {"why": "message"})
            conversation.assignee = conversation.assigned_at = None
        conversation.status, conversation.closed_at = ConversationStatus.OPEN, None
        self.case = Case.objects.create(
            workspace=conversation.workspace, conversation=conversation, team=conversation.team, opened_at=at,
            opened_by=by, subject=subject[:160],
        )

    def _line(self, kind: str, at: datetime, actor: Agent | None, data: dict[str, Any]) -> None:
        conversation = self.conversation
        Activity.objects.create(
            workspace=conversation.workspace, conversation=conversation, seq=conversation.next_seq(), kind=kind,
            actor=actor, data=data, occurred_at=at,
        )

    def _finish(self) -> None:
        conversation, thread, last = self.conversation, self.thread, self.last
        assert last is not None
        if thread.snoozed_for:
            conversation.status = ConversationStatus.SNOOZED
            conversation.snoozed_until = self.demo.now + span(thread.snoozed_for)
        conversation.preview = preview_of(last, last.occurred_at)
        conversation.save()
        answer_timers.follow(conversation)
        conversation.labels.set([self.demo.labels[key] for key in thread.labels])
        if self.case:
            self.case.save()
        read = conversation.inbound_count - thread.unread
        ReadCursor.objects.bulk_create(
            ReadCursor(agent=person, conversation=conversation, read_count=read, read_at=last.occurred_at)
            for person in self.demo.people.values()
        )
