"""What the composer is for one agent right now: the only part of the thread that is about its reader."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Agent
from inbox import emoji_names
from inbox.actions.uploads import uploads_of
from inbox.costs import reply_price_hint
from inbox.enums import DraftKind
from inbox.models import Conversation, Draft, Upload
from whatsapp.service_window import ServiceWindow

TEXT_LIMIT = 4096
COUNT_FROM = 3800  # from this length on the characters left are shown


@dataclass(frozen=True)
class Composer:
    """`mode`: open, locked (window closed), taken (a colleague's), readonly (a group)."""

    conversation: Conversation
    agent: Agent
    now: datetime
    reply: str
    note: str
    price_hint: str
    uploads: list[Upload] = field(default_factory=list)

    @property
    def window(self) -> ServiceWindow:
        return self.conversation.service_window

    @property
    def window_state(self) -> str:
        return self.window.state(self.now)

    @property
    def mode(self) -> str:
        return mode_of(self.conversation, self.agent, self.now)

    @property
    def builds(self) -> list[tuple[str, str, str]]:
        """What is filled in beside the composer: (kind, icon, words)."""
        return [
            ("location", "pin", _("Location")), ("contact", "contacts", _("Contact card")),
            ("buttons", "reply", _("Question with buttons")), ("list", "list", _("Question with a list")),
        ]  # fmt: skip

    @property
    def limit(self) -> int:
        return TEXT_LIMIT

    @property
    def count_from(self) -> int:
        return COUNT_FROM

    @property
    def emoji_version(self) -> str:
        return emoji_names.VERSION

    @property
    def tones(self) -> list[tuple[str, str]]:
        """(what stands behind the first sign of an emoji, its words)."""
        words = (_("Without a tone"), _("Light"), _("Medium light"), _("Medium"), _("Medium dark"), _("Dark"))
        return list(zip(("", *(chr(tone) for tone in emoji_names.TONES)), words, strict=True))


def mode_of(conversation: Conversation, agent: Agent, now: datetime) -> str:
    """What this agent can do about a reply."""
    if conversation.may_be_read_only():
        return "readonly"
    if conversation.assignee_id not in (None, agent.pk):
        return "taken"
    return "open" if conversation.service_window.is_open(now) else "locked"


def composer_of(conversation: Conversation, agent: Agent) -> Composer:
    """The composer with this agent's drafts and files, in two queries beside the price hint."""
    drafts = dict(Draft.objects.filter(agent=agent, conversation=conversation).values_list("kind", "text"))
    return Composer(
        conversation=conversation,
        agent=agent,
        now=timezone.now(),
        reply=drafts.get(DraftKind.REPLY, ""),
        note=drafts.get(DraftKind.NOTE, ""),
        price_hint=reply_price_hint(conversation),
        uploads=uploads_of(agent, conversation),
    )
