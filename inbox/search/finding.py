"""The documents that hold all terms, as far as the agent may see them, in bounded time at any size of the table.

Three ways to the same rows. *By words*: the index of words yields all of them, if they are not too many. *By time*: a
frequent word is soon met when one looks through the newest documents, at most REACH of them at once; further back the
agent goes by asking. *By thread*: within one conversation, or when an agent sees few, their own documents are read.
What one may see (`visible_to`) is a condition of the very query that finds.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.models import Agent
from inbox.models import Conversation
from inbox.search.asking import Term, as_query, corrected, joint_documents, understand
from inbox.search.named import readings
from inbox.search.wanted import KINDS, Wanted
from inbox.visibility import rights_of

MANY = 8_000  # documents that are looked at by words; a term with more is frequent
REACH = 30_000  # documents that are looked through by time for one answer
FEW = 300  # conversations whose documents are read outright
GROUPS = 20
HITS_EACH = 3
HITS_BY_TIME = 60


@dataclass(frozen=True)
class Cursor:
    """The hit behind which the next page begins."""

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


@dataclass
class Place:
    """The hits of one conversation on this page: documents, newest first, and how many there are in all."""

    conversation_id: int
    documents: list[int] = field(default_factory=list)
    count: int | None = None  # None: more may follow


@dataclass
class Found:
    """One page of places, newest hit first."""

    terms: list[Term]
    places: list[Place] = field(default_factory=list)
    total: int | None = None  # hits in all; None where they are too many to count
    next: Cursor | None = None
    back_to: datetime | None = None  # looked through as far back as this, and the page is not full
    is_corrected: bool = False


def find(agent: Agent, wanted: Wanted, *, after: Cursor | None = None, groups: int = GROUPS) -> Found:
    """One page. When no document holds what was typed, some of the words may be a name; then slips are allowed for."""
    with transaction.atomic():
        _plan_for_search()
        terms = understand(agent.workspace_id, wanted.text)
        if not terms:
            return Found([], total=0)
        found = _Search(agent, wanted, terms, after, groups).run()
        if found.places or found.back_to or after is not None:
            return found
        if named := _Search(agent, wanted, terms, None, 3 * groups).by_name():
            return named
        if better := corrected(agent.workspace_id, terms):
            found = _Search(agent, wanted, better, after, groups).run()
            found.is_corrected = True
        return found


def _plan_for_search() -> None:
    """For this transaction: no reading of whole tables on a wrong guess, and near misses count as similar."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),"
            " set_config('pg_trgm.similarity_threshold', '0.2', true)"
        )


