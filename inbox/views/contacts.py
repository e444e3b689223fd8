"""What the panel changes: labels of the conversation, consent of the contact."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import may_manage_labels
from inbox import access, panels
from inbox.actions import consent, conversations, undo
from inbox.actions.labels import create_label
from inbox.forms.conversations import ConsentForm, LabelsForm
from inbox.models import Consent, Contact, Conversation
from inbox.models.label import in_order
from inbox.views.refusals import form_refusal, refusing, trigger_header


@require_http_methods(["GET", "POST"])
@refusing
def labels(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the menu. POST: put labels on, take labels off, or make one and put it on."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "GET":
        return render(request, "inbox/labels/_menu.html", _menu(request, conversation))
    form = LabelsForm(request.POST, workspace=request.user.workspace)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    said = form.cleaned_data
    with transaction.atomic():
        add = list(said["add"])
        if said["new"]:
            add.append(create_label(request.user.workspace, name=said["new"], by=request.user))
        step = undo.remembering(
            conversation,
            lambda each: conversations.change_labels(each, add=add, remove=said["remove"], by=request.user),
        )
        kept = undo.keep([step], by=request.user)
    response = _panel(request, pk)
    if kept is not None:
        words = _("Label added") if add else _("Label removed")
        toast = {"words": words, "undo": reverse("undo", args=[kept.pk])}
        response["HX-Trigger"] = trigger_header({"toast": toast})
    return response


def _menu(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    return {
        "url": reverse("conversation-labels", args=[conversation.pk]),
        "target": "#labels",
        "labels": in_order(request.user.workspace.labels),
        "chosen": {label.pk for label in conversation.labels.all()},
        "may_create": may_manage_labels(request.user),
    }


@require_POST
@refusing
def record_consent(request: HttpRequest, pk: int) -> HttpResponse:
    """A yes or no to marketing that a colleague was told, with where and how."""
    conversation = access.get_conversation(request.user, pk)
    form = ConsentForm(request.POST)
    if not form.is_valid():
        return render(
            request,
            "inbox/contacts/_consent.html",
            {"panel": panels.panel_of(conversation), "form": form, "asked": request.POST.get("state")},
            status=422,
        )
    said = form.cleaned_data
    with transaction.atomic():
        Contact.objects.select_for_update(no_key=True).get(pk=conversation.contact_id)
        consent.record_consent(
            conversation.contact,
            said["state"],
            source=Consent.Source.AGENT,
            occurred_at=said["occurred_at"],
            wording=said["wording"],
            note=said["note"],
            by=request.user,
        )
        consent.contact_changed(conversation.contact)
    return render(
        request, "inbox/contacts/_consent.html", {"panel": panels.panel_of(access.get_conversation(request.user, pk))}
    )


def _panel(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = access.get_conversation(request.user, pk)
    return render(request, "inbox/contacts/_labels.html", {"panel": panels.panel_of(conversation)})
