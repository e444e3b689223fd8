"""Per-request concerns of a signed-in agent: how long a session lives, and the language of the page."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.logs import belonging

GetResponse = Callable[[HttpRequest], HttpResponse]
TOUCH_SECONDS = 60
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
UNTOLD = ("healthz", "readyz", "health-live", "health-ready", "metrics")  # asked every few seconds

logger = logging.getLogger("tresen.request")
BY_HAND = ("", "document", "empty")  # Sec-Fetch-Dest: a browser that does not say, a page, a script
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600
WITHOUT_COOKIES = ("opt-in",)  # for strangers, who are promised that nothing is kept


class RequestIdMiddleware:
    """Gives each request a name that its log lines, its background jobs and the answer (X-Request-ID) carry.

    A proxy of ours may have named it; what anybody else says is not believed. With JSON logs each request has a line:
    which page, how it ended, how long it took, who asked. Paths are left out, since some hold one-time links.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "") if settings.TRUSTED_PROXY_COUNT else ""
        name = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex[:16]
        token, started = belonging.set({"request": name}), time.monotonic()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = name
            if settings.LOG_FORMAT == "json":
                _tell(request, response, time.monotonic() - started)
            return response
        finally:
            belonging.reset(token)


def _tell(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    route = request.resolver_match.view_name if request.resolver_match else ""
    if route in UNTOLD:
        return
    agent = getattr(getattr(request, "user", None), "pk", None)
    facts = {"method": request.method, "route": route, "status": response.status_code, "ms": round(seconds * 1000)}
    words = f"{request.method} {route or '-'} {response.status_code}"
    logger.info(words, extra={"facts": facts if agent is None else facts | {"agent": agent}})


class SessionLifetimeMiddleware:
    """Ends sessions that were idle for SESSION_IDLE_SECONDS or are older than SESSION_COOKIE_AGE (absolute)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        if "_auth_user_id" in session:
            now = int(time.time())
            started, active = session.get("started_at"), session.get("active_at")
            if started is None or active is None:
                session["started_at"] = session["active_at"] = now
            elif now - started > settings.SESSION_COOKIE_AGE or now - active > settings.SESSION_IDLE_SECONDS:
                logout(request)
            elif now - active >= TOUCH_SECONDS and _is_by_hand(request):
                session["active_at"] = now
        return self.get_response(request)


def _is_by_hand(request: HttpRequest) -> bool:
    """Whether somebody did something. Pages mark what they ask for unattended (static/js/lib/by-hand.js), and browsers
    say when they fetch a picture or another part of a page."""
    return "X-Automatic" not in request.headers and request.headers.get("Sec-Fetch-Dest", "") in BY_HAND


class NothingKeptMiddleware:
    """What somebody sees when signed in is not kept by the browser: after sign-out, "back" must not show it again.

    Views that know better (files, which are asked for again each time) say so themselves.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = "_auth_user_id" in request.session
        response = self.get_response(request)
        if signed_in:
            response.setdefault("Cache-Control", "private, no-store")
        return response


class PermissionsPolicyMiddleware:
    """The microphone is for voice notes; everything else a browser could lend out is not asked for."""

    POLICY = (
        "microphone=(self), autoplay=(self), clipboard-write=(self), fullscreen=(self), camera=(), geolocation=(), "
        "payment=(), usb=(), serial=(), hid=(), midi=(), display-capture=(), browsing-topics=()"
    )

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", self.POLICY)
        return response


class AgentLocaleMiddleware:
    """Renders in the agent's own language and zone; before sign-in as chosen by `?language=`, cookie or browser."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        agent, chosen = request.user, ""
        if agent.is_authenticated:
            language = agent.language
            timezone.activate(agent.zone)
        else:
            chosen = request.GET.get("language", "")
            chosen = chosen if chosen in dict(settings.LANGUAGES) else ""
            language = chosen or translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.setdefault("Content-Language", language)
        if chosen and getattr(request.resolver_match, "view_name", "") not in WITHOUT_COOKIES:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, chosen, max_age=LANGUAGE_COOKIE_SECONDS, samesite="Lax",
                secure=settings.SECURE_COOKIES, httponly=True,
            )
        timezone.deactivate()
        return response
