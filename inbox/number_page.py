"""What the page of a number shows, worked out from rows: a few bounded questions, asked where the page needs them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from inbox.actions.sending_stops import reasons
from inbox.enums import Direction, MessageKind, MessageStatus
from inbox.models import Conversation, Message
from inbox.template_desk.words import tabs_of
from whatsapp.models import MessageTemplate, NumberChange, NumberHealth, PhoneNumber, WebhookDelivery
from whatsapp.number_alarms import Alarm, alarms
from whatsapp.number_health import HISTORY_SHOWN, WATCHED, plain_limit
from whatsapp.phone_format import pretty
from whatsapp.rotation import DEAD_TOKEN

DAY = timedelta(hours=24)
LOOKED_AT = 5000  # deliveries of the last day, at most
SPARK = (90, 22)  # of the little drawing
LEVELS = ["250", "2000", "10000", "100000", "unlimited"]
WENT_OUT = (MessageStatus.ACCEPTED, MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ)


@dataclass(frozen=True)
class Webhooks:
    """What came in by Meta's posts within a day: when last, how many, how many of them failed, how it went on."""

    last_at: datetime | None
    count: int
    failed: int
    line: str  # the path of the drawing, an hour a step

    @property
    def is_more(self) -> bool:
        return self.count >= LOOKED_AT


class NumberPage:
    """One number as its page shows it; every secret only as a hint."""

    def __init__(self, number: PhoneNumber, now: datetime | None = None) -> None:
        self.number = number
        self.account = number.business_account
        self.now = now or timezone.now()
        self.health: NumberHealth | None = getattr(number, "health", None)
        self.facts: dict[str, Any] = self.health.facts if self.health else {}

    @property
    def display(self) -> str:
        return pretty(self.number.display_number)

    @property
    def team_id(self) -> int | None:
        return self.number.routing.team_id if hasattr(self.number, "routing") else None

    @property
    def profile(self) -> Any:
        return getattr(self.number, "profile", None)

    @property
    def stopped_because(self) -> str:
        """Meta's reasons in words when sending has stopped, else ""."""
        return " ".join(map(str, reasons(self.number)))

    @property
    def is_connected(self) -> bool:
        return self.number.status == "CONNECTED" and not self.stopped_because and not self.number.disconnected_at

    @cached_property
    def alarms(self) -> list[Alarm]:
        return [] if self.number.disconnected_at else alarms(self.number, self.health, self.now)

    # --- figures -----------------------------------------------------------------------------------------------------
    @property
    def quality_state(self) -> str:
        return {"GREEN": "good", "YELLOW": "warn", "RED": "bad"}.get(self.number.quality, "")

    @property
    def quality_words(self) -> str:
        return quality_words(self.number.quality)

    @cached_property
    def quality_since(self) -> datetime | None:
        changes = NumberChange.objects.filter(phone_number=self.number, what="quality")
        return changes.order_by("-id").values_list("at", flat=True).first()

    @property
    def limit(self) -> str:
        return plain_limit(self.account.daily_limit or str(self.facts.get("limit", "")))

    @property
    def limit_words(self) -> str:
        return limit_words(self.limit)

    @property
    def next_level(self) -> str:
        place = LEVELS.index(self.limit) + 1 if self.limit in LEVELS else len(LEVELS)
        return limit_words(LEVELS[place]) if place < len(LEVELS) else ""

    @cached_property
    def newly_written_to(self) -> int:
        """People whom a template reached outside their window within 24 hours: what Meta's limit counts, for all
        numbers of the portfolio."""
        account = self.account
        siblings = PhoneNumber.objects.filter(workspace=self.number.workspace_id)
        siblings = siblings.filter(business_account__portfolio_id=account.portfolio_id) if account.portfolio_id else (
            siblings.filter(business_account=account)
        )  # fmt: skip
        spoke = Message.objects.filter(
            conversation=OuterRef("conversation"), direction=Direction.IN, occurred_at__lte=OuterRef("occurred_at"),
            occurred_at__gt=OuterRef("occurred_at") - DAY,
        )
        sent = Message.objects.filter(
            phone_number__in=siblings, direction=Direction.OUT, kind=MessageKind.TEMPLATE, status__in=WENT_OUT,
            occurred_at__gt=self.now - DAY,
        )  # fmt: skip
        counted = sent.exclude(Exists(spoke)).aggregate(n=Count("conversation__contact", distinct=True))
        return int(counted["n"])

    @property
    def limit_percent(self) -> float:
        return min(100.0, 100 * self.newly_written_to / int(self.limit)) if self.limit.isdecimal() else 0.0

    @cached_property
    def last_received_at(self) -> datetime | None:
        found = Conversation.objects.filter(phone_number=self.number).aggregate(at=Max("last_customer_message_at"))
        return found["at"]

    @cached_property
    def webhooks(self) -> Webhooks:
        rows = WebhookDelivery.objects.filter(meta_app=self.account.meta_app_id).order_by("-id")
        found = list(rows.values_list("received_at", "state")[:LOOKED_AT])
        today = [(at, state) for at, state in found if at > self.now - DAY]
        hours = [0] * 24
        for at, _state in today:
            hours[23 - min(23, int((self.now - at) / timedelta(hours=1)))] += 1
        failed = sum(state == "failed" for _at, state in today)
        # Deliveries are forgotten after a while; what a customer wrote came by one all the same.
        last = max(filter(None, (found[0][0] if found else None, self.last_received_at)), default=None)
        return Webhooks(last, len(today), failed, _line(hours))

    @property
    def is_webhook_silent(self) -> bool:
        """Nothing has ever come, or Meta keeps quiet about what we sent."""
        return self.webhooks.last_at is None or bool(self.facts.get("webhook_silent_since"))

    # --- facts -------------------------------------------------------------------------------------------------------
    @property
    def token_words(self) -> str:
        kind = _("System user") if self.facts.get("token_kind") == "SYSTEM_USER" else ""
        if self.is_token_dead:
            return kind  # whatever Meta once said about its end
        ends = self.facts.get("token_expires_at")
        if ends is None:
            return _("not asked yet")
        until = _day(datetime.fromisoformat(ends)) if ends else ""
        end = _("works until %(date)s") % {"date": until} if until else _("never expires")
        return ", ".join(filter(None, (kind, end)))

    @property
    def is_token_dead(self) -> bool:
        return self.account.sending_stopped_code in DEAD_TOKEN

    @property
    def name_words(self) -> str:
        return name_words(str(self.facts.get("name_status", "")))

    @property
    def new_name_waits(self) -> bool:
        return self.facts.get("new_name_status") == "PENDING_REVIEW"

    @property
    def throughput_words(self) -> str:
        return _("%(count)s a second") % {"count": self.number.throughput}

    @cached_property
    def templates(self) -> list[tuple[Promise | str, int]]:
        """How many are in which state: names, in the words of their list, whatever number of languages each has."""
        rows = MessageTemplate.objects.filter(business_account=self.account, removed_at=None)
        states: dict[str, set[str]] = defaultdict(set)
        for name, status in rows.values_list("name", "status").distinct().order_by():
            states[name].add(status)
        return [(words, count) for _tab, words, count in tabs_of(states.values()) if count]

    @cached_property
    def secrets(self) -> list[Any]:
        """The app secrets that the door accepts, the newest first."""
        return [each for each in self.account.meta_app.secrets.order_by("-created_at", "-pk")[:10]
                if each.valid_until is None or each.valid_until > self.now]  # fmt: skip

    @cached_property
    def history(self) -> list[tuple[datetime, str | Promise, str, str]]:
        rows = NumberChange.objects.filter(phone_number=self.number).order_by("-id")[:HISTORY_SHOWN]
        return [
            (row.at, WATCHED.get(row.what, row.what), in_words(row.what, row.before), in_words(row.what, row.after))
            for row in rows
        ]


