"""How far a message of ours has come, and what helps when it did not arrive."""

from datetime import datetime, timedelta

from django.utils.functional import Promise

from inbox.enums import MessageStatus
from inbox.models import Message
from whatsapp import errors

NOT_CONFIRMED_AFTER = timedelta(minutes=10)


class Delivery:
    """A part of inbox.bubbles.Bubble."""

    message: Message
    now: datetime

    @property
    def failure(self) -> str | Promise:
        return errors.sentence(self.message.error_code) if self.message.status == MessageStatus.FAILED else ""

    @property
    def waiting_because(self) -> str | Promise:
        """Why it has not left yet, after a try that Meta or the network turned away."""
        waits = self.message.status in (MessageStatus.QUEUED, MessageStatus.SENDING)
        return errors.sentence(self.message.error_code) if waits and self.message.error_code is not None else ""

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
