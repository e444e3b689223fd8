"""The same figures counted once more, plainly, from every message and case: what the kept ones are checked against.

Deliberately another way than `cells` and `cases`: no statement of its own, one message after the other in Python, so
that a mistake in one is not repeated in the other. For `manage.py recount_reports` and tests; too slow for a page.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from accounts.schedules import team_hours, workspace_hours
from inbox.enums import Direction, MessageKind, MessageStatus, Via
from inbox.models import Case, CaseFigures, Contact, Conversation, Message, ReportCell, ReportFailure, ReportSlot
from inbox.models.report import NOBODY
from inbox.reports.cells import MEASURES
from whatsapp.rates import estimate, local_day, rates_on

Counts = Counter[tuple[Any, ...]]
ANSWER_WITHIN = timedelta(days=7)
FAMILIES = {"group_marketing": "marketing", "marketing_lite": "marketing", "group_utility": "utility",
            "authentication-international": "authentication", "group_service": "service"}  # fmt: skip


def differences() -> Iterator[str]:
    """What the kept figures say otherwise than the rows, in words for whoever looks after the server."""
    cells = kept_cells()
    theirs = Counter({key: value for key, value in cells.items() if key[0] != NOBODY})  # of who was not erased
    for name, plain, kept in (
        ("messages", count_messages(), theirs), ("cases", count_cases(), kept_cases()),
        ("sums", sums_of(cells), kept_slots()),
    ):  # fmt: skip
        for key in sorted(plain.keys() | kept.keys(), key=str):
            if plain.get(key) != kept.get(key):
                yield f"{name} {key}: counted {plain.get(key)}, kept {kept.get(key)}"


def count_messages() -> Counts:
    """(conversation, case, team, number, quarter, what) → how many, of every message there is."""
    found: Counts = Counter()
    for conversation_id in Conversation.objects.order_by("pk").values_list("pk", flat=True).iterator():
        messages = Message.objects.filter(conversation=conversation_id).order_by("occurred_at", "seq")
        related = ("conversation__workspace", "conversation__contact", "case", "template")
        thread = [
            each for each in messages.select_related(*related, "phone_number__business_account") if counts(each)
        ]  # fmt: skip
        for position, message in enumerate(thread):
            team_id = message.case.team_id if message.case else None
            place = (conversation_id, message.case_id, team_id, message.phone_number_id, _quarter(message.occurred_at))
            for what, amount in _facts(message, thread[:position], thread[position + 1 :]).items():
                found[(*place, what)] += amount
    return Counter({key: value for key, value in found.items() if value})


def counts(message: Message) -> bool:
    return message.kind not in (MessageKind.SYSTEM, MessageKind.REACTION) and message.status != MessageStatus.HELD


def _facts(message: Message, before: list[Message], after: list[Message]) -> dict[Any, int]:
    if message.direction == Direction.IN:
        return {"received": 1}
    failed, human = message.status == MessageStatus.FAILED, message.via in (Via.AGENT, Via.PHONE_APP)
    said: dict[Any, int] = {"replies": human and not failed, "automatic": not human and not failed}
    if human and not failed:
        said["answered"] = _ends_a_wait(message, before)
    if failed:
        said["failed", message.error_code or 0] = 1
    if message.kind == MessageKind.TEMPLATE:
        said |= {
            "templates": 1, "templates_delivered": message.delivered_at is not None,
            "templates_read": message.read_at is not None, "templates_failed": failed,
            "templates_answered": not failed and _is_answered(message, after),
        }  # fmt: skip
    if message.delivered_at is not None and message.via != Via.PHONE_APP:
        said |= _price(message)
    return {what: int(amount) for what, amount in said.items()}


def _ends_a_wait(message: Message, before: list[Message]) -> bool:
    last = next((each for each in reversed(before) if _is_turn(each)), None)
    if last is None or last.direction != Direction.IN:
        return False
    return message.occurred_at < last.occurred_at + timedelta(hours=24) - message.conversation.workspace.window_margin


def _is_turn(message: Message) -> bool:
    human = message.via in (Via.AGENT, Via.PHONE_APP) and message.status != MessageStatus.FAILED
    return message.direction == Direction.IN or human


def _is_answered(template: Message, after: list[Message]) -> bool:
    for message in after:
        if message.occurred_at >= template.occurred_at + ANSWER_WITHIN:
            return False
        if message.direction == Direction.IN:
            return True
        if message.kind == MessageKind.TEMPLATE and message.status != MessageStatus.FAILED:
            return False
    return False


def _price(message: Message) -> dict[Any, int]:
    assert message.delivered_at is not None
    pricing = message.pricing or {}
    own = message.data.get("category") or (message.template.category if message.template else "")
    sent = own if message.kind == MessageKind.TEMPLATE else "service"
    category = str(pricing.get("category") or sent).lower()
    family = FAMILIES.get(category, category)
    family = family if family in MEASURES else "other"
    if str(pricing.get("type", "")).startswith("free"):
        return {family: 1}
    number = message.phone_number
    phone = _phone_at(message.conversation.contact, message.delivered_at)
    cost = estimate(number, category, phone, message.delivered_at)
    valid = rates_on(local_day(number, message.delivered_at), number.workspace_id, cost.currency)
    rate = valid.filter(market=cost.market, category=category).last()
    if cost.amount is None or (rate is not None and rate.free_per_month and "type" not in pricing):
        return {family: 1, "unpriced": 1}
    return {family: 1, f"{family}_cost": round(cost.amount * 10**6)}


def _phone_at(contact: Contact, at: datetime) -> str:
    """Where a message reached them that arrived then."""
    phones = list(contact.identities.filter(kind="phone").order_by("created_at", "pk"))
    known = [each for each in phones if each is phones[0] or each.created_at <= at]
    used = [each for each in known if each.ended_at is None or each.ended_at > at]
    still = [each for each in used if each.ended_at is None]
    if used:
        return still[-1].value if still else max(used, key=lambda each: each.ended_at or at).value
    return next((each.value for each in phones if each.is_active), "")


def count_cases() -> dict[Any, Any]:
    """Case → (conversation, team, opened again, begun by the customer, four spans of seconds)."""
    found = {}
    seen: set[int] = set()
    for case in Case.objects.select_related("conversation", "team__workspace", "workspace").order_by("opened_at", "pk"):
        messages = [each for each in case.messages.order_by("occurred_at", "seq") if counts(each)]
        asked = bool(messages) and messages[0].direction == Direction.IN
        hours = team_hours(case.team) if case.team else workspace_hours(case.workspace)
        spans: list[int | None] = []
        for end in (case.first_replied_at if asked else None, case.closed_at):
            spans.append(int(max((end - case.opened_at).total_seconds(), 0)) if end else None)
            spans.append(int(hours.between(case.opened_at, end).total_seconds()) if end else None)
        found[case.pk] = (case.conversation_id, case.team_id, case.conversation_id in seen, asked, *spans)
        seen.add(case.conversation_id)
    return found


def kept_cells() -> Counts:
    """What `count_messages` counts, as it is kept."""
    found: Counts = Counter()
    for cell in ReportCell.objects.iterator():
        place = (cell.conversation_id, cell.case_id, cell.team_id, cell.phone_number_id, cell.slot)
        for name in MEASURES:
            if value := getattr(cell, name):
                found[(*place, name)] += value
    for row in ReportFailure.objects.iterator():
        place = (row.conversation_id, row.case_id, row.team_id, row.phone_number_id, row.slot)
        found[(*place, ("failed", row.code))] += row.count
    return found


def sums_of(cells: Counts) -> Counts:
    """Added up by team and number, without the reasons of failures."""
    found: Counts = Counter()
    for (_conversation, _case, team_id, number_id, slot, what), value in cells.items():
        if isinstance(what, str):
            found[team_id, number_id, slot, what] += value
    return found


def kept_slots() -> Counts:
    found: Counts = Counter()
    for row in ReportSlot.objects.iterator():
        for name in MEASURES:
            if value := getattr(row, name):
                found[row.team_id, row.phone_number_id, row.slot, name] += value
    return found


def kept_cases() -> dict[Any, Any]:
    return {
        each.pk: (
            each.conversation_id, each.team_id, each.is_again, each.is_asked, each.reply_seconds,
            each.reply_open_seconds, each.close_seconds, each.close_open_seconds,
        )
        for each in CaseFigures.objects.exclude(conversation=NOBODY).iterator()
    }  # fmt: skip


def _quarter(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
