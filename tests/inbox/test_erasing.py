"""What is erased leaves no file behind; what somebody else still names stays."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from inbox import jobs
from inbox.actions import sweeping, template_drafts, uploads
from inbox.actions.replying import drop_held, send_files, send_reply
from inbox.enums import AttachmentState
from inbox.models import Attachment, DraftFile, Message, Rendition, Upload
from tests import factories
from tests.cast import Cast, make_cast
from whatsapp.models import TemplateHeaderMedia

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def attached(message: Message) -> tuple[Attachment, Rendition]:
    attachment = Attachment.objects.create(
        message=message, kind="image", mime_type="image/png", state=AttachmentState.READY,
        file=ContentFile(b"bild", name="x"),
    )  # fmt: skip
    return attachment, made_of(attachment)


def made_of(attachment: Attachment) -> Rendition:
    return Rendition.objects.create(
        attachment=attachment, kind="preview", mime_type="image/jpeg", size=5, file=ContentFile(b"klein", name="y")
    )


def is_stored(*rows) -> list[bool]:
    return [row.file.storage.exists(row.file.name) for row in rows]


def tomorrow():
    return timezone.now() + timedelta(days=1, hours=1)


def test_a_message_that_is_erased_takes_its_file_and_what_was_made_of_it_along(cast):
    message = factories.inbound_message(cast.claras, "", kind="image")
    rows = attached(message)
    other = attached(factories.inbound_message(cast.claras, "", kind="image"))
    message.delete()
    assert is_stored(*rows) == [False, False] and is_stored(*other) == [True, True]


def test_a_file_that_a_composer_or_a_template_names_as_well_stays(cast):
    message = factories.inbound_message(cast.claras, "", kind="image")
    attachment, rendition = attached(message)
    uploads.put_in(cast.claras, by=cast.ben, like=attachment)
    header = factories.outbound_message(cast.claras, "", by=cast.ben, kind="template")
    default = TemplateHeaderMedia.objects.create(
        template=factories.template(cast.number), phone_number=cast.number, file=ContentFile(b"kopf", name="z"),
        file_name="z.png", mime_type="image/png", size=4,
    )  # fmt: skip
    Attachment.objects.create(message=header, kind="image", file=default.file.name)
    Message.objects.filter(pk__in=[message.pk, header.pk]).delete()
    assert is_stored(attachment, rendition, default) == [True, False, True]


@pytest.mark.parametrize("keep", [True, False])
def test_files_held_back_and_taken_back_leave_only_what_lies_in_the_composer(cast, keep):
    upload = factories.upload(cast.claras, by=cast.ben)
    send_reply(cast.claras, by=cast.lea, text="Schon fertig", uid=uuid.uuid4())
    [message] = send_files(cast.claras, by=cast.ben, files=[upload.uid], uid=uuid.uuid4(), seen_seq=1)
    attachment = message.attachments.get()
    rendition = made_of(attachment)
    drop_held(message, by=cast.ben, keep=keep)
    assert is_stored(attachment, rendition) == [keep, False] and Upload.objects.exists() == keep


def test_a_contact_that_is_erased_takes_all_files_of_its_conversations_along(cast):
    rows = attached(factories.inbound_message(cast.claras, "", kind="image"))
    upload = factories.upload(cast.claras, by=cast.ben)
    shared = attached(factories.inbound_message(cast.claras, "", kind="document"))[0]
    uploads.put_in(cast.darios, by=cast.ben, like=shared)
    contact = cast.claras.contact
    cast.claras.delete()
    contact.delete()
    assert is_stored(*rows, upload, shared) == [False, False, False, True]


@pytest.fixture
def lost(cast) -> list:
    """Files whose rows went without Django."""
    lost = attached(factories.inbound_message(cast.claras, "", kind="image"))
    Rendition.objects.filter(pk=lost[1].pk)._raw_delete("default")
    Attachment.objects.filter(pk=lost[0].pk)._raw_delete("default")
    return lost


def test_at_night_files_without_a_row_go(cast, lost, monkeypatch):
    monkeypatch.setattr(sweeping, "FEW", 1_000_000)  # other tests leave some
    kept = attached(factories.inbound_message(cast.darios, "", kind="image"))
    upload = factories.upload(cast.darios, by=cast.ben)
    sweeping.sweep_files()
    assert is_stored(*lost) == [True, True]  # younger than a day: its row may still be on its way
    assert sweeping.sweep_files(now=tomorrow()) >= 2
    assert is_stored(*lost) == [False, False] and is_stored(*kept, upload) == [True, True, True]
    assert jobs.sweep_files in jobs.NIGHTLY


def test_samples_of_drafts_that_were_thrown_away_go_at_night(cast, monkeypatch):
    monkeypatch.setattr(sweeping, "FEW", 1_000_000)
    files = []
    for _each in range(2):
        text = template_drafts.begin_draft(cast.number.business_account, by=cast.ada).texts.get()
        template_drafts.save_text(text, text.typed, name="rad", category="UTILITY", seen=0, by=cast.ada)
        files.append(DraftFile.objects.create(text=text, place="header", file=ContentFile(b"bild", name="x"), size=4))
    template_drafts.delete_draft(files[0].text.draft, by=cast.ada)
    sweeping.sweep_files(now=tomorrow())
    assert is_stored(*files) == [False, True]


def test_nothing_goes_when_most_files_have_no_row(lost, monkeypatch):
    monkeypatch.setattr(sweeping, "FEW", 0)
    assert sweeping.sweep_files(now=tomorrow()) == 0 and is_stored(*lost) == [True, True]
