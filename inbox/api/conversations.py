"""Conversations, what is written in them, and sending."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from ninja import Path, Query, Router

from accounts.models import ApiToken, Scope
from inbox import access
from inbox.actions import contact_book, replying
from inbox.api import rendering, shapes
from inbox.api.contacts import number_for
from inbox.api.door import needs
from inbox.api.paging import MOST, cursor_of, values_of
from inbox.api.problems import Problem
from inbox.api.repeating import Done, once
from inbox.enums import MessageKind, MessageStatus
from inbox.errors import FieldsInvalid
from inbox.models import Conversation, Message
from inbox.visibility import facts_of
from whatsapp.models import MessageTemplate

router = Router()
Pk = Path[shapes.Id]
LISTED = Q(kind=MessageKind.REACTION) | Q(status=MessageStatus.HELD)  # not: no bubble, or its author's alone
UNREAD: dict[str, Any] = {
    "team": None, "assignee": None, "labels": [], "needs_answer": False, "waiting_since": None, "customer_messages": 0,
}  # fmt: skip


@router.get("/conversations", response=shapes.Page[shapes.Conversation], **needs(Scope.CONVERSATIONS_READ),
            url_name="conversations", tags=["Conversations"], summary="List conversations")  # fmt: skip
def list_conversations(
    request: HttpRequest,
    status: Annotated[Literal["open", "snoozed", "closed"] | None, Query()] = None,
    contact_id: Annotated[shapes.Id | None, Query()] = None,
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> dict[str, Any]:
    """The latest first."""
    found = _conversations(request.auth).order_by("-last_message_at", "-pk")  # type: ignore[attr-defined]
    if status is not None:
        found = found.filter(status=status)
    if contact_id is not None:
        found = found.filter(contact=contact_id)
    if cursor:
        at, pk = _moment_and_number(cursor)
        found = found.filter(Q(last_message_at__lt=at) | Q(last_message_at=at, pk__lt=pk))
    rows = list(found[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    following = cursor_of(last.last_message_at.isoformat(), last.pk) if last else None
    return {"items": [rendering.conversation_of(row) for row in rows[:limit]], "next": following}


@router.post("/contacts/{contact_id}/conversations", response={200: shapes.Conversation},
             **needs(Scope.MESSAGES_SEND), url_name="contact-conversations", tags=["Conversations"],
             summary="The thread with a contact")  # fmt: skip
@once
def start_conversation(request: HttpRequest, contact_id: Pk, body: shapes.ConversationIn) -> Done:
    """The one lasting thread of this person with one of our numbers, begun if there was none.

    Without `conversations:read` it leaves out who is at it, its labels, and who waits.
    """
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    contact = access.get_contact(token, contact_id)
    begun = contact_book.start_conversation(contact, number=number_for(token, body.number_id), by=token)
    return 200, told(token, begun)


@router.get("/conversations/{conversation_id}", response=shapes.Conversation, **needs(Scope.CONVERSATIONS_READ),
            url_name="conversation", tags=["Conversations"], summary="One conversation")  # fmt: skip
def show_conversation(request: HttpRequest, conversation_id: Pk) -> dict[str, Any]:
    return rendering.conversation_of(_conversation(request.auth, conversation_id))  # type: ignore[attr-defined]


@router.get("/conversations/{conversation_id}/messages", response=shapes.Page[shapes.Message],
            **needs(Scope.CONVERSATIONS_READ), url_name="messages", tags=["Messages"],
            summary="What was written")  # fmt: skip
def list_messages(
    request: HttpRequest,
    conversation_id: Pk,
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> dict[str, Any]:
    """The newest first. Notes of colleagues are not part of it."""
    conversation = access.get_conversation(request.auth, conversation_id)  # type: ignore[attr-defined]
    found = _messages().filter(conversation=conversation).order_by("-seq")
    if cursor:
        found = found.filter(seq__lt=values_of(cursor, int)[0])
    rows = list(found[: limit + 1])
    following = cursor_of(rows[limit - 1].seq) if len(rows) > limit else None
    return {"items": [rendering.message_of(row) for row in rows[:limit]], "next": following}


@router.post("/conversations/{conversation_id}/messages", response={201: shapes.Message},
             **needs(Scope.MESSAGES_SEND), url_name="messages", tags=["Messages"],
             summary="Send a text")  # fmt: skip
@once
def send_text(request: HttpRequest, conversation_id: Pk, body: shapes.TextIn) -> Done:
    """Queues a free text, while the 24-hour window is open. It says “API: name of the token” in the thread.

    To colleagues it is a message of a system: it answers nobody's question, takes the conversation from nobody, and
    whoever waits for a person is still shown as waiting.
    """
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    conversation = access.get_conversation(token, conversation_id)
    quoted = None
    if body.quoted_id is not None:
        quoted = conversation.messages.filter(pk=body.quoted_id).exclude(LISTED).first()
        if quoted is None:
            raise FieldsInvalid({"quoted_id": _("There is no such message in this conversation.")})
    # What looks like the gap of a saved reply is meant: nobody is there to fill it in.
    sent = replying.send_reply(conversation, by=token, text=body.text, uid=uuid.uuid4(), quoted=quoted, gaps_meant=True)
    return 201, shapes.Message(**rendering.message_of(_messages().get(pk=sent.pk)))


@router.post("/conversations/{conversation_id}/templates", response={201: shapes.Message},
             **needs(Scope.MESSAGES_SEND), url_name="conversation-templates", tags=["Messages"],
             summary="Send a template")  # fmt: skip
@once
def send_template(request: HttpRequest, conversation_id: Pk, body: shapes.TemplateIn) -> Done:
    """Queues an approved template, filled in. Marketing goes only to people who have agreed to it."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    conversation = access.get_conversation(token, conversation_id)
    template = _template(conversation, body)
    sent = replying.send_template(conversation, by=token, template=template, values=body.values, uid=uuid.uuid4())
    return 201, shapes.Message(**rendering.message_of(_messages().get(pk=sent.pk)))


