"""The list and its counts: what the left side of the inbox reads. Every function costs a bounded number of queries.

Everything starts from `visible_to`; "mine" is narrower than any sight and needs no more than its own index.
"""

import operator
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, prefetch_related_objects
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone

from accounts.models import Agent, Team
from inbox import text
from inbox.beside import CUSTOMER, PERSON, with_beside
from inbox.enums import ConversationStatus, DraftKind
from inbox.filters import Cursor, Filter, Part, parts_of
from inbox.models import Contact, ContactIdentity, Conversation, Draft, Follower, Mention, ReadCursor
from inbox.rows import Row, row_of
from inbox.search.words import words_of
from whatsapp.service_window import WINDOW

PAGE_SIZE = 50
RARE = 2_000  # people found by a search; more are not listed one by one
SHORTEST_NEAR = 4  # letters of a name that may be mistyped
COUNT_LIMIT = 100  # counts beyond are shown as "99+": nobody reads them, and counting on would cost


@dataclass(frozen=True)
class ListPage:
    rows: list[Row]
    next: Cursor | None


def list_page(
    agent: Agent, wanted: Filter, *, after: Cursor | None = None, size: int = PAGE_SIZE, current: int | None = None
) -> ListPage:
    """One page of the list in the wanted order, in at most five queries whatever its length."""
    now = after.now if after and after.now else timezone.now()
    parts = parts_of(wanted.sort, now, agent.workspace.window_margin)
    found = with_what_rows_show(_filtered(agent, wanted, now), agent)
    conversations: list[Conversation] = []
    at = after.part if after and after.part < len(parts) else 0
    for number in range(at, len(parts)):
        if len(conversations) > size:
            break
        part = found.filter(parts[number].condition)
        if after is not None and number == at:
            part = parts[number].below(part, after)
        for conversation in part.order_by(*parts[number].order)[: size + 1 - len(conversations)]:
            conversation.part = number  # type: ignore[attr-defined]
            conversations.append(conversation)
    more = len(conversations) > size
    conversations = conversations[:size]
    for conversation in conversations:
        conversation.workspace = agent.workspace
    prefetch_related_objects(conversations, "labels")
    # Only who has no name is shown by number.
    nameless = [each.contact for each in conversations if not (each.contact.name or each.contact.profile_name)]
    prefetch_related_objects(nameless, "identities")
    return ListPage(
        rows=[_row(conversation, current) for conversation in conversations],
        next=_cursor(conversations[-1], parts, now) if more else None,
    )


def is_listed(agent: Agent, wanted: Filter, pk: int) -> bool:
    return _filtered(agent, wanted, timezone.now()).filter(pk=pk).exists()


def _cursor(last: Conversation, parts: list[Part], now: datetime) -> Cursor:
    number: int = last.part  # type: ignore[attr-defined]
    at = getattr(last, parts[number].field)
    return Cursor(at, last.pk) if len(parts) == 1 else Cursor(at, last.pk, number, now)


def with_what_rows_show(conversations: QuerySet[Conversation], agent: Agent) -> QuerySet[Conversation]:
    """Contact, owner, how far this agent has read, and who keeps a draft."""
    read = ReadCursor.objects.filter(agent=agent, conversation=OuterRef("pk")).values("read_count")
    drafts = drafters(Draft.objects.filter(conversation=OuterRef("pk")))
    found = conversations.annotate(read_count=Subquery(read), drafters=ArraySubquery(drafts))
    return with_beside(found, contact=CUSTOMER, assignee=PERSON)


def drafters(drafts: QuerySet[Draft]) -> QuerySet[Draft, Any]:
    """Who has a reply among these that is not sent: {"id", "name"} each."""
    kept = drafts.filter(kind=DraftKind.REPLY, agent__is_active=True).order_by("agent_id")
    return kept.values(who=JSONObject(id="agent_id", name="agent__name"))


