"""A conversation to print, as a text file, and with all its files."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record_audit
from inbox import access, archives, transcripts
from inbox.models import Conversation
from inbox.views.attachments import streamed


@require_safe
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    """The page to print; `?notes=1` with what only colleagues see."""
    conversation = access.get_conversation(request.user, pk)
    notes = request.GET.get("notes") == "1"
    entries, is_cut = transcripts.newest_entries(conversation, notes=notes)
    context = {"conversation": conversation, "entries": entries, "is_cut": is_cut, "notes": notes}
    return render(request, "inbox/transcripts/print.html", context)


@require_POST
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The whole conversation as a text file, in the agent's language, with `form=zip` together with its files.

    The activity log keeps who took it.
    """
    conversation = access.get_conversation(request.user, pk)
    notes = request.POST.get("notes") == "1"
    if request.POST.get("form") == "zip":
        return _archive(request, conversation, notes)
    text = "".join(transcripts.as_text(conversation, by=request.user, notes=notes))
    record_audit(
        conversation.workspace, request.user, "conversation.exported", subject=conversation.contact.display_name,
        data={"contact": conversation.contact_id},
    )  # fmt: skip
    response = HttpResponse("\ufeff" + text, content_type="text/plain; charset=utf-8")
    name = slugify(conversation.contact.display_name) or "conversation"
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate()}.txt"'
    return response


def _archive(request: HttpRequest, conversation: Conversation, notes: bool) -> HttpResponseBase:
    archive = archives.archive_of(conversation, by=request.user, notes=notes)
    record_audit(
        conversation.workspace, request.user, "conversation.archived", subject=conversation.contact.display_name,
        data={"files": len(archive.files), "contact": conversation.contact_id},
    )  # fmt: skip
    response = streamed(request, archives.written(archive))
    response["Content-Type"] = "application/zip"
    response["Content-Disposition"] = f'attachment; filename="{archive.name}.zip"'
    return response
