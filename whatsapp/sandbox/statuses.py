"""What happens to an accepted message: sent → delivered → read, or failed, each told by webhook.

`delivered` waits until the customer's phone is online; `read` until the chat is open on the phone's page (or reading is
automatic) and the customer shows read receipts. In benchmark mode statuses are held back until `flush`.
"""

import asyncio
import time
from datetime import datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from whatsapp.sandbox.errors import webhook_error
from whatsapp.sandbox.event_log import EventLog
from whatsapp.sandbox.identity import bsuid_for, contact_entry, phone_is_visible
from whatsapp.sandbox.state import Customer, Message, Number, State
from whatsapp.sandbox.webhooks import Outbox, Update

FREE_SERVICE_MESSAGES = 1_000  # per number and calendar month, since 1 October 2026
RANK = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3, "played": 4}
ACCOUNT_ZONE = ZoneInfo("Europe/Berlin")


class StatusFlow:
    def __init__(self, state: State, outbox: Outbox, events: EventLog) -> None:
        self.state = state
        self.outbox = outbox
        self.events = events
        self.random = Random(state.settings.seed)
        self.held: list[str] = []  # wamids whose statuses wait for a flush

    # --- the life of a message ---------------------------------------------------------------------------------------
    def accepted(self, message: Message, failure: int = 0) -> None:
        """Start the flow; `failure` is the code it will end with."""
        if self.state.settings.hold_statuses:
            message.error = failure
            self.held.append(message.wamid)
            return
        if failure:
            self._later(self.state.settings.sent_after, self._fail, message.wamid, failure)
        else:
            self._later(self.state.settings.sent_after, self._sent, message.wamid)

    def resume(self) -> None:
        """After a restart: go on with messages that were under way."""
        for message in list(self.state.messages.values()):
            if message.direction == "out" and message.status == "accepted":
                self.accepted(message, message.error)
            elif message.direction == "out" and message.status == "sent":
                self._later(self.state.settings.delivered_after, self._deliver, message.wamid)

    def looked(self, customer: Customer) -> None:
        """The customer opened or keeps looking at the chat: what is delivered becomes read."""
        for message in self.state.chat(customer):
            if message.direction == "out" and message.status == "delivered":
                self._later(self.state.settings.read_after, self._read, message.wamid)

    def came_online(self, customer: Customer) -> None:
        """The phone is back: everything that waited arrives."""
        for message in self.state.chat(customer):
            if message.direction == "out" and message.status == "sent":
                self._later(self.state.settings.delivered_after, self._deliver, message.wamid)

    def played(self, message: Message) -> None:
        """The customer listened to a voice message."""
        if message.direction == "out" and message.status in {"delivered", "read"}:
            if message.status == "delivered":
                self._advance(message, "read")
            self._advance(message, "played")

    def flush(self, statuses: list[str], limit: int = 0) -> int:
        """Tell the held statuses now, stage by stage; returns how many updates that made."""
        wamids = self.held[:limit] if limit else self.held
        self.held = self.held[len(wamids) :]
        messages = [self.state.messages[wamid] for wamid in wamids if wamid in self.state.messages]
        count = 0
        for status in statuses:
            for message in messages:
                if message.error and status == statuses[0]:
                    self._fail(message.wamid, message.error)
                elif not message.error:
                    self._advance(message, status)
                else:
                    continue
                count += 1
        return count

    # --- steps -------------------------------------------------------------------------------------------------------
    def _later(self, delay: list[float], step: Any, *args: Any) -> None:
        asyncio.get_running_loop().call_later(self.random.uniform(*delay), step, *args)

    def _sent(self, wamid: str) -> None:
        message = self.state.messages.get(wamid)
        if message is None:
            return
        settings = self.state.settings
        if settings.swap_statuses and self.random.random() < settings.swap_statuses and self._customer(message).online:
            self._later([0.05, 0.2], self._advance, message, "sent")  # overtaken by its successor
            self._deliver(wamid)
            return
        self._advance(message, "sent")
        self._later(settings.delivered_after, self._deliver, wamid)

    def _deliver(self, wamid: str) -> None:
        message = self.state.messages.get(wamid)
        if message is None or RANK.get(message.status, 9) >= 2:
            return
        customer = self._customer(message)
        if not customer.online:
            return
        settings = self.state.settings
        reads = self._is_reading(customer)
        if reads and settings.skip_delivered and self.random.random() < settings.skip_delivered:
            message.status = "delivered"
            self._later(settings.read_after, self._read, wamid)
            return
        self._advance(message, "delivered")
        if reads:
            self._later(settings.read_after, self._read, wamid)

    def _read(self, wamid: str) -> None:
        message = self.state.messages.get(wamid)
        if message and message.status == "delivered" and self._is_reading(self._customer(message)):
            self._advance(message, "read")

    def _is_reading(self, customer: Customer) -> bool:
        looks = self.state.settings.auto_read or customer.auto_read or customer.looking_until > time.time()
        return looks and customer.receipts and customer.online

    def _fail(self, wamid: str, code: int) -> None:
        message = self.state.messages.get(wamid)
        if message is None:
            return
        message.status, message.error = "failed", code
        message.times["failed"] = time.time()
        self.state.save_message(message)
        self._tell(message, "failed")

    def _advance(self, message: Message, status: str) -> None:
        if RANK[status] > RANK.get(message.status, 0) and message.status != "failed":
            message.status = status
        if status == "sent":
            message.pricing = self._price(message)
        elif status == "delivered" or (status == "read" and "delivered" not in message.times):
            self._count_free_reply(message)
        message.times.setdefault(status, time.time())
        self.state.save_message(message)
        self._tell(message, status)
        settings = self.state.settings
        if settings.duplicate_statuses and self.random.random() < settings.duplicate_statuses:
            self._tell(message, status)

    # --- telling -----------------------------------------------------------------------------------------------------
    def _customer(self, message: Message) -> Customer:
        return self.state.customers[message.customer]

    def _tell(self, message: Message, status: str) -> None:
        number, customer = self.state.numbers[message.number], self._customer(message)
        failed = status == "failed"
        contact = None if failed else contact_entry(self.state, customer, number, with_username=status != "sent")
        item = self._status_item(message, status, number, customer)
        if not self.state.settings.hold_statuses:
            self.events.add(
                "status", customer.key, wamid=message.wamid, status=status, error=message.error if failed else 0,
                pricing=message.pricing.get("type", ""),
            )  # fmt: skip
        self.outbox.put(Update(number, "messages", "statuses", item, contact, customer.key, f"status {status}"))

    def _status_item(self, message: Message, status: str, number: Number, customer: Customer) -> dict[str, Any]:
        item: dict[str, Any] = {
            "id": message.wamid,
            "status": status,
            "timestamp": str(int(message.times.get(status, time.time()))),
        }
        if not message.by_bsuid or phone_is_visible(customer, number):
            item["recipient_id"] = customer.phone
        if status != "failed" or message.by_bsuid:
            item["recipient_user_id"] = bsuid_for(self.state, customer, number)
        if message.callback:
            item["biz_opaque_callback_data"] = message.callback
        if message.pricing.get("type") == "free_entry_point" and status == "sent":
            until = customer.free_entry_until.get(number.id, time.time())
            item["conversation"] = {
                "id": f"fep{message.wamid[-16:]}".rstrip("="),
                "expiration_timestamp": str(int(until)),
                "origin": {"type": "referral_conversion"},
            }
        first_arrival = status == "delivered" or (status == "read" and "delivered" not in message.times)  # billed here
        if message.pricing and (status == "sent" or first_arrival):
            item["pricing"] = message.pricing
        if status == "failed":
            item["errors"] = [webhook_error(message.error)]
        return item

    # --- money -------------------------------------------------------------------------------------------------------
    def _price(self, message: Message) -> dict[str, Any]:
        customer, number = self._customer(message), self.state.numbers[message.number]
        category = message.category
        if customer.free_entry_until.get(number.id, 0.0) > message.at:
            kind, category = "free_entry_point", "referral_conversion"
        elif category == "service" and number.delivered_service.get(_month(), 0) < FREE_SERVICE_MESSAGES:
            kind = "free_customer_service"
        else:
            kind = "regular"
        return {"billable": kind == "regular", "pricing_model": "PMP", "type": kind, "category": category}

    def _count_free_reply(self, message: Message) -> None:
        if message.pricing.get("category") == "service":
            number = self.state.numbers[message.number]
            number.delivered_service[_month()] = number.delivered_service.get(_month(), 0) + 1
            self.state.touch("number", number.id, number)


def _month() -> str:
    return datetime.now(ACCOUNT_ZONE).strftime("%Y-%m")
