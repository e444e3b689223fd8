"""The counts of conversations, worked out anew from their messages, a day (UTC) of a conversation at a time.

A message counts in the quarter of an hour of its own time. Two counts look further than that day: a reply ends a wait
when the last word before it was the customer's, and a template was answered when the next word after it was. Therefore
a changed day takes its neighbours along (`with_neighbours`). Held replies, reactions and WhatsApp's own lines count
nowhere, failed ones only as failures; what was written on the phone costs nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from accounts.models import Workspace
from accounts.schedules import zone_of
from inbox.models import ContactIdentity, Conversation
from inbox.models.report import Counts
from whatsapp.models import PhoneNumber
from whatsapp.phone_format import country_of

MEASURES = tuple(field.name for field in Counts._meta.fields)
CATEGORIES = ("marketing", "utility", "authentication", "service", "other")
DAY = "date_bin('1 day', {}, timestamptz '2000-01-01 00:00+00')"
SLOT = "date_bin('15 minutes', m.occurred_at, timestamptz '2000-01-01 00:00+00')"
EVER = datetime(1970, 1, 1, tzinfo=UTC)  # since then somebody's first number, whenever we heard of it
ANSWER_WITHIN = "interval '7 days'"  # later than that, nobody answers a template

COUNTED = "m.kind NOT IN ('system', 'reaction') AND m.status <> 'held'"
SENT = "m.direction = 'out' AND m.status <> 'failed'"
HUMAN = "m.via IN ('agent', 'phone_app')"


def _of(alias: str, condition: str) -> str:
    return condition.replace("m.", f"{alias}.")


# The customer's words and a person's that got through: what ends and begins a wait.
TURN = f"{COUNTED} AND (m.direction = 'in' OR ({SENT} AND {HUMAN}))"

NEIGHBOURS = f"""
WITH unit AS (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]) AS u (conversation, day))
SELECT conversation, day FROM unit
UNION
SELECT u.conversation, {DAY.format("n.occurred_at")} FROM unit u JOIN LATERAL (
    SELECT m.occurred_at FROM inbox_message m
    WHERE m.conversation_id = u.conversation AND m.occurred_at >= u.day + interval '1 day' AND {TURN}
    ORDER BY m.occurred_at, m.seq LIMIT 1) n ON true
UNION
SELECT u.conversation, {DAY.format("p.occurred_at")} FROM unit u JOIN LATERAL (
    SELECT m.occurred_at FROM inbox_message m
    WHERE m.conversation_id = u.conversation AND m.occurred_at < u.day AND m.occurred_at >= u.day - {ANSWER_WITHIN}
      AND m.kind = 'template' AND {COUNTED} AND {SENT}
    ORDER BY m.occurred_at DESC, m.seq DESC LIMIT 1) p ON true
"""  # noqa: S608 - our own words

GIVEN = """
unit AS (SELECT * FROM unnest(%(conversations)s::bigint[], %(days)s::timestamptz[], %(workspaces)s::bigint[],
                              %(margins)s::int[], %(contacts)s::bigint[], %(markets)s::text[])
                         AS u (conversation, day, workspace, margin, contact, market)),
phone AS (SELECT * FROM unnest(%(owners)s::bigint[], %(countries)s::text[], %(since)s::timestamptz[],
                               %(until)s::timestamptz[]) AS p (contact, market, since, until)),
number AS (SELECT * FROM unnest(%(numbers)s::bigint[], %(zones)s::text[], %(currencies)s::text[])
                         AS n (id, zone, currency))
"""
FORGET = """
DELETE FROM {table} c USING unnest(%s::bigint[], %s::timestamptz[]) AS u (conversation, day)
WHERE c.conversation_id = u.conversation AND c.slot >= u.day AND c.slot < u.day + interval '1 day'
"""

# What Meta says a message belongs to, else what was sent; the family in which the report shows it.
CATEGORY = """
lower(coalesce(m.pricing->>'category', CASE WHEN m.kind = 'template' THEN coalesce(m.data->>'category', t.category, '')
                                            ELSE 'service' END))
"""
FAMILY = """
CASE WHEN b.category ~ '^(group_)?marketing' THEN 'marketing' WHEN b.category ~ '^(group_)?utility' THEN 'utility'
     WHEN b.category ~ '^authentication' THEN 'authentication' WHEN b.category ~ '^(group_)?service' THEN 'service'
     ELSE 'other' END
"""
# Of who has had several numbers: the one in use when the message arrived, of two at once the one that is still in use.
MARKET = """
coalesce((SELECT p.market FROM phone p
          WHERE p.contact = u.contact AND p.since <= m.delivered_at AND (p.until IS NULL OR p.until > m.delivered_at)
          ORDER BY p.until DESC NULLS FIRST, p.since DESC LIMIT 1), u.market)
"""
# Millionths; null where the table has no price, or free ones and Meta has not said whether this was one of them.
PRICE = """
CASE WHEN b.type LIKE 'free%%' THEN 0 WHEN r.free_per_month > 0 AND b.type IS NULL THEN NULL
     ELSE round(r.amount * 1000000) END
