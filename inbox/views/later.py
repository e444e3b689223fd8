"""Send later: the dialog, what waits in a thread, and what people do with it."""

import uuid
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.models import Agent
from inbox import access, rendering
from inbox.actions import later
from inbox.actions.templates_for import Choice, suggested_values, templates_for
from inbox.forms.later import LaterForm, later_choices
from inbox.models import Conversation, ScheduledReply, Upload
from inbox.picker_page import preview_of
from inbox.views.attachments import serve
from inbox.views.messages import messages_answer
from inbox.views.refusals import form_refusal, refusing
from whatsapp.models import MessageTemplate, TemplateHeaderMedia
from whatsapp.template_parts import TemplateShape


@require_http_methods(["GET", "POST"])
@refusing
def collection(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: what waits here. POST: one more."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "GET":
        return render(request, "inbox/messages/_later.html", rendering.later_context(conversation))
    form = LaterForm(request.POST, conversation=conversation)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    said = form.cleaned_data
    later.schedule_reply(
        conversation, by=request.user, text=said["text"], uid=said["uid"] or "", plan=form.plan,
        files=said["files"], seen_seq=said["seen_seq"], quoted=said["quoted"], gaps_meant=said["gaps_meant"],
    )  # fmt: skip
    return _waiting(request, conversation)


@require_GET
def dialog(request: HttpRequest, pk: int) -> HttpResponse:
    """The dialog for a new one; with `?template=` only the fields of that template."""
    conversation = access.get_conversation(request.user, pk)
    wanted = request.GET.get("template", "")
    if wanted:
        return _fields(request, conversation, wanted)
    return _dialog(request, conversation, None)


@require_http_methods(["GET", "POST", "DELETE"])
@refusing
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the dialog to change it. POST: change it. DELETE: do not send it; the answer holds its text,
    and says whether files came back into the composer.
    """
    reply, conversation = _find(request, pk)
    if request.method == "GET":
        return _dialog(request, conversation, reply)
    if request.method == "DELETE":
        has_files = bool(reply.files_in_order)
        text = later.cancel_reply(reply, by=request.user)
        return _waiting(request, conversation, text=text, files=has_files)
    form = LaterForm(request.POST, conversation=conversation)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    said = form.cleaned_data
    later.change_reply(
        reply, by=request.user, text=said["text"], plan=form.plan, gaps_meant=said["gaps_meant"],
        files=said["files"], without=said["without"],
        mark=said["mark"],
    )  # fmt: skip
    return _waiting(request, conversation)


@require_POST
@refusing
def sending(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it at once."""
    reply, conversation = _find(request, pk)
    return messages_answer(request, conversation, later.send_now(reply, by=request.user))


@require_safe
def file(request: HttpRequest, pk: int, uid: str) -> HttpResponseBase:
    """A file that goes with it, for all who see the conversation."""
    reply, _conversation = _find(request, pk)
    try:
        return serve(request, reply.files.get(uid=uuid.UUID(uid)))
    except (Upload.DoesNotExist, ValueError) as error:
        raise Http404 from error


def _find(request: HttpRequest, pk: int) -> tuple[ScheduledReply, Conversation]:
    found = ScheduledReply.objects.filter(pk=pk, workspace_id=request.user.workspace_id).first()
    if found is None:
        raise Http404
    found.conversation = access.get_conversation(request.user, found.conversation_id)
    return found, found.conversation


def _waiting(request: HttpRequest, conversation: Conversation, **more: str | bool) -> JsonResponse:
    conversation.refresh_from_db(fields=["later_count", "version"])
    html = render_to_string("inbox/messages/_later.html", rendering.later_context(conversation)).strip()
    return JsonResponse({"html": html, **more})


def _dialog(request: HttpRequest, conversation: Conversation, reply: ScheduledReply | None) -> HttpResponse:
    window, now = conversation.service_window, timezone.now()
    template = reply.template if reply is not None else None
    filled = _filled(request, conversation, template, reply.template_values) if reply and template else {}
    is_alone = reply.is_template if reply is not None else not window.is_open(now)
    context: dict[str, Any] = {
        "conversation": conversation, "reply": reply, "window": window, "is_alone": is_alone,
        "choices": [(*choice, not window.is_open(choice[3])) for choice in later_choices(now)],
        "templates": [
            (each.template.pk, each.title, each.template.language) for each in _plannable(conversation, request.user)
        ],
        "held": ScheduledReply.IfWritten.HOLD, "is_late": reply is not None and not window.is_open(reply.due_at),
        **filled,
    }  # fmt: skip
    return render(request, "inbox/messages/_later_dialog.html", context)


def _fields(request: HttpRequest, conversation: Conversation, wanted: str) -> HttpResponse:
    account = conversation.phone_number.business_account_id
    if not wanted.isdecimal() or len(wanted) > 18:
        raise Http404
    template = get_object_or_404(MessageTemplate, business_account=account, pk=wanted)
    return render(request, "inbox/messages/_later_values.html", _filled(request, conversation, template, {}))


def _plannable(conversation: Conversation, by: Agent) -> list[Choice]:
    """What may be sent now and needs no file chosen for it."""
    defaults = TemplateHeaderMedia.objects.filter(phone_number=conversation.phone_number_id)
    there = set(defaults.values_list("template_id", "place"))
    return [
        each for each in templates_for(conversation, by=by).usable
        if all((each.template.pk, place) in there for place in TemplateShape.of(each.template).file_places)
    ]  # fmt: skip


def _filled(
    request: HttpRequest, conversation: Conversation, template: MessageTemplate, known: dict[str, str]
) -> dict[str, Any]:
    """Fields and preview, to begin with: what was chosen, else what the picker would suggest."""
    suggested = [
        replace(each, value=known.get(each.variable.field, each.value))
        for each in suggested_values(conversation, template, request.user)
    ]
    return {
        "values": [(each.variable, each.value) for each in suggested],
        "body": preview_of(TemplateShape.of(template), "body", suggested),
    }
