"""One deed for many conversations: each under its own lock and rules, what could not be done is said by name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox.actions import undo
from inbox.errors import InboxRuleViolation
from inbox.models import Conversation, Undo

AT_ONCE = 200


@dataclass
class Outcome:
    done: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)  # conversation, its name, why
    gone: int = 0  # out of sight meanwhile: nothing is said about them
    undo: Undo | None = None


def for_each(
    ids: list[int], act: Callable[[Conversation], Any], *, by: Agent, first: dict[str, Any] | None = None
) -> Outcome:
    """Do it to each of these that the agent sees; one `Undo` takes all of it back, and what was done `first`, too."""
    if len(ids) > AT_ONCE:
        raise InboxRuleViolation(_("At most %(limit)s conversations at once.") % {"limit": AT_ONCE})
    outcome, steps = Outcome(), [first]
    seen = {each.pk: each for each in Conversation.objects.visible_to(by).filter(pk__in=ids).select_related("contact")}
    prefetch_related_objects(list(seen.values()), "contact__identities")
    for pk in dict.fromkeys(ids):
        conversation = seen.get(pk)
        if conversation is None:
            outcome.gone += 1
            continue
        name = conversation.contact.display_name
        try:
            steps.append(undo.remembering(conversation, act))
            outcome.done += 1
        except InboxRuleViolation as violation:
            outcome.refused.append((pk, name, str(violation.sentence)))
        except Http404:
            outcome.gone += 1
    outcome.undo = undo.keep(steps, by=by)
    return outcome
