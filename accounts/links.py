"""One-time links: invitations (token kept as a hash) and password links (signed, single use, at most an hour)."""

import hashlib
import secrets

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from accounts.models import Agent


class PasswordLink(PasswordResetTokenGenerator):
    """Django's generator, which a new password or sign-in makes void, and signing out everywhere too."""

    key_salt = "accounts.password-link"

    def _make_hash_value(self, user: Agent, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.session_epoch}{user.is_active}"


password_link = PasswordLink()


def new_token() -> tuple[str, str]:
    """A token for a link and the hash to keep of it."""
    token = secrets.token_urlsafe(32)
    return token, token_hash(token)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def absolute(path: str) -> str:
    """A link for mails and messages. Its host comes from the settings, never from a request."""
    return f"{settings.BASE_URL}{path}"


def invitation_link(token: str) -> str:
    return absolute(reverse("invitation", args=[token]))


def reset_link(agent: Agent) -> str:
    person = urlsafe_base64_encode(force_bytes(agent.pk))
    return absolute(reverse("password-reset-confirm", args=[person, password_link.make_token(agent)]))


def agent_of_reset_link(person: str, token: str, *, lock: bool = False) -> Agent | None:
    """Whose link this is, if it still holds. `lock` takes the row, so that a link works once however many click."""
    try:
        pk = int(urlsafe_base64_decode(person).decode())
    except (ValueError, UnicodeDecodeError):
        return None
    if not 0 < pk < 2**63:
        return None
    agents = Agent.objects.select_for_update() if lock else Agent.objects.select_related("workspace")
    agent = agents.filter(pk=pk, is_active=True).first()
    return agent if agent is not None and password_link.check_token(agent, token) else None
