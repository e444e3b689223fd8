"""The list and its counts: what the left side of the inbox reads. Every function costs a bounded number of queries.

Everything starts from `visible_to`; "mine" is narrower than any sight and needs no more than its own index.
"""

import operator
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, prefetch_related_objects
from django.db.models.functions import Coalesce

from accounts.models import Agent, Team
from inbox import text
from inbox.enums import ConversationStatus
from inbox.models import Contact, ContactIdentity, Conversation, Mention, ReadCursor
from inbox.rows import Row, row_of

PAGE_SIZE = 50
RARE = 2_000  # people found by a search; more are not listed one by one
COUNT_LIMIT = 100  # counts beyond are shown as "99+": nobody reads them, and counting on would cost
VIEWS = ("mine", "unassigned", "all", "mentions", "closed", "snoozed")


@dataclass(frozen=True)
class Filter:
    """Which conversations the list shows."""

    view: str = "mine"
    team_id: int | None = None
    label_id: int | None = None
    search: str = ""

    @classmethod
    def of(cls, values: "dict[str, str]", default_view: str = "mine") -> "Filter":
        """From a query string; nonsense counts as not said."""
        view = values.get("view", "")
        return cls(
            view=view if view in VIEWS else default_view,
            team_id=_number(values.get("team")),
            label_id=_number(values.get("label")),
            search=values.get("q", "").strip()[:100],
        )

    @property
    def parameters(self) -> dict[str, str]:
        """As a query string says them."""
        said = {"view": self.view, "team": self.team_id or "", "label": self.label_id or "", "q": self.search}
        return {name: str(value) for name, value in said.items() if value}

    @property
    def query(self) -> str:
        return urlencode(self.parameters)

    def with_(self, **changes: object) -> "Filter":
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Cursor:
    """The last row of a page: the next one begins below it."""

    at: datetime
    pk: int

    def __str__(self) -> str:
        return f"{int(self.at.timestamp() * 1_000_000)}.{self.pk}"

    @classmethod
    def of(cls, value: str) -> "Cursor | None":
        stamp, _, pk = value.partition(".")
        if not (stamp.isdecimal() and pk.isdecimal() and len(stamp) < 18 and len(pk) < 19):
            return None
        return cls(datetime.fromtimestamp(int(stamp) / 1_000_000, tz=UTC), int(pk))


@dataclass(frozen=True)
class ListPage:
    rows: list[Row]
    next: Cursor | None


def list_page(
    agent: Agent, wanted: Filter, *, after: Cursor | None = None, size: int = PAGE_SIZE, current: int | None = None
) -> ListPage:
    """One page of the list, newest first, in at most four queries whatever its length."""
    found = _filtered(agent, wanted)
    if after is not None:
        # The first condition alone already lets the index begin at the right place.
        found = found.filter(last_message_at__lte=after.at).exclude(last_message_at=after.at, pk__gte=after.pk)
    conversations = list(with_what_rows_show(found, agent).order_by("-last_message_at", "-pk")[: size + 1])
    more = len(conversations) > size
    conversations = conversations[:size]
    for conversation in conversations:
        conversation.workspace = agent.workspace
    # Only who has no name is shown by number.
    nameless = [each.contact for each in conversations if not (each.contact.name or each.contact.profile_name)]
    prefetch_related_objects(nameless, "identities")
    last = conversations[-1] if more else None
    return ListPage(
        rows=[_row(conversation, current) for conversation in conversations],
        next=Cursor(last.last_message_at, last.pk) if last else None,
    )


def with_what_rows_show(conversations: QuerySet[Conversation], agent: Agent) -> QuerySet[Conversation]:
    """Contact, owner, labels, and how far this agent has read."""
    read = ReadCursor.objects.filter(agent=agent, conversation=OuterRef("pk")).values("read_count")
    return (
        conversations.annotate(read_count=Subquery(read))
        .select_related("contact", "assignee")
        .prefetch_related("labels")
    )


def one_row(agent: Agent, pk: int, current: int | None = None) -> Row | None:
    """The row of one conversation, if the agent sees it."""
    found = with_what_rows_show(Conversation.objects.visible_to(agent).filter(pk=pk), agent).first()
    if found is None:
        return None
    found.workspace = agent.workspace
    return _row(found, current)


