"""Customers' files, to those who may see the conversation. The permission is asked on every request."""

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from typing import IO

from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from inbox import access
from inbox.enums import AttachmentState
from inbox.models import Attachment
from whatsapp import media_types

CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_EXTENSIONS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif", "video/mp4": "mp4",
    "video/3gpp": "3gp", "audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/aac": "aac",
    "audio/amr": "amr", "application/pdf": "pdf", "text/plain": "txt",
}  # fmt: skip


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file: inside the page if its content was found safe for that, else as a download. Parts on request."""
    attachment = access.get_attachment(request.user, token)  # type: ignore[arg-type]
    if attachment.state != AttachmentState.READY or not attachment.file:
        raise Http404
    etag = f'"{attachment.sha256}"'
    if etag in request.headers.get("If-None-Match", ""):
        return _guarded(HttpResponse(status=304), attachment, etag)
    try:
        file = attachment.file.open("rb")
    except OSError as error:
        raise Http404 from error
    try:
        start, end = _range(request, attachment.size, etag)
    except ValueError:
        file.close()
        refusal = HttpResponse(status=416, headers={"Content-Range": f"bytes */{attachment.size}"})
        return _guarded(refusal, attachment, etag)
    response = _body(request, file, start, end)
    if (start, end) != (0, attachment.size - 1):
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end}/{attachment.size}"
    response["Content-Length"] = end - start + 1
    return _guarded(response, attachment, etag)


def _guarded(response: HttpResponseBase, attachment: Attachment, etag: str) -> HttpResponseBase:
    """The headers that keep a stranger's file from becoming part of our page."""
    response["Content-Type"] = media_types.served_type(attachment.mime_type, is_inline=attachment.is_inline)
    response["Content-Disposition"] = content_disposition_header(not attachment.is_inline, file_name(attachment)) or ""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"  # kept by the browser, asked again each time
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    return response


def file_name(attachment: Attachment) -> str:
    """The sender's name for it without paths, controls and direction marks; else its kind."""
    name = attachment.file_name.replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in name if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
    name = name.strip(" .")[:150]
    if name:
        return name
    extension = _EXTENSIONS.get(attachment.mime_type, "bin")
    return f"{attachment.kind}-{attachment.created_at:%Y-%m-%d}.{extension}"


def _range(request: HttpRequest, size: int, etag: str) -> tuple[int, int]:
    """First and last byte that are wanted; everything unless one well-formed range is asked for this very file."""
    wanted = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if wanted is None or request.headers.get("If-Range", etag) != etag or wanted.group() == "bytes=-":
        return 0, size - 1
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
    left = end - start + 1
    # Under ASGI a plain iterator would be read into memory as a whole.
    parts = _parts_async(file, left) if isinstance(request, ASGIRequest) else _parts(file, left)
    return StreamingHttpResponse(parts)


def _parts(file: IO[bytes], left: int) -> Iterator[bytes]:
    with file:
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


async def _parts_async(file: IO[bytes], left: int) -> AsyncIterator[bytes]:
    try:
        while left > 0 and (chunk := await asyncio.to_thread(file.read, min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
    finally:
        file.close()
