"""The one receiver of a signal from below: a deactivated person's work goes back to its teams, their sockets close."""

from django.dispatch import receiver

from accounts.models import Agent
from accounts.signals import agent_deactivated


@receiver(agent_deactivated)
def hand_back_on_deactivation(sender: object, agent: Agent, by: Agent | None = None, **kwargs: object) -> None:
    from inbox import events
    from inbox.actions import assignment

    assignment.hand_back_everything(agent, by=by)
    events.rights_changed(agent)
