"""Media over the wire: upload, address, download, delete; and the resumable uploads for template samples."""

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whatsapp.sandbox.errors import GraphError, unknown_object
from whatsapp.sandbox.http import Request, Response, json_response
from whatsapp.sandbox.state import APP_SECRET, DAY, Media, Number, State, new_id

URL_LIFETIME = 300
UPLOADED_LIFETIME = 30 * DAY
INBOUND_LIFETIME = 7 * DAY
MEGABYTE = 1024 * 1024
OOXML = "application/vnd.openxmlformats-officedocument."
LIMITS: dict[str, int] = {
    **dict.fromkeys(["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"], 16 * MEGABYTE),
    **dict.fromkeys(["image/jpeg", "image/png"], 5 * MEGABYTE),
    **dict.fromkeys(["video/mp4", "video/3gpp"], 16 * MEGABYTE),
    "image/webp": 500 * 1024,
    **dict.fromkeys(
        [
            "text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint", f"{OOXML}wordprocessingml.document", f"{OOXML}spreadsheetml.sheet",
            f"{OOXML}presentationml.presentation",
        ],
        100 * MEGABYTE,
    ),
}  # fmt: skip
SIGNATURES = {
    "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", "application/pdf": b"%PDF", "audio/ogg": b"OggS",
}  # fmt: skip


class MediaStore:
    """The files and their addresses. `folder` holds one file per media id."""

    def __init__(self, state: State, folder: Path, base_url: str) -> None:
        self.state = state
        self.folder = folder
        self.base_url = base_url
        self.uploads: dict[str, ResumableUpload] = {}
        folder.mkdir(parents=True, exist_ok=True)

    # --- files -------------------------------------------------------------------------------------------------------
    def keep(self, number: Number, content: bytes, mime_type: str, *, inbound: bool = False, name: str = "") -> Media:
        """Store a file and return its record."""
        media = record_file(self.folder, number.id, content, mime_type, inbound=inbound, name=name, at=time.time())
        self.state.add("media", media)
        return media

    def content(self, media: Media) -> bytes:
        return (self.folder / media.id).read_bytes()

    def is_expired(self, media: Media) -> bool:
        lifetime = INBOUND_LIFETIME if media.inbound else UPLOADED_LIFETIME
        return media.created_at < time.time() - lifetime

    def address(self, media: Media, source: str = "getMedia") -> str:
        """A signed address that works for five minutes, with the bearer token only."""
        expires = int(time.time()) + URL_LIFETIME
        mark = _mark(media.id, str(expires))
        return (
            f"{self.base_url}/whatsapp_business/attachments/?mid={media.id}&source={source}&ext={expires}&hash={mark}"
        )

    # --- API ---------------------------------------------------------------------------------------------------------
    def upload(self, number: Number, request: Request) -> Response:
        fields, files = parse_multipart(request)
        if fields.get("messaging_product") != "whatsapp":
            raise GraphError(100, message="(#100) The parameter messaging_product is required.")
        if "file" not in files:
            raise GraphError(100, message="(#100) The parameter file is required.")
        name, part_type, content = files["file"]
        mime_type = (fields.get("type") or part_type).partition(";")[0].strip().lower()
        if mime_type not in LIMITS:
            raise GraphError(
                100,
                message="(#100) Param file must be a file with one of the following types: "
                f"{', '.join(LIMITS)}. Received file of type '{mime_type or 'application/octet-stream'}'.",
            )
        if not content or len(content) > LIMITS[mime_type]:
            raise GraphError(131053, f"The file has {len(content)} bytes; at most {LIMITS[mime_type]} are allowed.")
        wanted = SIGNATURES.get(mime_type)
        if wanted and not content.startswith(wanted):
            raise GraphError(131053, f"The content is not {mime_type}.")
        return json_response({"id": self.keep(number, content, mime_type, name=name).id})

    def describe(self, media: Media, request: Request) -> Response:
        self._check(media, request)
        return json_response(
            {
                "messaging_product": "whatsapp", "url": self.address(media), "mime_type": media.mime_type,
                "sha256": media.sha256, "file_size": media.size, "id": media.id,
            }
        )  # fmt: skip

    def delete(self, media: Media, request: Request) -> Response:
        self._check(media, request)
        (self.folder / media.id).unlink(missing_ok=True)
        self.state.forget("media", media.id)
        return json_response({"success": True})

    def download(self, request: Request) -> Response:
        """The bytes behind an address; the caller has checked the bearer token."""
        params = request.params
        media = self.state.media.get(params.get("mid", ""))
        expires = params.get("ext", "")
        if media is None or not hmac.compare_digest(_mark(media.id, expires), params.get("hash", "")):
            return Response(b"Not found", 404, "text/plain")
        if not expires.isdigit() or int(expires) < time.time() or self.is_expired(media):
            return Response(b"URL signature expired", 404, "text/plain")
        disposition = f'attachment; filename="{re.sub(r"[^A-Za-z0-9._-]", "_", media.file_name or media.id)}"'
        return Response(self.content(media), 200, media.mime_type, (("content-disposition", disposition),))

    def _check(self, media: Media, request: Request) -> None:
        number_id = request.params.get("phone_number_id", media.number)
        if number_id != media.number or self.is_expired(media):
            raise unknown_object(request.method, media.id)

    # --- resumable uploads -------------------------------------------------------------------------------------------
    def start_upload(self, request: Request) -> Response:
        length = request.params.get("file_length", "")
        if not length.isdigit() or request.params.get("file_type") not in LIMITS:
            raise GraphError(100, message="(#100) file_length and a known file_type are required.")
        upload_id = f"upload:{secrets.token_urlsafe(16)}"
        self.uploads[upload_id] = ResumableUpload(int(length), request.params["file_type"])
        return json_response({"id": f"{upload_id}?sig={secrets.token_urlsafe(8)}"})

    def continue_upload(self, upload_id: str, request: Request) -> Response:
        if upload_id not in self.uploads:
            raise unknown_object(request.method, upload_id)
        upload = self.uploads[upload_id]
        if request.method == "GET":
            return json_response({"id": upload_id, "file_offset": len(upload.received)})
        if not request.headers.get("authorization", "").startswith("OAuth "):
            raise GraphError(100, message="(#100) The Resumable Upload API wants Authorization: OAuth <token>.")
        offset = int(request.headers.get("file_offset", "0") or 0)
        upload.received = (upload.received[:offset] + request.body)[: upload.length]
        if len(upload.received) < upload.length:
            return json_response({"id": upload_id, "file_offset": len(upload.received)})
        return json_response({"h": upload.handle(upload_id)})

    def uploaded(self, handle: str) -> "ResumableUpload | None":
        """The finished upload that a handle names."""
        return next((each for name, each in self.uploads.items() if each.handle(name) == handle), None)


