"""How a refusal becomes an answer."""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.errors import AccountsRuleViolation

View = Callable[..., HttpResponse]


def refusals_in_words(view: View) -> View:
    """A rule violation becomes a page with its sentence and status, and the way back."""

    @functools.wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except AccountsRuleViolation as refusal:
            context = {"sentence": refusal.sentence, "back": request.path}
            return render(request, "accounts/refused.html", context, status=refusal.status)

    return answering


def done(request: HttpRequest, sentence: str) -> None:
    """Say on the next page that it worked."""
    messages.success(request, sentence)
