"""Meta's calls about what customers see of a number: profile, picture, ice breakers and commands."""

from collections.abc import Mapping
from typing import IO, Any

import requests

from whatsapp import client, errors
from whatsapp.business_profile import FIELDS
from whatsapp.errors import TemporaryFailure
from whatsapp.models import PhoneNumber

MOST_PICTURE_BYTES = 5 * 1024 * 1024
UPLOAD_TRIES = 3


class ProfileAPI(client.GraphCaller):
    """Reads and writes at one of our numbers. Raises whatsapp.errors' failures; nothing is repeated by itself."""

    def __init__(self, phone_number: PhoneNumber) -> None:
        super().__init__(phone_number.business_account)
        self._number = phone_number.phone_number_id
        self._app = phone_number.business_account.meta_app.app_id

    def profile(self) -> dict[str, Any]:
        """The profile in Meta's shape, with `profile_picture_url`. What is empty may be missing."""
        fields = ",".join((*FIELDS, "profile_picture_url"))
        data = self._get(f"{self._number}/whatsapp_business_profile", fields=fields).get("data")
        if not isinstance(data, list) or not data or not isinstance(data[0], dict):
            raise TemporaryFailure(errors.STRANGE_ANSWER, "profile without data")
        return data[0]

    def change_profile(self, changes: Mapping[str, Any]) -> None:
        """Write these fields; the others stay as they are."""
        self._post(f"{self._number}/whatsapp_business_profile", json={"messaging_product": "whatsapp", **changes})

    def automation(self) -> dict[str, Any]:
        """`prompts`, `commands` and `enable_welcome_message`, as far as they were ever set."""
        found = self._get(self._number, fields="conversational_automation").get("conversational_automation")
        return found if isinstance(found, dict) else {}

    def change_automation(self, values: Mapping[str, Any]) -> None:
        self._post(f"{self._number}/conversational_automation", json=dict(values))

    def upload_picture(self, content: bytes, mime_type: str) -> str:
        """Meta's handle of a picture, by the Resumable Upload API: a cut connection goes on where Meta says it was."""
        about = {"file_name": "profile", "file_length": str(len(content)), "file_type": mime_type}
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


def fetch_picture(url: str, into: IO[bytes]) -> bool:
    """Copy the public picture behind Meta's address; False when it is not there, too large or not at Meta's.

    These addresses need no token and get none.
    """
    try:
        with client.request_public(url) as response:
            if response.status_code != 200:
                return False
            received = 0
            for chunk in response.iter_content(client.CHUNK):
                received += len(chunk)
                if received > MOST_PICTURE_BYTES:
                    return False
                into.write(chunk)
            return received > 0
    except (requests.RequestException, client.ForbiddenAddress, ValueError):
        return False
