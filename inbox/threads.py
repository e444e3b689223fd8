"""The thread: messages, notes and lines of a conversation in one order, a page at a time.

From the newest backwards, or around a place in the middle: a hit of the search, a quoted message, a date.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from accounts.models import Agent
from inbox import albums, rendering
from inbox.beside import CUSTOMER, PERSON, with_beside
from inbox.bubbles import bubble
from inbox.bubbles.delivery import MAY_BE_RESENT
from inbox.enums import WITHOUT_FILES, Direction, MessageKind, MessageStatus
from inbox.models import Activity, Contact, Conversation, Message, Note, Reaction

PAGE_SIZE = 40
CATCH_UP_LIMIT = 300

# What a thread shows of the rows beside its entries.
BESIDE_A_MESSAGE = {
    "author": PERSON,
    "template": ("name", "category", "components"),
    "quoted": ("uid", "seq", "direction", "kind", "text", "data", "deleted_at", "author", "via", "sender_contact"),
    "quoted__author": PERSON,
}
BESIDE_A_REACTION = {"agent": PERSON, "contact": CUSTOMER, "sending": ("status", "error_code")}
FARTHEST_NEW = 1_000  # of more unread messages nobody looks for the first
_TEMPLATES = {
    "message": "inbox/messages/_message.html",
    "note": "inbox/messages/_note.html",
    "activity": "inbox/messages/_event.html",
}


@dataclass
class Item:
    """One entry of the thread with what its template needs. `day` is set where a new day begins, `tile` in an album."""

    kind: str
    thing: Message | Note | Activity
    context: dict[str, Any]
    first: bool = True
    last: bool = True
    day: datetime | None = None
    tile: str = ""

    @property
    def at(self) -> datetime:
        return self.thing.occurred_at

    @property
    def seq(self) -> int:
        return self.thing.seq

    @property
    def template(self) -> str:
        return _TEMPLATES[self.kind]

    @property
    def group(self) -> str:
        return self.context["b"].group if self.kind == "message" and not self.context["b"].is_line else ""


@dataclass(frozen=True)
class Place:
    """A place in the thread's order: everything before it is older."""

    at: datetime
    seq: int

    def __str__(self) -> str:
        return f"{int(self.at.timestamp() * 1_000_000)}.{self.seq}"

    @classmethod
    def of(cls, value: str) -> "Place | None":
        stamp, _, seq = value.partition(".")
        if not (stamp.isdecimal() and seq.isdecimal() and len(stamp) < 18 and len(seq) < 19):
            return None
        return cls(datetime.fromtimestamp(int(stamp) / 1_000_000, tz=UTC), int(seq))


@dataclass(frozen=True)
class ThreadPage:
    items: list[Item]
    older: Place | None  # where the next older page ends, None at the beginning of the thread
    newer: Place | None = None  # behind which the next newer page begins, None at the end


def thread_page(
    conversation: Conversation, agent: Agent, *, before: Place | None = None, size: int = PAGE_SIZE
) -> ThreadPage:
    """The `size` entries before a place (the newest by default), oldest first. A fixed number of queries."""
    entries = _older(conversation, agent, before, size)
    more = len(entries) > size
    entries = entries[-size:]
    return ThreadPage(grouped(entries), older=_place_of(entries[0]) if more else None)


def newer_page(conversation: Conversation, agent: Agent, after: Place, size: int = PAGE_SIZE) -> ThreadPage:
    """The `size` entries that follow a place."""
    entries = _newer(conversation, agent, after, size, inclusive=False)
    more = len(entries) > size
    entries = entries[:size]
    return ThreadPage(grouped(entries), older=None, newer=_place_of(entries[-1]) if more else None)


def page_around(conversation: Conversation, agent: Agent, place: Place, size: int = PAGE_SIZE) -> ThreadPage:
    """As much before a place as from it on, so that what stands there is in the middle of the screen."""
    half = size // 2
    before = _older(conversation, agent, place, half)
    after = _newer(conversation, agent, place, half, inclusive=True)
    entries = before[-half:] + after[:half]
    return ThreadPage(
        grouped(entries),
        older=_place_of(entries[0]) if len(before) > half else None,
        newer=_place_of(entries[-1]) if len(after) > half else None,
    )


def place_of_seq(conversation: Conversation, seq: int) -> Place | None:
    """Where the entry with this number stands."""
    for model in (Message, Note, Activity):
        at = model.objects.filter(conversation=conversation, seq=seq).values_list("occurred_at", flat=True).first()
        if at is not None:
            return Place(at, seq)
    return None


def first_unread_seq(conversation: Conversation, unread: int) -> int | None:
    """The number of the first of so many unread messages: the line "New" stands above it."""
    if not unread:
        return None
    said = Message.objects.filter(conversation=conversation, direction=Direction.IN)
    seqs = said.exclude(kind__in=bubble.LINE_KINDS).order_by("-occurred_at", "-seq").values_list("seq", flat=True)
    at = min(unread, FARTHEST_NEW) - 1
    return seqs[at : at + 1].first()


