"""The banners above every page, once more: pages that are open ask for them when an event says that they changed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What this person has to know now."""
    return render(request, "inbox/_warnings.html")
