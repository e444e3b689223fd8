"""Refusals as RFC 9457 problems: a status, a code for programs, a sentence for people."""

import json
import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from inbox.actions.contact_book import NumberTaken
from inbox.errors import InboxRuleViolation
from inbox.models import Conversation, Message

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
# Every code an answer may have, in the words of the documentation; errors of the inbox bring their own sentence.
CODES: dict[str, str | Promise] = {
    "no_token": gettext_lazy("The request names no token, or one that opens nothing (any more)."),
    "no_owner": gettext_lazy("The admin who answers for this token is none any more. Another one can take it over."),
    "scope": gettext_lazy("The token may do other things, but not this."),
    "not_found": gettext_lazy("It does not exist, or not for this token."),
    "method": gettext_lazy("This address does not know this method."),
    "unreadable": gettext_lazy("The body is not the JSON that is expected here."),
    "too_large": gettext_lazy("The body is too large."),
    "invalid": gettext_lazy("Fields are missing or not as expected; `errors` names them."),
    "cursor": gettext_lazy("The cursor does not belong to this list."),
    "rate_limit": gettext_lazy("Too many requests. `Retry-After` says in how many seconds to go on."),
    "key_reused": gettext_lazy("This Idempotency-Key was used with another request."),
    "number_taken": gettext_lazy("Somebody has this phone number already; `contact_id` says who, if visible."),
    "window_closed": gettext_lazy("More than 24 hours since the customer wrote: only a template can be sent."),
    "no_consent": gettext_lazy("The customer has not agreed to marketing, or took it back."),
    "template_not_sendable": gettext_lazy("The template is not approved, paused, gone, or belongs elsewhere."),
    "template_values": gettext_lazy("Values do not fit the template; `errors` names them."),
    "fields": gettext_lazy("Values of fields of your own do not fit; `errors` names them."),
    "blocked": gettext_lazy("The customer is blocked."),
    "conversation_closed": gettext_lazy("The conversation is closed: reopen it first."),
    "handover_note": gettext_lazy("Handing over to another team needs a `note` here."),
    "stale": gettext_lazy("Something has happened since you looked. Look again, then decide."),
    "read_only": gettext_lazy("WhatsApp groups can only be read."),
    "empty": gettext_lazy("There is no text."),
    "text_too_long": gettext_lazy("The text is longer than it may be."),
    "gap": gettext_lazy("A placeholder of a saved reply is still in the text."),
    "not_allowed": gettext_lazy("The token sees it, but may not do this with it."),
    "internal": gettext_lazy("Something went wrong on our side. Try again; with an Idempotency-Key it is safe."),
}

Handler = Callable[[HttpRequest, Any], HttpResponse]


class Problem(Exception):
    """A refusal of the API's own."""

    def __init__(self, status: int, code: str, *, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.headers, self.more = status, code, headers or {}, more


def answer(
    status: int, code: str, sentence: object = "", *, headers: dict[str, str] | None = None, **more: Any
) -> HttpResponse:
    body = {
        "type": f"/api/#{code}", "title": HTTPStatus(status).phrase, "status": status, "code": code,
        "detail": str(sentence or CODES.get(code, "")), **more,
    }  # fmt: skip
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=MEDIA_TYPE, headers=headers)


def register(api: NinjaAPI) -> None:
    """Have the API answer everything that is raised with a problem."""
    handlers: tuple[tuple[type[Exception], Handler], ...] = (
        (Problem, refused),
        (InboxRuleViolation, refused),
        (AuthenticationError, lambda request, error: unknown()),
        (HttpError, lambda request, error: answer(error.status_code, "unreadable")),
        (ValidationError, lambda request, error: answer(422, "invalid", errors=list(_errors(error.errors)))),
        (Http404, refused),
        (Conversation.DoesNotExist, _missing),  # gone between looking it up and locking it: merged into another
        (Message.DoesNotExist, _missing),
        (RequestDataTooBig, lambda request, error: answer(413, "too_large")),
        (Exception, _broken),
    )
    for kind, handler in handlers:
        api.add_exception_handler(kind, handler)


def refused(request: HttpRequest, refusal: Exception) -> HttpResponse:
    """A refusal that is stored with its Idempotency-Key."""
    if isinstance(refusal, Problem):
        return answer(refusal.status, refusal.code, headers=refusal.headers, **refusal.more)
    return _violation(request, refusal) if isinstance(refusal, InboxRuleViolation) else _missing(request, refusal)


def unknown() -> HttpResponse:
    return answer(401, "no_token", headers={"WWW-Authenticate": 'Bearer realm="tresen"'})


def _violation(request: HttpRequest, violation: InboxRuleViolation) -> HttpResponse:
    more: dict[str, Any] = {}
    status = violation.status
    if fields := getattr(violation, "fields", None):
        more["errors"] = [{"field": name, "detail": str(words)} for name, words in fields.items()]
    if isinstance(violation, NumberTaken):
        status, more["contact_id"] = 409, violation.contact.pk if violation.contact else None
    code = violation.code if violation.code in CODES else "not_allowed"
    return answer(status, code, violation.sentence, **more)


def _missing(request: HttpRequest, error: Exception) -> HttpResponse:
    return answer(404, "not_found")


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("API request failed: %s %s", request.method, type(error).__name__, exc_info=error)
    return answer(500, "internal")


def _errors(found: Iterable[dict[str, Any]]) -> Iterable[dict[str, str]]:
    for each in found:
        place = [str(part) for part in each["loc"] if part not in ("body", "query", "path", "header", "data")]
        yield {"field": ".".join(place) or "body", "detail": str(each.get("msg") or _("Not as expected."))[:300]}
