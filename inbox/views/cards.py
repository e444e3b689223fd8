"""A contact card of a message: save the person, or write to them."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inbox import access
from inbox.actions import cards
from inbox.views.refusals import refusing


@require_POST
@refusing
def resource(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """`do=write` answers with the address of the conversation, anything else keeps the contact."""
    message = access.get_message(request.user, pk)
    if request.POST.get("do") == "write":
        conversation = cards.write_to(message, position, by=request.user)
        return JsonResponse({"url": reverse("conversation", args=[conversation.pk])})
    contact = cards.save_contact(message, position, by=request.user)
    return JsonResponse({"words": _("%(name)s is saved as a contact") % {"name": contact.display_name}})
