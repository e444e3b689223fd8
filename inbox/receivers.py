"""The receivers of signals: a deactivated person's work goes back to its teams; a row's files go with the row."""

import functools

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from accounts.models import Agent
from accounts.signals import agent_deactivated
from inbox.models import Rendition


@receiver(agent_deactivated)
def hand_back_on_deactivation(sender: object, agent: Agent, by: Agent | None = None, **kwargs: object) -> None:
    from inbox import events
    from inbox.actions import assignment

    assignment.hand_back_everything(agent, by=by)
    events.rights_changed(agent)


@receiver(post_delete, sender=Rendition)
def delete_rendition_file(sender: object, instance: Rendition, **kwargs: object) -> None:
    """A signal, because rows also go with the message, conversation or contact they hang on. Nobody shares these."""
    if instance.file:
        transaction.on_commit(functools.partial(instance.file.storage.delete, str(instance.file.name)))
