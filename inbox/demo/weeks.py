"""The eight weeks before the demo's day: what the reports of a workshop look like that answers most people quickly.

Real rows of customers, cases, messages, assignments and lost windows, the same in every demo (a seeded draw), closed
since; the figures are then worked out by the code that always does it. The practice phone is not told: nothing of it
goes on.
"""

import random
import uuid
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Agent
from inbox.actions.bookkeeping import preview_of
from inbox.demo.builder import DemoWorkspace
from inbox.demo.data import IN_SHOP, OPT_IN
from inbox.enums import ConsentState, ConversationStatus, Direction, MessageKind, MessageStatus, Via
from inbox.models import (
    Activity,
    Assignment,
    Case,
    Consent,
    Contact,
    ContactIdentity,
    Conversation,
    LostWindow,
    Message,
    ReadCursor,
)
from inbox.text import fold
from whatsapp.models import MessageTemplate

FIRST_DAY, LAST_DAY = 56, 3  # days ago
OFFERS = (40, 19)  # days ago
FIRST = (
    "Anna", "Bernd", "Carla", "Deniz", "Elif", "Felix", "Greta", "Hannes", "Ines", "Jakob", "Kathrin", "Levent", "Mina",
    "Niklas", "Olga", "Paul",
)  # fmt: skip
LAST = ("Albrecht", "Becker", "Çelik", "Dietrich")
BUSY = (6, 5, 5, 6, 7, 4, 1)  # new cases on the days of a week, Monday first
HOURS = (9, 9, 10, 10, 10, 11, 11, 12, 13, 14, 14, 15, 15, 16, 16, 17, 18, 20)
ASKED = (
    "Ist mein Rad schon fertig?", "Habt ihr am Samstag offen?", "Die Bremse schleift, kann ich vorbeikommen?",
    "Was kostet eine Inspektion?", "Gibt es den Schlauch in 28 Zoll?", "Ich brauche einen Termin für mein E-Bike.",
    "Der Akku lädt nicht mehr.", "Könnt ihr Leasing über die Firma?", "Wann kann ich das Lastenrad Probe fahren?",
)  # fmt: skip
ANSWERED = (
    "Hallo! Ja, es ist fertig, du kannst es heute abholen.", "Gern, komm einfach bis 18 Uhr vorbei.",
    "Das schauen wir uns an. Passt dir morgen um 10?", "Das haben wir da und legen es dir zurück.",
    "Eine Inspektion kostet 79 €, beim E-Bike 99 €.", "Wir melden uns, sobald das Teil da ist.",
)  # fmt: skip
THANKED = ("Super, danke!", "Alles klar, bis dann.", "Perfekt, ich komme.", "Danke für die schnelle Antwort!")
OUTCOMES = ("Termin vereinbart", "Abgeholt", "Beantwortet", "Verkauft")
LOST = ("queue", "unanswered", "away", "unanswered", "hours")  # why, of each that nobody answered in time
FREE, PAID = {"type": "free_customer_service", "category": "service"}, {"type": "regular"}


