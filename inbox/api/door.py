"""The API's door: the token of a request, its scope, its rate, and what every answer has in common."""

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from ninja.security import HttpBearer

from accounts import api_tokens, throttle
from accounts.models import ApiToken, Scope
from accounts.network import client_network
from inbox.api import problems
from inbox.api.problems import Problem

MINUTE = 60
STRANGE_TOKENS = 60  # a minute from one network; what it holds could not be guessed anyway
LANGUAGES = ("en", "de")


class Token(HttpBearer):
    """Opens an endpoint to tokens with this scope; without one, to every token."""

    def __init__(self, scope: Scope | None = None) -> None:
        self.scope = scope
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        now = timezone.now()
        found = api_tokens.find_token(token.strip())
        if found is None or found.revoked_at is not None or found.expires_at <= now:
            _count(throttle.Limit(throttle.hashed("api", client_network(request)), STRANGE_TOKENS, MINUTE))
            raise Problem(401, "no_token", headers={"WWW-Authenticate": 'Bearer realm="tresen", error="invalid_token"'})
        if not found.is_owned:
            raise Problem(403, "no_owner")
        _count(throttle.Limit(throttle.hashed("token", str(found.pk)), settings.API_RATE_PER_MINUTE, MINUTE))
        if self.scope is not None and self.scope not in found.scopes:
            raise Problem(403, "scope", scope=str(self.scope))
        api_tokens.note_use(found, now)
        return found


def needs(scope: Scope | None = None) -> dict[str, Any]:
    """What an endpoint says of itself: which tokens may use it."""
    return {"auth": Token(scope), "openapi_extra": {"x-scope": str(scope or "")}}


def _count(limit: throttle.Limit) -> None:
    verdict = throttle.count(limit)
    if not verdict.allowed:
        seconds = max(1, round((verdict.again_at - timezone.now()).total_seconds() + 0.5))
        raise Problem(429, "rate_limit", headers={"Retry-After": str(seconds)}, retry_after=seconds)


def through_the_door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """No session and no cookie counts here; answers are nobody's to keep, and in English unless German is wanted."""

    @csrf_exempt
    @login_not_required
    @functools.wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        accepted = translation.get_language_from_request(request) if "Accept-Language" in request.headers else "en"
        with translation.override(accepted if accepted in LANGUAGES else "en"):
            answer = view(request, *args, **kwargs)
            if answer.status_code == 405:
                answer = problems.answer(405, "method", headers={"Allow": answer.headers.get("Allow", "")})
            answer["Content-Language"] = translation.get_language() or "en"
        answer["Cache-Control"] = "no-store"
        patch_vary_headers(answer, ("Authorization", "Accept-Language"))
        return answer

    return opened
