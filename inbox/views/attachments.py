"""Customers' files, to those who may see the conversation. The permission is asked on every request."""

import asyncio
import re
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from typing import IO

from django.core.handlers.asgi import ASGIRequest
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from inbox import access
from inbox.enums import AttachmentState
from inbox.file_names import EXTENSIONS, file_name
from inbox.models import Attachment, Upload
from whatsapp import media_types
from whatsapp.sealing import seal

CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)

@dataclass(frozen=True)
class Served:
    """One file on its way out."""

    file: FieldFile
    size: int
    mime_type: str
    name: str
    etag: str
    is_inline: bool


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file: inside the page if its content was found safe for that, else as a download. Parts on request."""
    attachment = access.get_attachment(request.user, token)  # type: ignore[arg-type]
    if attachment.state != AttachmentState.READY or not attachment.file:
        raise Http404
    return serve(request, attachment)


def serve(request: HttpRequest, attachment: Attachment | Upload) -> HttpResponseBase:
    """A stored file that this reader may have."""
    return _answer(request, Served(
        attachment.file, attachment.size, attachment.mime_type, file_name(attachment), f'"{attachment.sha256}"',
        attachment.is_inline,
    ))  # fmt: skip


@require_safe
def show_rendition(request: HttpRequest, token: str, kind: str, number: int = 0) -> HttpResponseBase:
    """What we made of the file, to the same people and as carefully as the file itself."""
    attachment = access.get_attachment(request.user, token)  # type: ignore[arg-type]
    made = attachment.renditions.filter(kind=kind, number=number).first() if "\x00" not in kind else None
    if made is None:
        raise Http404
    name = f"{file_name(attachment).rpartition('.')[0] or attachment.kind}.{EXTENSIONS[made.mime_type]}"
    return _answer(request, Served(made.file, made.size, made.mime_type, name, f'"{made.pk}-{made.size}"', True))


def _answer(request: HttpRequest, served: Served) -> HttpResponseBase:
    if served.etag in request.headers.get("If-None-Match", ""):
        return _guarded(HttpResponse(status=304), served)
    try:
        file = served.file.open("rb")
    except OSError as error:
        raise Http404 from error
    try:
        part = wanted_part(request, served.size, served.etag)
    except ValueError:
        file.close()
        refusal = HttpResponse(status=416, headers={"Content-Range": f"bytes */{served.size}"})
        return _guarded(refusal, served)
    start, end = part or (0, served.size - 1)
    response = _body(request, file, start, end)
    if part is not None:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end}/{served.size}"
    response["Content-Length"] = end - start + 1
    return _guarded(response, served)


def _guarded(response: HttpResponseBase, served: Served) -> HttpResponseBase:
    """The headers that keep a stranger's file from becoming part of our page."""
    response["Content-Type"] = media_types.served_type(served.mime_type, is_inline=served.is_inline)
    response["Content-Disposition"] = content_disposition_header(not served.is_inline, served.name) or ""
    seal(response)
    response["ETag"] = served.etag
    response["Accept-Ranges"] = "bytes"
    return response


def wanted_part(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """First and last byte that are wanted; None unless one well-formed range is asked for of this very file.

    Who asks for the whole as a part is answered as they asked: Safari plays nothing else. ValueError beyond the end.
    """
    wanted = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if wanted is None or request.headers.get("If-Range", etag) != etag or wanted.group() == "bytes=-":
        return None
    first, last = wanted.groups()
    if len(first) > 18 or len(last) > 18:
        raise ValueError
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end or start >= size:
        raise ValueError
    return start, end


def _body(request: HttpRequest, file: IO[bytes], start: int, end: int) -> HttpResponseBase:
    if request.method == "HEAD":
        file.close()
        return HttpResponse()
    file.seek(start)
    return streamed(request, _parts(file, end - start + 1))


def _parts(file: IO[bytes], left: int) -> Generator[bytes]:
    with file:
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def streamed(request: HttpRequest, parts: Generator[bytes]) -> StreamingHttpResponse:
    """Piece by piece, each read in a thread: under ASGI a plain iterator would be read into memory as a whole."""
    return StreamingHttpResponse(_in_threads(parts) if isinstance(request, ASGIRequest) else parts)


async def _in_threads(parts: Generator[bytes]) -> AsyncIterator[bytes]:
    try:
        while chunk := await asyncio.to_thread(next, parts, b""):
            yield chunk
    finally:
        parts.close()
