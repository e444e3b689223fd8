"""The board's conversations: what each shows, and in which order they stand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, F, Q, QuerySet, Value, When, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import Agent, Team
from inbox import times
from inbox.actions.asking_back import may_ask
from inbox.actions.handback import DEFAULT_GUARD
from inbox.filters import window_q
from inbox.models import Conversation
from inbox.rows import Row
from whatsapp.service_window import WINDOW


@dataclass
class Ticket:
    """One conversation on the board."""

    row: Row
    holder_state: str = ""  # of its assignee: available, away, off, offline; "" when nobody has it

    @property
    def conversation(self) -> Conversation:
        return self.row.conversation

    @property
    def said(self) -> str:
        """What `inbox.actions.bulk` is told about it: how much was seen, and who had it."""
        conversation = self.conversation
        return f"{conversation.pk}:{conversation.inbound_count}:{conversation.assignee_id or 0}"

    @property
    def is_late(self) -> bool:
        return self.row.is_over_target

    @property
    def may_ask(self) -> bool:
        """Whether the lead may have the customer asked for a word now that little of the window is left."""
        return self.row.window_state in ("soon", "urgent") and may_ask(self.conversation)

    @property
    def was_asked(self) -> bool:
        asked = getattr(self.conversation, "window_ask", None)
        return asked is not None and asked.window_of == self.conversation.last_customer_message_at

    @property
    def window_digits(self) -> str:
        return times.window_digits(self.row.window, self.row.now)

    @property
    def danger(self) -> str:
        """Why it is in danger, in words; a target that has passed says so itself."""
        holder = self.conversation.assignee
        if holder is None:
            return _("unassigned")
        sentences = {
            "away": _("with %(name)s, away"),
            "off": _("with %(name)s, off work"),
            "offline": _("with %(name)s, offline"),
        }
        return sentences.get(self.holder_state, _("unanswered, with %(name)s")) % {"name": holder.first_name}


def tickets_for(
    agent: Agent, conversations: QuerySet[Conversation], states: dict[int, str], now: datetime
) -> list[Ticket]:
    """These conversations with what a ticket shows, in the order given."""
    found = list(conversations.select_related("contact", "assignee", "window_ask"))
    prefetch_related_objects(found, "contact__identities")
    for conversation in found:
        conversation.workspace = agent.workspace
    return [Ticket(Row(each, now), states.get(each.assignee_id or 0, "")) for each in found]


def by_wait(
    waiting: QuerySet[Conversation], teams: list[Team], now: datetime, margin: timedelta
) -> QuerySet[Conversation]:
    """What the window guard raises comes first, what closes next at the top; then whoever has waited longest."""
    guarded = _guarded(teams, now, margin)
    place = Case(When(guarded, then=Value(0)), default=Value(1))
    waits_since = Coalesce("waiting_since", "last_message_at")
    urgency = Case(When(guarded, then=F("last_customer_message_at")), default=waits_since)
    return waiting.annotate(place=place, urgency=urgency).order_by("place", "urgency", "pk")


def _guarded(teams: list[Team], now: datetime, margin: timedelta) -> Q:
    """Unanswered, and the window closes within the guard of its team."""
    closes_from_now = now - WINDOW + margin
    within = Q(team=None, last_customer_message_at__lte=closes_from_now + DEFAULT_GUARD)
    for team in teams:
        within |= Q(team=team, last_customer_message_at__lte=closes_from_now + team.guard)
    return Q(needs_answer=True) & window_q("open", now, margin) & within


def by_window(found: QuerySet[Conversation], now: datetime, margin: timedelta) -> QuerySet[Conversation]:
    """What closes next comes first; where nothing can be saved any more, last."""
    is_closed = Case(When(window_q("closed", now, margin), then=Value(1)), default=Value(0))
    return found.annotate(is_closed=is_closed).order_by("is_closed", "last_customer_message_at", "pk")
