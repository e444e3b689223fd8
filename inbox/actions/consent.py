"""May we send advertising to this person? Only with a recorded opt-in that nothing newer takes back.

Every yes and no is a new row with its evidence (the exact words, the message, the time); the newest by Meta's time
counts. Nobody has agreed by default. Words of the customer are taken literally: whole messages that say nothing else,
so that "Stop, ich komme doch" remains a message.
"""

import re
from datetime import datetime

from accounts.models import Agent
from inbox import events
from inbox.enums import ConsentState, MessageKind
from inbox.models import Consent, Contact, Conversation, Message
from inbox.text import fold

CATEGORY = "marketing"

STOP_WORDS = {
    "stop", "stopp", "stop all", "stopall", "abmelden", "abmeldung", "abbestellen", "unsubscribe", "keine werbung",
    "keine werbung mehr", "no marketing", "opt out", "optout", "nicht mehr schreiben", "keine nachrichten mehr",
    "no more messages",
}  # fmt: skip
START_WORDS = {"start", "anmelden", "subscribe", "opt in", "optin", "werbung ja"}
_POLITE = re.compile(r"\b(bitte|please|newsletter|news|danke|thanks)\b")
_NO_LETTERS = re.compile(r"[^a-z0-9 ]+")
_TOPIC = "news|newsletter|marketing|werbung|promo|promotions|all"
_STOP_PAYLOAD = re.compile(rf"(^|_)(opt_?out|unsubscribe|keine_werbung|stopp?_({_TOPIC}))(_|$)|^stopp?$")
# Not "start" alone: many a bot's button starts something else.
_START_PAYLOAD = re.compile(rf"(^|_)(opt_?in|subscribe|start_({_TOPIC}))(_|$)")


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
) -> Consent:
    """Append one yes or no with its evidence. The same fact told twice is one row."""
    same = Consent.objects.filter(
        contact=contact, category=CATEGORY, state=state, source=source, occurred_at=occurred_at, message=message
    ).first()
    if same is not None:
        return same
    return Consent.objects.create(
        workspace_id=contact.workspace_id, contact=contact, category=CATEGORY, state=state, source=source,
        wording=wording, note=note[:200], message=message, recorded_by=by, occurred_at=occurred_at,
    )


def latest_consent(contact: Contact) -> Consent | None:
    """The row that counts now."""
    return Consent.objects.filter(contact=contact, category=CATEGORY).order_by("-occurred_at", "-id").first()


def marketing_state(contact: Contact) -> ConsentState:
    """Given, withdrawn, or never asked."""
    row = latest_consent(contact)
    return ConsentState(row.state) if row is not None else ConsentState.UNKNOWN


def may_send_marketing(contact: Contact) -> bool:
    """Default deny."""
    return marketing_state(contact) == ConsentState.GIVEN


def keyword_state(text: str) -> ConsentState | None:
    """What a whole message says about advertising, or None when it is about something else."""
    said = _POLITE.sub(" ", _NO_LETTERS.sub(" ", fold(text))).split()
    if len(said) > 2 and all(len(letter) == 1 for letter in said):
        said = ["".join(said)]  # "S T O P"
    words = " ".join(said[:1] if len(set(said)) == 1 else said)  # "STOP STOP"
    if words in STOP_WORDS:
        return ConsentState.WITHDRAWN
    return ConsentState.GIVEN if words in START_WORDS else None


def payload_state(payload: str) -> ConsentState | None:
    """What a button's own payload says ("OPT_OUT_NEWS"), or None."""
    key = re.sub(r"[^a-z0-9]+", "_", fold(payload))
    if _STOP_PAYLOAD.search(key):
        return ConsentState.WITHDRAWN
    return ConsentState.GIVEN if _START_PAYLOAD.search(key) else None


def apply_keyword(contact: Contact, message: Message) -> Consent | None:
    """Take a customer's STOP or START, typed or pressed, as what it is. In the transaction that stores the message."""
    if message.kind == MessageKind.TEXT:
        state, source = keyword_state(message.text) if len(message.text) <= 60 else None, Consent.Source.KEYWORD
    elif message.kind == MessageKind.BUTTON_REPLY:
        # What the customer read decides; the payload helps where the label is something like "No thanks".
        state = keyword_state(message.text) or payload_state(str(message.data.get("id", "")))
        source = Consent.Source.BUTTON
    else:
        return None
    if state is None:
        return None
    return record_consent(
        contact, state, source=source, wording=message.text, message=message, occurred_at=message.occurred_at
    )


def contact_changed(contact: Contact) -> None:
    """Tell the open screens of this contact: name, ids, consent. Inside the transaction, its row locked."""
    for conversation in Conversation.objects.select_for_update(no_key=True).filter(contact=contact).order_by("pk"):
        events.conversation_changed(conversation)
