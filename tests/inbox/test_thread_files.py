"""The files of a conversation in the contact panel."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import thread_files
from inbox.models import Attachment, Rendition
from tests import factories
from tests.cast import Cast, make_cast


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


@pytest.fixture
def ben(cast) -> Client:
    client = Client()
    client.force_login(cast.ben)
    return client


def _file(conversation, kind="image", name="", state="ready", inline=True, **fields):
    message = factories.inbound_message(conversation, "", kind=kind, **fields)
    attachment = Attachment.objects.create(
        message=message, kind=kind, file_name=name, mime_type="image/png" if inline else "application/pdf",
        is_inline=inline, state=state, size=3, file=ContentFile(b"png", name="x"),
    )  # fmt: skip
    if inline:
        Rendition.objects.create(
            attachment=attachment, kind="preview", file=ContentFile(b"x", name="x"), size=1, mime_type="image/webp"
        )
    return message


def test_pictures_and_documents_are_shown_newest_first_and_lead_to_their_message(cast, ben):
    first, film = _file(cast.claras), _file(cast.claras, "video")
    bill = _file(cast.claras, "document", "Rechnung <b>.pdf", inline=False)
    _file(cast.claras, "sticker")
    _file(cast.claras, deleted_at=timezone.now())
    _file(cast.claras, state="pending")
    _file(cast.darios)

    answer = ben.get(f"/conversations/{cast.claras.pk}/files/")

    files = answer.context["files"]
    assert [each.message for each in files.pictures] == [film, first]
    assert [each.message for each in files.documents] == [bill]
    page = answer.content.decode()
    assert f"?around={bill.seq}" in page
    assert "Rechnung &lt;b&gt;.pdf" in page


def test_many_files_come_in_pages_that_cost_the_same(cast, ben, monkeypatch):
    monkeypatch.setattr(thread_files, "PAGE_SIZE", 3)
    sent = [_file(cast.claras) for _number in range(7)]
    path, shown, before = f"/conversations/{cast.claras.pk}/files/", [], ""
    for _page in range(3):
        files = ben.get(path + before).context["files"]
        shown += [each.message for each in files.pictures]
        before = f"?before={files.before}"

    assert shown == sent[::-1]
    assert files.before is None
    with CaptureQueriesContext(connection) as many:
        ben.get(path)
    type(sent[0]).objects.filter(pk__in=[each.pk for each in sent[1:]]).update(deleted_at=timezone.now())
    with CaptureQueriesContext(connection) as one:
        ben.get(path)
    assert len(one) == len(many)