class DemoWeeks:
    """What `write` needs to know of the workspace, and the rows so far."""

    def __init__(self, demo: DemoWorkspace) -> None:
        self.demo, self.draw = demo, random.Random(7)
        self.today = timezone.localtime(demo.now).date()
        self.cases: list[Case] = []
        self.messages: list[Message] = []
        self.assignments: list[Assignment] = []
        self.lines: list[Activity] = []
        self.lost: list[LostWindow] = []
        self.team_people = {
            key: [demo.people[name] for name in names]
            for key, names in {"workshop": ("mara", "jonas", "tim"), "sales": ("aylin", "mara", "jonas")}.items()
        }

    def write(self) -> None:
        """In the transaction that makes the workspace."""
        self._make_customers()
        for days_ago in range(FIRST_DAY, LAST_DAY - 1, -1):
            self._make_day(days_ago)
        self._store()

    def _make_customers(self) -> None:
        demo, names = self.demo, [f"{first} {last}" for last in LAST for first in FIRST]
        created = demo.now - timedelta(days=FIRST_DAY + 1)
        contacts = Contact.objects.bulk_create(
            Contact(workspace=demo.workspace, profile_name=name, name_key=fold(name), language="de", created_at=created)
            for name in names
        )
        ContactIdentity.objects.bulk_create(
            ContactIdentity(
                workspace=demo.workspace, contact=contact, portfolio=demo.account.portfolio, kind="phone",
                value=f"4917090{place:06d}",
            )
            for place, contact in enumerate(contacts)
        )
        self.conversations = Conversation.objects.bulk_create(
            Conversation(
                workspace=demo.workspace, phone_number=demo.number, contact=contact, status=ConversationStatus.CLOSED,
                team=demo.teams["sales" if place % 3 == 0 else "workshop"], created_at=created,
            )
            for place, contact in enumerate(contacts)
        )
        self.free_at = dict.fromkeys(range(len(contacts)), created)

    def _make_day(self, days_ago: int) -> None:
        day = self.today - timedelta(days=days_ago)
        if days_ago in OFFERS:
            self._send_offers(self._moment(day, 8))
        for _ in range(max(0, BUSY[day.weekday()] + self.draw.randint(-2, 2))):
            at = self._moment(day, self.draw.choice(HOURS))
            free = [place for place, since in self.free_at.items() if since < at]
            self._make_case(self.draw.choice(free), at)

    def _make_case(self, place: int, at: datetime) -> None:
        conversation, draw = self.conversations[place], self.draw
        key = "sales" if conversation.team == self.demo.teams["sales"] else "workshop"
        agent = draw.choice(self.team_people[key])
        case = Case(
            workspace=self.demo.workspace, conversation=conversation, team=conversation.team, opened_at=at,
            subject=(asked := draw.choice(ASKED)),
        )
        self.cases.append(case)
        self._say(case, at, asked)
        self.assignments.append(
            Assignment(conversation=conversation, agent=agent, team=conversation.team, created_at=at + _seconds(2))
        )
        late = len(self.lost) < len(LOST) and len(self.cases) % 37 == 20
        now = at + (timedelta(hours=25) if late else timedelta(minutes=draw.lognormvariate(2.3, 0.9)))
        if late:
            self._lose(case, agent, at)
            self._send_template(case, agent, now, "rueckfrage_auftrag", (conversation.contact.first_name, "R-2190"))
        else:
            self._send(case, agent, now, draw.choice(ANSWERED))
        case.first_replied_at, case.first_replied_by = now, agent
        if draw.random() < 0.7:
            now += timedelta(minutes=draw.randint(2, 90))
            self._say(case, now, draw.choice(THANKED))
            now += timedelta(minutes=draw.lognormvariate(2.3, 0.9))
            self._send(case, agent, now, draw.choice(ANSWERED), failed=draw.random() < 0.02)
        if draw.random() < 0.25:
            now += timedelta(hours=draw.randint(1, 20))
            values = (conversation.contact.first_name, "18:30 Uhr")
            self._send_template(case, agent, now, "rad_fertig", values)
            if draw.random() < 0.4:
                now += timedelta(minutes=draw.randint(3, 60))
                self._say(case, now, draw.choice(THANKED))
                now += timedelta(minutes=draw.randint(1, 15))
                self._send(case, agent, now, "Bis dann!")
        self._close(case, agent, now + timedelta(minutes=draw.lognormvariate(3.6, 1.0)), place)

    def _close(self, case: Case, agent: Agent, at: datetime, place: int) -> None:
        case.closed_at, case.closed_by, case.outcome = at, agent, self.draw.choice(OUTCOMES)
        conversation = case.conversation
        conversation.assignee, conversation.assigned_at, conversation.last_agent = agent, case.opened_at, agent
        conversation.closed_at = at
        self.lines.append(
            Activity(
                workspace=self.demo.workspace, conversation=conversation, seq=conversation.next_seq(), kind="closed",
                actor=agent, data={"outcome": case.outcome}, occurred_at=at,
            )
        )
        self.free_at[place] = at + timedelta(days=2)

    def _lose(self, case: Case, agent: Agent, at: datetime) -> None:
        why = LOST[len(self.lost)]
        self.lost.append(
            LostWindow(
                workspace=self.demo.workspace, conversation=case.conversation, phone_number=self.demo.number,
                team=case.team, agent=None if why == "queue" else agent, window_of=at, waiting_since=at,
                closed_at=at + timedelta(hours=24) - self.demo.workspace.window_margin, why=why,
            )
        )
        if why == "queue":
            self.assignments[-1].created_at = at + timedelta(hours=24, minutes=30)

    def _send_offers(self, at: datetime) -> None:
        """An offer to those who agreed to it, one after the other; not everybody is reached."""
        author = self.demo.people["admin"]
        for place in range(0, len(self.conversations), 2):
            if self.free_at[place] >= at:
                continue
            at += timedelta(seconds=40)
            conversation = self.conversations[place]
            case = Case(
                workspace=self.demo.workspace, conversation=conversation, team=conversation.team, opened_at=at,
                opened_by=author, first_replied_at=at, first_replied_by=author,
            )
            self.cases.append(case)
            code = self.draw.choice((0, 0, 0, 0, 0, 0, 0, 131049, 131026))
            self._send_template(
                case, author, at, "newsletter_werkstatt", (conversation.contact.first_name,), code=code
            )
            self._close(case, author, at + timedelta(minutes=1), place)

    # --- messages -----------------------------------------------------------------------------------------------------
    def _say(self, case: Case, at: datetime, text: str) -> None:
        conversation = case.conversation
        self._message(case, at, direction=Direction.IN, status=MessageStatus.RECEIVED, text=text,
                      sender_contact=conversation.contact)
        conversation.last_customer_message_at = at
        conversation.inbound_count += 1

    def _send(self, case: Case, by: Agent, at: datetime, text: str, *, failed: bool = False) -> None:
        self._message(case, at, by=by, text=text, **self._fate(at, FREE, 131053 if failed else 0))

    def _send_template(
        self, case: Case, by: Agent, at: datetime, name: str, values: tuple[str, ...], *, code: int = 0
    ) -> None:
        template: MessageTemplate = self.demo.templates[name]
        template.used_count += 1
        template.last_used_at = max(template.last_used_at or at, at)
        pricing = PAID | {"category": template.category.lower()}
        fields = self.demo.template_message(template, values)
        self._message(case, at, by=by, kind=MessageKind.TEMPLATE, **fields, **self._fate(at, pricing, code))

    def _fate(self, at: datetime, pricing: dict[str, str], code: int) -> dict[str, Any]:
        """What became of it, as Meta tells."""
        sent = {"accepted_at": at + _seconds(1), "attempt": 1, "via": Via.AGENT, "direction": Direction.OUT}
        if code:
            return sent | {"status": MessageStatus.FAILED, "failed_at": at + _seconds(5), "error_code": code}
        sent |= {"sent_at": at + _seconds(2), "delivered_at": at + _seconds(4)}
        if self.draw.random() < 0.25:
            return sent | {"status": MessageStatus.DELIVERED, "pricing": pricing | {"status": "delivered"}}
        read_at = at + timedelta(minutes=self.draw.randint(1, 50))
        return sent | {"status": MessageStatus.READ, "read_at": read_at, "pricing": pricing | {"status": "delivered"}}

    def _message(self, case: Case, at: datetime, *, by: Agent | None = None, **fields: Any) -> None:
        conversation, uid = case.conversation, uuid.UUID(int=self.draw.getrandbits(128), version=4)
        fields.setdefault("kind", MessageKind.TEXT)
        message = Message(
            workspace=self.demo.workspace, conversation=conversation, phone_number=self.demo.number, case=case,
            seq=conversation.next_seq(), uid=uid, wamid=f"wamid.DEMO{uid.hex.upper()}", occurred_at=at,
            created_at=at + _seconds(1), author=by, **fields,
        )
        self.messages.append(message)
        case.message_count += 1
        conversation.last_message_at, conversation.preview = at, preview_of(message, at)
        if by is not None:
            conversation.answered_at = at

    # --- the rest -----------------------------------------------------------------------------------------------------
    def _moment(self, day: Any, hour: int) -> datetime:
        clock = time(hour, self.draw.randint(0, 59), self.draw.randint(0, 59))
        return datetime.combine(day, clock, timezone.get_current_timezone())

    def _store(self) -> None:
        demo = self.demo
        Case.objects.bulk_create(self.cases)
        Message.objects.bulk_create(self.messages, batch_size=500)
        Assignment.objects.bulk_create(self.assignments)
        Activity.objects.bulk_create(self.lines)
        LostWindow.objects.bulk_create(self.lost)
        kept = [each for each in self.conversations if each.seq]
        Conversation.objects.bulk_update(kept, [
            "seq", "last_message_at", "preview", "last_customer_message_at", "inbound_count", "answered_at", "assignee",
            "assigned_at", "last_agent", "closed_at",
        ])  # fmt: skip
        ReadCursor.objects.bulk_create(
            ReadCursor(agent=agent, conversation=each, read_count=each.inbound_count, read_at=each.last_message_at)
            for each in kept for agent in demo.people.values()
        )  # fmt: skip
        MessageTemplate.objects.bulk_update(demo.templates.values(), ["used_count", "last_used_at"])
        labels = [demo.labels[key] for key in ("repair", "quote", "parts", "lease")]
        borne = Conversation.labels.through
        borne.objects.bulk_create(
            borne(conversation=each, label=labels[place % 4]) for place, each in enumerate(kept) if place % 3
        )
        Consent.objects.bulk_create(
            Consent(
                workspace=demo.workspace, contact=each.contact, state=ConsentState.GIVEN, source=Consent.Source.AGENT,
                wording=OPT_IN, note=IN_SHOP, recorded_by=demo.people["aylin"], occurred_at=each.created_at,
                created_at=each.created_at,
            )
            for each in self.conversations[::2]
        )
        Conversation.objects.filter(pk__in=[each.pk for each in self.conversations if not each.seq]).delete()


def _seconds(count: int) -> timedelta:
    return timedelta(seconds=count)
