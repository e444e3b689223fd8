"""The one signal between apps: inbox hands back a deactivated person's conversations and closes their sockets."""

from django.dispatch import Signal

# Sent inside the transaction that deactivates; arguments: agent (accounts.models.Agent), by (Agent or None).
agent_deactivated = Signal()
