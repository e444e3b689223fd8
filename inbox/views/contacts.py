"""What the panel changes: labels of the conversation, consent of the contact."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from inbox import access, panels
from inbox.actions import consent, conversations
from inbox.forms.conversations import ConsentForm, LabelsForm
from inbox.models import Consent
from inbox.views.refusals import form_refusal, refusing


@require_POST
@refusing
def labels(request: HttpRequest, pk: int) -> HttpResponse:
    """Exactly these labels from now on."""
    conversation = access.get_conversation(request.user, pk)
    form = LabelsForm(request.POST, conversation=conversation)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    conversations.set_labels(conversation, labels=form.cleaned_data["labels"], by=request.user)
    return _panel(request, pk)


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
        consent.record_consent(
            conversation.contact,
            said["state"],
            source=Consent.Source.AGENT,
            occurred_at=said["occurred_at"],
            wording=said["wording"],
            note=said["note"],
            by=request.user,
        )
        consent.consent_changed(conversation.contact)
    return render(
        request, "inbox/contacts/_consent.html", {"panel": panels.panel_of(access.get_conversation(request.user, pk))}
    )


def _panel(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = access.get_conversation(request.user, pk)
    return render(request, "inbox/contacts/_labels.html", {"panel": panels.panel_of(conversation)})
