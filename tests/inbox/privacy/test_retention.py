"""What is old goes at night, what is open never; what would go is said beforehand, and the sums stay."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import AuditEntry
from inbox import jobs
from inbox.actions import later
from inbox.actions.conversations import close_conversation
from inbox.models import (
    Activity,
    Attachment,
    Case,
    CaseFigures,
    Consent,
    Contact,
    Conversation,
    Message,
    ReportSlot,
    RetentionSettings,
    ScheduledReply,
    SearchDocument,
)
from inbox.privacy import retention
from inbox.reports import recount, rolling
from tests import factories
from tests.signing_in import signed_in
from whatsapp.models import MetaApp, WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)
OLD = timedelta(days=400)
ALL = {"media_days": 365, "messages_days": 365, "conversations_days": 365, "audit_days": 365, "deliveries_days": 30}


@pytest.fixture
def old(cast) -> Conversation:
    """A conversation that was closed more than a year ago, with a file and a consent."""
    return aged(cast, "Alt Vorbei", status="closed")


def aged(cast, name: str, *, status: str) -> Conversation:
    at = timezone.now() - OLD
    contact = factories.contact(cast.number, name)
    talk = factories.conversation(cast.number, contact, created_at=at)
    message = factories.inbound_message(talk, f"Frage von {name}", at=at, kind="image")
    Attachment.objects.create(message=message, kind="image", state="ready", file=ContentFile(b"alt", name="x"), size=3)
    factories.outbound_message(talk, "Antwort", by=cast.ben, at=at)
    Consent.objects.create(
        workspace=cast.workspace, contact=contact, state="given", source="keyword", occurred_at=at, message=message,
        wording="Ja",
    )  # fmt: skip
    if status == "closed":
        Case.objects.filter(conversation=talk).update(closed_at=at, closed_by=cast.ben)
        Conversation.objects.filter(pk=talk.pk).update(status="closed", closed_at=at, last_message_at=at)
    talk.refresh_from_db()
    return talk


def settle() -> None:
    while rolling.roll_batch():
        pass


def sums():
    settle()
    kept = list(ReportSlot.objects.order_by("slot", "pk").values_list("slot", "received", "replies"))
    return kept, CaseFigures.objects.count()


def test_by_default_only_raw_deliveries_go(cast, old):
    assert set(retention.due(cast.workspace).values()) == {0}
    retention.run()
    assert Message.objects.filter(conversation=old).count() == 2


def test_a_whole_closed_conversation_goes_and_the_sums_stay(cast, old):
    RetentionSettings.objects.create(workspace=cast.workspace, conversations_days=365)
    before = sums()
    assert retention.due(cast.workspace)["conversations"] == 1
    retention.run()

    assert not Conversation.objects.filter(pk=old.pk).exists()
    assert not SearchDocument.objects.filter(conversation=old.pk).exists()
    assert Contact.objects.filter(pk=old.contact_id).exists()
    assert Consent.objects.get(contact=old.contact).wording == "Ja"  # proves something
    assert sums() == before and list(recount.differences()) == []
    assert AuditEntry.objects.get(verb="privacy.retention").data == {"conversations": 1}
    assert retention.due(cast.workspace)["conversations"] == 0


def test_old_cases_go_and_the_conversation_stays(cast, old):
    RetentionSettings.objects.create(workspace=cast.workspace, messages_days=365)
    before = sums()
    retention.run()

    old.refresh_from_db()
    assert old.preview == {} and not Message.objects.filter(conversation=old).exists()
    assert not Case.objects.filter(conversation=old).exists()
    assert sums() == before and list(recount.differences()) == []


def test_what_was_planned_in_a_case_and_cancelled_with_it_goes_with_it(cast):
    with time_machine.travel(timezone.now() - OLD):
        talk = factories.conversation(cast.number, factories.contact(cast.number, "Alt Geplant"))
        factories.inbound_message(talk, "Frage")
        plan = later.Plan(due_at=timezone.now() + timedelta(hours=1))
        later.schedule_reply(talk, by=cast.ada, text="Bis gleich", uid=uuid.uuid4(), plan=plan)
        close_conversation(talk, by=cast.ada)
    assert Activity.objects.get(kind="later_cancelled").data["text"] == "Bis gleich"
    RetentionSettings.objects.create(workspace=cast.workspace, messages_days=365)
    settle()
    retention.run()

    assert Conversation.objects.filter(pk=talk.pk).exists()
    assert not Activity.objects.filter(conversation=talk).exists()
    assert not ScheduledReply.objects.filter(conversation=talk).exists()


def test_files_go_and_their_messages_stay(cast, old):
    RetentionSettings.objects.create(workspace=cast.workspace, media_days=365)
    attachment = Attachment.objects.get(message__conversation=old)
    retention.run()

    assert not attachment.file.storage.exists(attachment.file.name)
    attachment.refresh_from_db()
    assert (attachment.state, attachment.file.name) == ("expired", "")
    assert Message.objects.filter(conversation=old).count() == 2


def test_what_is_open_is_never_touched(cast):
    open_one = aged(cast, "Noch Offen", status="open")
    snoozed = aged(cast, "Schläft Noch", status="open")
    Conversation.objects.filter(pk=snoozed.pk).update(status="snoozed")
    for talk in (open_one, snoozed):
        Case.objects.filter(conversation=talk).update(closed_at=timezone.now() - OLD)
    RetentionSettings.objects.create(workspace=cast.workspace, **ALL)
    retention.run()

    assert Message.objects.filter(conversation__in=[open_one, snoozed]).count() == 4
    assert not Attachment.objects.filter(state="expired").exists()


def test_who_writes_in_this_very_moment_keeps_everything(cast, old):
    """It was closed when it was chosen, and is open when it is locked."""
    Conversation.objects.filter(pk=old.pk).update(status="open")
    attachments = list(Attachment.objects.filter(message__conversation=old).values_list("pk", flat=True))
    case = Case.objects.get(conversation=old)

    forgotten = [kind.forget([pk]) for kind, pk in zip(retention.KINDS, (*attachments, case.pk, old.pk), strict=False)]
    assert forgotten == [0, 0, 0]
    assert Message.objects.filter(conversation=old).count() == 2


def test_deliveries_and_the_log_go_after_their_time(cast):
    app, at = MetaApp.objects.get(workspace=cast.workspace), timezone.now() - timedelta(days=8)
    for state in ("processed", "failed", "new"):
        row = WebhookDelivery.objects.create(meta_app=app, body=b"{}", sha256="x", state=state)
        WebhookDelivery.objects.filter(pk=row.pk).update(received_at=at)
    AuditEntry.objects.create(workspace=cast.workspace, verb="x", created_at=timezone.now() - OLD)
    RetentionSettings.objects.create(workspace=cast.workspace, deliveries_days=7, audit_days=365)
    jobs.forget_what_is_old()

    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"failed", "new"}
    assert not AuditEntry.objects.filter(verb="x").exists()
    assert jobs.forget_what_is_old in jobs.NIGHTLY


def test_the_page_tries_without_saving_and_saves_only_what_is_offered(cast, old):
    ada = signed_in(cast.ada)
    page = ada.get("/settings/privacy/retention/", {"try": "1", "conversations": "365", "deliveries": "30"})
    assert 'badge--warn">1</span>' in page.content.decode()
    assert not RetentionSettings.objects.exists() and Conversation.objects.filter(pk=old.pk).exists()

    ada.post("/settings/privacy/retention/", {"conversations": "1", "media": "730", "deliveries": "999"})
    chosen = RetentionSettings.objects.get()
    assert (chosen.conversations_days, chosen.media_days, chosen.deliveries_days) == (None, 730, 30)
    assert AuditEntry.objects.filter(verb="privacy.retention_changed").get().data == {"media": 730}
