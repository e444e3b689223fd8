"""Look-up and permission in one step: whoever has an object from here may see it. Everything else is one 404.

What exists but is not visible is answered exactly like what does not exist; only the logs tell them apart.
"""

import logging
from typing import NoReturn

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404

from accounts.models import Agent, Role
from accounts.permissions import teams_led_by
from accounts.refusals import note_unseen
from inbox.beside import PERSON, with_beside
from inbox.enums import ERASING
from inbox.models import Attachment, Contact, ContactImport, Conversation, Message, MovedConversation, RoutingDecision
from inbox.visibility import Actor, ConversationFacts, facts_of, may_see, rights_by_agent, rights_of, visible_q_for

logger = logging.getLogger(__name__)

MOST_ID = 2**63 - 1
WORKSPACES: dict[type[Model], str] = {Attachment: "message__workspace", RoutingDecision: "conversation__workspace"}


def get_conversation(agent: Actor, pk: int) -> Conversation:
    """The conversation with all its head shows, or 404."""
    found = with_beside(Conversation.objects.visible_to(agent).filter(pk=pk), assignee=(*PERSON, "is_active"))
    found = found.select_related("contact", "assignee", "team", "phone_number__business_account")
    conversation = next(iter(found.prefetch_related("contact__identities")), None)
    if conversation is not None:
        conversation.workspace = agent.workspace  # nobody sees another's
    return conversation or _refuse(agent, Conversation.objects.filter(pk=pk), pk)


def get_message(agent: Actor, pk: int) -> Message:
    """A message of a conversation the agent sees, or 404."""
    message = (
        Message.objects.filter(conversation__in=Conversation.objects.visible_to(agent), pk=pk)
        .select_related("conversation__contact", "conversation__workspace", "phone_number__business_account", "author")
        .first()
    )
    return message or _refuse(agent, Message.objects.filter(pk=pk), pk)


def get_attachment(agent: Actor, token: str) -> Attachment:
    """A file by its public token, checked like its conversation on every request, or 404."""
    if "\x00" in token:  # what no stored token can hold, PostgreSQL refuses to compare
        raise Http404
    attachment = (
        Attachment.objects.filter(message__conversation__in=Conversation.objects.visible_to(agent), token=token)
        .select_related("message__conversation")
        .first()
    )
    return attachment or _refuse(agent, Attachment.objects.filter(token=token), token)


def get_decision(agent: Agent, pk: int) -> RoutingDecision:
    """A decision of the routing about a conversation the agent sees, or 404."""
    decision = (
        RoutingDecision.objects.filter(conversation__in=Conversation.objects.visible_to(agent), pk=pk)
        .select_related("agent", "team", "conversation__contact")
        .first()
    )
    return decision or _refuse(agent, RoutingDecision.objects.filter(pk=pk), pk)


def visible_contacts(agent: Actor) -> QuerySet[Contact]:
    """Customers of whom the agent sees a conversation, or all of the workspace for who sees everything.

    Nobody who is being erased is among them.
    Leads also see who has no conversation yet, as they see conversations that have no team.
    """
    rights = rights_of(agent)
    contacts = Contact.objects.filter(workspace_id=rights.workspace_id, merged_into=None).exclude(kind=ERASING)
    if rights.is_active and rights.sees_everything:
        return contacts
    seen = Q(pk__in=Conversation.objects.filter(visible_q_for(rights)).values("contact_id"))
    if rights.is_active and rights.role == Role.LEAD:
        seen |= Q(~Exists(Conversation.objects.filter(contact=OuterRef("pk"))))
    return contacts.filter(seen)


def get_contact(agent: Actor, pk: int) -> Contact:
    """A customer the agent may know of, or 404."""
    contact = visible_contacts(agent).filter(pk=pk).prefetch_related("identities").first()
    return contact or _refuse(agent, Contact.objects.filter(pk=pk), pk)


def get_import(agent: Agent, pk: int) -> ContactImport:
    """A file of contacts that this agent has put in, or 404: its rows are nobody else's yet."""
    found = ContactImport.objects.select_related("workspace", "agent__workspace", "phone_number__business_account")
    return found.filter(agent=agent, pk=pk).first() or _refuse(agent, ContactImport.objects.filter(pk=pk), pk)


def moved_to(agent: Agent, pk: int) -> Conversation | None:
    """The conversation into which this one has gone when two contacts became one, if the agent may see it."""
    if pk > MOST_ID:
        return None
    moved = MovedConversation.objects.filter(old_id=pk).values("conversation")
    return Conversation.objects.visible_to(agent).filter(pk__in=moved).first()


def merged_into(agent: Agent, pk: int) -> Contact | None:
    """The contact that this one has become, if the agent may know of it."""
    became = Contact.objects.filter(pk=pk, merged_into__isnull=False).values("merged_into")
    return visible_contacts(agent).filter(pk__in=became).first()


def require_sight(agent: Actor, conversation: Conversation) -> None:
    """404 unless the agent sees the conversation as it is now. For actions, under the row lock: it may have moved."""
    if not sees(agent, facts_of(conversation)):
        _refuse(agent, Conversation.objects.filter(pk=conversation.pk), conversation.pk)


def sees(agent: Actor, facts: ConversationFacts) -> bool:
    return may_see(rights_of(agent), facts)


def leads(agent: Agent, conversation: Conversation) -> bool:
    """Admins lead every team; without a team every lead is responsible."""
    if agent.workspace_id != conversation.workspace_id or agent.role not in (Role.ADMIN, Role.LEAD):
        return False
    return conversation.team_id is None or teams_led_by(agent).filter(pk=conversation.team_id).exists()


def agents_who_see(conversation: Conversation) -> list[Agent]:
    """The active people who may see this conversation, by name: those who can be mentioned in it."""
    facts = facts_of(conversation)
    ids = [agent_id for agent_id, rights in rights_by_agent(facts.workspace_id).items() if may_see(rights, facts)]
    return list(Agent.objects.filter(pk__in=ids).order_by("name", "pk"))


def _refuse(agent: Actor, existing: QuerySet, wanted: object) -> NoReturn:
    model: type[Model] = existing.model
    found = existing.values_list("pk", WORKSPACES.get(model, "workspace")).first()
    if found is not None:
        who = "agent" if isinstance(agent, Agent) else "token"
        logger.warning("authz_denied %s=%s object=%s:%s", who, agent.pk, model._meta.model_name, wanted)
        if found[1] == agent.workspace_id:  # of another's things nobody here shall read whether they are there
            note_unseen(agent, str(model._meta.model_name), found[0])
    raise Http404
