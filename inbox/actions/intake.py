"""What the intake's actions share: the answers they can give beside "done", and what the batch must do afterwards."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from whatsapp.models import PhoneNumber


class Ignored(Exception):
    """Understood, and there is nothing to do; the reason stays with the delivery."""


class NotYet(Exception):
    """It is about something that has not arrived; worth another try in a moment."""


@dataclass
class Intake:
    """One delivery's circumstances, handed to every action."""

    received_at: datetime
    is_last_try: bool = False  # what it is about will not come any more: do without it
    routed: set[int] = field(default_factory=set)  # workspaces with new work for the assignment
    delivered: "Counter[tuple[int, date]]" = field(default_factory=Counter)  # see statuses.apply_statuses
    alerts: list[tuple[PhoneNumber | None, str]] = field(default_factory=list)

    def clamp(self, at: datetime | None) -> datetime:
        """Meta's time, never later than our receipt: a clock ahead must not lengthen a window."""
        return min(at, self.received_at) if at is not None else self.received_at
