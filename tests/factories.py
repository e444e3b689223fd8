"""Small plain functions that make rows for tests. Defaults without surprises, everything can be said by keyword.

They write rows only: no events, no jobs, no routing. What should happen through the product goes through its doors.
"""

import hashlib
import itertools
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts import authenticator_app
from accounts.models import Agent, FactorKind, Membership, Role, SecondFactor, Team, Workspace
from inbox.enums import ConversationStatus, Direction, MessageKind, MessageStatus, Via
from inbox.models import Case, Contact, ContactIdentity, Conversation, Message, Note, NumberRouting, Upload
from whatsapp.models import AppSecret, BusinessAccount, MessageTemplate, MetaApp, PhoneNumber

PASSWORD = "correct-horse-battery"
APP_SECRET = "test-app-secret"
VERIFY_TOKEN = "test-verify-token"
ACCESS_TOKEN = "test-access-token"

_numbers = itertools.count(1)


def workspace(name: str = "Radhaus Lindenhof", **fields: Any) -> Workspace:
    return Workspace.objects.create(name=name, **fields)


def agent(
    workspace: Workspace, name: str = "Ben Brandt", *, role: str = Role.AGENT, teams: Iterable[Team] = (),
    leads: Iterable[Team] = (), email: str = "", password: str = PASSWORD, **fields: Any,
) -> Agent:
    """A person who is available and whose last sign of life is now; `leads` are the teams led."""
    fields.setdefault("last_seen_at", timezone.now())
    address = email or f"{name.split(' ')[0].lower()}-{next(_numbers)}@radhaus.example"
    person = Agent.objects.create_user(address, password, workspace=workspace, name=name, role=role, **fields)
    for each in teams:
        Membership.objects.create(team=each, agent=person)
    for each in leads:
        Membership.objects.update_or_create(team=each, agent=person, defaults={"is_lead": True})
    return person


def app_factor(agent: Agent) -> tuple[SecondFactor, str]:
    """An authenticator app, and its secret."""
    secret = authenticator_app.new_secret()
    return SecondFactor.objects.create(agent=agent, kind=FactorKind.APP, secret=secret), secret


def team(workspace: Workspace, name: str = "Werkstatt", **fields: Any) -> Team:
    return Team.objects.create(workspace=workspace, name=name, **fields)


def number(workspace: Workspace, *, team: Team | None = None, account: BusinessAccount | None = None,
           **fields: Any) -> PhoneNumber:
    """One of our numbers with app, secret and business account; `team` gets what comes in."""
    index = next(_numbers)
    if account is None:
        app = MetaApp.objects.create(workspace=workspace, app_id=f"77{index:013d}", verify_token=VERIFY_TOKEN)
        AppSecret.objects.create(meta_app=app, secret=APP_SECRET)
        account = BusinessAccount.objects.create(
            workspace=workspace, meta_app=app, waba_id=f"20{index:013d}", access_token=ACCESS_TOKEN
        )
    fields.setdefault("phone_number_id", f"10{index:013d}")
    fields.setdefault("display_number", f"4915550{index:06d}")
    made = PhoneNumber.objects.create(workspace=workspace, business_account=account, **fields)
    if team is not None:
        NumberRouting.objects.create(phone_number=made, team=team)
    return made


def contact(number: PhoneNumber, name: str = "Clara Sommer", *, phone: str | None = None, bsuid: str = "",
            **fields: Any) -> Contact:
    """A customer as `number` knows them, with a phone unless `phone=""`."""
    made = Contact.objects.create(workspace=number.workspace, profile_name=name, name_key=name.lower(), **fields)
    digits = f"4917600{next(_numbers):06d}" if phone is None else phone
    for kind, value in (("phone", digits), ("bsuid", bsuid)):
        if value:
            ContactIdentity.objects.create(
                workspace=number.workspace, contact=made, portfolio=number.portfolio, kind=kind, value=value
            )
    return made


def conversation(number: PhoneNumber, contact_: Contact | None = None, **fields: Any) -> Conversation:
    """A thread with an open case (none when `status` is closed). The team defaults to the number's."""
    contact_ = contact_ or contact(number)
    if "team" not in fields:
        routing = NumberRouting.objects.filter(phone_number=number).select_related("team").first()
        fields["team"] = routing.team if routing else None
    made = Conversation.objects.create(
        workspace=number.workspace, phone_number=number, contact=contact_, **fields
    )
    if made.status != ConversationStatus.CLOSED:
        Case.objects.create(workspace=number.workspace, conversation=made, team=made.team, opened_at=made.created_at)
    return made


