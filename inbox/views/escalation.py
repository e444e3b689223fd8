"""What leads and their people do about a conversation that cannot go on as it is."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import desk_required
from inbox import access
from inbox.actions.asking_back import ask_to_answer
from inbox.actions.escalating import escalate
from inbox.views.assignments import changed_answer, seen_holder
from inbox.views.refusals import refusing, triggering


@require_http_methods(["GET", "POST"])
@refusing
def escalation(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: where the reason is written. POST: give it to a lead, `why` says the reason."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "GET":
        return render(request, "inbox/conversations/_escalation.html", {"conversation": conversation})
    lead = escalate(conversation, by=request.user, why=request.POST.get("why", ""), **seen_holder(request.POST))
    return changed_answer(request, pk, words=_("Handed over to %(name)s") % {"name": lead.first_name})


@desk_required
@require_POST
@refusing
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the customer for a word that keeps the window open. A notification's button gets the words as JSON."""
    conversation = access.get_conversation(request.user, pk)
    ask_to_answer(conversation, by=request.user)
    words = _("%(name)s is asked to answer.") % {"name": conversation.contact.first_name}
    if not getattr(request, "htmx", False):
        return JsonResponse({"words": words})
    return triggering({"toast": {"words": words}, "board:changed": {}})
