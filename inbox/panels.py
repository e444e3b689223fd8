"""The contact panel: who this is, what they agreed to, and what there was before."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import Agent
from inbox.actions.consent_asking import waiting_in
from inbox.beside import PERSON, with_beside
from inbox.contacts import fields as contact_fields
from inbox.enums import BlockState, ConsentState
from inbox.models import Block, Case, Consent, ConsentRequest, Contact, ContactIdentity, Conversation, Label
from inbox.models.label import in_order
from whatsapp.phone_format import pretty

EARLIER_CASES = 10
CONSENT_ROWS = 20


@dataclass(frozen=True)
class Panel:
    conversation: Conversation
    contact: Contact
    identities: list[dict[str, Any]]
    consent: Consent | None
    consents: list[Consent]
    labels: list[Label]
    cases: list[Case]
    followers: list[Agent]
    own_fields: list[tuple[str, str]]
    block: Block | None
    asked: ConsentRequest | None  # and the answer is still to come

    @property
    def consent_state(self) -> str:
        return self.consent.state if self.consent else ConsentState.UNKNOWN

    @property
    def may_ask(self) -> bool:
        """Whether asking for consent makes sense now: never asked, and we may write freely."""
        return (
            self.consent is None
            and self.conversation.block_state == BlockState.NONE
            and self.conversation.service_window.is_open(timezone.now())
        )


def panel_of(conversation: Conversation) -> Panel:
    """Everything the panel shows, in a handful of queries."""
    consents = list(
        with_beside(
            Consent.objects.filter(contact=conversation.contact_id, category="marketing"), recorded_by=PERSON
        ).order_by("-occurred_at", "-id")[:CONSENT_ROWS]
    )
    return Panel(
        conversation=conversation,
        contact=conversation.contact,
        identities=_identities(conversation.contact),
        consent=consents[0] if consents else None,
        consents=consents,
        labels=in_order(conversation.labels),
        cases=list(
            with_beside(
                Case.objects.filter(conversation=conversation, closed_at__isnull=False), closed_by=PERSON,
                satisfaction=("case", "score", "comment"),
            ).order_by("-opened_at")[:EARLIER_CASES]
        ),
        block=_block(conversation),
        asked=waiting_in(conversation, timezone.now()),
        followers=list(
            Agent.objects.filter(pk__in=conversation.followers.values("agent")).order_by("name").only(*PERSON)
        ),
        own_fields=contact_fields.shown(conversation.contact, contact_fields.fields_of(conversation.workspace_id)),
    )


def _block(conversation: Conversation) -> Block | None:
    if conversation.block_state == BlockState.NONE:
        return None
    return next(iter(with_beside(Block.objects.filter(conversation=conversation), by=PERSON)), None)


def _identities(contact: Contact) -> list[dict[str, Any]]:
    """Active ones first, as (words, value, ended)."""
    found = sorted(contact.identities.all(), key=lambda identity: (not identity.is_active, identity.pk))
    return [
        {
            "label": identity.get_kind_display(),
            "value": pretty(identity.value) if identity.kind == ContactIdentity.Kind.PHONE else identity.value,
            "is_phone": identity.kind == ContactIdentity.Kind.PHONE,
            "digits": identity.value,
            "ended_at": identity.ended_at,
            "is_active": identity.is_active,
        }
        for identity in found
    ]
