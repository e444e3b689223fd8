"""Forwarding: the chooser of conversations, and passing the message on."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from inbox import access, queries
from inbox.actions import forwarding
from inbox.forms.messages import UidForm
from inbox.views.refusals import form_refusal, refusing


@require_http_methods(["GET", "POST"])
@refusing
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the chooser; with `?q=` only the conversations found. POST: pass it on `to` these."""
    message = access.get_message(request.user, pk)
    if request.method == "POST":
        form = UidForm(request.POST)
        if not form.is_valid():
            return form_refusal(request, form.errors)
        wanted = [int(value) for value in request.POST.getlist("to") if value.isdecimal() and len(value) < 19]
        to = [access.get_conversation(request.user, each) for each in dict.fromkeys(wanted[: forwarding.TARGETS + 1])]
        sent, refused = forwarding.forward(message, to=to, by=request.user, uid=form.cleaned_data["uid"])
        return JsonResponse({"words": _done(len(sent)), "refused": [
            f"{refusal.conversation.contact.display_name}: {refusal.sentence}" for refusal in refused
        ]})  # fmt: skip
    words = request.GET.get("q", "")
    found = queries.writable_conversations(request.user, words, besides=message.conversation_id)
    context = {"message": message, "conversations": found, "words": words, "targets": forwarding.TARGETS}
    part = "_targets" if "q" in request.GET else "_dialog"
    return render(request, f"inbox/forwarding/{part}.html", context)


def _done(count: int) -> str:
    words = ngettext("Forwarded to one conversation", "Forwarded to %(count)s conversations", count)
    return words % {"count": count} if count else _("Not forwarded")
