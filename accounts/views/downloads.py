"""Answers that are files: a table as CSV, sent while it is read, or as a workbook."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.text import slugify

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_file(request: HttpRequest, parts: Iterator[bytes], name: str) -> HttpResponseBase:
    # Under ASGI a plain iterator would be read into memory as a whole.
    streamed = _async(parts) if isinstance(request, ASGIRequest) else parts
    return _named(StreamingHttpResponse(streamed, content_type="text/csv; charset=utf-8"), name, "csv")


def workbook_file(content: bytes, name: str) -> HttpResponseBase:
    return _named(HttpResponse(content, content_type=XLSX), name, "xlsx")


def _named(response: HttpResponseBase, name: str, form: str) -> HttpResponseBase:
    response["Content-Disposition"] = f'attachment; filename="{slugify(name)}-{timezone.localdate()}.{form}"'
    response["Cache-Control"] = "no-store"
    return response


async def _async(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (part := await sync_to_async(next)(parts, None)) is not None:
        yield part
