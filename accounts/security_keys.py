"""Passkeys and security keys (WebAuthn), by Yubico's fido2: what the browser is asked, and whether its answer is right.

A key is bound to the host name. In production that is the one of BASE_URL; in demo mode the one in the address bar,
where an IP address can have no keys at all.
"""

import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts import throttle
from accounts.models import Agent, FactorKind, SecondFactor

MAX_ANSWER = 16 * 1024
CHALLENGE_SECONDS = 300
RIGHT_NOW = "security_key"  # where the session keeps the open question


class WrongAnswer(Exception):
    """What came from the browser does not prove anything."""


@dataclass(frozen=True)
class NewKey:
    credential_id: str
    credential: bytes
    sign_count: int


def are_possible(request: HttpRequest) -> bool:
    """Browsers know keys for host names only, and on secure pages (localhost counts)."""
    host = _host(request)
    return not (host.replace(".", "").isdigit() or ":" in host)


def ask_for_new(request: HttpRequest, agent: Agent) -> dict[str, Any]:
    """What `navigator.credentials.create` is given, to make a key for this person."""
    user = PublicKeyCredentialUserEntity(id=f"agent-{agent.pk}".encode(), name=agent.email, display_name=agent.name)
    options, state = _server(request).register_begin(
        user, _credentials(agent), resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    request.session[RIGHT_NOW] = {"new": True, "agent": agent.pk, "state": state, "at": int(time.time())}
    return dict(options)


def new_key(request: HttpRequest, agent: Agent, answer: str) -> NewKey:
    """The key that the browser made. Raises WrongAnswer."""
    state = _open_question(request, agent, new=True)
    try:
        data = _server(request).register_complete(state, RegistrationResponse.from_dict(_parsed(answer)))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WrongAnswer from error
    if data.credential_data is None:
        raise WrongAnswer
    return NewKey(_text(data.credential_data.credential_id), bytes(data.credential_data), data.counter)


def ask(request: HttpRequest, agent: Agent) -> dict[str, Any]:
    """What `navigator.credentials.get` is given, to prove one of the person's keys."""
    options, state = _server(request).authenticate_begin(
        _credentials(agent), user_verification=UserVerificationRequirement.PREFERRED
    )
    request.session[RIGHT_NOW] = {"new": False, "agent": agent.pk, "state": state, "at": int(time.time())}
    return dict(options)


def proven(request: HttpRequest, agent: Agent, answer: str) -> tuple[str, int]:
    """Id of the person's key that signed our question, and its counter. Raises WrongAnswer."""
    state = _open_question(request, agent, new=False)
    try:
        response = AuthenticationResponse.from_dict(_parsed(answer))
        used = _server(request).authenticate_complete(state, _credentials(agent), response)
    except Exception as error:  # fido2 lets cryptography's InvalidSignature and others through
        raise WrongAnswer from error
    return _text(used.credential_id), response.response.authenticator_data.counter


def _open_question(request: HttpRequest, agent: Agent, *, new: bool) -> dict[str, Any]:
    """The question that was put to this person's browser last. It can be answered once, however many try at a time."""
    question = request.session.pop(RIGHT_NOW, None) or {}
    state = question.get("state")
    if not state or question["agent"] != agent.pk or question["new"] is not new:
        raise WrongAnswer
    if time.time() - question["at"] > CHALLENGE_SECONDS:
        raise WrongAnswer
    once = throttle.Limit(throttle.hashed("question", state["challenge"]), 1, CHALLENGE_SECONDS)
    if not throttle.count(once).allowed:
        raise WrongAnswer
    return state


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > MAX_ANSWER:
        raise ValueError("too long")
    try:
        found = json.loads(answer)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _server(request: HttpRequest) -> Fido2Server:
    # fido2's own check would take every subdomain and port of the host; ours are named in full.
    return Fido2Server(
        PublicKeyCredentialRpEntity(id=_host(request), name="Tresen"),
        verify_origin=lambda origin: origin in settings.ALLOWED_ORIGINS,
    )


def _host(request: HttpRequest) -> str:
    address = f"//{request.get_host()}" if settings.DEMO else settings.BASE_URL
    return urlsplit(address).hostname or ""


def _credentials(agent: Agent) -> list[AttestedCredentialData]:
    rows = SecondFactor.objects.filter(agent=agent, kind=FactorKind.KEY).values_list("credential", flat=True)
    return [AttestedCredentialData(bytes(row)) for row in rows]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
