"""A conversation to print, and as a text file."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record_audit
from inbox import access, transcripts


@require_safe
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    """The page to print; `?notes=1` with what only colleagues see."""
    conversation = access.get_conversation(request.user, pk)
    notes = request.GET.get("notes") == "1"
    entries, is_cut = transcripts.newest_entries(conversation, notes=notes)
    context = {"conversation": conversation, "entries": entries, "is_cut": is_cut, "notes": notes}
    return render(request, "inbox/transcripts/print.html", context)


@require_POST
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole conversation as a text file, in the agent's language; the activity log keeps who took it."""
    conversation = access.get_conversation(request.user, pk)
    notes = request.POST.get("notes") == "1"
    text = "".join(transcripts.as_text(conversation, by=request.user, notes=notes))
    record_audit(
        conversation.workspace, request.user, "conversation.exported", subject=conversation.contact.display_name
    )
    response = HttpResponse("\ufeff" + text, content_type="text/plain; charset=utf-8")
    name = slugify(conversation.contact.display_name) or "conversation"
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate()}.txt"'
    return response
