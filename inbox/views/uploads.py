"""The files in one's composer: put in, looked at, taken out. Whose they are is part of every look-up."""

import uuid

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.models import Agent
from inbox import access
from inbox.actions import uploads
from inbox.errors import FileRefused
from inbox.models import Conversation, Upload
from inbox.views.attachments import serve
from inbox.views.refusals import form_refusal, refusing
from whatsapp import sendable

RAW = "application/octet-stream"


class UploadForm(forms.Form):
    """What is said about the bytes in the body, in the query string."""

    uid = forms.UUIDField()
    name = forms.CharField(required=False)
    position = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    as_document = forms.BooleanField(required=False)
    voice = forms.BooleanField(required=False)


@require_http_methods(["GET", "POST"])
def collection(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: what lies in the composer. POST: put a file in; its bytes are the body, as they are."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "POST":
        return create(request, conversation)
    found = uploads.uploads_of(request.user, conversation)
    return render(request, "inbox/messages/_uploads.html", {"conversation": conversation, "uploads": found})


@refusing
def create(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    if request.content_type != RAW:
        return HttpResponse(status=415)
    form = UploadForm(request.GET)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    if int(request.META.get("CONTENT_LENGTH") or 0) > sendable.MOST_BYTES:
        raise FileRefused(_("Files up to 100 MB."))
    said = form.cleaned_data
    upload = uploads.keep(
        conversation,
        by=request.user,
        uid=said["uid"],
        name=said["name"],
        source=request,
        position=said["position"] or 0,
        as_document=said["as_document"],
        is_voice=said["voice"],
    )
    html = render_to_string("inbox/messages/_upload.html", {"upload": upload}, request)
    return JsonResponse({"uid": str(upload.uid), "kind": upload.kind, "html": html}, status=201)


@require_http_methods(["GET", "HEAD", "DELETE"])
def item(request: HttpRequest, pk: int, uid: str) -> HttpResponseBase:
    """The file itself, or out with it."""
    upload = _upload_of(request.user, access.get_conversation(request.user, pk), uid)
    if request.method == "DELETE":
        uploads.discard(upload)
        return HttpResponse(status=204)
    return serve(request, upload)


def _upload_of(agent: Agent, conversation: Conversation, uid: str) -> Upload:
    try:
        return Upload.objects.in_composer(agent, conversation).get(uid=uuid.UUID(uid))
    except (Upload.DoesNotExist, ValueError) as error:
        raise Http404 from error