"""

_SIMPLE = {
    "received": "m.direction = 'in'",
    "replies": f"{SENT} AND {HUMAN}",
    "automatic": f"{SENT} AND NOT {HUMAN}",
    "answered": "turn.direction = 'in' AND m.occurred_at < turn.occurred_at + interval '24 hours'"
                " - u.margin * interval '1 second'",
    "templates": "m.kind = 'template' AND m.direction = 'out'",
    "templates_delivered": "m.kind = 'template' AND m.direction = 'out' AND m.delivered_at IS NOT NULL",
    "templates_read": "m.kind = 'template' AND m.direction = 'out' AND m.read_at IS NOT NULL",
    "templates_answered": "word.direction = 'in'",
    "templates_failed": "m.kind = 'template' AND m.direction = 'out' AND m.status = 'failed'",
    **{name: f"b.family = '{name}'" for name in CATEGORIES},
    "unpriced": "b.family IS NOT NULL AND b.price IS NULL",
}
_SUMS = {name: f"count(*) FILTER (WHERE {condition})" for name, condition in _SIMPLE.items()} | {
    f"{name}_cost": f"coalesce(sum(b.price) FILTER (WHERE b.family = '{name}'), 0)" for name in CATEGORIES
}

MAKE_CELLS = f"""
WITH {GIVEN}
INSERT INTO inbox_reportcell (workspace_id, conversation_id, case_id, phone_number_id, team_id, slot,
                              {", ".join(MEASURES)})
SELECT u.workspace, u.conversation, m.case_id, m.phone_number_id, k.team_id, {SLOT},
       {", ".join(_SUMS[name] for name in MEASURES)}
FROM unit u
JOIN inbox_message m ON m.conversation_id = u.conversation AND m.occurred_at >= u.day
                    AND m.occurred_at < u.day + interval '1 day' AND {COUNTED}
LEFT JOIN inbox_case k ON k.id = m.case_id
LEFT JOIN LATERAL (
    SELECT p.direction, p.occurred_at FROM inbox_message p
    WHERE {SENT} AND {HUMAN} AND p.conversation_id = m.conversation_id
      AND (p.occurred_at, p.seq) < (m.occurred_at, m.seq) AND {_of("p", TURN)}
    ORDER BY p.occurred_at DESC, p.seq DESC LIMIT 1) turn ON true
LEFT JOIN LATERAL (
    SELECT n.direction FROM inbox_message n
    WHERE m.kind = 'template' AND {SENT} AND n.conversation_id = m.conversation_id
      AND (n.occurred_at, n.seq) > (m.occurred_at, m.seq) AND n.occurred_at < m.occurred_at + {ANSWER_WITHIN}
      AND {_of("n", COUNTED)} AND (n.direction = 'in' OR (n.kind = 'template' AND {_of("n", SENT)}))
    ORDER BY n.occurred_at, n.seq LIMIT 1) word ON true
LEFT JOIN LATERAL (
    SELECT {FAMILY} AS family, {PRICE} AS price
    FROM (SELECT {CATEGORY} AS category, m.pricing->>'type' AS type, n.currency, {MARKET} AS market,
                 (m.delivered_at AT TIME ZONE n.zone)::date AS day
          FROM number n LEFT JOIN whatsapp_messagetemplate t ON t.id = m.template_id
          WHERE n.id = m.phone_number_id) b
    LEFT JOIN LATERAL (
        SELECT r.amount, r.free_per_month FROM whatsapp_rate r
        WHERE (r.workspace_id IS NULL OR r.workspace_id = u.workspace)
          AND r.currency = b.currency AND r.market = b.market AND r.category = b.category
          AND r.effective_from <= b.day AND (r.effective_until IS NULL OR r.effective_until >= b.day)
        ORDER BY r.effective_from DESC, r.workspace_id NULLS LAST LIMIT 1) r ON true
    WHERE m.direction = 'out' AND m.via <> 'phone_app' AND m.delivered_at IS NOT NULL) b ON true
GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608 - our own words
MAKE_FAILURES = f"""
WITH {GIVEN}
INSERT INTO inbox_reportfailure (workspace_id, conversation_id, case_id, phone_number_id, team_id, slot, code, count)
SELECT u.workspace, u.conversation, m.case_id, m.phone_number_id, k.team_id, {SLOT}, coalesce(m.error_code, 0), count(*)
FROM unit u
JOIN inbox_message m ON m.conversation_id = u.conversation AND m.occurred_at >= u.day
                    AND m.occurred_at < u.day + interval '1 day' AND {COUNTED}
                    AND m.direction = 'out' AND m.status = 'failed'
LEFT JOIN inbox_case k ON k.id = m.case_id
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""  # noqa: S608 - our own words

# A case that another team has got takes along what was counted for it.
MOVE = """
UPDATE {table} c SET team_id = k.team_id FROM inbox_case k
WHERE k.id = c.case_id AND c.conversation_id = ANY(%s) AND c.team_id IS DISTINCT FROM k.team_id RETURNING {day}
"""
FORGET_SLOTS = """
DELETE FROM inbox_reportslot s USING unnest(%s::timestamptz[]) AS d (day)
WHERE s.workspace_id = ANY(%s) AND s.slot >= d.day AND s.slot < d.day + interval '1 day'
"""
MAKE_SLOTS = f"""
INSERT INTO inbox_reportslot (workspace_id, phone_number_id, team_id, slot, {", ".join(MEASURES)})
SELECT c.workspace_id, c.phone_number_id, c.team_id, c.slot, {", ".join(f"sum(c.{name})" for name in MEASURES)}
FROM unnest(%s::timestamptz[]) AS d (day)
JOIN inbox_reportcell c ON c.workspace_id = ANY(%s) AND c.slot >= d.day AND c.slot < d.day + interval '1 day'
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - our own words