def view_counts(agent: Agent, team_id: int | None = None) -> dict[str, int]:
    """Mine, unassigned and unread mentions for the tabs, and my unread conversations for the rail."""
    mine = Conversation.objects.filter(assignee=agent, status=ConversationStatus.OPEN)
    unassigned = Conversation.objects.visible_to(agent).filter(status=ConversationStatus.OPEN, assignee=None)
    if team_id is not None:
        mine, unassigned = mine.filter(team_id=team_id), unassigned.filter(team_id=team_id)
    counted = _how_far_read(agent, mine)
    mentions = Mention.objects.filter(agent=agent, read_at=None).values("conversation").distinct()
    return {
        "mine": len(counted),
        "unassigned": unassigned[:COUNT_LIMIT].count(),
        "mentions": mentions[:COUNT_LIMIT].count(),
        "unread": sum(inbound > read_count for inbound, read_count in counted),
    }


def my_unread(agent: Agent) -> int:
    """How many of my open conversations hold something I have not read, in one query."""
    mine = Conversation.objects.filter(assignee=agent, status=ConversationStatus.OPEN)
    return sum(inbound > read_count for inbound, read_count in _how_far_read(agent, mine))


def _how_far_read(agent: Agent, conversations: QuerySet[Conversation]) -> list[tuple[int, int]]:
    """(received, read) of each, as far as counts are shown."""
    read = ReadCursor.objects.filter(agent=agent, conversation=OuterRef("pk")).values("read_count")
    return list(conversations.values_list("inbound_count", Coalesce(Subquery(read), 0))[:COUNT_LIMIT])


def teams_to_filter(agent: Agent) -> list[Team]:
    """The teams whose conversations the agent may see."""
    teams = Team.objects.filter(workspace=agent.workspace_id).order_by("name")
    if agent.is_admin or agent.visibility == "all":
        return list(teams)
    return list(teams.filter(memberships__agent=agent))


def _filtered(agent: Agent, wanted: Filter) -> QuerySet[Conversation]:
    visible = Conversation.objects.visible_to(agent)
    opened = ConversationStatus.OPEN
    if wanted.search:
        found = visible.filter(_who_is_called(agent, wanted.search))
    elif wanted.view == "mine":
        found = Conversation.objects.filter(assignee=agent, status=opened)
    elif wanted.view == "unassigned":
        found = visible.filter(status=opened, assignee=None)
    elif wanted.view == "mentions":
        mine = Mention.objects.filter(agent=agent, conversation=OuterRef("pk"))
        found = Conversation.objects.filter(Exists(mine), workspace=agent.workspace_id)
    else:
        found = visible.filter(status=opened if wanted.view == "all" else wanted.view)
    if wanted.team_id is not None:
        found = found.filter(team_id=wanted.team_id)
    if wanted.label_id is not None:
        found = found.filter(labels=wanted.label_id)
    return found


def _who_is_called(agent: Agent, words: str) -> Q:
    """Conversations with people of this name, username, or a part of this number.

    Each source answers by its own index, which one OR of all would not. A word that thousands have is another matter:
    then most conversations match anyway, and the database looks through them.
    """
    contacts = Contact.objects.filter(workspace=agent.workspace_id)
    sources: list[QuerySet[Any, tuple[Any, ...]]] = [
        contacts.filter(name_key__contains=text.fold(words)).values_list("pk"),
        contacts.filter(~Q(username=""), username__istartswith=words.lstrip("@")).values_list("pk"),
    ]
    # As people say it here: 0172 … and 0049 172 … are +49 172 …
    digits = re.sub(r"^00?", "", "".join(char for char in words if char in "0123456789"))
    if len(digits) >= 3 and not any(char.isalpha() for char in words):
        numbers = ContactIdentity.objects.filter(workspace=agent.workspace_id, kind="phone", value__contains=digits)
        sources.append(numbers.values_list("contact"))
    found = [pk for (pk,) in sources[0].union(*sources[1:], all=True)[: RARE + 1]]
    if len(found) <= RARE:
        return Q(contact__in=found)
    return reduce(operator.or_, (Q(contact__in=source) for source in sources))


def _row(conversation: Conversation, current: int | None) -> Row:
    read_count = conversation.read_count or 0  # type: ignore[attr-defined]
    return row_of(
        conversation,
        read_count=read_count,
        unread=max(conversation.inbound_count - read_count, 0),
        is_current=conversation.pk == current,
    )


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) < 19 else None
