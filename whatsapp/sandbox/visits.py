"""Crowd mode: many customers at once, each with a conversation of their own (`visit_plan` says who does what when).

They write through the same signed webhooks as everybody, with retry, and hear what the business sends. Their numbers
come from the seed: the same seed again brings the same people back.
"""

import asyncio
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from whatsapp.sandbox.inbound import Inbound
from whatsapp.sandbox.state import DAY, Customer, Message, Number, State
from whatsapp.sandbox.visit_plan import Say, Visit, plan

MOST, LONGEST = 2_000, 240.0  # conversations, minutes
MARGIN = 60.0  # seconds by which a business counts its window shorter
LEAST = 30.0  # seconds that anybody needs for an answer, however fast the plan is played


@dataclass
class Run:
    """What was asked for, and how far it is."""

    conversations: int
    minutes: float
    speed: float
    seed: int
    started: int = 0  # conversations begun
    answered: int = 0  # of which the business has written in
    messages: int = 0  # of the customers
    taps: int = 0  # buttons pressed
    is_running: bool = True  # until the last one has begun
    began_at: float = field(default_factory=time.time)


class Visits:
    def __init__(self, state: State, inbound: Inbound) -> None:
        self.state = state
        self.inbound = inbound
        self.run: Run | None = None
        self.heard: dict[str, asyncio.Queue[Message]] = {}
        self._tasks: set[asyncio.Task] = set()

    def start(self, number: Number, data: dict[str, Any]) -> Run:
        """Begin; one in progress ends first. `data`: conversations, minutes, speed, seed, closing, bicycles."""
        run = Run(
            conversations=int(data.get("conversations", 300)), minutes=float(data.get("minutes", 10)),
            speed=float(data.get("speed", 1)), seed=int(data.get("seed", 1)),
        )  # fmt: skip
        if not 1 <= run.conversations <= MOST or not 0 < run.minutes <= LONGEST or not 0.01 <= run.speed <= 1000:
            raise ValueError(f"1 to {MOST} conversations within {LONGEST:.0f} minutes, at a speed above 0.")
        self.stop()
        self.run = run
        closing, bicycles = float(data.get("closing", 0)), bool(data.get("bicycles", True))
        visits = plan(run.seed, run.conversations, run.minutes * 60, closing=closing, bicycles=bicycles)
        for visit in visits:
            task = asyncio.get_running_loop().create_task(self._go(run, number, visit))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.state.changed()
        return run

    def stop(self) -> None:
        """Nobody else comes, and nobody answers any more."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self.heard.clear()
        if self.run is not None and self.run.is_running:
            self.run.is_running = False
            self.state.changed()

    def hear(self, message: Message) -> None:
        """The business has sent something to somebody."""
        if (queue := self.heard.get(message.customer)) is not None and message.type != "reaction":
            queue.put_nowait(message)

    def progress(self) -> dict[str, Any]:
        return asdict(self.run) if self.run else {"conversations": 0, "is_running": False}

    async def _go(self, run: Run, number: Number, visit: Visit) -> None:
        await asyncio.sleep(visit.starts_at / run.speed)
        customer = self._person(run.seed, visit)
        news = self.heard[customer.key] = asyncio.Queue()
        run.started += 1
        run.is_running = run.started < run.conversations
        late = DAY - MARGIN - max(visit.window / run.speed, LEAST) if visit.window else 0.0
        for words in visit.opening:
            await self._say(run, number, customer, words, late=late)
        answer = await self._answer(run, number, customer, visit, news)
        run.answered += 1
        self.state.changed()
        replies, has_tapped = iter(visit.replies), False
        while True:
            say = next(replies, None)
            if _buttons(answer):
                if visit.button is not None and not has_tapped:
                    await self._tap(run, number, customer, visit, answer)
                    has_tapped = True
            elif has_tapped and visit.comment:
                await self._say(run, number, customer, visit.comment)
            elif say:
                await self._say(run, number, customer, say, about=answer)
            while not news.empty():  # several bubbles are one answer
                answer = news.get_nowait()
            answer = await news.get()

    async def _answer(
        self, run: Run, number: Number, customer: Customer, visit: Visit, news: "asyncio.Queue[Message]"
    ) -> Message:
        """The first answer; whoever does not like to wait asks once more."""
        if visit.reminder is not None:
            try:
                return await asyncio.wait_for(news.get(), visit.reminder.after / run.speed)
            except TimeoutError:
                await self._say(run, number, customer, Say(0.0, "text", visit.reminder.text))
        return await news.get()

    def _person(self, seed: int, visit: Visit) -> Customer:
        known = self.state.customer_by_phone(visit.phone)
        if known:
            return known
        customer = Customer(
            key=f"visit-{seed}-{visit.position}", name=visit.name, phone=visit.phone, listed=False,
            created_at=time.time(), auto_read=True,
        )  # fmt: skip
        self.state.add("customer", customer)
        return customer

    async def _say(
        self, run: Run, number: Number, customer: Customer, say: Say, *, about: Message | None = None, late: float = 0.0
    ) -> None:
        """`late`: so many seconds ago by Meta's clock."""
        await asyncio.sleep(say.after / run.speed)
        data: dict[str, Any] = {"type": say.kind, "text": say.text}
        if say.kind == "reaction" and about is not None:
            data = {"type": "reaction", "message_id": about.wamid, "emoji": say.text}
        elif say.kind == "image":
            media = self.inbound.upload(number, _picture(sum(customer.key.encode())), "image/jpeg", "")
            data = {"type": "image", "media_id": media.id, "caption": say.text}
        if late:
            data["at"] = time.time() - late
        self.inbound.send(customer, number, data)
        run.messages += 1

    async def _tap(self, run: Run, number: Number, customer: Customer, visit: Visit, question: Message) -> None:
        buttons = _buttons(question)
        chosen = buttons[min(visit.button or 0, len(buttons) - 1)]["reply"]
        await asyncio.sleep(visit.button_after / run.speed)
        self.inbound.send(customer, number, {"type": "interactive", "quoted": question.wamid, **chosen})
        run.messages += 1
        run.taps += 1


def _buttons(message: Message) -> list[dict[str, Any]]:
    """The reply buttons below a message of the business."""
    if message.type != "interactive" or message.content.get("type") != "button":
        return []
    return list((message.content.get("action") or {}).get("buttons") or [])


def _picture(number: int) -> bytes:
    """A small photo of nothing, in one of many colours."""
    from io import BytesIO

    from PIL import Image

    made = BytesIO()
    Image.new("RGB", (320, 240), (number * 37 % 200, number * 71 % 200, number * 113 % 200)).save(made, "JPEG")
    return made.getvalue()
