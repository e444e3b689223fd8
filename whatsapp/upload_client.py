"""Meta's Resumable Upload API: files that show something to Meta, not to customers, by a handle."""

from collections.abc import Mapping
from typing import Any

from whatsapp import client, errors
from whatsapp.errors import TemporaryFailure
from whatsapp.models import BusinessAccount

UPLOAD_TRIES = 3


class Uploader(client.GraphCaller):
    """Uploads for the app of a business account. Raises whatsapp.errors' failures."""

    def __init__(self, business_account: BusinessAccount) -> None:
        super().__init__(business_account)
        self._app = business_account.meta_app.app_id

    def upload(self, content: bytes, mime_type: str, name: str) -> str:
        """Meta's handle of a file; a cut connection goes on where Meta says it was."""
        about = {"file_name": name, "file_length": str(len(content)), "file_type": mime_type}
        session, _trace = self._post(f"{self._app}/uploads", query=about)
        upload = str(session.get("id") or "")
        if not upload.startswith("upload:"):
            raise TemporaryFailure(errors.STRANGE_ANSWER, "upload without an id")
        offset = 0
        for attempt in range(UPLOAD_TRIES):
            try:
                handle = self._upload(upload, content[offset:], offset).get("h")
            except TemporaryFailure:
                if attempt == UPLOAD_TRIES - 1:
                    raise
                offset = _offset(self._get(upload), len(content))
            else:
                if isinstance(handle, str) and handle:
                    return handle
                offset = _offset(self._get(upload), len(content))
        raise TemporaryFailure(errors.STRANGE_ANSWER, "upload without a handle")

    def _upload(self, upload: str, content: bytes, offset: int) -> dict[str, Any]:
        headers = {"Authorization": f"OAuth {self._token}", "file_offset": str(offset)}
        return self._post(upload, data=content, headers=headers, timeout=client.UPLOAD_TIMEOUT)[0]


def _offset(answer: Mapping[str, Any], length: int) -> int:
    offset = answer.get("file_offset")
    return offset if isinstance(offset, int) and 0 <= offset < length else 0
