"""Following a conversation, or not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from inbox import access, panels
from inbox.actions import following


@require_http_methods(["POST", "DELETE"])
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: follow. DELETE: no longer. The answer is the panel's part about it."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "POST":
        following.follow(conversation, by=request.user)
    else:
        following.unfollow(conversation, by=request.user)
    return render(request, "inbox/contacts/_followers.html", {"panel": panels.panel_of(conversation)})
