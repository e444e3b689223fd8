"""Sign-in by e-mail and password."""

from django.contrib.auth.backends import ModelBackend


class AgentBackend(ModelBackend):
    """Django's own, kept under our name: e-mail look-up is case-insensitive by AgentManager.get_by_natural_key."""
