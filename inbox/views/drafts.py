"""Drafts: what an agent has typed and not sent."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from inbox import access
from inbox.actions import drafts
from inbox.forms.messages import DraftForm
from inbox.views.refusals import form_refusal


@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the draft; an empty text forgets it."""
    conversation = access.get_conversation(request.user, pk)
    form = DraftForm(request.POST)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    said = form.cleaned_data
    drafts.save_draft(request.user, conversation, said["kind"], said["text"], page=said["page"])
    return HttpResponse(status=204)
