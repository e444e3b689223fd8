"""What goes in and out. Fields that are not named here are refused on the way in and never leave on the way out."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field

from inbox.enums import ConversationStatus, MessageKind, MessageStatus

T = TypeVar("T")
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Value = str | int | float | bool | None
Language = Literal["", "de", "en"]


class Given(Schema):
    """The body of a request."""

    model_config = ConfigDict(extra="forbid")


class Page(Schema, Generic[T]):
    items: list[T]
    next: str | None = Field(None, description="The cursor of the next page; null on the last one.")


class Me(Schema):
    """The token that asks."""

    name: str
    workspace: str
    scopes: list[str]
    teams: list[str] | None = Field(description="Names of the teams it is limited to; null means all.")
    expires_at: datetime


class Number(Schema):
    """One of the business's WhatsApp numbers."""

    id: int
    phone: str = Field(description="With country code, for example +4915550000001.")
    name: str


class Contact(Schema):
    id: int
    name: str = Field(description="The name given by the business, else the one chosen in WhatsApp, else the number.")
    phone: str | None = Field(description="With country code; null when only WhatsApp's own id is known.")
    email: str
    language: str
    note: str
    fields: dict[str, Any] = Field(description="Fields of the business's own, by name.")
    created_at: datetime


class ContactIn(Given):
    phone: str = Field(max_length=40, description="With country code: +49 172 1234567.")
    number_id: Id | None = Field(None, description="Which of our numbers they get to know; the first one if left out.")
    name: str = Field("", max_length=200)
    email: str = Field("", max_length=254)
    language: Language = ""
    note: str = Field("", max_length=4000)
    fields: dict[str, Value] = Field({}, description="Fields of the business's own, by name.")


class ContactChange(Given):
    """Only what is named is changed; a field of your own is emptied by null."""

    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=254)
    language: Language | None = None
    note: str | None = Field(None, max_length=4000)
    fields: dict[str, Value] | None = None


class NewContact(Contact):
    conversation_id: int = Field(description="The thread with them, for sending the first template.")


class Conversation(Schema):
    id: int
    contact_id: int
    number_id: int
    status: ConversationStatus
    team: str | None
    assignee: str | None
    labels: list[str]
    needs_answer: bool = Field(description="The customer wrote last and no person has answered.")
    waiting_since: datetime | None
    window_closes_at: datetime | None = Field(description="Until then free text may be sent; null when it is closed.")
    last_message_at: datetime
    snoozed_until: datetime | None
    customer_messages: int = Field(description="How many the customer has written in all.")


class ConversationIn(Given):
    number_id: Id | None = Field(None, description="With which of our numbers; the first one if left out.")


class AssignmentIn(Given):
    """Names a person, a team, or both."""

    person: str | None = Field(None, max_length=254, description="By their email address here.")
    team: str | None = Field(None, max_length=80, description="By its name. Without a person: its queue.")
    note: str = Field("", max_length=10_000, description="For the colleagues of the other team.")


class ClosureIn(Given):
    outcome: str = Field("", max_length=120, description="What came of it, in a few words.")
    seen_messages: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        None, description="`customer_messages` as you saw it: if the customer has written since, it is not closed."
    )


class SnoozeIn(Given):
    until: AwareDatetime = Field(description="In the future, within a year.")


class LabelsIn(Given):
    """Labels by their names."""

    add: list[Annotated[str, Field(max_length=40)]] = Field([], max_length=50)
    remove: list[Annotated[str, Field(max_length=40)]] = Field([], max_length=50)


class NoteIn(Given):
    text: str = Field(min_length=1, max_length=20_000, description="At most 10,000 characters.")


class Note(Schema):
    """What only colleagues see."""

    id: int
    conversation_id: int
    text: str
    author: str
    occurred_at: datetime


class Sender(Schema):
    kind: Literal["customer", "person", "automatic", "phone", "system"] = Field(
        description="person: a colleague; phone: the WhatsApp app; system: another system, by a token."
    )
    name: str | None


class File(Schema):
    kind: str
    name: str
    media_type: str
    size: int
    state: str


class Message(Schema):
    id: int
    conversation_id: int
    direction: Literal["in", "out"]
    kind: MessageKind
    text: str
    sender: Sender
    status: MessageStatus
    error_code: int | None = Field(description="Meta's code when it failed; below zero, one of our own.")
    template: str | None
    content: dict[str, Any] = Field(description=(
        "What it holds besides its text. location: latitude, longitude, name, address, url · contacts: contacts ·"
        " order: items (id, quantity, price, total, currency), total, currency · flow_reply: fields (question, answer)"
        " · button_reply and list_reply: id · any kind: referral, the ad it came from, and referred_product."
        " Every key may be missing."
    ))  # fmt: skip
    files: list[File]
    occurred_at: datetime
    is_deleted: bool


class TextIn(Given):
    text: str = Field(min_length=1, max_length=8192, description="At most 4,096 characters, as WhatsApp takes them.")
    quoted_id: Id | None = Field(None, description="The message of this conversation that it answers.")


class TemplateIn(Given):
    """Names an approved template by its id, or by name and language."""

    template_id: Id | None = None
    name: str | None = Field(None, max_length=512)
    language: str | None = Field(None, max_length=16)
    values: dict[str, str] = Field({}, description=(
        'By field: {"body.1": "Clara"}. See `fields` of the template. In a card {"card0.body.1": "799 €"}; an offer'
        ' ends at {"offer.expires": "2026-12-01T18:00:00+01:00"}. Files are those kept with the template.'
    ))  # fmt: skip


class Gap(Schema):
    """Something to fill in."""

    field: str
    label: str
    example: str
    limit: int
    is_optional: bool


class Template(Schema):
    id: int
    name: str
    language: str
    category: str
    status: str
    body: str
    footer: str
    header: str = Field(description="text, image, video, document, location, or empty.")
    fields: list[Gap]
    is_sendable: bool
    reason: str = Field(description="Why it cannot be sent at the moment.")


class ConsentEntry(Schema):
    id: int
    state: Literal["given", "withdrawn"]
    source: str
    wording: str
    note: str
    occurred_at: datetime


class Consent(Schema):
    """The newest entry counts; without any, nobody has agreed."""

    state: Literal["unknown", "given", "withdrawn"]
    entries: list[ConsentEntry] = Field(description="Newest first, at most 100.")


class ConsentIn(Given):
    state: Literal["given", "withdrawn"]
    wording: str = Field(
        "", max_length=4000, description="The exact words the person agreed to. Needed when `state` is given."
    )
    note: str = Field("", max_length=200, description="Where it happened: the form, the shop. Needed when given.")
    occurred_at: AwareDatetime | None = Field(None, description="When it happened; now if left out, never later.")