def in_words(what: str, value: str) -> str:
    """A value of the history as people read it; what we have no words for as Meta writes it."""
    if not value:
        return "–"
    if what in ("restriction", "token_expires_at"):
        try:
            return _day(datetime.fromisoformat(value))
        except ValueError:
            return value
    if what == "limit":
        return limit_words(value)
    return {
        "quality": quality_words, "name_status": name_words, "status": status_words, "can_send": can_send_words,
        "official": _switch, "pin": _switch,
    }.get(what, str)(value)  # fmt: skip


def quality_words(value: str) -> str:
    return {"GREEN": _("High"), "YELLOW": _("Medium"), "RED": _("Low")}.get(value, _("not yet rated"))


def limit_words(value: str) -> str:
    if value == "unlimited":
        return _("unlimited")
    return formats.number_format(int(value), force_grouping=True) if value.isdecimal() else value


def name_words(value: str) -> str:
    return {
        "APPROVED": _("approved"), "AVAILABLE_WITHOUT_REVIEW": _("approved"), "PENDING_REVIEW": _("in review"),
        "DECLINED": _("declined"), "EXPIRED": _("expired"), "NONE": "",
    }.get(value, value.lower())  # fmt: skip


def status_words(value: str) -> str:
    return {
        "CONNECTED": _("connected"), "DISCONNECTED": _("not registered"), "PENDING": _("in preparation"),
        "BANNED": _("banned"), "RESTRICTED": _("restricted"), "FLAGGED": _("flagged"),
    }.get(value, value.lower())  # fmt: skip


def can_send_words(value: str) -> str:
    return {"AVAILABLE": _("yes"), "LIMITED": _("limited"), "BLOCKED": _("no")}.get(value, value.lower())


def _switch(value: str) -> str:
    return _("yes") if value == "yes" else _("no")


def _day(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "DATE_FORMAT")


def _line(counts: list[int]) -> str:
    """A path through the counts, from left to right, the highest at the top."""
    width, height = SPARK
    highest = max(counts) or 1
    step = (width - 4) / (len(counts) - 1)
    points = [(2 + index * step, height - 3 - (height - 6) * count / highest) for index, count in enumerate(counts)]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
