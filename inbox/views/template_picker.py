"""The template picker of a conversation: what may be sent, filling it in, sending it."""

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access
from inbox.actions import replying, template_care
from inbox.actions.templates_for import Choice, suggested_values, templates_for
from inbox.forms.messages import TemplateForm
from inbox.models import Conversation
from inbox.picker_page import cards_of, gap_of, parts_of, preview_of
from inbox.views.messages import message_answer
from inbox.views.refusals import form_refusal, refusing
from whatsapp.header_media import defaults_of
from whatsapp.models import MessageTemplate
from whatsapp.sealing import seal
from whatsapp.template_parts import TemplateShape


@require_http_methods(["GET", "POST"])
@refusing
def collection(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the picker (`?chosen=` opens it on one), or with `?template=` the form of one. POST: send one."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "POST":
        return _send(request, conversation)
    choices = templates_for(conversation, by=request.user)
    wanted = request.GET.get("template", "")
    named = wanted or request.GET.get("chosen", "")
    chosen = next((each for each in choices.usable if str(each.template.pk) == named), None)
    if chosen is None and not wanted and choices.usable:
        chosen = choices.usable[0]
    context = {
        "conversation": conversation,
        "choices": choices,
        "chosen": chosen,
        **(_filling(request, conversation, chosen) if chosen else {}),
    }
    template = "inbox/templates/_choice.html" if wanted else "inbox/templates/_picker.html"
    return render(request, template, context, status=200 if chosen or not wanted else 404)


@require_POST
def favourite(request: HttpRequest, pk: int, template_pk: int) -> HttpResponse:
    """Whether it stands first in one's own picker (`on`); answers with its button."""
    conversation = access.get_conversation(request.user, pk)
    template = get_object_or_404(
        MessageTemplate, pk=template_pk, business_account=conversation.phone_number.business_account, removed_at=None
    )
    if template_care.why_not_theirs(request.user, template):
        raise Http404
    on = request.POST.get("on") == "1"
    template_care.set_favourite(template, by=request.user, on=on)
    context = {"conversation": conversation, "template": template, "is_favourite": on}
    return render(request, "inbox/templates/_favourite.html", context)


@require_GET
def header(request: HttpRequest, pk: int, template_pk: int) -> HttpResponseBase:
    """The default file of a template's header or card (`?place=`), for its preview. Images only, by checked type."""
    conversation = access.get_conversation(request.user, pk)
    template = get_object_or_404(
        MessageTemplate, pk=template_pk, business_account=conversation.phone_number.business_account
    )
    media = defaults_of(template, conversation.phone_number_id).get(request.GET.get("place", "header"))
    if media is None or not media.mime_type.startswith("image/"):
        raise Http404
    try:
        response = FileResponse(media.file.open("rb"), content_type=media.mime_type)
    except OSError as error:
        raise Http404 from error
    return seal(response)


def _send(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    form = TemplateForm(request.POST, request.FILES, conversation=conversation)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    message = replying.send_template(
        conversation,
        by=request.user,
        template=form.cleaned_data["template"],
        values=form.values,
        uid=form.cleaned_data["uid"],
        files=form.chosen_files,
    )
    return message_answer(request, conversation, message)


def _filling(request: HttpRequest, conversation: Conversation, chosen: Choice) -> dict[str, Any]:
    shape = TemplateShape.of(chosen.template)
    suggestions = suggested_values(conversation, chosen.template, request.user)
    media = defaults_of(chosen.template, conversation.phone_number_id) if shape.needs_file else {}
    return {
        "shape": shape,
        "title": chosen.title,
        "parts": parts_of(shape, suggestions, media),
        "in_both": set(shape.twins.values()),
        "is_open": conversation.service_window.is_open(timezone.now()),
        "media": media.get("header"),
        "cards": cards_of(shape, suggestions, media),
        "offer_ends": next((gap_of(each) for each in suggestions if each.variable.is_moment), ""),
        "preview_header": preview_of(shape, "header", suggestions),
        "preview_body": preview_of(shape, "body", suggestions),
    }
