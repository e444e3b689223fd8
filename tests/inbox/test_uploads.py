"""A file in the composer: checked once, kept with the draft, its agent's alone, gone when sent or taken out."""

import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import DataError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agent
from inbox.actions import uploads
from inbox.actions.merging import merge_contacts
from inbox.enums import ConversationStatus
from inbox.errors import FileOnlyAsDocument, FileRefused, ReadOnlyConversation
from inbox.models import StorageReading, Upload
from tests import factories
from tests.cast import Cast, make_cast
from tests.signing_in import signed_in
from tests.whatsapp.test_media_types import picture
from tests.whatsapp.test_sendable import AAC, EXE, MP3, PDF, film, track
from whatsapp.media_types import MB

RAW = "application/octet-stream"

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def kept(cast: Cast, body: bytes = PDF, name: str = "Rechnung.pdf", **more: Any) -> Upload:
    more.setdefault("uid", uuid.uuid4())
    return uploads.keep(cast.claras, by=cast.ben, name=name, source=io.BytesIO(body), **more)


def posted(client: Client, cast: Cast, body: bytes, name: str, uid: uuid.UUID | None = None, **more: Any) -> Any:
    query = {"uid": uid or uuid.uuid4(), "name": name, **more}
    path = reverse("conversation-uploads", args=[cast.claras.pk], query=query)
    # Named once more, because the test client leaves the type of an empty body out.
    return client.post(path, body, content_type=RAW, CONTENT_TYPE=RAW)


def test_a_file_put_into_the_composer_is_there_after_a_reload_in_its_place(cast: Cast) -> None:
    ben = signed_in(cast.ben)

    later = posted(ben, cast, picture("PNG"), "rad.png", position=2)
    posted(ben, cast, PDF, "Rechnung.pdf", position=1)

    assert later.status_code == 201
    page = ben.get(reverse("conversation-uploads", args=[cast.claras.pk])).content.decode()
    assert [name for name in ("Rechnung.pdf", "rad.png") if name in page] == ["Rechnung.pdf", "rad.png"]
    assert page.index("Rechnung.pdf") < page.index("rad.png")
    assert str(later.json()["uid"]) in page


