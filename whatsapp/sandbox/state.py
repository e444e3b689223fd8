"""Everything the practice phone knows, in memory. One event loop owns it; `journal` copies it to the tables behind.

The world has *numbers* (the business's), *customers* (each with a phone of their own), *messages*, *templates* and
*media*. Every change raises `version`, which the phone's page waits for.
"""

import asyncio
import base64
import hashlib
import secrets
import time
from collections import deque
from dataclasses import dataclass, field, fields
from typing import Any

APP_SECRET = "sandbox-app-secret"
VERIFY_TOKEN = "sandbox-verify-token"
ACCESS_TOKEN = "sandbox-access-token"
APP_ID = "612345678901234"
DAY = 86_400
LISTED_HISTORY = 400  # messages per chat kept in memory; older ones stay in the table


@dataclass(slots=True)
class Number:
    """One of the business's numbers, with its WABA and portfolio."""

    id: str
    waba_id: str
    portfolio_id: str
    display: str  # digits
    name: str
    throughput: int = 80
    quality: str = "GREEN"
    status: str = "CONNECTED"
    profile: dict[str, Any] = field(default_factory=dict)
    pin: str = "123456"  # two-step verification
    verified: bool = True
    code: str = ""  # asked for, to verify that the number is ours
    new_name: str = ""  # a display name in review
    limit: str = "TIER_2K"
    can_send: str = "AVAILABLE"  # health_status, with what is wrong
    health_errors: list[dict[str, Any]] = field(default_factory=list)
    picture: str = ""  # media id of the profile picture
    automation: dict[str, Any] = field(default_factory=dict)  # ice breakers and commands
    blocked: list[str] = field(default_factory=list)  # customer keys
    delivered_service: dict[str, int] = field(default_factory=dict)  # "2026-11" -> count
    override_target: str = ""
    subscribed: bool = True


@dataclass(slots=True)
class Customer:
    """One person. WhatsApp knows their phone; whether the business sees it depends (`identity`)."""

    key: str
    name: str
    phone: str = ""
    username: str = ""
    bsuids: dict[str, str] = field(default_factory=dict)  # portfolio -> BSUID
    listed: bool = True  # shown on the phone's page; numbers that were only written to are not
    unreachable: bool = False
    online: bool = True
    auto_read: bool = False
    receipts: bool = True
    in_contact_book: bool = False
    stopped_marketing: bool = False
    inbound_at: dict[str, float] = field(default_factory=dict)  # number id -> last message: the service window
    phone_used_at: dict[str, float] = field(default_factory=dict)  # number id -> last exchange by phone number
    free_entry_until: dict[str, float] = field(default_factory=dict)
    ad_clicked_at: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)  # what happens to the next sends, first one next
    created_at: float = 0.0
    looking_until: float = 0.0  # the chat is open on the page
    typing_until: float = 0.0  # the business is typing


@dataclass(slots=True)
class Message:
    """One message of a chat. `out` is from the business to the customer."""

    wamid: str
    direction: str
    customer: str
    number: str
    at: float
    type: str
    content: dict[str, Any]
    callback: str = ""
    quoted: str = ""
    to: str = ""  # as the request named the recipient
    by_bsuid: bool = False
    status: str = "accepted"
    times: dict[str, float] = field(default_factory=dict)
    error: int = 0
    pricing: dict[str, Any] = field(default_factory=dict)
    category: str = "service"
    business_read: bool = False  # inbound: blue ticks
    reactions: dict[str, str] = field(default_factory=dict)  # "in"/"out" -> emoji


@dataclass(slots=True)
class Template:
    id: str
    waba_id: str
    name: str
    language: str
    category: str
    status: str
    components: list[dict[str, Any]]
    parameter_format: str = "POSITIONAL"
    quality: str = "UNKNOWN"
    rejected_reason: str = "NONE"
    previous_category: str = ""
    ttl: int | None = None
    created_at: float = 0.0
    edited_at: list[float] = field(default_factory=list)
    pauses: int = 0


@dataclass(slots=True)
class Media:
    id: str
    number: str
    mime_type: str
    size: int
    sha256: str  # hex
    created_at: float
    inbound: bool = False
    file_name: str = ""


@dataclass(slots=True)
class Settings:
    """How the phone behaves; changed by `POST /_control/settings`. Times in seconds."""

    webhook_target: str = ""
    access_token: str = ACCESS_TOKEN  # another one, and the old one has expired
    app_secret: str = APP_SECRET
    webhook_lanes: int = 8
    webhook_timeout: float = 5.0
    retry_delays: list[float] = field(default_factory=lambda: [0.2, 0.5, 1, 2, 4, 8, 10])
    batch_items: int = 1  # how many updates share one webhook
    batch_wait: float = 0.0
    hold_statuses: bool = False
    sent_after: list[float] = field(default_factory=lambda: [0.12, 0.35])
    delivered_after: list[float] = field(default_factory=lambda: [0.25, 0.9])
    read_after: list[float] = field(default_factory=lambda: [0.6, 1.6])
    auto_read: bool = False
    skip_delivered: float = 0.0  # chances, drawn from `seed`
    swap_statuses: float = 0.0
    duplicate_statuses: float = 0.0
    slow_answers: float = 0.0
    seed: int = 1
    enforce_window: str = "failed"  # failed (200, then a failed status), refused (400 at once), off
    enforce_pair: bool = True
    pair_interval: float = 6.0
    pair_burst: int = 45
    enforce_throughput: bool = True
    allow_list: list[str] = field(default_factory=list)  # digits; empty: everybody
    hold_templates: bool = False  # message_status held_for_quality_assessment
    review_after: float | None = None  # approve new templates by itself
    durable: bool = False  # commit each accepted send before answering
    log_payloads: bool = True


