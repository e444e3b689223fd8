"""Per-request concerns of a signed-in agent: how long a session lives, and the language of the page."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

GetResponse = Callable[[HttpRequest], HttpResponse]


class SessionLifetimeMiddleware:
    """Ends sessions that were idle for SESSION_IDLE_SECONDS or are older than SESSION_COOKIE_AGE (absolute)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        if "_auth_user_id" in session:
            now = int(time.time())
            started = session.setdefault("started_at", now)
            active = session.get("active_at", now)
            if now - started > settings.SESSION_COOKIE_AGE or now - active > settings.SESSION_IDLE_SECONDS:
                logout(request)
            elif now - active >= 60 or "active_at" not in session:
                session["active_at"] = now
        return self.get_response(request)


class AgentLocaleMiddleware:
    """Renders in the agent's own language and zone; before sign-in in the language of the cookie or browser."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        agent = request.user
        if agent.is_authenticated:
            language = agent.language
            timezone.activate(agent.zone)
        else:
            language = translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.setdefault("Content-Language", language)
        timezone.deactivate()
        return response
