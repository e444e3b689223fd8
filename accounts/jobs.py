"""Background jobs about people. They take no secret: a password link is made where it is mailed."""

import logging

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import links, mail, throttle
from accounts.models import Agent

logger = logging.getLogger(__name__)
MAIL_EVERY_SECONDS = 600


def send_password_link(email: str) -> None:
    """Mail a password link to the person of this address, if there is one; at most one in ten minutes."""
    agent = Agent.objects.select_related("workspace").filter(email=email.strip().lower(), is_active=True).first()
    if agent is None or (agent.workspace.is_demo and not settings.DEMO):
        return
    limit = throttle.Limit(throttle.hashed("reset", agent.email), 1, MAIL_EVERY_SECONDS)
    if not throttle.count(limit).allowed:
        return
    with translation.override(agent.language):
        text = render_to_string("accounts/mail/password_link.txt", {"agent": agent, "link": links.reset_link(agent)})
        mail.send(agent.workspace, _("New password for Tresen"), text, agent.email)


def delete_expired_throttles() -> None:
    """Nightly: forget counters of past hours."""
    logger.info("Deleted %s old counters of sign-in tries", throttle.delete_expired())
