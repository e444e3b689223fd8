"""What one message of the thread shows, worked out from its row and relations. Nothing here is about a single agent.

`bubble_of` reads only what the caller loaded (author, quoted__author, template, attachments with renditions,
reactions); with those prefetched it costs no query. Everything in `data` comes from outside: templates escape it, this
module only picks.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models.api_token import shown_name
from inbox import formatting
from inbox.bubbles.content import Content
from inbox.bubbles.delivery import Delivery
from inbox.bubbles.files import Files
from inbox.enums import AttachmentState, AutomaticKind, Direction, MessageKind, MessageStatus, Via
from inbox.message_rules import is_open_to_doubt, may_be_forwarded, may_be_reacted_to
from inbox.models import Contact, Message, Reaction
from inbox.rows import KIND_ICONS, as_data, kind_label, kind_words, milliseconds
from whatsapp import errors

MEDIA_KINDS = {MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.STICKER}
# States with a sentence below the bubble.
IN_TROUBLE = {MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.HELD}
LINE_KINDS = {MessageKind.SYSTEM, MessageKind.WELCOME}
PARTS = {
    MessageKind.IMAGE: "picture", MessageKind.VIDEO: "picture", MessageKind.STICKER: "picture",
    MessageKind.AUDIO: "voice", MessageKind.VOICE: "voice", MessageKind.DOCUMENT: "document",
    MessageKind.LOCATION: "location", MessageKind.CONTACTS: "cards", MessageKind.BUTTON_REPLY: "choice",
    MessageKind.LIST_REPLY: "choice", MessageKind.FLOW_REPLY: "form", MessageKind.ORDER: "order",
    MessageKind.UNSUPPORTED: "unsupported",
}  # fmt: skip


@dataclass
class Bubble(Content, Delivery, Files):
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
        which = self.data.get("automatic") or self.data.get("api", {}).get("token", "")
        return f"out-{self.message.author_id or self.message.via}{which}"

    @property
    def author_name(self) -> str:
        if self.message.author is not None:
            return self.message.author.first_name
        if name := self.data.get("api", {}).get("name"):
            return shown_name(name)
        if which := self.data.get("automatic"):
            words = self.data.get("keyword") or dict(AutomaticKind.choices).get(which, "")
            return f"{_('Automatic')} · {words}"
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
        if self.is_tile:
            values["tile"] = ""
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
    @property
    def part(self) -> str:
        """The template of what stands above the text, if anything."""
        return PARTS.get(MessageKind(self.message.kind), "") if not self.message.deleted_at else ""

    @property
    def html(self) -> SafeString:
        return formatting.to_html(self.message.text)

    @property
    def is_blank(self) -> bool:
        """Nothing in it that can be seen, which is said instead."""
        is_text = self.message.kind == MessageKind.TEXT and not self.has_prelude
        return is_text and not formatting.to_line(self.message.text)

    @property
    def is_large(self) -> bool:
        return self.message.kind == MessageKind.TEXT and formatting.is_large_emoji(self.message.text)

    @property
    def is_media(self) -> bool:
        """Picture first, text below, in a frame of fixed width."""
        if self.message.deleted_at:
            return False
        return self.message.kind in MEDIA_KINDS and self.attachment is not None

    @property
    def is_tile(self) -> bool:
        """A photo, or a film of which there is a picture, without words: neighbours of its kind share a row with it."""
        message = self.message
        is_seen = message.kind == MessageKind.IMAGE or (message.kind == MessageKind.VIDEO and bool(self.preview_url))
        return (
            is_seen and self.file_state == AttachmentState.READY and not message.text and not message.deleted_at
            and not self.has_prelude and message.status not in IN_TROUBLE
        )  # fmt: skip

    @property
    def kind_label(self) -> str:
        return kind_label(self.message.kind)

    @property
    def quote_author(self) -> str:
        quoted = self.message.quoted
        if quoted is None:
            return ""
        if quoted.direction == Direction.IN:
            contact = self.message.conversation.contact
            sender = quoted.sender_contact if contact.kind == Contact.Kind.GROUP else None
            return (sender or contact).display_name
        return quoted.author.first_name if quoted.author else (str(Via(quoted.via).label) if quoted.via else "")

    @property
    def quote_icon(self) -> str:
        return KIND_ICONS.get(MessageKind(self.message.quoted.kind), "") if self.message.quoted else ""

    @property
    def quote_words(self) -> str:
        quoted = self.message.quoted
        if quoted is None or quoted.deleted_at:
            return _("This message was deleted") if quoted else _("The quoted message is not available")
        words = formatting.to_line(quoted.text or str(quoted.data.get("file_name") or ""))[:160]
        return words or kind_words(quoted.kind, quoted.data.get("seconds"))

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

    @cached_property
    def our_reaction(self) -> Reaction | None:
        """What one of us has put on it, or wants to: one emoji for all of us, as WhatsApp knows only the business."""
        return next((reaction for reaction in self.message.reactions.all() if reaction.contact_id is None), None)

    @property
    def may_react(self) -> bool:
        return may_be_reacted_to(self.message) and not self.message.conversation.may_be_read_only()

    @property
    def may_forward(self) -> bool:
        return may_be_forwarded(self.message)

    @property
    def reaction_words(self) -> str:
        who = ", ".join(f"{emoji} {names}" for emoji, _count, names in self.reactions)
        return _("Reactions: %(who)s") % {"who": who}

    @property
    def reaction_problem(self) -> str | Promise:
        """Why ours is not at the customer's, in words; "" while nothing is wrong."""
        ours = self.our_reaction
        if ours is None or ours.sending is None or not is_open_to_doubt(ours):
            return ""
        return errors.sentence(ours.sending.error_code)

    def _reactor(self, reaction: Any) -> str:
        if reaction.contact_id is None:
            return reaction.agent.first_name if reaction.agent else self.message.workspace.name
        if reaction.contact_id == self.message.conversation.contact_id:
            return self.message.conversation.contact.first_name
        return reaction.contact.first_name


def bubble_of(message: Message) -> Bubble:
    return Bubble(message=message, now=timezone.now())
