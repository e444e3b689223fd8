"""May we send advertising to this person? Only with a recorded opt-in that nothing newer takes back.

Every yes and no is a new row with its evidence (the exact words, the message, the time); the newest by Meta's time
counts. Nobody has agreed by default, and a question that waits for its answer permits nothing (inbox.actions.
consent_asking). What customers say for yes and no is in inbox.consent_words.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import Agent
from inbox import events, statements
from inbox.enums import ConsentState
from inbox.models import Consent, Contact, Conversation, Message
from inbox.text import fold

CATEGORY = "marketing"

_TOPIC = "news|newsletter|marketing|werbung|promo|promotions|all"
_STOP_PAYLOAD = re.compile(rf"(^|_)(opt_?out|unsubscribe|keine_werbung|stopp?_({_TOPIC}))(_|$)|^stopp?$")
# Not "start" alone: many a bot's button starts something else.
_START_PAYLOAD = re.compile(rf"(^|_)(opt_?in|subscribe|start_({_TOPIC}))(_|$)")

# Whoever records what a customer said holds the customer's row FOR NO KEY UPDATE, which this keeps out and which
# keeps this out. Nobody waits for anybody: a sender that waited here would hold messages that the other may want.
LOCK_UNLESS_BUSY = "SELECT id FROM inbox_contact WHERE id = ANY(%s) ORDER BY id FOR SHARE SKIP LOCKED"
LATEST = """
SELECT DISTINCT ON (contact_id) contact_id, state FROM inbox_consent
 WHERE contact_id = ANY(%s) AND category = %s ORDER BY contact_id, occurred_at DESC, id DESC
"""


def record_consent(
    contact: Contact,
    state: str,
    *,
    source: str,
    occurred_at: datetime,
    wording: str = "",
    note: str = "",
    message: Message | None = None,
    by: Agent | None = None,
    **proof: Any,
) -> Consent:
    """Append one yes or no with its evidence. The same fact told twice is one row.

    `proof` holds, of an answer to our question: version, said, question_wamid. The customer's own message and our
    number are written down here, so that the proof outlives the message.
    """
    same = Consent.objects.filter(
        contact=contact, category=CATEGORY, state=state, source=source, occurred_at=occurred_at, message=message
    ).first()
    if same is not None:
        return same
    if message is not None:
        proof |= {"wamid": message.wamid, "number": message.phone_number.display_number}
    return Consent.objects.create(
        workspace_id=contact.workspace_id, contact=contact, category=CATEGORY, state=state, source=source,
        wording=wording, note=note[:200], message=message, recorded_by=by, occurred_at=occurred_at, **proof,
    )


def latest_consent(contact: Contact) -> Consent | None:
    """The row that counts now."""
    return Consent.objects.filter(contact=contact, category=CATEGORY).order_by("-occurred_at", "-id").first()


def had_agreed(contact: Contact, at: datetime) -> bool:
    """Whether, apart from WhatsApp's own switch, their last word until then was a yes."""
    ours = Consent.objects.filter(contact=contact, category=CATEGORY, occurred_at__lte=at)
    ours = ours.exclude(source__in=(Consent.Source.META, Consent.Source.META_ERROR))
    row = ours.order_by("-occurred_at", "-id").first()
    return row is not None and row.state == ConsentState.GIVEN


def marketing_state(contact: Contact) -> ConsentState:
    """Given, withdrawn, or never asked."""
    row = latest_consent(contact)
    return ConsentState(row.state) if row is not None else ConsentState.UNKNOWN


def may_send_marketing(contact: Contact) -> bool:
    """Default deny."""
    return marketing_state(contact) == ConsentState.GIVEN


def lock_agreed(contact_ids: Iterable[int]) -> dict[int, bool]:
    """Whether advertising may go to each of them now, for a sender: a no that commits later cannot have come before.

    Their rows stay locked until the sender's own transaction ends. Who is missing in the answer is being worked on by
    somebody, perhaps by a STOP: ask again later.
    """
    locked = [pk for (pk,) in statements.fetch(LOCK_UNLESS_BUSY, [sorted(set(contact_ids))])]
    states = dict(statements.fetch(LATEST, [locked, CATEGORY])) if locked else {}
    return {pk: states.get(pk) == ConsentState.GIVEN for pk in locked}


def payload_state(payload: str) -> ConsentState | None:
    """What a button's own payload says ("OPT_OUT_NEWS"), or None."""
    key = re.sub(r"[^a-z0-9]+", "_", fold(payload))
    if _STOP_PAYLOAD.search(key):
        return ConsentState.WITHDRAWN
    return ConsentState.GIVEN if _START_PAYLOAD.search(key) else None


def contact_changed(contact: Contact) -> None:
    """Tell the open screens of this contact: name, ids, consent. Inside the transaction, its row locked."""
    for conversation in Conversation.objects.select_for_update(no_key=True).filter(contact=contact).order_by("pk"):
        events.conversation_changed(conversation)