def writable_conversations(agent: Agent, words: str, *, besides: int, size: int = 20) -> list[Conversation]:
    """Open conversations, mine or nobody's, with an open window: where this agent may write freely. Newest first."""
    margin = timedelta(seconds=agent.workspace.window_margin_seconds)
    now = timezone.now()
    found = _filtered(agent, Filter(view="all", search=words.strip()[:100]), now).filter(
        Q(assignee=agent) | Q(assignee=None), status=ConversationStatus.OPEN, contact__kind=Contact.Kind.PERSON,
        window_refused_at=None, last_customer_message_at__gt=now - WINDOW + margin,
    )  # fmt: skip
    found = found.exclude(pk=besides).select_related("contact", "assignee", "phone_number")
    return list(found.prefetch_related("contact__identities").order_by("-last_message_at", "-pk")[:size])


def one_row(agent: Agent, pk: int, current: int | None = None) -> Row | None:
    """The row of one conversation, if the agent sees it."""
    found = with_what_rows_show(Conversation.objects.visible_to(agent).filter(pk=pk), agent).first()
    if found is None:
        return None
    found.workspace = agent.workspace
    return _row(found, current)


def rows_of(agent: Agent, pks: list[int]) -> list[Row]:
    """The rows of these conversations, as far as the agent sees them, in no order."""
    found = list(with_what_rows_show(Conversation.objects.visible_to(agent).filter(pk__in=pks), agent))
    for conversation in found:
        conversation.workspace = agent.workspace
    prefetch_related_objects(found, "labels", "contact__identities")
    return [_row(conversation, None) for conversation in found]


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


def _filtered(agent: Agent, wanted: Filter, now: datetime) -> QuerySet[Conversation]:
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
    elif wanted.view == "following":
        found = visible.filter(Exists(Follower.objects.filter(agent=agent, conversation=OuterRef("pk"))))
    else:
        found = visible.filter(status=opened if wanted.view == "all" else wanted.view)
    return wanted.narrow(found, agent, now)


def _who_is_called(agent: Agent, words: str) -> Q:
    """Conversations with people of this name, its words in any order, of this username, or a part of this number.

    When there are none, the names come into question that are a slip of the finger away.

    Each source answers by its own index, which one OR of all would not. A word that thousands have is another matter:
    then most conversations match anyway, and the database looks through them.
    """
    contacts = Contact.objects.filter(workspace=agent.workspace_id)
    said = [text.fold(word) for word in words_of(words)] or [text.fold(words)]
    sources: list[QuerySet[Any, tuple[Any, ...]]] = [
        contacts.filter(*(Q(name_key__contains=word) for word in said)).values_list("pk"),
        contacts.filter(~Q(username=""), username__istartswith=words.lstrip("@")).values_list("pk"),
    ]
    # As people say it here: 0172 … and 0049 172 … are +49 172 …
    digits = re.sub(r"^00?", "", "".join(char for char in words if char in "0123456789"))
    if len(digits) >= 3 and not any(char.isalpha() for char in words):
        numbers = ContactIdentity.objects.filter(workspace=agent.workspace_id, kind="phone", value__contains=digits)
        sources.append(numbers.values_list("contact"))
    found = [pk for (pk,) in sources[0].union(*sources[1:], all=True)[: RARE + 1]]
    if not found and all(len(word) >= SHORTEST_NEAR and word.isalpha() for word in said):
        found = _nearly_called(contacts, said)
    if len(found) <= RARE:
        return Q(contact__in=found)
    return reduce(operator.or_, (Q(contact__in=source) for source in sources))


def _nearly_called(contacts: QuerySet[Contact], said: list[str]) -> list[int]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', '0.5', true)")
        near = contacts.filter(*(Q(name_key__trigram_word_similar=word) for word in said))
        return list(near.values_list("pk", flat=True)[:RARE])


def _row(conversation: Conversation, current: int | None) -> Row:
    read_count = conversation.read_count or 0  # type: ignore[attr-defined]
    return row_of(
        conversation,
        read_count=read_count,
        unread=max(conversation.inbound_count - read_count, 0),
        is_current=conversation.pk == current,
        drafters=conversation.drafters,  # type: ignore[attr-defined]
    )
