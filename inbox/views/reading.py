"""Read and unread, for one agent."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import conversations
from inbox.views.refusals import triggering


@require_http_methods(["POST", "DELETE"])
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: read, up to the `count`th customer message. DELETE: the newest counts as unread again."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "DELETE":
        conversations.mark_unread(request.user, conversation)
        return triggering({"conversation:unread": {"id": pk}})
    count = request.POST.get("count", "")
    up_to = int(count) if count.isdecimal() and len(count) < 10 else None
    conversations.mark_read(request.user, conversation, up_to=up_to)
    return HttpResponse(status=204)
