"""Meta's calls that make and change templates, and show it their sample files."""

from collections.abc import Mapping
from typing import Any

from whatsapp import client, errors
from whatsapp.errors import TemporaryFailure
from whatsapp.models import BusinessAccount
from whatsapp.upload_client import Uploader


class TemplateAPI(Uploader):
    """Templates of one business account. Raises whatsapp.errors' failures; nothing is repeated by itself."""

    def __init__(self, business_account: BusinessAccount) -> None:
        super().__init__(business_account)
        self._waba = business_account.waba_id

    def create(self, template: Mapping[str, Any]) -> dict[str, Any]:
        """Submit a new one: `id`, and the `status` and `category` that Meta gives it at once."""
        answer, _trace = self._post(f"{self._waba}/message_templates", json=dict(template))
        if not str(answer.get("id") or "").isdigit():
            raise TemporaryFailure(errors.STRANGE_ANSWER, "template without an id")
        return answer

    def edit(self, meta_id: str, changes: Mapping[str, Any]) -> None:
        """Replace all components (and the category, where it may change); it goes back to review."""
        self._post(meta_id, json=dict(changes))

    def one(self, meta_id: str) -> dict[str, Any]:
        """A template as Meta has it now."""
        item = self._get(meta_id, fields=client.TEMPLATE_FIELDS)
        if not item.get("name") or not item.get("language"):
            raise TemporaryFailure(errors.STRANGE_ANSWER, "template without a name")
        return item

    def named(self, name: str, language: str) -> dict[str, Any] | None:
        """The template of exactly this name and language, if there is one."""
        query = {"name": name, "language": language, "fields": client.TEMPLATE_FIELDS, "limit": "100"}
        listed = self._get(f"{self._waba}/message_templates", **query).get("data")
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, dict) and (item.get("name"), item.get("language")) == (name, language):
                return item
        return None
