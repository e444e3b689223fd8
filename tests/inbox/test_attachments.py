"""A customer's file: fetched once, judged by content, kept under our name, served to those who may see it."""

import base64
import hashlib
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.actions.attachments import fetch_attachment
from inbox.enums import AttachmentState, MessageKind
from inbox.models import Attachment, Event, Message
from tests import factories
from tests.cast import Cast, make_cast
from tests.recording_queue import forget_jobs
from tests.signing_in import signed_in
from tests.whatsapp.test_media_types import SVG, picture
from whatsapp import client, media_types

pytestmark = pytest.mark.django_db

PNG = picture("PNG")


class Meta:
    """Meta's media service behind `whatsapp.client.request`."""

    def __init__(self, body: bytes = PNG, **info: Any) -> None:
        self.body, self.info, self.status, self.look_up_status = body, info, 200, 200
        self.calls: list[str] = []
        self.during: Callable[[], None] = lambda: None

    def __call__(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        self.calls.append(url)
        answer = requests.Response()
        if "lookaside" in url:
            self.during()
            answer.status_code, content = self.status, self.body if self.status == 200 else b"gone"
        else:
            answer.status_code = self.look_up_status
            info = {"url": "https://lookaside.fbsbx.com/x?mid=1", "file_size": len(self.body), **self.info}
            error = {"error": {"code": 100, "error_subcode": 33, "message": "does not exist"}}
            content = json.dumps(info if answer.status_code == 200 else error).encode()
            answer.headers["content-type"] = "application/json"
        answer.raw, answer.url = io.BytesIO(content), url
        return answer


@pytest.fixture
def meta(monkeypatch: pytest.MonkeyPatch) -> Meta:
    forget_jobs()
    service = Meta()
    monkeypatch.setattr(client, "request", service)
    return service


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def pending(cast: Cast, **fields: Any) -> Attachment:
    message = factories.inbound_message(cast.claras, "", kind=MessageKind.IMAGE)
    fields.setdefault("sha256", hashlib.sha256(PNG).hexdigest())
    return Attachment.objects.create(
        message=message, kind="image", mime_type="image/jpeg", media_id="1003",
        media_expires_at=timezone.now() + timedelta(days=7), **fields,
    )


def test_the_file_is_kept_and_the_bubble_told(cast: Cast, meta: Meta) -> None:
    attachment = pending(cast, file_name="../../etc/passwd\u200b.png")

    assert fetch_attachment(attachment) is True

    attachment.refresh_from_db()
    assert (attachment.state, attachment.mime_type, attachment.is_inline) == (AttachmentState.READY, "image/png", True)
    assert (attachment.size, attachment.width, attachment.height) == (len(PNG), 40, 30)
    assert attachment.file.read() == PNG
    assert attachment.file.name.startswith("attachments/")
    assert "passwd" not in attachment.file.name
    assert Event.objects.filter(kind="message_changed").count() == 1


def test_a_checksum_in_either_writing_is_understood(cast: Cast, meta: Meta) -> None:
    meta.info["sha256"] = base64.b64encode(hashlib.sha256(PNG).digest()).decode()

    assert fetch_attachment(pending(cast, sha256=""))


def test_what_claims_to_be_a_picture_is_judged_by_its_content(cast: Cast, meta: Meta) -> None:
    meta.body = SVG
    attachment = pending(cast, sha256=hashlib.sha256(SVG).hexdigest(), file_name="bild.png")

    fetch_attachment(attachment)

    attachment.refresh_from_db()
    assert (attachment.state, attachment.mime_type, attachment.is_inline) == ("ready", "image/svg+xml", False)


def test_other_bytes_than_announced_are_tried_again_and_then_given_up(cast: Cast, meta: Meta) -> None:
    attachment = pending(cast, sha256="0" * 64)

    for _ in range(4):
        assert fetch_attachment(attachment) is False

    attachment.refresh_from_db()
    assert (attachment.state, attachment.reason, bool(attachment.file)) == ("failed", "checksum", False)


def test_trouble_for_now_is_tried_again_later(cast: Cast, meta: Meta) -> None:
    meta.status = 503
    attachment = pending(cast)

    assert fetch_attachment(attachment) is False

    attachment.refresh_from_db()
    assert (attachment.state, attachment.tries) == (AttachmentState.PENDING, 1)
    assert attachment.next_try_at is not None
    meta.status = 200
    assert fetch_attachment(attachment) is True


def test_a_file_that_is_gone_gets_one_fresh_look_up_and_is_then_expired(cast: Cast, meta: Meta) -> None:
    meta.status = 404
    attachment = pending(cast)

    for _ in range(5):
        fetch_attachment(attachment)

    attachment.refresh_from_db()
    assert attachment.state == AttachmentState.EXPIRED
    assert len(meta.calls) == 4
    assert Event.objects.filter(kind="message_changed").count() == 1


def test_after_seven_days_nobody_is_asked(cast: Cast, meta: Meta) -> None:
    attachment = pending(cast)
    attachment.media_expires_at = timezone.now() - timedelta(seconds=1)
    attachment.save()

    assert fetch_attachment(attachment) is False

    assert (attachment.state, meta.calls) == (AttachmentState.EXPIRED, [])


def test_too_large_a_file_is_refused_before_and_while_loading(
    cast: Cast, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_types, "MAX_INBOUND_BYTES", 50)
    announced, lied = pending(cast), pending(cast)

    fetch_attachment(announced)
    meta.info["file_size"] = 5
    fetch_attachment(lied)

    assert {a.reason for a in Attachment.objects.filter(state=AttachmentState.FAILED)} == {"too large"}
    assert len([url for url in meta.calls if "lookaside" in url]) == 1


@pytest.mark.parametrize("url", [
    "http://lookaside.fbsbx.com/x", "https://169.254.169.254/latest", "https://localhost/x",
    "https://lookaside.fbsbx.com.evil.example/x", "https://evil.example/lookaside.fbsbx.com", "file:///etc/passwd", "",
])
def test_only_metas_own_hosts_are_asked_for_files(
    cast: Cast, meta: Meta, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    meta.info["url"] = url
    attachment = pending(cast)
    real = client.may_carry_token
    monkeypatch.setattr(client, "may_carry_token", real)
    monkeypatch.setattr(client, "request", guarded(meta))

    for _ in range(3):
        fetch_attachment(attachment)

    attachment.refresh_from_db()
    assert attachment.state != AttachmentState.READY
    assert url not in meta.calls


def guarded(meta: Meta) -> Any:
    """The real rule about where the token may go, in front of the faked answers."""

    def request(method: str, url: str, **kwargs: Any) -> requests.Response:
        if not client.may_carry_token(url):
            raise client.ForbiddenAddress(url)
        return meta(method, url, **kwargs)

    return request


def test_a_message_erased_while_loading_leaves_no_file(cast: Cast, meta: Meta) -> None:
    attachment = pending(cast)
    storage = attachment.file.storage
    meta.during = lambda: Message.objects.filter(pk=attachment.message_id).delete() and None

    fetch_attachment(attachment)

    assert not Attachment.objects.filter(pk=attachment.pk).exists()
    kept = [name for folder in storage.listdir("attachments")[0] for name in folder] if storage.exists(
        "attachments") else []
    assert not any(attachment.token in name for name in kept)


def test_a_second_worker_leaves_a_finished_file_alone(cast: Cast, meta: Meta) -> None:
    attachment = pending(cast)
    fetch_attachment(attachment)
    calls = len(meta.calls)

    assert fetch_attachment(attachment) is True

    assert len(meta.calls) == calls


# --- Serving --------------------------------------------------------------------------------------------------------


def stored(cast: Cast, body: bytes = PNG, **fields: Any) -> Attachment:
    message = factories.inbound_message(cast.claras, "", kind=MessageKind.IMAGE)
    fields = {"mime_type": "image/png", "is_inline": True, "kind": "image", **fields}
    return Attachment.objects.create(
        message=message, file=ContentFile(body, "x"), size=len(body), sha256=hashlib.sha256(body).hexdigest(),
        state=AttachmentState.READY, **fields,
    )


def address(attachment: Attachment) -> str:
    return reverse("attachment", args=[attachment.token])


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_picture_is_shown_and_guarded(cast: Cast) -> None:
    response = signed_in(cast.ben).get(address(stored(cast, file_name="Rad.png")))

    assert body_of(response) == PNG
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"] == 'inline; filename="Rad.png"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"] == "private, no-cache"
    assert int(response["Content-Length"]) == len(PNG)


@pytest.mark.parametrize(("mime", "served"), [
    ("text/html", "application/octet-stream"), ("image/svg+xml", "application/octet-stream"),
    ("application/pdf", "application/pdf"),
])
def test_everything_else_is_a_download(cast: Cast, mime: str, served: str) -> None:
    response = signed_in(cast.ben).get(address(stored(cast, SVG, mime_type=mime, is_inline=False)))

    assert response["Content-Type"] == served
    assert response["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(("name", "shown"), [
    ("../../etc/passwd", "passwd"), ("C:\\Windows\\x.exe", "x.exe"), ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
    ("rechnung\u202egpj.exe", "rechnunggpj.exe"), (".htaccess", "htaccess"), ("\u200b", "image-"),
    ("\u200d", "image-"), ("👩\u200d👧.png", "👩\u200d👧.png"), ("a" * 190 + ".pdf", "a" * 146 + ".pdf"),
])
def test_names_of_files_are_only_words(cast: Cast, name: str, shown: str) -> None:
    disposition = unquote(signed_in(cast.ben).get(address(stored(cast, file_name=name)))["Content-Disposition"])

    assert shown in disposition
    assert "\n" not in disposition
    assert "/" not in disposition


