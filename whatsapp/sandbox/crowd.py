"""Load: N messages from M simulated customers at R a second, reproducible from a seed."""

import asyncio
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

from whatsapp.sandbox.inbound import Inbound
from whatsapp.sandbox.state import Customer, Number, State

FIRST_NAMES = ["Anna", "Ben", "Clara", "David", "Elif", "Finn", "Greta", "Hasan", "Ida", "Jan", "Katja", "Leon", "Mia"]
LAST_NAMES = ["Becker", "Demir", "Fischer", "Hartmann", "Jansen", "Krause", "Lange", "Meyer", "Neumann", "Peters"]
TEXTS = [
    "Guten Tag, ist mein Rad schon fertig?", "Hallo! Habt ihr Samstag offen?", "Was kostet eine Inspektion?",
    "Mein Hinterrad eiert 😕", "Könnt ihr mir einen Termin geben?", "Danke!", "Geht auch Freitag um 11?",
    "Ich bräuchte einen neuen Schlauch, 28 Zoll.", "Die Bremse quietscht wieder.", "Super, bis dann 👍",
]  # fmt: skip


@dataclass
class Run:
    """One run: what was asked for, and how far it is. `wamids` are the messages sent, in order."""

    messages: int
    customers: int
    rate: float
    seed: int
    sent: int = 0
    started_at: float = field(default_factory=time.time)
    finished_at: float = 0.0
    wamids: list[str] = field(default_factory=list)


class Crowd:
    def __init__(self, state: State, inbound: Inbound) -> None:
        self.state = state
        self.inbound = inbound
        self.run: Run | None = None
        self._task: asyncio.Task | None = None

    def start(self, number: Number, data: dict[str, Any]) -> Run:
        """Begin a run; another one in progress ends first. `data`: messages, customers, rate, seed, text (prefix)."""
        self.stop()
        run = Run(
            messages=int(data.get("messages", 100)), customers=max(1, int(data.get("customers", 20))),
            rate=float(data.get("rate", 10)), seed=int(data.get("seed", 1)),
        )  # fmt: skip
        self.run = run
        people = [self._person(run.seed, position) for position in range(run.customers)]
        self._task = asyncio.get_running_loop().create_task(self._go(run, number, people, str(data.get("text", ""))))
        return run

    def stop(self) -> None:
        if self._task:
            self._task.cancel()
            self._task = None

    def _person(self, seed: int, position: int) -> Customer:
        """The same people for the same seed."""
        phone = f"49157{seed % 1000:03d}{position:05d}55"[:15]
        known = self.state.customer_by_phone(phone)
        if known:
            return known
        family, first = divmod(position, len(FIRST_NAMES))
        name = f"{FIRST_NAMES[first]} {LAST_NAMES[family % len(LAST_NAMES)]} {position}"
        customer = Customer(
            key=f"crowd-{seed}-{position}", name=name, phone=phone, listed=False, created_at=time.time()
        )
        self.state.add("customer", customer)
        return customer

    async def _go(self, run: Run, number: Number, people: list[Customer], prefix: str) -> None:
        random = Random(run.seed)
        begin = time.monotonic()
        for position in range(run.messages):
            due = begin + position / run.rate if run.rate else 0.0
            if (wait := due - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            elif position % 100 == 0:
                await asyncio.sleep(0)
            customer = people[position] if position < len(people) else random.choice(people)
            text = f"{prefix}{' ' if prefix else ''}{random.choice(TEXTS)} #{position}"
            message = self.inbound.send(customer, number, {"type": "text", "text": text})
            run.wamids.append(message.wamid)
            run.sent += 1
        run.finished_at = time.time()