@router.get("/messages/{message_id}", response=shapes.Message, **needs(Scope.CONVERSATIONS_READ),
            url_name="message", tags=["Messages"], summary="One message")  # fmt: skip
def show_message(request: HttpRequest, message_id: Pk) -> dict[str, Any]:
    """With the state of its delivery."""
    seen = access.get_message(request.auth, message_id)  # type: ignore[attr-defined]
    found = _messages().filter(pk=seen.pk).first()
    if found is None:
        raise Http404
    return rendering.message_of(found)


def told(token: ApiToken, conversation: Conversation) -> shapes.Conversation:
    """The conversation as it is now, for who has just done something to it: without who is at it and what waits, if
    the token may not read, or has put it out of its own sight."""
    now = _beside(Conversation.objects.filter(pk=conversation.pk)).get()
    may_read = Scope.CONVERSATIONS_READ in token.scopes and access.sees(token, facts_of(now))
    return shapes.Conversation(**(rendering.conversation_of(now) | ({} if may_read else UNREAD)))


def _conversations(token: ApiToken) -> QuerySet[Conversation]:
    return _beside(Conversation.objects.visible_to(token))


def _beside(found: QuerySet[Conversation]) -> QuerySet[Conversation]:
    return found.select_related("workspace", "team", "assignee").prefetch_related("labels")


def _conversation(token: ApiToken, pk: int) -> Conversation:
    access.get_conversation(token, pk)
    return _conversations(token).get(pk=pk)


def _messages() -> QuerySet[Message]:
    related = Message.objects.select_related("author", "sender_contact", "template")
    return related.prefetch_related("attachments", "sender_contact__identities").exclude(LISTED)


def _template(conversation: Conversation, body: shapes.TemplateIn) -> MessageTemplate:
    account = conversation.phone_number.business_account_id
    found = MessageTemplate.objects.filter(business_account=account, removed_at=None)
    if body.template_id is not None:
        template = found.filter(pk=body.template_id).first()
    elif body.name and body.language:
        template = found.filter(name=body.name.replace("\x00", ""), language=body.language.replace("\x00", "")).first()
    else:
        raise FieldsInvalid({"template_id": _("Name the template by its id, or by name and language.")})
    if template is None:
        raise FieldsInvalid({"template_id": _("This template no longer exists.")})
    return template


def _moment_and_number(cursor: str) -> tuple[datetime, int]:
    said, pk = values_of(cursor, str, int)
    try:
        at = parse_datetime(said)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 2000 < at.year < 3000:
        raise Problem(422, "cursor")
    return at, pk
