"""Places, contact cards and questions with answers to tap: their small dialogs, and sending what was filled in."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.models import Agent
from inbox import access, map_links, structured
from inbox.actions import replying
from inbox.enums import Direction, MessageStatus
from inbox.forms.messages import ReplyForm
from inbox.models import Conversation
from inbox.views.messages import message_answer
from inbox.views.refusals import form_refusal, refusing

TEMPLATES = {name: f"inbox/structured/_{name}.html" for name in structured.READERS}


@require_http_methods(["GET", "POST"])
@refusing
def resource(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """GET: the dialog, with `?like=` filled in as that message was; of a location with `?place=` where that is.

    POST: send what was filled in.
    """
    conversation = access.get_conversation(request.user, pk)
    if kind not in structured.READERS:
        raise Http404
    if request.method == "POST":
        form = ReplyForm(request.POST, conversation=conversation)
        if not form.is_valid():
            return form_refusal(request, form.errors)
        said = form.cleaned_data
        parts = structured.READERS[kind](request.POST.dict())
        message = replying.send_structured(
            conversation, by=request.user, parts=parts, uid=said["uid"], seen_seq=said["seen_seq"],
            quoted=said["quoted"], confirm=said["confirm"],
        )  # fmt: skip
        return message_answer(request, conversation, message)
    if kind == "location" and "place" in request.GET:
        point = map_links.point_in(request.GET["place"])
        return JsonResponse({"point": f"{point[0]:.6f}, {point[1]:.6f}" if point else ""})
    said = _said(request, conversation, kind)
    context = {"conversation": conversation, "kind": kind, "range": range(1, 11), "said": said}
    if kind == "contact":
        context |= {"colleagues": _colleagues(request.user), "suffixes": structured.SUFFIXES[1:]}
    return render(request, TEMPLATES[kind], context)


def _said(request: HttpRequest, conversation: Conversation, kind: str) -> dict[str, str]:
    wanted = request.GET.get("like", "")
    if not wanted:
        return {}
    if not wanted.isdecimal() or len(wanted) > 18:
        raise Http404
    message = conversation.messages.filter(pk=wanted, direction=Direction.OUT).first()
    is_anothers = message is not None and message.status == MessageStatus.HELD and message.author_id != request.user.pk
    if message is None or is_anothers or structured.builder_of(message.kind, message.data) != kind:
        raise Http404
    return structured.values_of(kind, message.text, message.data)


def _colleagues(viewer: Agent) -> list[Agent]:
    """Who works here; oneself first."""
    found = Agent.objects.filter(workspace_id=viewer.workspace_id, is_active=True).order_by("name", "pk")[:200]
    return sorted(found, key=lambda agent: agent.pk != viewer.pk)