class _Search:
    """One try with these terms."""

    def __init__(self, agent: Agent, wanted: Wanted, terms: list[Term], after: Cursor | None, groups: int) -> None:
        self.wanted, self.terms, self.after, self.groups = wanted, terms, after, groups
        self.workspace_id = agent.workspace_id
        self.sees_all = rights_of(agent).sees_everything and not wanted.is_narrowed
        self.visible = _conversations(agent, wanted)
        self.narrow, self.narrowing = _narrowed(agent, wanted)

    def run(self) -> Found:
        if self.wanted.conversation_id:
            return self._by_time("AND conversation_id = %s", [self.wanted.conversation_id])
        if joint_documents(self.terms) > MANY:
            few = list(self.visible.values_list("pk", flat=True).order_by()[: FEW + 1])
            if len(few) > FEW:
                return self._of_many()
            return self._of_conversations(few) or self._of_many()
        return self._by_words(*self._index_condition()) or self._of_many()

    def by_name(self) -> Found | None:
        """What people whose name is among the words have said of the others; one page of it."""
        for conversations, others in readings(self.workspace_id, self.visible, self.terms):
            self.terms = others
            found = self._of_conversations(conversations)
            if found and found.places:
                found.next = None
                return found
        return None

    def _of_conversations(self, ids: list[int]) -> Found | None:
        within = "d.conversation_id = ANY(%s) AND (d.words @@ %s::tsquery) IS TRUE"
        return self._by_words(within, [ids, as_query(self.terms)])

    def _of_many(self) -> Found:
        result = self._by_time()
        if result.total is None and self.sees_all:
            result.total = MANY
        return result

    def _index_condition(self) -> tuple[str, list[Any]]:
        """The index is asked for all words. The beginning of many words costs it as much as all of these together, so
        that it is rather looked for in what the others find, where that is little."""
        least = min((term.documents for term in self.terms if not term.is_prefix), default=None)
        frequent = [
            term for term in self.terms
            if term.is_prefix and least is not None and term.documents > max(MANY, least) * (1 if least <= MANY else 10)
        ]  # fmt: skip
        rare = [term for term in self.terms if term not in frequent]
        # "+ 0": not by way of the index over time, which would be read to its end for a rare word.
        condition, values = "d.workspace_id + 0 = %s AND d.words @@ %s::tsquery", [self.workspace_id, as_query(rare)]
        if frequent:
            return f"{condition} AND (d.words @@ %s::tsquery) IS TRUE", [*values, as_query(frequent)]
        return condition, values

    def _by_words(self, condition: str, values: list[Any]) -> Found | None:
        """All hits at once, counted; None when they are too many after all."""
        visible, sight = self.visible.values("pk").query.sql_with_params()
        older = "AND (occurred_at, id) < (%s, %s)" if self.after else ""
        rows = _rows(
            f"""
            WITH found AS MATERIALIZED (
                SELECT d.id, d.conversation_id, d.occurred_at FROM inbox_searchdocument d
                WHERE {condition} {self.narrow} LIMIT %s
            ), seen AS MATERIALIZED (
                SELECT id, conversation_id, occurred_at, count(*) OVER thread AS hits,
                       row_number() OVER (thread ORDER BY occurred_at DESC, id DESC) AS place
                FROM found WHERE conversation_id IN ({visible})
                WINDOW thread AS (PARTITION BY conversation_id)
            ), page AS (
                SELECT conversation_id, occurred_at AS newest, id AS newest_id FROM seen
                WHERE place = 1 {older} ORDER BY occurred_at DESC, id DESC LIMIT %s
            )
            SELECT counted.*, s.conversation_id, s.id, s.hits, newest, newest_id
            FROM (SELECT (SELECT count(*) FROM found), (SELECT count(*) FROM seen)) counted
                 LEFT JOIN (page JOIN seen s USING (conversation_id)) ON s.place <= %s
            ORDER BY newest DESC, newest_id DESC, s.place
            """,  # noqa: S608 - our own parts; what was typed goes as values
            [*values, *self.narrowing, MANY + 1, *sight, *_key(self.after), self.groups + 1, HITS_EACH],
        )
        if rows[0][0] > MANY:
            return None
        result, last = Found(self.terms, total=rows[0][1]), self.after
        for _, _, conversation, document, hits, newest, newest_id in rows:
            if conversation is None:
                break
            if not result.places or result.places[-1].conversation_id != conversation:
                if len(result.places) == self.groups:
                    result.next = last
                    break
                result.places.append(Place(conversation, count=hits))
            result.places[-1].documents.append(document)
            last = Cursor(newest, newest_id)
        return result

    def _by_time(self, within: str = "", values: list[Any] | None = None) -> Found:
        """The newest hits of the next REACH documents."""
        visible, sight = self.visible.values("pk").query.sql_with_params()
        older = "AND (occurred_at, id) < (%s, %s)" if self.after else ""
        base = f"FROM inbox_searchdocument WHERE workspace_id = %s {within} {older} ORDER BY occurred_at DESC, id DESC"
        based_on = [self.workspace_id, *(values or []), *_key(self.after)]
        query, again = as_query(self.terms), ""
        repeated: list[Any] = []
        if self.after and not within:  # a conversation stands where its newest hit is, and only there
            again = """AND NOT EXISTS (SELECT 1 FROM inbox_searchdocument n WHERE n.conversation_id = d.conversation_id
                       AND (n.occurred_at, n.id) >= (%s, %s) AND n.words @@ %s::tsquery)"""
            repeated = [*_key(self.after), query]
        rows = _rows(
            f"""
            SELECT d.conversation_id, d.id, d.occurred_at FROM (SELECT * {base} LIMIT %s) d
            WHERE d.words @@ %s::tsquery {self.narrow} AND d.conversation_id IN ({visible}) {again}
            ORDER BY d.occurred_at DESC, d.id DESC LIMIT %s
            """,  # noqa: S608 - our own parts; what was typed goes as values
            [*based_on, REACH, query, *self.narrowing, *sight, *repeated, HITS_BY_TIME + 1],
        )
        result = Found(self.terms)
        self._gather(result, rows, HITS_BY_TIME if within else HITS_EACH)
        end_of_reach = f"SELECT occurred_at, id {base} OFFSET %s LIMIT 1"
        if result.next is None and (end := _rows(end_of_reach, [*based_on, REACH - 1])):
            result.next, result.back_to = Cursor(*end[0]), end[0][0]
        elif result.next is None and self.after is None:
            result.total = len(rows)
        return result

    def _gather(self, result: Found, rows: list[Any], each: int) -> None:
        places: dict[int, Place] = {}
        last = self.after
        for number, (conversation, document, at) in enumerate(rows):
            full = conversation not in places and len(places) == self.groups
            if full or number == HITS_BY_TIME:
                result.next = last
                break
            place = places.setdefault(conversation, Place(conversation))
            if len(place.documents) < each:
                place.documents.append(document)
            last = Cursor(at, document)
        result.places = list(places.values())


def _conversations(agent: Agent, wanted: Wanted) -> QuerySet[Conversation]:
    found = Conversation.objects.visible_to(agent)
    named: dict[str, Any] = {
        "team_id": wanted.team_id, "labels": wanted.label_id, "phone_number_id": wanted.number_id,
        "pk": wanted.conversation_id,
    }  # fmt: skip
    return found.filter(**{name: value for name, value in named.items() if value}).order_by()


def _narrowed(agent: Agent, wanted: Wanted) -> tuple[str, list[Any]]:
    """Conditions on the documents themselves."""
    conditions: list[tuple[str, Any]] = []
    if wanted.kind:
        conditions.append(("d.kind = %s", int(KINDS[wanted.kind])))
    if wanted.sender == "customer":
        conditions.append(("d.is_inbound = %s", True))
    elif wanted.sender:
        conditions.append(("d.author_id = %s", agent.pk if wanted.sender == "me" else int(wanted.sender)))
    if wanted.since:
        conditions.append(("d.occurred_at >= %s", wanted.since))
    return "".join(f" AND {sql}" for sql, _ in conditions), [value for _, value in conditions]


def _key(cursor: Cursor | None) -> list[Any]:
    return [cursor.at, cursor.pk] if cursor else []


def _rows(sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
