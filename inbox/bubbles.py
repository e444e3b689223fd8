"""What one message of the thread shows, worked out from its row and relations. Nothing here is about a single agent.

`bubble_of` reads only what the caller loaded (author, quoted__author, template, attachments, reactions); with those
prefetched it costs no query. Everything in `data` comes from outside: templates escape it, this module only picks.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from inbox import formatting
from inbox.enums import AttachmentState, Direction, MessageKind, MessageStatus, Via
from inbox.models import Attachment, Message
from inbox.rows import KIND_ICONS, as_data, kind_label, milliseconds
from whatsapp import errors
from whatsapp.phone_format import pretty

NOT_CONFIRMED_AFTER = timedelta(minutes=10)
MEDIA_KINDS = {MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.STICKER}
LINE_KINDS = {MessageKind.SYSTEM, MessageKind.WELCOME}
PARTS = {
    MessageKind.IMAGE: "picture", MessageKind.VIDEO: "picture", MessageKind.STICKER: "picture",
    MessageKind.AUDIO: "voice", MessageKind.VOICE: "voice", MessageKind.DOCUMENT: "document",
    MessageKind.LOCATION: "location", MessageKind.CONTACTS: "cards", MessageKind.BUTTON_REPLY: "choice",
    MessageKind.LIST_REPLY: "choice", MessageKind.FLOW_REPLY: "form", MessageKind.ORDER: "order",
    MessageKind.UNSUPPORTED: "unsupported",
}  # fmt: skip


@dataclass
class Bubble:
    """One message as the template wants it."""

    message: Message
    now: datetime

    # --- where it stands ----------------------------------------------------------------------------------------------
    @property
    def side(self) -> str:
        return "in" if self.message.direction == Direction.IN else "out"

    @property
    def is_line(self) -> bool:
        """A centred line instead of a bubble."""
        return self.message.kind in LINE_KINDS

    @property
    def group(self) -> str:
        """Neighbours with the same group form one block under one author."""
        if self.side == "in":
            return f"in-{self.message.sender_contact_id or ''}"
        return f"out-{self.message.author_id or self.message.via}"

    @property
    def author_name(self) -> str:
        if self.message.author is not None:
            return self.message.author.first_name
        return str(Via(self.message.via).label) if self.message.via else _("Automatic")

    @property
    def state_class(self) -> str:
        if self.message.status == MessageStatus.FAILED:
            return " is-failed"
        waiting = (MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.UNKNOWN, MessageStatus.HELD)
        return " is-pending" if self.side == "out" and self.message.status in waiting else ""

    @property
    def ticks(self) -> str:
        """The delivery state to draw; none for the customer's messages and for those sent from the phone."""
        return "" if self.side == "in" or self.message.via == Via.PHONE_APP else self.message.status

    @cached_property
    def dom_id(self) -> SafeString:
        return SafeString(f"message-{self.message.uid}")

    @property
    def attributes(self) -> SafeString:
        """What scripts place, group and mark it by."""
        message = self.message
        values = {
            "item": "message",
            "group": "" if self.is_line else self.group,
            "id": message.pk,
            "seq": message.seq,
            "at": milliseconds(message.occurred_at),
            "status": message.status,
        }
        return as_data(values)

    @property
    def bubble_classes(self) -> str:
        classes = ["bubble"]
        if self.is_media or self.part == "location":
            classes.append("bubble--media")
        if self.message.kind == MessageKind.STICKER and self.is_media:
            classes.append("bubble--sticker")
        if self.part in ("location", "document"):
            classes.append("bubble--place" if self.part == "location" else "bubble--file")
        if self.reactions:
            classes.append("has-react")
        if self.is_large:
            classes.append("bubble--emoji")
        if self.message.deleted_at:
            classes.append("is-deleted")
        return " ".join(classes)

    @property
    def has_prelude(self) -> bool:
        """Something stands above the content: where it came from or what it answers."""
        message, data = self.message, self.data
        quotes = message.quoted_id is not None or bool(message.quoted_wamid)
        return quotes or bool(message.forwarded or data.get("referral") or data.get("referred_product"))

    # --- what it says -------------------------------------------------------------------------------------------------
    @cached_property
    def data(self) -> dict[str, Any]:
        return self.message.data if isinstance(self.message.data, dict) else {}

    @property
    def part(self) -> str:
        """The template of what stands above the text, if anything."""
        return PARTS.get(MessageKind(self.message.kind), "") if not self.message.deleted_at else ""

    @property
    def html(self) -> SafeString:
        return formatting.to_html(self.message.text)

    @property
    def is_large(self) -> bool:
        return self.message.kind == MessageKind.TEXT and formatting.is_large_emoji(self.message.text)

    @cached_property
    def attachment(self) -> Attachment | None:
        return next(iter(self.message.attachments.all()), None)

    @property
    def is_media(self) -> bool:
        """Picture first, text below, in a frame of fixed width."""
        if self.message.deleted_at:
            return False
        return self.message.kind in MEDIA_KINDS and self.attachment is not None

    @property
    def kind_label(self) -> str:
        return kind_label(self.message.kind)

    @property
    def file_state(self) -> str:
        """pending, ready, failed, expired; "refused" for a file that is here but not safe to show in the page."""
        attachment = self.attachment
        if attachment is None:
            return AttachmentState.FAILED
        if attachment.state == AttachmentState.READY and not attachment.is_inline:
            return "refused"
        return attachment.state

    @property
    def quote_author(self) -> str:
        quoted = self.message.quoted
        if quoted is None:
            return ""
        if quoted.direction == Direction.IN:
            return self.message.conversation.contact.display_name
        return quoted.author.first_name if quoted.author else ""

    @property
    def quote_icon(self) -> str:
        return KIND_ICONS.get(MessageKind(self.message.quoted.kind), "") if self.message.quoted else ""

    @property
    def quote_words(self) -> str:
        quoted = self.message.quoted
        if quoted is None or quoted.deleted_at:
            return _("This message was deleted") if quoted else _("The quoted message is not available")
        return formatting.to_line(quoted.text)[:160] or kind_label(quoted.kind)

    @cached_property
    def reactions(self) -> list[tuple[str, int, str]]:
        """(emoji, how many, who) in order of number."""
        # One taken away stays as an empty emoji, so that an older one cannot bring it back.
        found = [reaction for reaction in self.message.reactions.all() if reaction.emoji]
        counts = Counter(reaction.emoji for reaction in found)
        return [
            (emoji, count, ", ".join(self._reactor(reaction) for reaction in found if reaction.emoji == emoji))
            for emoji, count in counts.most_common()
        ]

    def _reactor(self, reaction: Any) -> str:
        if reaction.contact_id is None:
            return reaction.agent.first_name if reaction.agent else self.message.workspace.name
        if reaction.contact_id == self.message.conversation.contact_id:
            return self.message.conversation.contact.first_name
        return reaction.contact.first_name

    # --- kinds --------------------------------------------------------------------------------------------------------
    @property
    def place_url(self) -> str:
        latitude, longitude = self.data.get("latitude"), self.data.get("longitude")
        if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
            return ""
        return f"https://www.openstreetmap.org/?mlat={latitude:.6f}&mlon={longitude:.6f}#map=17/{latitude:.6f}/{longitude:.6f}"

    @property
    def place_name(self) -> str:
        return str(self.data.get("name") or self.data.get("address") or _("Shared location"))

    def _dicts(self, key: str) -> list[dict[str, Any]]:
        found = self.data.get(key)
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    @property
    def cards(self) -> list[dict[str, Any]]:
        return self._dicts("contacts")

    @property
    def order_items(self) -> list[dict[str, Any]]:
        return self._dicts("items")

    @property
    def form_fields(self) -> list[tuple[str, str]]:
        """What was answered in a form, as (question, answer)."""
        found = self.data.get("fields")
        pairs = found if isinstance(found, list) else []
        return [(str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2]

    @property
    def referral(self) -> dict[str, Any]:
        """The ad or post this message came from; its picture is never loaded."""
        found = self.data.get("referral")
        return found if isinstance(found, dict) else {}

    @property
    def referral_host(self) -> str:
        try:
            return urlsplit(str(self.referral.get("source_url", ""))).hostname or ""
        except ValueError:
            return ""

    @property
    def system_line(self) -> str:
        """The centred words of a system message."""
        if self.message.kind == MessageKind.WELCOME:
            return _("Opened the chat for the first time")
        event, new = self.data.get("event"), str(self.data.get("new") or "")
        if event == "number_changed" and new:
            return _("New phone number: %(number)s") % {"number": pretty(new)}
        if event == "user_id_changed":
            return _("The WhatsApp user id has changed")
        if event == "identity_changed":
            return _("The customer's device has changed")
        return formatting.to_line(self.message.text)

    @cached_property
    def template_name(self) -> str:
        return str(self.data.get("name") or (self.message.template.name if self.message.template else ""))

    @property
    def template_category(self) -> str:
        category = str(self.data.get("category") or (self.message.template.category if self.message.template else ""))
        return category.capitalize()

    @cached_property
    def _components(self) -> list[dict[str, Any]]:
        if self.message.kind != MessageKind.TEMPLATE or self.message.template is None:
            return []
        return [part for part in self.message.template.components if isinstance(part, dict)]

    @property
    def header(self) -> str:
        """A header's words (a header's file is an attachment)."""
        if isinstance(self.data.get("header"), str):
            return str(self.data["header"])
        return (
            str((self.data.get("header") or {}).get("text") or "") if isinstance(self.data.get("header"), dict) else ""
        )

    @property
    def footer(self) -> str:
        if self.data.get("footer"):
            return str(self.data["footer"])
        return next((str(part.get("text", "")) for part in self._components if part.get("type") == "FOOTER"), "")

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """(icon, words) of the buttons the customer sees below."""
        buttons = self.data.get("buttons")
        if not isinstance(buttons, list):
            buttons = next((part.get("buttons") for part in self._components if part.get("type") == "BUTTONS"), [])
        icons = {"URL": "external", "PHONE_NUMBER": "phone", "COPY_CODE": "copy"}
        return [
            (
                icons.get(str(button.get("type", "")).upper(), "reply"),
                str(button.get("text") or button.get("title") or ""),
            )
            for button in buttons or []
            if isinstance(button, dict)
        ]

    # --- when it went wrong -------------------------------------------------------------------------------------------
    @property
    def failure(self) -> str | Promise:
        return errors.sentence(self.message.error_code) if self.message.status == MessageStatus.FAILED else ""

    @property
    def waiting_because(self) -> str | Promise:
        """Why it has not left yet, after a try that Meta or the network turned away."""
        waits = self.message.status in (MessageStatus.QUEUED, MessageStatus.SENDING)
        return errors.sentence(self.message.error_code) if waits and self.message.error_code is not None else ""

    @property
    def retry_reason(self) -> str | Promise:
        """Why a message is still waiting, once a try has failed."""
        waits = self.message.status == MessageStatus.QUEUED and self.message.error_code is not None
        return errors.sentence(self.message.error_code) if waits else ""

    @property
    def failure_icon(self) -> str:
        return {"template": "lock", "give_up": "ban", "stop": "ban"}.get(
            errors.action(self.message.error_code), "alert"
        )

    @property
    def way_out(self) -> str:
        """What helps after a failure: "template", "again", or "" when only the words of `next_step` do."""
        action = errors.action(self.message.error_code)
        if action == errors.TEMPLATE:
            return "template"
        return "" if action in (errors.GIVE_UP, errors.STOP) else "again"

    @property
    def next_step(self) -> str | Promise:
        return errors.next_step(self.message.error_code)

    @property
    def is_unknown(self) -> bool:
        return self.message.status == MessageStatus.UNKNOWN

    @property
    def is_held(self) -> bool:
        return self.message.status == MessageStatus.HELD

    @property
    def doubt_at(self) -> datetime | None:
        """From when on "not confirmed" is shown."""
        since = self.message.unknown_since or self.message.created_at
        return since + NOT_CONFIRMED_AFTER if self.is_unknown else None

    @property
    def in_doubt(self) -> bool:
        return self.doubt_at is not None and self.doubt_at <= self.now


def bubble_of(message: Message) -> Bubble:
    return Bubble(message=message, now=timezone.now())
