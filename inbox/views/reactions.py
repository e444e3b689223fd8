"""Our emoji on a customer's message."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import reacting
from inbox.views.messages import message_answer
from inbox.views.refusals import refusing


@require_http_methods(["POST", "DELETE"])
@refusing
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: `emoji` in place of ours so far. DELETE: take ours away."""
    message = access.get_message(request.user, pk)
    emoji = request.POST.get("emoji", "") if request.method == "POST" else ""
    reacted = reacting.react(message, by=request.user, emoji=emoji)
    return message_answer(request, access.get_conversation(request.user, message.conversation_id), reacted)