def changes_since(conversation: Conversation, agent: Agent, seq: int) -> list[Item]:
    """What a page that has seen everything up to `seq` lacks, and its newest entries as they are now."""
    page = thread_page(conversation, agent)
    known = {(item.kind, item.thing.pk) for item in page.items}
    missed: list[Item] = []
    for kind, found in _sources(conversation, agent).items():
        newer = found.filter(seq__gt=seq).order_by("-seq")[:CATCH_UP_LIMIT]
        missed += [item for item in _items(kind, newer, conversation) if (kind, item.thing.pk) not in known]
    return grouped(sorted([*missed, *page.items], key=_order))


def grouped(items: list[Item]) -> list[Item]:
    """Mark where blocks of one author begin and end and where a new day begins, in the active time zone."""
    previous: Item | None = None
    for item in items:
        day = timezone.localtime(item.at).date()
        new_day = previous is None or timezone.localtime(previous.at).date() != day
        item.day = item.at if new_day else None
        item.first = new_day or previous is None or not item.group or previous.group != item.group
        if previous is not None:
            previous.last = item.first
        previous = item
    albums.lay_out(items)
    return items


def one_item(thing: Message | Note | Activity) -> Item:
    """A single entry, for an answer that shows it."""
    kind = "message" if isinstance(thing, Message) else "note" if isinstance(thing, Note) else "activity"
    return _item(kind, thing)


def _older(conversation: Conversation, agent: Agent, before: Place | None, size: int) -> list[Item]:
    """Up to `size` entries of each kind before a place, and one more to see whether it goes on; oldest first."""
    entries: list[Item] = []
    for kind, found in _sources(conversation, agent).items():
        if before is not None:
            found = found.filter(occurred_at__lte=before.at).exclude(occurred_at=before.at, seq__gte=before.seq)
        entries += _items(kind, found.order_by("-occurred_at", "-seq")[: size + 1], conversation)
    return sorted(entries, key=_order)[-(size + 1) :]


def _newer(conversation: Conversation, agent: Agent, place: Place, size: int, *, inclusive: bool) -> list[Item]:
    """The same after a place, or from it on."""
    entries: list[Item] = []
    passed = "seq__lt" if inclusive else "seq__lte"
    for kind, found in _sources(conversation, agent).items():
        found = found.filter(occurred_at__gte=place.at).exclude(**{"occurred_at": place.at, passed: place.seq})
        entries += _items(kind, found.order_by("occurred_at", "seq")[: size + 1], conversation)
    return sorted(entries, key=_order)[: size + 1]


def _order(item: Item) -> tuple[datetime, int]:
    return item.at, item.seq


def _place_of(item: Item) -> Place:
    return Place(item.at, item.seq)


def _sources(conversation: Conversation, agent: Agent) -> dict[str, QuerySet[Any]]:
    """What is in the thread. A held reply is its author's alone."""
    messages = (
        Message.objects.filter(conversation=conversation)
        .exclude(Q(status=MessageStatus.HELD) & ~Q(author=agent))
        .exclude(kind=MessageKind.REACTION)
    )
    # Only in a group it is not plain who wrote.
    is_group = conversation.contact.kind == Contact.Kind.GROUP
    sender = {"sender_contact": CUSTOMER, "quoted__sender_contact": CUSTOMER} if is_group else {}
    notes = Note.objects.filter(conversation=conversation).prefetch_related("mentions__agent")
    return {
        "message": with_beside(messages, **BESIDE_A_MESSAGE, **sender).prefetch_related(
            Prefetch("reactions", with_beside(Reaction.objects.order_by("id"), **BESIDE_A_REACTION))
        ),
        "note": with_beside(notes, author=PERSON),
        "activity": with_beside(Activity.objects.filter(conversation=conversation), actor=PERSON),
    }


def _items(kind: str, found: Iterable[Any], conversation: Conversation) -> list[Item]:
    items, found = [], list(found)
    messages = [each for each in found if isinstance(each, Message)]
    prefetch_related_objects([each for each in messages if each.kind not in WITHOUT_FILES], "attachments__renditions")
    prefetch_related_objects([each for each in messages if each.status in MAY_BE_RESENT], "resends")
    for thing in found:
        thing.conversation = conversation  # with its contact and workspace, already loaded
        if isinstance(thing, Message):
            thing.workspace = conversation.workspace
        items.append(_item(kind, thing))
    return items


def _item(kind: str, thing: Any) -> Item:
    if kind == "message":
        return Item(kind, thing, {"b": bubble.bubble_of(thing)})
    return Item(kind, thing, rendering.note_context(thing) if kind == "note" else rendering.activity_context(thing))
