"""The one lasting thread of a Contact with one of our numbers, as in WhatsApp itself."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Team, Workspace
from inbox.enums import ERASING, BlockState, ConversationStatus
from inbox.models.contact import Contact
from whatsapp.models import PhoneNumber
from whatsapp.service_window import ServiceWindow

if TYPE_CHECKING:
    from inbox.models.case import Case
    from inbox.visibility import Actor


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def open(self) -> "ConversationQuerySet":
        return self.filter(status=ConversationStatus.OPEN)

    def unassigned(self) -> "ConversationQuerySet":
        return self.filter(assignee=None)

    def awaiting_reply(self) -> "ConversationQuerySet":
        return self.filter(needs_answer=True)

    def visible_to(self, agent: "Actor") -> "ConversationQuerySet":
        """The one scope of list, thread, search, sockets and media. The rule itself is in inbox.visibility."""
        from inbox.visibility import visible_q

        return self.filter(visible_q(agent))


class Conversation(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="conversations", db_index=False)
    phone_number = models.ForeignKey(
        PhoneNumber, on_delete=models.PROTECT, related_name="conversations", db_index=False
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="conversations")
    status = models.CharField(max_length=8, choices=ConversationStatus.choices, default=ConversationStatus.OPEN)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="conversations")
    assignee = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="conversations")
    assigned_at = models.DateTimeField(null=True, blank=True)
    last_agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    # Window: Meta's time of the customer's last message (never later than our receipt), only moves forward.
    last_customer_message_at = models.DateTimeField(null=True, blank=True)
    # Meta answered 131047 although our clock said open: closed until the next customer message.
    window_refused_at = models.DateTimeField(null=True, blank=True)

    # The list: newest activity by Meta's time, and what the row shows without a join.
    last_message_at = models.DateTimeField(default=timezone.now)
    preview = models.JSONField(default=dict)  # {"kind","text","direction","status","uid","author_id","at"}
    inbound_count = models.PositiveIntegerField(default=0)  # unread = inbound_count - ReadCursor.read_count
    needs_answer = models.BooleanField(default=False)  # the customer spoke last
    waiting_since = models.DateTimeField(null=True, blank=True)  # the first unanswered message, not moved by later
    answer_due_at = models.DateTimeField(null=True, blank=True)  # the team's target for this wait: see AnswerTimer
    answered_at = models.DateTimeField(null=True, blank=True)  # our last human reply
    snoozed_until = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    block_state = models.CharField(max_length=8, choices=BlockState.choices, blank=True, default="", db_default="")
    has_failed_send = models.BooleanField(default=False)
    later_count = models.PositiveSmallIntegerField(default=0)  # replies that wait for their time, or are held

    seq = models.PositiveBigIntegerField(default=0)  # last number given to a message, note or activity of this thread
    version = models.PositiveBigIntegerField(default=0)  # raised with every change that a screen shows
    referral = models.JSONField(null=True, blank=True)  # the ad or post this thread began with
    # What the rules of the assignment said last (inbox.actions.ruling): the one that holds, where it was before that,
    # and until when it stands; without a time they are to be asked. A team chosen by a person wins until the closing.
    rule = models.ForeignKey(
        "inbox.RoutingRule", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    team_before_rule = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    ruled_until = models.DateTimeField(null=True, blank=True)
    placed_by_hand = models.BooleanField(default=False, db_default=False)
    guessed_language = models.CharField(max_length=8, blank=True, default="", db_default="")  # of what they wrote
    labels = models.ManyToManyField("inbox.Label", blank=True, related_name="conversations")
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar = ConversationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["phone_number", "contact"], name="conversation_unique"),
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["workspace", "-last_message_at", "-id"], condition=Q(status="open"), name="conv_open"),
            models.Index(
                fields=["workspace", "-last_message_at", "-id"],
                condition=Q(status="open", assignee__isnull=True), name="conv_unassigned",
            ),
            models.Index(
                fields=["assignee", "-last_message_at", "-id"], condition=Q(status="open"), name="conv_mine"
            ),
            models.Index(fields=["workspace", "status", "-last_message_at", "-id"], name="conv_status"),
            models.Index(fields=["team", "-last_message_at", "-id"], condition=Q(status="open"), name="conv_team"),
            models.Index(fields=["snoozed_until"], condition=Q(status="snoozed"), name="conv_snoozed"),
            models.Index(
                fields=["workspace", "waiting_since", "id"],
                condition=Q(status="open", assignee__isnull=True, needs_answer=True), name="conv_queue",
            ),
            # How busy everybody is, for routing (inbox.actions.load), without a look at the rows.
            models.Index(
                fields=["assignee"], include=["needs_answer", "answered_at", "assigned_at"],
                condition=Q(status="open", assignee__isnull=False), name="conv_load",
            ),
            # The other orders of the list: waiting longest, window closing soonest.
            models.Index(
                fields=["workspace", "waiting_since", "id"], condition=Q(waiting_since__isnull=False),
                name="conv_waiting",
            ),
            models.Index(
                fields=["workspace", "last_customer_message_at", "id"],
                condition=Q(status__in=("open", "snoozed")), name="conv_closing",
            ),
        ]

    @property
    def service_window(self) -> ServiceWindow:
        """The 24 hours after the customer's last message, with this workspace's margin."""
        return ServiceWindow(
            last_customer_message_at=self.last_customer_message_at,
            refused_at=self.window_refused_at,
            margin_seconds=self.workspace.window_margin_seconds,
        )

    @property
    def is_open(self) -> bool:
        return self.status == ConversationStatus.OPEN

    def next_seq(self) -> int:
        """The next number in this thread. The caller holds the row lock and saves `seq`."""
        self.seq += 1
        return self.seq

    def current_case(self) -> "Case | None":
        return self.cases.filter(closed_at=None).first()

    def may_be_read_only(self) -> bool:
        is_closed = self.contact.kind == Contact.Kind.GROUP or self.block_state != BlockState.NONE
        return is_closed or self.status == ERASING or self.phone_number.disconnected_at is not None

    def waits_at(self, now: datetime) -> bool:
        return self.needs_answer and self.waiting_since is not None and self.waiting_since <= now


class ReadCursor(models.Model):
    """How far one agent has read one conversation: of its `inbound_count`, this many."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="read_cursors")
    read_count = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["agent", "conversation"], name="read_cursor_unique"),
        ]


class NumberRouting(models.Model):
    """The team that gets what comes in at a number."""

    phone_number = models.OneToOneField(PhoneNumber, on_delete=models.CASCADE, related_name="routing")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
