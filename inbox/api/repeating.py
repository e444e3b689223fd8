"""The same Idempotency-Key is the same request: it is carried out once and answered the same, even at the same time.

Key, deed and answer are one transaction. A second request with the key waits at the unique index until the first has
committed, and then finds its answer; if the first broke, it takes its place. Refusals are answers too.
"""

import functools
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from pydantic import BaseModel

from accounts.models import ApiToken
from inbox import statements
from inbox.api import problems
from inbox.api.problems import Problem
from inbox.errors import InboxRuleViolation
from inbox.models import ApiAnswer

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
KEPT_FOR = timedelta(hours=25)
CLAIM = """
INSERT INTO inbox_apianswer (token_id, key, fingerprint, status, body, created_at)
VALUES (%s, %s, %s, 0, '', %s) ON CONFLICT (token_id, key) DO NOTHING RETURNING id
"""

Done = tuple[int, BaseModel]


def once(view: Callable[..., Done]) -> Callable[..., HttpResponse]:
    """For endpoints that change something: they return status and body, and run once for a key."""

    @functools.wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get(HEADER, "")
        if not key:
            with transaction.atomic():
                return _rendered(view(request, *args, **kwargs))
        if len(key) > LONGEST_KEY or not key.isprintable():
            raise Problem(422, "invalid", errors=[{"field": HEADER, "detail": f"1–{LONGEST_KEY} printable characters"}])
        with transaction.atomic():
            return _once(view, request, key, args, kwargs)

    return answered


def _once(view: Callable[..., Done], request: HttpRequest, key: str, args: Any, kwargs: Any) -> HttpResponse:
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    fingerprint = _fingerprint(request)
    claimed = statements.fetch(CLAIM, [token.pk, key, fingerprint, timezone.now()])
    if not claimed:
        return _again(ApiAnswer.objects.get(token=token, key=key), fingerprint)
    try:
        with transaction.atomic():
            answer = _rendered(view(request, *args, **kwargs))
    except (InboxRuleViolation, Http404, Problem) as refusal:
        answer = problems.refused(request, refusal)
    ApiAnswer.objects.filter(pk=claimed[0][0]).update(status=answer.status_code, body=answer.content.decode())
    return answer


def forget_old() -> int:
    """Delete answers that nobody may ask for again."""
    deleted, _ = ApiAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    return deleted


def _again(kept: ApiAnswer, fingerprint: str) -> HttpResponse:
    if kept.fingerprint != fingerprint:
        raise Problem(409, "key_reused")
    kind = "application/json" if kept.status < 400 else problems.MEDIA_TYPE
    headers = {"Idempotency-Replayed": "true"}
    return HttpResponse(kept.body.reveal(), status=kept.status, content_type=kind, headers=headers)


def _rendered(done: Done) -> HttpResponse:
    status, body = done
    return HttpResponse(body.model_dump_json(), status=status, content_type="application/json")


def _fingerprint(request: HttpRequest) -> str:
    said = f"{request.method} {request.path}\n".encode() + request.body
    return hashlib.sha256(said).hexdigest()
