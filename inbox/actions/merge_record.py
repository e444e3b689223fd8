"""All that a merge of two contacts changes, as it was before: kept beside the merge, and put back by its undoing.

Rows are kept as {column: value}. The record is taken under the locks of both contacts, so nothing slips in between;
what a merge moves by number (messages, notes and lines come after the target's last) is moved back by number.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models

from inbox.models import (
    Assignment,
    AutomaticAnswer,
    Case,
    ConsentRequest,
    Contact,
    ContactIdentity,
    Conversation,
    Draft,
    Follower,
    LostWindow,
    Mention,
    Message,
    Reaction,
    ReadCursor,
    RoutingDecision,
    Satisfaction,
    ScheduledReply,
    Upload,
)

Row = dict[str, Any]
WORDS = ("name", "profile_name", "username", "name_key", "language", "email", "note", "fields", "needs_identity_check")
# What of a conversation may differ although nothing has happened in it: a new look of it was shown.
UNIMPORTANT = {"version"}
BY_ID: dict[str, type[models.Model]] = {
    "mention": Mention, "assignment": Assignment, "decision": RoutingDecision, "scheduled": ScheduledReply,
    "upload": Upload, "satisfaction": Satisfaction, "automatic": AutomaticAnswer, "consent_request": ConsentRequest,
    "lost_window": LostWindow,
}  # fmt: skip


def row_of(instance: models.Model) -> Row:
    return {field.attname: _plain(field.value_from_object(instance)) for field in instance._meta.concrete_fields}


def put_back(model: type[models.Model], row: Row) -> models.Model:
    """The row as it was, made anew under its old id."""
    instance = model(**values_of(model, row))
    instance.save(force_insert=True)
    return instance


def values_of(model: type[models.Model], row: Row) -> Row:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return {name: fields[name].to_python(value) for name, value in row.items() if name in fields}


def before(keep: Contact, gone: Contact) -> Row:
    """Everything about both that a merge can change."""
    both = [keep.pk, gone.pk]
    conversations = list(Conversation.objects.filter(contact__in=both).order_by("pk"))
    return {
        "keep": {name: getattr(keep, name) for name in WORDS},
        "identities": [row_of(each) for each in ContactIdentity.objects.filter(contact__in=both).order_by("pk")],
        "conversations": [_conversation(each) for each in conversations],
        "senders": list(Message.objects.filter(sender_contact=gone).values_list("pk", flat=True)),
        "reactions": list(Reaction.objects.filter(contact=gone).values_list("pk", flat=True)),
        "merged_before": list(Contact.objects.filter(merged_into=gone).values_list("pk", flat=True)),
    }


def after(keep: Contact) -> Row:
    """What must be unchanged for an undoing: who reads this later finds whether something new has happened."""
    return {
        "keep": {name: getattr(keep, name) for name in WORDS},
        "identities": [row_of(each) for each in ContactIdentity.objects.filter(contact=keep).order_by("pk")],
        "conversations": {
            str(each.pk): {name: value for name, value in row_of(each).items() if name not in UNIMPORTANT}
            | {"labels": _labels(each)}
            for each in Conversation.objects.filter(contact=keep).order_by("pk")
        },
        "consents": keep.consents.count(),
    }


def _conversation(conversation: Conversation) -> Row:
    """A conversation with what hangs on it and could be lost or mixed when it goes into another."""
    found = {
        "row": row_of(conversation), "labels": _labels(conversation),
        "followers": list(Follower.objects.filter(conversation=conversation).values_list("agent", flat=True)),
        "cursors": [row_of(each) for each in ReadCursor.objects.filter(conversation=conversation)],
        "drafts": [row_of(each) for each in Draft.objects.filter(conversation=conversation)],
        "cases": [row_of(each) for each in Case.objects.filter(conversation=conversation)],
    }  # fmt: skip
    for name, model in BY_ID.items():
        found[name] = list(model._default_manager.filter(conversation=conversation).values_list("pk", flat=True))
    current = conversation.current_case()
    found["in_case"] = list(Message.objects.filter(case=current).values_list("pk", flat=True)) if current else []
    return found


def _labels(conversation: Conversation) -> list[int]:
    return sorted(conversation.labels.values_list("pk", flat=True))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