KINDS: dict[str, type] = {"number": Number, "customer": Customer, "template": Template, "media": Media}


def from_dict(kind: type, data: dict[str, Any]) -> Any:
    """Build a record from stored JSON, ignoring fields a later version has dropped."""
    known = {item.name for item in fields(kind)}
    return kind(**{name: value for name, value in data.items() if name in known})


class State:
    """The phone's world and its indexes. Change records through here or call `touch` after changing one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.numbers: dict[str, Number] = {}
        self.customers: dict[str, Customer] = {}
        self.templates: dict[str, Template] = {}
        self.media: dict[str, Media] = {}
        self.messages: dict[str, Message] = {}
        self.chats: dict[str, deque[str]] = {}
        self.by_phone: dict[str, str] = {}
        self.by_bsuid: dict[str, str] = {}
        self.ledger: list[tuple[str, float, str, str, str, str]] = []  # wamid, at, number, to, type, callback
        self.version = 0
        self.dirty: dict[tuple[str, str], Any] = {}
        self._changed = asyncio.Event()

    def changed(self) -> None:
        self.version += 1
        self._changed.set()

    async def wait_for_change(self, since: int, seconds: float) -> None:
        """Return when `version` exceeds `since`, or after that time."""
        end = time.monotonic() + seconds
        while self.version <= since and (left := end - time.monotonic()) > 0:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                return

    def touch(self, kind: str, key: str, record: Any) -> None:
        """The record changed: to be written, and to be shown."""
        self.dirty[(kind, key)] = record
        self.changed()

    # --- records -----------------------------------------------------------------------------------------------------
    def add(self, kind: str, record: Any) -> None:
        key = record.key if kind == "customer" else record.id
        self.index(kind, record)
        self.touch(kind, key, record)

    def index(self, kind: str, record: Any) -> None:
        if kind == "customer":
            self.customers[record.key] = record
            if record.phone:
                self.by_phone[record.phone] = record.key
            for value in record.bsuids.values():
                self.by_bsuid[value] = record.key
            self.chats.setdefault(record.key, deque(maxlen=LISTED_HISTORY))
        else:
            self._index_of(kind)[record.id] = record

    def _index_of(self, kind: str) -> dict[str, Any]:
        indexes: dict[str, dict[str, Any]] = {"number": self.numbers, "template": self.templates, "media": self.media}
        return indexes[kind]

    def save_customer(self, customer: Customer) -> None:
        self.touch("customer", customer.key, customer)

    def add_message(self, message: Message) -> None:
        self.index_message(message)
        self.touch("message", message.wamid, message)

    def index_message(self, message: Message) -> None:
        if message.direction == "out":
            self.ledger.append((message.wamid, message.at, message.number, message.to, message.type, message.callback))
        chat = self.chats.setdefault(message.customer, deque(maxlen=LISTED_HISTORY))
        if len(chat) == chat.maxlen:
            self.messages.pop(chat[0], None)
        chat.append(message.wamid)
        self.messages[message.wamid] = message

    def save_message(self, message: Message) -> None:
        self.touch("message", message.wamid, message)

    def chat(self, customer: Customer) -> list[Message]:
        found = (self.messages.get(wamid) for wamid in self.chats.get(customer.key, ()))
        return [message for message in found if message is not None]

    def forget(self, kind: str, key: str) -> None:
        self._index_of(kind).pop(key, None)
        self.touch(kind, key, None)

    def first_number(self) -> Number:
        """The one that is meant when nobody says which: the demo business's, before the second tenant's."""
        return min(self.numbers.values(), key=lambda number: number.display)

    def number_of_waba(self, waba_id: str) -> Number | None:
        return next((number for number in self.numbers.values() if number.waba_id == waba_id), None)

    def customer_by_phone(self, phone: str) -> Customer | None:
        return self.customers.get(self.by_phone.get(phone, ""))

    def customer_by_bsuid(self, bsuid: str) -> Customer | None:
        return self.customers.get(self.by_bsuid.get(bsuid, ""))


def to_dict(record: Any) -> dict[str, Any]:
    """The record's own fields, not copied: `dataclasses.asdict` copies deeply and costs more than the JSON after it."""
    return {name: getattr(record, name) for name in record.__slots__}


def new_wamid(digits: str, outgoing: bool) -> str:
    """An id in the layout Meta's have (nobody may parse it)."""
    person = digits.encode()
    tail = secrets.token_hex(9 if outgoing else 10).upper().encode()
    raw = (
        b"\x1c\x18" + bytes([len(person)]) + person + b"\x15\x02\x00" + (b"\x11" if outgoing else b"\x12")
        + b"\x18" + bytes([len(tail)]) + tail + b"\x00"
    )  # fmt: skip
    return "wamid." + base64.b64encode(raw).decode()


def new_id() -> str:
    """A decimal id as Meta gives to media and templates."""
    return str(10**15 + secrets.randbelow(9 * 10**15))


def digits_of(text: str, length: int) -> str:
    return str(int(hashlib.sha256(text.encode()).hexdigest(), 16))[:length]
