"""Meta's calls about what customers see of a number: profile, picture, ice breakers and commands."""

from collections.abc import Mapping
from typing import IO, Any

import requests

from whatsapp import client, errors
from whatsapp.business_profile import FIELDS
from whatsapp.errors import TemporaryFailure
from whatsapp.models import PhoneNumber
from whatsapp.upload_client import Uploader

MOST_PICTURE_BYTES = 5 * 1024 * 1024


class ProfileAPI(Uploader):
    """Reads and writes at one of our numbers. Raises whatsapp.errors' failures; nothing is repeated by itself."""

    def __init__(self, phone_number: PhoneNumber) -> None:
        super().__init__(phone_number.business_account)
        self._number = phone_number.phone_number_id

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
        """Meta's handle of a picture."""
        return self.upload(content, mime_type, "profile")


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
