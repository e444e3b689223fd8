"""What the screens must hear, in commit order: the truth behind the pushes (R13). Kept 48 hours."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Func
from django.utils import timezone

from accounts.models import Workspace


class CurrentXid(Func):
    function = "pg_current_xact_id"
    template = "(%(function)s()::text::bigint)"
    arity = 0
    output_field = models.BigIntegerField()


class Event(models.Model):
    # The transaction that wrote it: a cursor on (xid, id) below the snapshot's xmin misses no late commit.
    xid = models.BigIntegerField(db_default=CurrentXid())
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=32)
    conversation_id = models.BigIntegerField(null=True, blank=True)
    payload = models.JSONField()  # see inbox.events
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(F("xid"), F("id"), name="event_cursor"),
            models.Index(fields=["created_at"], name="event_age"),
            models.Index(
                fields=["workspace", "created_at"], condition=models.Q(payload__has_key="tell"), name="event_tells"
            ),
        ]
