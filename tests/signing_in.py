"""Browsers of people who are signed in, without the sign-in page."""

import time

from django.test import Client

from accounts.models import Agent


def signed_in(agent: Agent, *, proven_at: float = 0) -> Client:
    """`proven_at`: when they last showed who they are, in seconds since 1970; long ago unless said."""
    client = Client()
    client.force_login(agent)
    if proven_at:
        prove(client, proven_at)
    return client


def proven(agent: Agent) -> Client:
    """Who has shown a moment ago who they are."""
    return signed_in(agent, proven_at=time.time())


def prove(client: Client, at: float) -> None:
    session = client.session
    session["proven_at"] = at
    session.save()


def browser(agent: Agent, language: str = "en") -> Client:
    """Somebody who reads this language."""
    agent.language = language
    agent.save()
    return signed_in(agent)
