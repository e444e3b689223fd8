"""Blocking a contact, and no longer."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import blocking
from inbox.views.assignments import changed_answer
from inbox.views.refusals import refusing


@require_http_methods(["POST", "DELETE"])
@refusing
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: block, for `spam` or just so. DELETE: let them write again."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "DELETE":
        blocking.unblock_contact(conversation, by=request.user)
        return changed_answer(request, pk)
    blocking.block_contact(conversation, by=request.user, spam=request.POST.get("spam") == "1")
    return changed_answer(request, pk, words=_("WhatsApp is being asked to block this contact."))
