"""How far a message of ours has come, and what helps when it did not arrive."""

from datetime import datetime, timedelta

from django.utils.functional import Promise

from inbox import structured
from inbox.enums import FILE_KINDS, MessageKind, MessageStatus
from inbox.models import Message
from whatsapp import errors

NOT_CONFIRMED_AFTER = timedelta(minutes=10)
MAY_BE_RESENT = {MessageStatus.FAILED, MessageStatus.UNKNOWN}


class Delivery:
    """A part of inbox.bubbles.bubble.Bubble."""

    message: Message
    now: datetime

    @property
    def failure(self) -> str | Promise:
        return errors.sentence(self.message.error_code) if self.message.status == MessageStatus.FAILED else ""

    @property
    def waiting_because(self) -> str | Promise:
        """Why it has not left yet, after a try that Meta or the network turned away."""
        waits = self.message.status in (MessageStatus.QUEUED, MessageStatus.SENDING)
        return errors.waiting_sentence(self.message.error_code) if waits and self.message.error_code is not None else ""

    @property
    def failure_icon(self) -> str:
        return {"template": "lock", "give_up": "ban", "stop": "ban"}.get(
            errors.action(self.message.error_code), "alert"
        )

    @property
    def way_out(self) -> str:
        """What the button beside a failure does: "template", "again", "change", or "" when only words help.

        What is changed goes where it came from: the composer, the template picker, or the dialog in which it was built.
        A file has no such place: it is sent again, uploaded anew.
        """
        way = errors.way_out(self.message.error_code)
        is_changed_there = self.message.kind in (MessageKind.TEXT, MessageKind.TEMPLATE) or self.builder
        if way != errors.CHANGE or is_changed_there:
            return way
        is_lost = self.message.error_code == errors.NO_HEADER_FILE
        return errors.AGAIN if self.message.kind in FILE_KINDS and not is_lost else errors.NOTHING

    @property
    def builder(self) -> str:
        """The dialog in which it was filled in."""
        return structured.builder_of(self.message.kind, self.message.data)

    @property
    def step_words(self) -> str | Promise:
        """The words of that button, or of the advice in its place."""
        is_changed = errors.way_out(self.message.error_code) != self.way_out and self.way_out == errors.AGAIN
        return errors.next_step(None) if is_changed else errors.next_step(self.message.error_code)

    @property
    def resent(self) -> Message | None:
        """The first time it was sent again: from then on that message has the buttons."""
        if self.message.status not in MAY_BE_RESENT:
            return None
        return min(self.message.resends.all(), key=lambda again: again.seq, default=None)

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
