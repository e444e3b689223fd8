"""Internal notes: their own address, so that a note can never take the road of a reply."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from inbox import access, threads
from inbox.actions import drafts, notes
from inbox.enums import DraftKind
from inbox.forms.messages import NoteForm
from inbox.views.messages import item_html
from inbox.views.refusals import form_refusal, refusing


@require_http_methods(["GET", "POST"])
@refusing
def collection(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: who may be mentioned. POST: a note."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "GET":
        people = [
            {"id": agent.pk, "name": agent.name, "initials": agent.initials, "hue": agent.hue}
            for agent in access.agents_who_see(conversation)
            if agent.pk != request.user.pk
        ]
        return JsonResponse({"people": people})
    form = NoteForm(request.POST)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    note = notes.add_note(conversation, by=request.user, text=form.cleaned_data["text"], uid=form.cleaned_data["uid"])
    drafts.settle_draft(request.user, conversation, note.text, DraftKind.NOTE)
    return JsonResponse({"uid": str(note.uid), "html": item_html(threads.one_item(note), request)})
