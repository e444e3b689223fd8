"""A form that was interrupted: somebody sent it, and has to show first that it is them.

What they typed waits in their session for ten minutes, sealed like the secrets in the database, so that whoever reads
the session store reads none of it. Then their form is filled with it again. Secrets wait with the rest, since some
(Meta's tokens) can be seen only once; no page ever shows them (a password field carries no value): one that is left
empty is put back when the form is sent. It is sent by hand, for a proof alone must not do what somebody else may have
typed at an open screen. Which fields are secrets the view says, by Django's `sensitive_post_parameters`.
"""

import time
from typing import Any

from django.http import HttpRequest, QueryDict

from accounts import entering
from accounts.fields import decrypt, encrypt

KEY = "interrupted"
SECONDS = 600
LONGEST = 64_000  # characters; no form that asks for a proof comes near
UNTYPED = ("csrfmiddlewaretoken",)


class Words(QueryDict):
    """What was typed before the proof: a form over it knows that its secrets are kept."""

    @classmethod
    def of(cls, plain: str) -> "Words":
        return cls(plain, mutable=True)


def keep(request: HttpRequest, back: str) -> None:
    """Let what was sent here wait for the proof, after which it goes `back`; the form before it is forgotten."""
    typed = request.POST.copy()
    for name in UNTYPED:
        typed.pop(name, None)
    request.session.pop(KEY, None)
    plain = typed.urlencode()
    if plain and len(plain) <= LONGEST:
        kept = {"path": request.path, "back": back, "sealed": encrypt(plain), "at": int(time.time())}
        request.session[KEY] = kept


def waits(request: HttpRequest, back: str) -> bool:
    """Whether the page at `back` has something to show that was typed before."""
    kept = _kept(request)
    return kept is not None and kept["back"] == back


def words(request: HttpRequest, path: str) -> Words | None:
    """What was typed into the form that goes to `path`, for who has shown meanwhile that it is them."""
    kept = _kept(request, path)
    return Words.of(decrypt(kept["sealed"])) if kept is not None and entering.is_fresh(request) else None


def complete(request: HttpRequest) -> None:
    """Put back the secrets that were typed before the proof and are left empty now. All of it waits as long again, in
    case it is refused."""
    kept = _kept(request, request.path)
    if kept is None:
        return
    typed, sent = Words.of(decrypt(kept["sealed"])), Words.of(request.POST.urlencode())
    for name in getattr(request, "sensitive_post_parameters", ()):
        if typed.get(name) and not sent.get(name):
            sent[name] = str(typed[name])
    request.POST = sent  # type: ignore[assignment]
    keep(request, kept["back"])


def over(request: HttpRequest) -> None:
    """The form has been dealt with."""
    if _kept(request, request.path) is not None:
        del request.session[KEY]


def _kept(request: HttpRequest, path: str = "") -> dict[str, Any] | None:
    kept = request.session.get(KEY)
    if kept is not None and time.time() - kept["at"] > SECONDS:
        del request.session[KEY]
        return None
    return kept if kept is not None and path in ("", kept["path"]) else None