def test_strangers_get_what_a_missing_file_gets(cast: Cast) -> None:
    attachment = stored(cast)

    strange = signed_in(cast.mallory).get(address(attachment))
    missing = signed_in(cast.mallory).get(reverse("attachment", args=["x" * 32]))

    assert (strange.status_code, missing.status_code) == (404, 404)
    assert strange.content == missing.content
    assert Client().get(address(attachment)).status_code == 302


def test_a_right_that_ended_ends_here_too(cast: Cast) -> None:
    attachment, browser = stored(cast), signed_in(cast.ben)
    assert browser.get(address(attachment)).status_code == 200

    cast.claras.team = cast.other_team
    cast.claras.save()

    etag = f'"{attachment.sha256}"'
    assert browser.get(address(attachment), headers={"If-None-Match": etag}).status_code == 404


def test_what_is_not_here_yet_is_missing(cast: Cast) -> None:
    assert signed_in(cast.ben).get(address(pending(cast))).status_code == 404


def test_a_known_version_is_not_sent_again(cast: Cast) -> None:
    attachment = stored(cast)

    response = signed_in(cast.ben).get(address(attachment), headers={"If-None-Match": f'"{attachment.sha256}"'})

    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize(("wanted", "status", "part", "place"), [
    ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/100"),
    ("bytes=90-", 206, slice(90, 100), "bytes 90-99/100"),
    ("bytes=-5", 206, slice(95, 100), "bytes 95-99/100"),
    ("bytes=95-500", 206, slice(95, 100), "bytes 95-99/100"),
    ("bytes=0-99", 206, slice(0, 100), "bytes 0-99/100"),
    ("bytes=0-", 206, slice(0, 100), "bytes 0-99/100"),
    ("bytes=-", 200, slice(0, 100), None),
    ("bytes=0-1,4-5", 200, slice(0, 100), None),
    ("lines=1-2", 200, slice(0, 100), None),
])
def test_players_may_ask_for_parts(cast: Cast, wanted: str, status: int, part: slice, place: str | None) -> None:
    body = bytes(range(100))
    attachment = stored(cast, body, mime_type="audio/ogg", kind="audio")

    response = signed_in(cast.ben).get(address(attachment), headers={"Range": wanted})

    assert (response.status_code, body_of(response)) == (status, body[part])
    assert response.get("Content-Range") == place


@pytest.mark.parametrize("wanted", ["bytes=100-", "bytes=9-3", "bytes=99999999999999999999-"])
def test_parts_beyond_the_end_are_refused(cast: Cast, wanted: str) -> None:
    attachment = stored(cast, bytes(100), mime_type="audio/ogg")

    response = signed_in(cast.ben).get(address(attachment), headers={"Range": wanted})

    assert (response.status_code, response["Content-Range"]) == (416, "bytes */100")


def test_only_reading_is_allowed(cast: Cast) -> None:
    attachment = stored(cast)

    assert signed_in(cast.ben).post(address(attachment)).status_code == 405
    assert signed_in(cast.ben).head(address(attachment)).status_code == 200
