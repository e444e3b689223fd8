"""Two contacts are parted again, from the record of their merge (inbox.actions.merge_record). Nothing is asked here."""

from typing import Any

from django.db.models import F, Model

from inbox import events
from inbox.actions import answer_timers
from inbox.actions.merge_record import BY_ID, Row, put_back, values_of
from inbox.actions.merging import joined
from inbox.models import (
    Activity,
    Case,
    Contact,
    ContactIdentity,
    Conversation,
    Draft,
    Follower,
    Message,
    MovedConversation,
    Note,
    Reaction,
    ReadCursor,
)
from inbox.reports.rolling import mark_conversations


def part(keep: Contact, gone: Contact, record: Row) -> None:
    """Inside the caller's transaction, with both contacts and the conversations locked."""
    gone.merged_into = None
    gone.save(update_fields=["merged_into"])
    for name, value in record["keep"].items():
        setattr(keep, name, value)
    keep.save(update_fields=list(record["keep"]))
    for row in record["identities"]:
        _restore(ContactIdentity, row)
    parts = {each["row"]["id"]: each for each in record["conversations"]}
    there = {each.pk: each for each in Conversation.objects.filter(pk__in=list(parts))}
    by_number: dict[int, int] = {  # threads that became one are of one number of ours
        each["row"]["phone_number_id"]: pk for pk, each in parts.items() if pk in there
    }
    for pk in there:
        line = record["after"]["conversations"][str(pk)]["seq"]  # what said that they were merged
        Activity.objects.filter(conversation=pk, kind="merged", seq=line).delete()
    for pk, each in parts.items():
        if pk not in there:
            _take_out(each, parts[by_number[each["row"]["phone_number_id"]]])
    for pk, conversation in there.items():
        _restore_conversation(conversation, parts[pk])
    Message.objects.filter(pk__in=record["senders"]).update(sender_contact=gone)
    Reaction.objects.filter(pk__in=record["reactions"]).update(contact=gone)
    Contact.objects.filter(pk__in=record["merged_before"]).update(merged_into=gone)
    both = Conversation.objects.filter(contact__in=[keep, gone])
    for apart in both.select_related("workspace", "team"):
        answer_timers.follow(apart)
    mark_conversations(both.values_list("pk", flat=True))


def _restore(model: type[Model], row: Row) -> None:
    values = values_of(model, row)
    model._default_manager.filter(pk=values.pop("id")).update(**values)


def _take_out(mine: Row, target: Row) -> None:
    """A thread that went into another comes out again, under its old id."""
    events.conversation_removed(Conversation.objects.get(pk=target["row"]["id"]))  # its pages show what now leaves
    back = put_back(Conversation, mine["row"] | {"version": mine["row"]["version"] + 1000})
    pk, shift = back.pk, target["row"]["seq"]
    MovedConversation.objects.filter(old_id=pk).delete()
    last = shift + mine["row"]["seq"]
    for model in (Message, Note, Activity):
        moved: Any = model._default_manager.filter(conversation=target["row"]["id"], seq__gt=shift, seq__lte=last)
        moved.update(conversation=pk, seq=F("seq") - shift)
    for name, other in BY_ID.items():
        other._default_manager.filter(pk__in=mine.get(name, [])).update(conversation=pk)
    for row in mine["drafts"]:
        if not Draft.objects.filter(pk=row["id"]).update(conversation=pk):
            put_back(Draft, row)
            for ours in target["drafts"]:
                if (ours["agent_id"], ours["kind"]) == (row["agent_id"], row["kind"]):
                    both = Draft.objects.filter(pk=ours["id"], text=joined(ours["text"], row["text"]))
                    both.update(text=ours["text"])  # unless it was changed since
    for row in mine["cases"]:
        if not Case.objects.filter(pk=row["id"]).update(conversation=pk):
            case = put_back(Case, row)
            Message.objects.filter(pk__in=mine["in_case"]).update(case=case.pk)
    _part_cursors(mine, target)
    Follower.objects.filter(conversation=target["row"]["id"]).exclude(agent__in=target["followers"]).delete()
    Follower.objects.bulk_create(Follower(conversation_id=pk, agent_id=agent) for agent in mine["followers"])
    Conversation.objects.get(pk=pk).labels.set(mine["labels"])


def _part_cursors(mine: Row, target: Row) -> None:
    """Read marks as they were; who has read on since has read both."""
    ours = {row["agent_id"]: row for row in target["cursors"]}
    for row in mine["cursors"]:
        other = ours.get(row["agent_id"])
        there = ReadCursor.objects.filter(conversation=target["row"]["id"], agent=row["agent_id"]).first()
        merged = row["read_count"] + (other["read_count"] if other else 0)
        has_read_on = there is not None and there.read_count > merged
        read = mine["row"]["inbound_count"] if has_read_on else row["read_count"]
        if there is not None and (other or has_read_on):
            there.read_count = target["row"]["inbound_count"] if has_read_on else other["read_count"] if other else 0
            there.save(update_fields=["read_count"])
        elif there is not None:
            there.delete()  # it came over with the thread
        if not ReadCursor.objects.filter(conversation=mine["row"]["id"], agent=row["agent_id"]).exists():
            put_back(ReadCursor, {**row, "id": None, "read_count": read})


def _restore_conversation(conversation: Conversation, was: Row) -> None:
    row = {name: value for name, value in was["row"].items() if name != "version"}
    _restore(Conversation, row)
    for case in was["cases"]:
        _restore(Case, case)
    conversation.refresh_from_db()
    conversation.labels.set(was["labels"])