@dataclass(frozen=True, order=True)
class Unit:
    """A day (UTC midnight) of a conversation."""

    conversation_id: int
    day: datetime


def with_neighbours(units: Collection[Unit]) -> list[Unit]:
    """These, and the days whose counts depend on them."""
    if not units:
        return []
    with connection.cursor() as cursor:
        cursor.execute(NEIGHBOURS, _columns(units))
        return sorted({*units, *(Unit(conversation_id, day) for conversation_id, day in cursor.fetchall())})


def roll_cells(units: Collection[Unit]) -> set[datetime]:
    """Count these days of conversations anew; the days whose slots have to follow."""
    if not units:
        return set()
    given = _given(units)
    with connection.cursor() as cursor:
        for table in ("inbox_reportcell", "inbox_reportfailure"):
            cursor.execute(FORGET.format(table=table), _columns(units))
        cursor.execute(MAKE_CELLS, given)
        cursor.execute(MAKE_FAILURES, given)
    return {unit.day for unit in units}


def follow_teams(conversation_ids: Iterable[int]) -> set[datetime]:
    """Counts go with their case to another team; the days whose slots have to follow."""
    ids = list(conversation_ids)
    with connection.cursor() as cursor:
        cursor.execute(MOVE.format(table="inbox_reportfailure", day="1"), [ids])
        cursor.execute(MOVE.format(table="inbox_reportcell", day=DAY.format("c.slot")), [ids])
        return {day for (day,) in cursor.fetchall()}


def roll_slots(days: Collection[datetime]) -> None:
    """Add up the cells of these days anew, everywhere: nobody knows whose a conversation was that has gone."""
    if not days:
        return
    workspaces = list(Workspace.objects.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(FORGET_SLOTS, [list(days), workspaces])
        cursor.execute(MAKE_SLOTS, [list(days), workspaces])


def _columns(units: Iterable[Unit]) -> list[list[Any]]:
    ordered = sorted(units)
    return [[unit.conversation_id for unit in ordered], [unit.day for unit in ordered]]


def _given(units: Collection[Unit]) -> dict[str, list[Any]]:
    """The units whose conversation is still there, with what their prices depend on."""
    ids = {unit.conversation_id for unit in units}
    rows = Conversation.objects.filter(pk__in=ids).values_list(
        "pk", "workspace_id", "workspace__window_margin_seconds", "contact_id"
    )
    facts = {pk: (workspace_id, margin, contact_id) for pk, workspace_id, margin, contact_id in rows}
    phones = _phones({contact_id for _, _, contact_id in facts.values()})
    changed = [phone for found in phones.values() if len(found) > 1 or not found[0].is_active for phone in found]
    there = sorted(unit for unit in units if unit.conversation_id in facts)
    numbers = list(PhoneNumber.objects.select_related("business_account"))
    return {
        "conversations": [unit.conversation_id for unit in there], "days": [unit.day for unit in there],
        "workspaces": [facts[unit.conversation_id][0] for unit in there],
        "margins": [facts[unit.conversation_id][1] for unit in there],
        "contacts": [facts[unit.conversation_id][2] for unit in there],
        "markets": [_market(phones.get(facts[unit.conversation_id][2], [])) for unit in there],
        "owners": [phone.contact_id for phone in changed], "countries": [_country(phone.value) for phone in changed],
        "since": [EVER if phone is phones[phone.contact_id][0] else phone.created_at for phone in changed],
        "until": [phone.ended_at for phone in changed],
        "numbers": [number.pk for number in numbers],
        "zones": [zone_of(number.business_account.timezone).key for number in numbers],
        "currencies": [number.business_account.currency for number in numbers],
    }  # fmt: skip


def _phones(contact_ids: Collection[int]) -> dict[int, list[ContactIdentity]]:
    """Contact → the numbers they have had, the first one first."""
    found: dict[int, list[ContactIdentity]] = defaultdict(list)
    phones = ContactIdentity.objects.filter(contact__in=contact_ids, kind=ContactIdentity.Kind.PHONE)
    for phone in phones.order_by("created_at", "pk"):
        found[phone.contact_id].append(phone)
    return found


def _market(phones: list[ContactIdentity]) -> str:
    return next((_country(phone.value) for phone in phones if phone.is_active), "")


@lru_cache(maxsize=4096)
def _country(digits: str) -> str:
    return country_of(digits)
