"""The messages of a conversation: older pages, what a page missed, replies, and what to do with the odd ones."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Agent
from inbox import access, structured, threads
from inbox.actions import replying, sending_files
from inbox.enums import FILE_KINDS, Direction, MessageKind, MessageStatus
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.forms.messages import ReplyForm, UidForm
from inbox.models import Conversation, Message
from inbox.threads import Item, Place, ThreadPage
from inbox.views.refusals import form_refusal, refusing


@require_http_methods(["GET", "POST"])
def collection(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: a page of the history, or with `?after_seq=` what came since. POST: a reply."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "POST":
        return create(request, conversation)
    if (page := history_page(request, conversation)) is not None:
        return render(request, "inbox/messages/_page.html", {"conversation": conversation, "thread": page})
    seq = request.GET.get("after_seq", "0")
    items = threads.changes_since(conversation, request.user, int(seq) if seq.isdecimal() and len(seq) < 19 else 0)
    return render(request, "inbox/messages/_items.html", {"items": items, "bare": True})


def history_page(request: HttpRequest, conversation: Conversation) -> ThreadPage | None:
    """The page the query string names: `before` or `after` a place, `around` a number of the thread, the moment `at`
    or the beginning of a `day`, or the `newest`. A place that is not there (any more) means the newest as well."""
    asked = request.GET
    if before := _place(conversation, asked.get("before", "")):
        return threads.thread_page(conversation, request.user, before=before)
    if after := _place(conversation, asked.get("after", "")):
        return threads.newer_page(conversation, request.user, after)
    if around := _place(conversation, asked.get("around", "")) or _moment(asked.get("at", ""), asked.get("day", "")):
        return threads.page_around(conversation, request.user, around)
    known = ("before", "after", "around", "at", "day", "newest")
    return threads.thread_page(conversation, request.user) if any(name in asked for name in known) else None


def _place(conversation: Conversation, value: str) -> Place | None:
    """A place as the server wrote it, or the number of an entry."""
    if value.isdecimal() and len(value) < 19:
        return threads.place_of_seq(conversation, int(value))
    return Place.of(value)


def _moment(milliseconds: str, day: str) -> Place | None:
    if milliseconds.isdecimal() and len(milliseconds) < 15:
        return Place(datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC), 0)
    try:
        return Place(timezone.make_aware(datetime.combine(date.fromisoformat(day), time())), 0)
    except (ValueError, OverflowError):
        return None


@refusing
def create(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """Queue a reply. The answer holds its bubble, or the dialog when a colleague was faster."""
    form = ReplyForm(request.POST, conversation=conversation)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    said = form.cleaned_data
    if said["files"]:
        return _send_files(request, conversation, said)
    message = replying.send_reply(
        conversation,
        by=request.user,
        text=said["text"],
        uid=said["uid"],
        seen_seq=said["seen_seq"],
        quoted=said["quoted"],
        confirm=said["confirm"],
        gaps_meant=said["gaps_meant"],
    )
    return message_answer(request, conversation, message)


def _send_files(request: HttpRequest, conversation: Conversation, said: dict[str, Any]) -> HttpResponse:
    messages = replying.send_files(
        conversation,
        by=request.user,
        files=said["files"],
        text=said["text"],
        uid=said["uid"],
        seen_seq=said["seen_seq"],
        quoted=said["quoted"],
        confirm=said["confirm"],
        gaps_meant=said["gaps_meant"],
    )
    return messages_answer(request, conversation, messages)


@require_POST
@refusing
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a failed or unconfirmed message once more, as a new one."""
    message = access.get_message(request.user, pk)
    form = UidForm(request.POST)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    again = replying.send_again(message, by=request.user, uid=form.cleaned_data["uid"])
    return message_answer(request, access.get_conversation(request.user, message.conversation_id), again)


@require_http_methods(["GET", "POST", "DELETE"])
@refusing
def held(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the dialog with both texts. POST: send all the same. DELETE: back to the composer, or dropped (`?drop`)."""
    message = access.get_message(request.user, pk)
    conversation = access.get_conversation(request.user, message.conversation_id)
    together = sending_files.sent_together(message)
    if request.method == "DELETE":
        text = replying.drop_held(message, by=request.user, keep="drop" not in request.GET)
        has_files = any(each.kind in FILE_KINDS for each in together)
        return JsonResponse({"text": text, "uids": [str(each.uid) for each in together], "files": has_files})
    if request.method == "POST":
        confirmed = replying.confirm_held(message, by=request.user)
        return messages_answer(request, conversation, sending_files.sent_together(confirmed))
    if message.author_id != request.user.pk:
        raise NotAllowed
    if message.status != MessageStatus.HELD:
        raise InboxRuleViolation(_("This message has already been sent."))
    return JsonResponse({"uid": str(message.uid), "dialog": _held_dialog(request, message, request.user)})


def message_answer(request: HttpRequest, conversation: Conversation, message: Message) -> HttpResponse:
    """The message's bubble as JSON; one that is held back comes with the dialog that asks its author."""
    return messages_answer(request, conversation, [message])


def messages_answer(request: HttpRequest, conversation: Conversation, messages: Sequence[Message]) -> HttpResponse:
    """The same for what one post sent together; `more` are the bubbles after the first."""
    bubbles = []
    for message in messages:
        message.conversation = conversation
        bubbles.append({"uid": str(message.uid), "html": item_html(threads.one_item(message), request)})
    uids = [bubble["uid"] for bubble in bubbles]
    answer = {**bubbles[0], "status": messages[0].status, "more": bubbles[1:], "uids": uids}
    if messages[0].status == MessageStatus.HELD:
        answer["dialog"] = _held_dialog(request, messages[0], request.user)
        return JsonResponse(answer, status=409)
    return JsonResponse(answer)


def item_html(item: Item, request: HttpRequest) -> str:
    return render_to_string(item.template, {**item.context, "first": True, "last": True}).strip()


def _held_dialog(request: HttpRequest, message: Message, agent: Agent) -> str:
    """What colleagues have sent since this agent last looked, beside the agent's own text."""
    answers = (
        Message.objects.filter(
            conversation=message.conversation, direction=Direction.OUT, seq__gt=message.seen_seq or 0
        )
        .exclude(author=agent)
        .exclude(status__in=[MessageStatus.HELD, MessageStatus.FAILED])
        .exclude(kind=MessageKind.REACTION)
        .select_related("author")
        .order_by("seq")[:5]
    )
    context = {"message": message, "together": sending_files.sent_together(message), "answers": list(answers)}
    context["builder"] = structured.builder_of(message.kind, message.data)
    return render_to_string("inbox/messages/_held.html", context, request)
