"""The facts a webhook can tell, one frozen value each. See the package's docstring for what they mean together."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A customer as one payload shows them. Every id may be missing; `phone` is digits only."""

    phone: str = ""
    bsuid: str = ""
    parent_bsuid: str = ""
    name: str = ""
    username: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.phone or self.bsuid or self.parent_bsuid)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaError:
    """One entry of an `errors` array: decide by `code`, show `details`."""

    code: int
    title: str = ""
    details: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file at Meta. `sha256` is hex here, whatever Meta wrote; mime type and name are the sender's claims."""

    media_id: str
    kind: str  # image, video, audio, document, sticker
    mime_type: str = ""
    sha256: str = ""
    file_name: str = ""
    is_voice: bool = False
    is_animated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """`path` says where in the body it stood ("entry[0].changes[1].value.messages[0]")."""

    path: str
    waba_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberItem(Item):
    """Something that belongs to one of our numbers."""

    phone_number_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage(NumberItem):
    """A customer wrote. `kind`, `text` and `data` as described in the package's docstring."""

    wamid: str
    sent_at: datetime | None  # None: Meta's timestamp was unreadable, take the time of receipt
    person: Person
    kind: str
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    media: Media | None = None
    group_id: str = ""
    quoted_wamid: str = ""
    forwarded: int = 0  # 1 forwarded, 2 many times
    shared_phone: str = ""  # the number this person gave us on our request


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo(NumberItem):
    """The owner wrote from the phone app; `person` is the customer who got it."""

    wamid: str
    sent_at: datetime | None
    person: Person
    kind: str
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    media: Media | None = None
    quoted_wamid: str = ""
    forwarded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionChange(NumberItem):
    """An emoji put on a message; an empty one takes it away. `from_us`: by the owner in the phone app."""

    target_wamid: str
    emoji: str
    at: datetime | None
    person: Person
    group_id: str = ""
    from_us: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(NumberItem):
    """The text or caption of an earlier message was replaced."""

    wamid: str
    target_wamid: str
    at: datetime | None
    person: Person
    kind: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)
    group_id: str = ""
    from_us: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke(NumberItem):
    """A message was deleted for everyone."""

    target_wamid: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemChange(NumberItem):
    """A customer's ids changed. `event`: number_changed, user_id_changed, identity_changed, other."""

    wamid: str  # "" when it did not come as a message
    event: str
    at: datetime | None
    before: Person
    after: Person
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate(NumberItem):
    """What became of a message of ours. `status`: sent, delivered, read, played, failed."""

    wamid: str
    status: str
    at: datetime | None
    person: Person
    callback: str = ""  # biz_opaque_callback_data, as we sent it
    pricing: dict[str, Any] | None = None  # Meta's object: type, category, pricing_model, billable
    origin: dict[str, Any] | None = None  # older versions: {"id", "expires_at", "type"} of Meta's conversation
    error: MetaError | None = None

    def as_payload(self) -> dict[str, Any]:
        """What `status_from_payload` needs to make it again, as JSON."""
        return {
            "path": self.path, "waba_id": self.waba_id, "phone_number_id": self.phone_number_id,
            "wamid": self.wamid, "status": self.status, "at": self.at.isoformat() if self.at else None,
            "callback": self.callback, "pricing": self.pricing, "origin": self.origin,
            "person": {"phone": self.person.phone, "bsuid": self.person.bsuid,
                       "parent_bsuid": self.person.parent_bsuid, "name": self.person.name,
                       "username": self.person.username},
            "error": {"code": self.error.code, "title": self.error.title, "details": self.error.details}
            if self.error else None,
        }


def status_from_payload(payload: dict[str, Any]) -> StatusUpdate:
    """The inverse of `StatusUpdate.as_payload`."""
    at, error = payload["at"], payload["error"]
    return StatusUpdate(**{
        **payload,
        "at": datetime.fromisoformat(at) if at else None,
        "person": Person(**payload["person"]),
        "error": MetaError(**error) if error else None,
    })


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberErrors(NumberItem):
    """Meta complains about a number as a whole; no message is concerned."""

    errors: tuple[MetaError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceUpdate(NumberItem):
    """WhatsApp's own marketing switch: `value` is stop or resume."""

    person: Person
    value: str
    category: str
    at: datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEvent(Item):
    """Something about a template. Which fields are filled depends on `kind`:

    status: status (Meta's event word), reason, title and detail, category · quality: quality ·
    category: category (the current one) and, when only announced, announced_category and announced_at ·
    components: nothing more; the template must be fetched again.
    """

    kind: str  # status, quality, category, components
    meta_id: str
    name: str
    language: str
    at: datetime | None  # entry.time
    status: str = ""
    reason: str = ""
    title: str = ""
    detail: str = ""
    category: str = ""
    quality: str = ""
    announced_category: str = ""
    announced_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent(Item):
    """Something about the business account or one of its numbers (no phone_number_id there: by display number)."""

    kind: str  # the webhook field: account_update, phone_number_quality_update …
    event: str
    at: datetime | None
    display_number: str = ""
    limit: str = ""  # messaging limit, "TIER_2K" or "2000"
    detail: str = ""
    restrictions: tuple["Restriction", ...] = ()
    ban_state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    kind: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecognized(Item):
    """Legal, but nothing this version does anything with; `reason` says what it was."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken(Item):
    """Not readable as what it claims to be; `reason` says why."""

    reason: str