def test_the_same_file_posted_twice_is_one(cast: Cast) -> None:
    uid = uuid.uuid4()

    first, second = (posted(signed_in(cast.ben), cast, PDF, "Rechnung.pdf", uid) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert Upload.objects.get().uid == uid


def test_a_name_is_only_shown_never_used_on_the_disk(cast: Cast) -> None:
    upload = kept(cast, name="../../etc/Rech\u202enung\x00.pdf")

    assert upload.file_name == "Rechnung.pdf"
    assert "Rechnung" not in str(upload.file.name)
    assert ".." not in str(upload.file.name)


def test_a_long_name_keeps_its_ending_and_a_family_stays_together(cast: Cast) -> None:
    assert kept(cast, name="a" * 300 + ".pdf").file_name == "a" * 196 + ".pdf"
    assert kept(cast, name="👩\u200d👧.pdf").file_name == "👩\u200d👧.pdf"
    assert kept(cast, name="\u200d").file_name == "Datei.pdf"


def test_only_who_put_it_in_sees_it_and_only_while_they_see_the_conversation(cast: Cast) -> None:
    upload = kept(cast)
    path = reverse("conversation-upload", args=[cast.claras.pk, upload.uid])

    mine = signed_in(cast.ben).get(path)

    assert b"".join(mine.streaming_content) == PDF
    assert mine["Content-Disposition"].startswith("attachment")
    assert {signed_in(other).get(path).status_code for other in (cast.ada, cast.lea, cast.mallory)} == {404}
    cast.claras.team = cast.other_team
    cast.claras.save()
    assert signed_in(cast.ben).get(path).status_code == 404


def test_taken_out_it_is_gone_from_the_disk_too(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    upload = kept(cast)
    assert default_storage.exists(upload.file.name)

    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in(cast.ben).delete(reverse("conversation-upload", args=[cast.claras.pk, upload.uid]))

    assert answer.status_code == 204
    assert not Upload.objects.exists()
    assert not default_storage.exists(upload.file.name)


def test_a_shared_file_stays_while_another_row_names_it(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    first = kept(cast)
    second = uploads.put_in(cast.claras, by=cast.ben, like=first)

    with django_capture_on_commit_callbacks(execute=True):
        uploads.discard(first)
    assert default_storage.exists(second.file.name)

    with django_capture_on_commit_callbacks(execute=True):
        uploads.discard(second)
    assert not default_storage.exists(second.file.name)


@pytest.mark.parametrize(("body", "name", "words"), [
    (b"", "leer.pdf", "This file is empty."), (EXE, "rechnung.pdf", "is not what its name says"),
    (MP3 + b"\x00" * 17 * MB, "lang.mp3", "Audio up to 16"), (b"<svg/>", "logo.svg", "no SVG"),
])  # fmt: skip
def test_what_whatsapp_does_not_take_is_refused_in_words_and_nothing_kept(
    cast: Cast, body: bytes, name: str, words: str
) -> None:
    Agent.objects.filter(pk=cast.ben.pk).update(language="en")

    answer = posted(signed_in(cast.ben), cast, body, name)

    assert answer.status_code == 422
    assert (answer.json()["code"], words in answer.json()["sentence"]) == ("file_refused", True)
    assert not Upload.objects.exists()


def test_a_body_larger_than_whatsapp_takes_is_not_even_read(cast: Cast) -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            self.taken += size
            return b"%PDF-" + b"x" * (size - 5)

    endless = Endless()

    with pytest.raises(FileRefused):
        uploads.keep(cast.claras, by=cast.ben, uid=uuid.uuid4(), name="x.pdf", source=endless)

    assert endless.taken <= 101 * MB


def test_another_codec_is_refused_with_the_offer_and_taken_as_a_document(cast: Cast) -> None:
    body = film(track(b"vide", b"hvc1"), AAC)

    with pytest.raises(FileOnlyAsDocument):
        kept(cast, body, "film.mp4")

    assert kept(cast, body, "film.mp4", as_document=True).kind == "document"


def test_thirty_files_are_the_most(cast: Cast) -> None:
    like = kept(cast)
    for _ in range(uploads.MOST_FILES - 1):
        uploads.put_in(cast.claras, by=cast.ben, like=like)

    with pytest.raises(FileRefused):
        kept(cast)

    assert Upload.objects.count() == uploads.MOST_FILES


def test_without_room_on_the_disk_or_in_the_quota_nothing_is_taken_in(cast: Cast, settings: Any) -> None:
    StorageReading.objects.create(workspace=cast.workspace, media_bytes=1000)
    settings.MEDIA_QUOTA_BYTES = 1000
    with pytest.raises(FileRefused):
        kept(cast)

    settings.MEDIA_QUOTA_BYTES, settings.DISK_FREE_WARNING_BYTES = 10**15, 10**18
    with pytest.raises(FileRefused):
        kept(cast)


def test_groups_are_read_only(cast: Cast) -> None:
    cast.clara.kind = "group"
    cast.clara.save()
    cast.claras.refresh_from_db()

    with pytest.raises(ReadOnlyConversation):
        kept(cast)


def test_a_closed_window_or_conversation_does_not_stop_a_draft(cast: Cast) -> None:
    cast.claras.status, cast.claras.last_customer_message_at = ConversationStatus.CLOSED, None
    cast.claras.save()

    assert kept(cast).size == len(PDF)


def test_what_was_left_for_two_weeks_is_thrown_away(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    old, new = kept(cast), kept(cast)
    Upload.objects.filter(pk=old.pk).update(created_at=timezone.now() - uploads.KEPT_FOR - timedelta(hours=1))

    with django_capture_on_commit_callbacks(execute=True):
        uploads.forget_old()

    assert list(Upload.objects.all()) == [new]
    assert not default_storage.exists(old.file.name)
    assert default_storage.exists(new.file.name)


def test_nothing_is_left_on_the_disk_when_the_row_cannot_be_written(cast: Cast) -> None:
    before = set(_stored())

    with pytest.raises(DataError), transaction.atomic():
        uploads._stored(cast.claras, cast.ben, uuid.uuid4(), io.BytesIO(PDF), 0, {"kind": "x\x00"})

    assert set(_stored()) == before


def _stored(folder: str = "") -> list[str]:
    folders, files = default_storage.listdir(folder)
    inner = [name for each in folders for name in _stored(f"{folder}/{each}".strip("/"))]
    return [f"{folder}/{name}" for name in files] + inner


def test_a_form_post_is_no_file(cast: Cast) -> None:
    path = reverse("conversation-uploads", args=[cast.claras.pk], query={"uid": uuid.uuid4(), "name": "x.pdf"})

    assert signed_in(cast.ben).post(path, {"file": io.BytesIO(PDF)}).status_code == 415


def test_files_follow_when_two_contacts_turn_out_to_be_one(cast: Cast) -> None:
    twin = factories.contact(cast.number, "Clara S.")
    conversation = factories.conversation(cast.number, twin)
    upload = factories.upload(conversation, by=cast.ben)

    with transaction.atomic():
        merge_contacts(cast.clara, twin)

    assert uploads.uploads_of(cast.ben, cast.claras) == [upload]
