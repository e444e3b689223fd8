"""OpenID Connect: to the identity provider and back (authorization code with PKCE, state and nonce).

It says who somebody is; who may come in is decided here: only active people of the workspace, found by an email address
that the provider calls verified. Nobody is made by it, and a second factor is asked for as after a password.
"""

import base64
import hashlib
import json
import logging
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt
import requests
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.errors import SignOnFailed
from accounts.links import absolute
from accounts.models import Agent, SignOnProvider

logger = logging.getLogger("tresen.access")
WAIT = (5, 10)
MAX_ANSWER = 512 * 1024
UNDER_WAY = "sign_on"  # where the session keeps what the answer must match
SECONDS = 600
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]  # never HMAC: the key is public
CLOCKS_MAY_DIFFER = 60


@dataclass(frozen=True)
class Endpoints:
    """What the provider publishes about itself."""

    authorization: str
    token: str
    keys: str


def redirect_address() -> str:
    """What the provider has to know as redirect URI."""
    return absolute(reverse("sign-on-return"))


def endpoints(issuer: str) -> Endpoints:
    """Look them up. Raises SignOnFailed."""
    found = _fetched("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise SignOnFailed("issuer")
    addresses = [str(found.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if not all(map(_is_allowed, addresses)):
        raise SignOnFailed("endpoints")
    return Endpoints(*addresses)


def begin(request: HttpRequest, provider: SignOnProvider, target: str) -> str:
    """Address at the provider to which the browser goes. The session keeps what the answer has to match."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    request.session[UNDER_WAY] = {
        "provider": provider.pk, "state": state, "nonce": nonce, "verifier": verifier, "target": target,
        "at": int(time.time()),
    }  # fmt: skip
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": redirect_address(),
        "scope": "openid email", "state": state, "nonce": nonce, "code_challenge": challenge,
        "code_challenge_method": "S256",
    }  # fmt: skip
    address = endpoints(provider.issuer).authorization
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"


def finish(request: HttpRequest) -> tuple[Agent, str]:
    """The person whom the provider has sent back, and where they wanted to go. Raises SignOnFailed."""
    asked = request.session.pop(UNDER_WAY, None)
    if asked is None or time.time() - asked["at"] > SECONDS:
        raise SignOnFailed("no question")
    if not secrets.compare_digest(request.GET.get("state", "").encode(), asked["state"].encode()):
        raise SignOnFailed("state")
    provider = SignOnProvider.objects.select_related("workspace").filter(pk=asked["provider"]).first()
    code = request.GET.get("code", "")
    if provider is None or not code:
        raise SignOnFailed("no code")
    claims = _claims(provider, code, asked)
    if claims.get("email_verified") is not True or not isinstance(claims.get("email"), str):
        raise SignOnFailed("email not verified")
    email = claims["email"].strip().lower()
    agent = Agent.objects.select_related("workspace").filter(workspace=provider.workspace, email=email).first()
    if agent is None or not agent.is_active or (agent.workspace.is_demo and not settings.DEMO):
        raise SignOnFailed("nobody here")
    return agent, asked["target"]


def _claims(provider: SignOnProvider, code: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What the provider's signed token says, once everything about it is right."""
    places = endpoints(provider.issuer)
    answer = _fetched(
        "POST", places.token,
        auth=(quote(provider.client_id, safe=""), quote(provider.client_secret.reveal(), safe="")),
        data={
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_address(),
            "code_verifier": asked["verifier"],
        },
    )  # fmt: skip
    try:
        token = str(answer["id_token"])
        claims = jwt.decode(
            token, _key(places, token), algorithms=ALGORITHMS, audience=provider.client_id, issuer=provider.issuer,
            leeway=CLOCKS_MAY_DIFFER, options={"require": ["exp", "iat", "sub"]},
        )  # fmt: skip
    except (jwt.PyJWTError, KeyError, ValueError, TypeError) as error:
        raise SignOnFailed(type(error).__name__) from error
    if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), asked["nonce"].encode()):
        raise SignOnFailed("nonce")
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise SignOnFailed("azp")
    return claims


def _key(places: Endpoints, token: str) -> jwt.PyJWK:
    """The provider's key that the token names; the only one, if it names none."""
    name = jwt.get_unverified_header(token).get("kid")
    keys = jwt.PyJWKSet.from_dict(_fetched("GET", places.keys)).keys
    fitting = [key for key in keys if key.public_key_use in (None, "sig") and name in (None, key.key_id)]
    if len(fitting) != 1:
        raise SignOnFailed("key")
    return fitting[0]


def _fetched(method: str, address: str, **more: Any) -> dict[str, Any]:
    """The provider's JSON. No redirects: the secret goes where the admin said, or nowhere."""
    if not _is_allowed(address):
        raise SignOnFailed("address")
    try:
        with requests.request(method, address, timeout=WAIT, allow_redirects=False, stream=True, **more) as answer:
            body = answer.raw.read(MAX_ANSWER, decode_content=True)
            if answer.status_code != 200:
                raise SignOnFailed(f"HTTP {answer.status_code}")
        found = json.loads(body)
    except (requests.RequestException, ValueError, OSError) as error:
        raise SignOnFailed(type(error).__name__) from error
    if not isinstance(found, dict):
        raise SignOnFailed("no object")
    return found


def _is_allowed(address: str) -> bool:
    """HTTPS; in demo mode also this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (settings.DEMO and parts.scheme == "http" and parts.hostname in settings.LOOPBACK)
