"""Why a conversation went to whom it went."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from inbox.rules.reasons import explanation_of


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The inside of a small window."""
    explained = explanation_of(pk, seen_by=request.user)  # type: ignore[arg-type]
    return render(request, "inbox/rules/_why.html", {"why": explained})
