"""The receivers of signals: a deactivated person's work goes back to its teams, a row's files go with the row, and a
sign-out ends pushes."""

import functools
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import Agent
from accounts.signals import agent_deactivated
from inbox.models import Attachment, PersonExport, Rendition, SavedReplyFile, Upload


@receiver(agent_deactivated)
def hand_back_on_deactivation(sender: object, agent: Agent, by: Agent | None = None, **kwargs: object) -> None:
    from inbox import events
    from inbox.actions import assignment

    assignment.hand_back_everything(agent, by=by)
    events.rights_changed(agent)


@receiver(post_delete, sender=Rendition)
@receiver(post_delete, sender=PersonExport)
def delete_rendition_file(sender: object, instance: Rendition | PersonExport, **kwargs: object) -> None:
    """A signal, because rows also go with the message, conversation or contact they hang on. Nobody shares these."""
    if instance.file:
        transaction.on_commit(functools.partial(instance.file.storage.delete, str(instance.file.name)))


@receiver(post_delete, sender=Attachment)
@receiver(post_delete, sender=Upload)
@receiver(post_delete, sender=SavedReplyFile)
def delete_stored_file(sender: object, instance: Attachment | Upload | SavedReplyFile, **kwargs: object) -> None:
    """The same for what rows do share: it goes with the last of them."""
    from inbox.actions import uploads

    if instance.file:
        uploads.forget_files([str(instance.file.name)])


@receiver(user_logged_out)
def no_pushes_after_sign_out(sender: object, request: HttpRequest, **kwargs: Any) -> None:
    """Only when somebody really signs out: a session that ends by itself at night takes no device away."""
    from inbox.actions import pushing
    from inbox.views.push_devices import token_of

    if request.resolver_match and request.resolver_match.url_name == "logout" and (token := token_of(request)):
        pushing.forget_browser(token)


@receiver(user_logged_in)
def no_pushes_for_the_one_before(sender: object, request: HttpRequest, user: Agent, **kwargs: Any) -> None:
    """Somebody else uses this browser now."""
    from inbox.actions import pushing
    from inbox.views.push_devices import token_of

    if token := token_of(request):
        pushing.forget_browser(token, but_of=user)