def inbound_message(conversation: Conversation, text: str = "Hallo", *, at: datetime | None = None,
                    **fields: Any) -> Message:
    """A received message with its marks on the conversation (window, counts, waiting, preview)."""
    at = at or timezone.now()
    fields.setdefault("kind", MessageKind.TEXT)
    fields.setdefault("wamid", f"wamid.{uuid.uuid4().hex}")
    fields.setdefault("sender_contact", conversation.contact)
    message = _message(conversation, text, at, direction=Direction.IN, status=MessageStatus.RECEIVED, **fields)
    conversation.inbound_count += 1
    conversation.needs_answer = True
    conversation.waiting_since = conversation.waiting_since or at
    conversation.last_customer_message_at = max(conversation.last_customer_message_at or at, at)
    conversation.save()
    return message


def outbound_message(conversation: Conversation, text: str = "Gern.", *, by: Agent | None = None,
                     at: datetime | None = None, **fields: Any) -> Message:
    """A delivered reply of `by`; other states by `status=`."""
    at = at or timezone.now()
    fields.setdefault("kind", MessageKind.TEXT)
    fields.setdefault("via", Via.AGENT)
    fields.setdefault("status", MessageStatus.DELIVERED)
    if fields["status"] not in (MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.UNKNOWN, MessageStatus.HELD):
        fields.setdefault("wamid", f"wamid.{uuid.uuid4().hex}")
    message = _message(conversation, text, at, direction=Direction.OUT, author=by, **fields)
    conversation.needs_answer = False
    conversation.waiting_since = None
    conversation.answered_at = at
    conversation.last_agent = by or conversation.last_agent
    conversation.save()
    return message


def _message(conversation: Conversation, text: str, at: datetime, **fields: Any) -> Message:
    message = Message.objects.create(
        workspace=conversation.workspace, conversation=conversation, phone_number=conversation.phone_number,
        case=conversation.current_case(), seq=conversation.next_seq(), text=text, occurred_at=at, **fields,
    )
    if conversation.seq == 1 or at >= conversation.last_message_at:
        conversation.last_message_at = at
        conversation.preview = {
            "kind": message.kind, "text": text, "direction": message.direction, "status": message.status,
            "uid": str(message.uid), "author_id": message.author_id, "at": at.isoformat(),
        }
    return message


def bare_row(conversation: Conversation, text: str, at: datetime, *, inbound: bool, **fields: Any) -> Message:
    """A stored message that nothing has been done about yet: what receiving and replying hand to the bookkeeping."""
    if inbound:
        given = {"direction": Direction.IN, "status": MessageStatus.RECEIVED, "wamid": f"wamid.{uuid.uuid4().hex}"}
    else:
        given = {"direction": Direction.OUT, "status": MessageStatus.QUEUED, "via": Via.AGENT}
    return Message.objects.create(
        workspace=conversation.workspace, conversation=conversation, phone_number=conversation.phone_number,
        seq=conversation.next_seq(), text=text, occurred_at=at, kind=MessageKind.TEXT, **(given | fields),
    )


def note(conversation: Conversation, text: str = "Bitte prüfen.", *, by: Agent, **fields: Any) -> Note:
    made = Note.objects.create(
        workspace=conversation.workspace, conversation=conversation, seq=conversation.next_seq(), author=by, text=text,
        **fields,
    )
    conversation.save(update_fields=["seq"])
    return made


def template(number: PhoneNumber, name: str = "order_ready", *, body: str = "Hallo {{1}}, dein Rad ist fertig.",
             examples: Iterable[str] = ("Clara",), **fields: Any) -> MessageTemplate:
    """An approved German utility template with one positional variable; `components=` replaces the parts."""
    component: dict[str, Any] = {"type": "BODY", "text": body}
    if examples := list(examples):
        component["example"] = {"body_text": [examples]}
    fields.setdefault("components", [component])
    fields.setdefault("language", "de")
    fields.setdefault("category", "UTILITY")
    fields.setdefault("status", "APPROVED")
    fields.setdefault("meta_id", f"9{next(_numbers):015d}")
    return MessageTemplate.objects.create(business_account=number.business_account, name=name, **fields)


def upload(conversation: Conversation, *, by: Agent, kind: str = "image", body: bytes = b"\x89PNG\r\n\x1a\n",
           **fields: Any) -> Upload:
    """A checked file in `by`'s composer."""
    mime_type = {"image": "image/png", "video": "video/mp4", "audio": "audio/mpeg", "sticker": "image/webp",
                 "voice": "audio/ogg"}.get(kind, "application/pdf")
    fields.setdefault("file_name", f"datei-{kind}")
    return Upload.objects.create(
        workspace=conversation.workspace, conversation=conversation, agent=by, kind=kind, mime_type=mime_type,
        is_inline=kind != "document", size=len(body), sha256=hashlib.sha256(body).hexdigest(),
        file=ContentFile(body, name="x"), **fields,
    )
