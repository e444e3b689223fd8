"""What a person gets: everything of the register as data and as a page, with their files, for one admin and one day."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, Role
from inbox import jobs
from inbox.errors import NotAllowed
from inbox.models import Message, PersonExport
from inbox.privacy import exporting
from inbox.privacy.places import PLACES
from tests import factories
from tests.inbox.privacy.life import EMAIL, NAME, PHONE, WORD
from tests.recording_queue import run_jobs
from tests.signing_in import proven

pytestmark = pytest.mark.django_db(transaction=True)


def made(talk, by) -> PersonExport:
    exporting.begin_export(talk.contact, by=by)
    run_jobs()
    return PersonExport.objects.latest("pk")


def unpacked(answer) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def test_everything_of_the_register_is_in_it(talk, cast):
    packed = unpacked(proven(cast.ada).get(f"/settings/privacy/exports/{made(talk, cast.ada).uid}/"))
    data = json.loads(packed.read("data.json"))
    page = packed.read("data.html").decode()

    assert data["format"] == exporting.FORMAT and data["person"] == NAME
    sections = data["sections"]
    assert set(sections) == {place.section for place in PLACES if place.section}
    assert [name for name, rows in sections.items() if not rows] == []
    assert {row["value"] for row in sections["numbers"]} >= {PHONE}
    assert sections["contacts"][0]["fields"] == {"Rahmennummer": f"RN {WORD}"}
    assert sections["contacts"][0]["email"] == EMAIL and WORD in sections["consents"][0]["wording"]
    assert WORD in sections["notes"][0]["text"] and sections["ratings"][0]["score"] == 5
    assert sections["labels"][0]["label"] == "Kulanz"
    for text in (NAME, EMAIL, WORD, "Kulanz", "RN "):
        assert text in page
    assert "Ben Brandt" not in page + json.dumps(data)  # that is about somebody else
    for row in sections["files"]:
        assert packed.getinfo(row["path"]).file_size == row["size"]
        assert row["path"].partition("-")[0] in page


def test_untrusted_text_is_text(talk, cast):
    factories.inbound_message(talk, '<script>alert(1)</script>"\u2028')
    packed = unpacked(proven(cast.ada).get(f"/settings/privacy/exports/{made(talk, cast.ada).uid}/"))

    assert "<script>alert" not in packed.read("data.html").decode()
    assert any("<script>" in row["text"] for row in json.loads(packed.read("data.json"))["sections"]["messages"])


def test_only_who_asked_for_it_takes_it_and_it_is_written_down(talk, cast):
    export = made(talk, cast.ada)
    other = factories.agent(cast.workspace, "Otto Admin", role=Role.ADMIN)

    for stranger in (other, cast.lea, cast.ben, cast.mallory):
        assert proven(stranger).get(f"/settings/privacy/exports/{export.uid}/").status_code == 404
    assert proven(cast.ada).get(f"/settings/privacy/exports/{export.uid}/").status_code == 200
    verbs = list(AuditEntry.objects.filter(data={"contact": talk.contact_id}).values_list("verb", flat=True))
    assert verbs[-2:] == ["privacy.export", "privacy.downloaded"]


def test_rights_are_asked_again_when_it_is_made_and_when_it_is_taken(talk, cast):
    export = made(talk, cast.ada)
    cast.ada.role = Role.LEAD
    cast.ada.save()
    assert proven(cast.ada).get(f"/settings/privacy/exports/{export.uid}/").status_code == 404
    waiting = PersonExport.objects.create(workspace=cast.workspace, contact=talk.contact, by=cast.ada)
    jobs.make_person_export(waiting.pk)
    assert not PersonExport.objects.filter(pk=waiting.pk).exists()
    with pytest.raises(NotAllowed):
        exporting.begin_export(talk.contact, by=cast.lea)


def test_after_a_day_it_is_gone(talk, cast):
    export = made(talk, cast.ada)
    storage, name = export.file.storage, export.file.name
    PersonExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert proven(cast.ada).get(f"/settings/privacy/exports/{export.uid}/").status_code == 404

    assert exporting.forget_old() >= 1
    assert not storage.exists(name)


def test_memory_does_not_grow_with_the_conversation(talk, cast):
    """Row by row: what is held at once is a portion, whatever there is."""
    import tracemalloc

    at, number = timezone.now() - timedelta(days=1), talk.seq
    Message.objects.bulk_create(
        Message(
            workspace=cast.workspace, conversation=talk, phone_number=cast.number, seq=number + place + 10,
            text="Ein Satz, der lang ist. " * 40, direction="in", kind="text", status="received", occurred_at=at,
            sender_contact=talk.contact,
        )
        for place in range(4000)
    )  # fmt: skip
    export = exporting.begin_export(talk.contact, by=cast.ada)
    tracemalloc.start()
    jobs.make_person_export(export.pk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert PersonExport.objects.get(pk=export.pk).is_ready
    assert peak < 16_000_000  # the texts alone are 4 MB, twice; a thousand rows at a time