@dataclass
class ResumableUpload:
    """A file on its way: what came so far of the length that was announced."""

    length: int
    mime_type: str
    received: bytes = b""

    def handle(self, upload_id: str) -> str:
        done = len(self.received) == self.length
        return f"4::a{hashlib.sha256(self.received).hexdigest()}:{upload_id[7:]}" if done else ""


def record_file(
    folder: Path, number_id: str, content: bytes, mime_type: str, *, inbound: bool, name: str, at: float
) -> Media:
    """Write the file and return its record, which the caller keeps."""
    folder.mkdir(parents=True, exist_ok=True)
    media = Media(
        id=new_id(), number=number_id, mime_type=mime_type if inbound else mime_type.partition(";")[0].strip(),
        size=len(content), sha256=hashlib.sha256(content).hexdigest(), created_at=at, inbound=inbound, file_name=name,
    )  # fmt: skip
    (folder / media.id).write_bytes(content)
    return media


def _mark(media_id: str, expires: str) -> str:
    return hmac.new(APP_SECRET.encode(), f"{media_id}/{expires}".encode(), hashlib.sha256).hexdigest()[:32]


def parse_multipart(request: Request) -> tuple[dict[str, str], dict[str, tuple[str, str, bytes]]]:
    """Fields, and files as (name, content type, bytes), of a multipart/form-data body."""
    boundary = re.search(r'boundary="?([^";]+)"?', request.headers.get("content-type", ""))
    if request.content_type != "multipart/form-data" or not boundary:
        raise GraphError(100, message="(#100) The request must be multipart/form-data.")
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, str, bytes]] = {}
    for part in (b"\r\n" + request.body).split(b"\r\n--" + boundary[1].encode("latin-1"))[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        headers: dict[str, Any] = {}
        for line in head.decode("utf-8", "replace").split("\r\n"):
            key, _, value = line.partition(":")
            headers[key.strip().lower()] = value.strip()
        disposition = headers.get("content-disposition", "")
        name = re.search(r'\bname="([^"]*)"', disposition)
        file_name = re.search(r'filename="([^"]*)"', disposition)
        if name and file_name is not None:
            files[name[1]] = (file_name[1], headers.get("content-type", ""), content)
        elif name:
            fields[name[1]] = content.decode("utf-8", "replace")
    return fields, files
