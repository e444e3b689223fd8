"""What customers see of the business: profile, picture, ice breakers and commands."""

import io
import re
from typing import Any
from urllib.parse import urlsplit

from PIL import Image, UnidentifiedImageError

from whatsapp.sandbox.errors import GraphError
from whatsapp.sandbox.http import Request, Response, json_response
from whatsapp.sandbox.media_api import MEGABYTE, MediaStore
from whatsapp.sandbox.sending import read_json
from whatsapp.sandbox.state import Number, State

FIELDS = "about,address,description,email,profile_picture_url,websites,vertical"
LIMITS = {"about": 139, "address": 256, "description": 512, "email": 128}
SITE_LIMIT = 256
VERTICALS = {
    "UNDEFINED", "OTHER", "AUTO", "BEAUTY", "APPAREL", "EDU", "ENTERTAIN", "EVENT_PLAN", "FINANCE", "GROCERY", "GOVT",
    "HOTEL", "HEALTH", "NONPROFIT", "PROF_SERVICES", "RETAIL", "TRAVEL", "RESTAURANT", "NOT_A_BIZ",
    "ALCOHOL", "ONLINE_GAMBLING", "PHYSICAL_GAMBLING", "OTC_DRUGS",
}  # fmt: skip
PICTURES = {"image/jpeg", "image/png"}
SMALLEST_SIDE = 192
MOST_PROMPTS, PROMPT_LENGTH = 4, 80
MOST_COMMANDS, COMMAND_LENGTH, HINT_LENGTH = 30, 32, 256
PICTURE_PATH = "/v/profile_pictures/"  # as Meta's own addresses: open to whoever knows them
Body = dict[str, Any]


class Profiles:
    def __init__(self, state: State, media: MediaStore) -> None:
        self.state = state
        self.media = media

    def profile(self, number: Number, request: Request) -> Response:
        if request.method == "GET":
            fields = request.params.get("fields", FIELDS).split(",")
            data = {name: value for name, value in self.shown(number).items() if name in fields}
            return json_response({"data": [data | {"messaging_product": "whatsapp"}]})
        body = read_json(request)
        if body.get("messaging_product") != "whatsapp":
            raise GraphError(100, message="(#100) The parameter messaging_product is required.")
        changes = {name: value for name, value in body.items() if name in {*LIMITS, "websites", "vertical"}}
        _check_profile(changes)
        if handle := body.get("profile_picture_handle"):
            number.picture = self._kept_picture(number, str(handle))
        number.profile |= changes
        self.state.touch("number", number.id, number)
        return json_response({"success": True})

    def shown(self, number: Number) -> Body:
        """The profile with the address of its picture. What is empty is not there, as at Meta."""
        address = f"{self.media.base_url}{PICTURE_PATH}{number.picture}" if number.picture else ""
        return {name: value for name, value in {**number.profile, "profile_picture_url": address}.items() if value}

    def picture(self, media_id: str) -> Response:
        """The picture behind its address."""
        media = self.state.media.get(media_id)
        if media is None or not any(number.picture == media_id for number in self.state.numbers.values()):
            return Response(b"Not found", 404, "text/plain")
        return Response(self.media.content(media), 200, media.mime_type)

    def _kept_picture(self, number: Number, handle: str) -> str:
        upload = self.media.uploaded(handle)
        if upload is None:
            raise GraphError(100, message="(#100) Param profile_picture_handle is not a valid handle.")
        _check_picture(upload.received, upload.mime_type)
        return self.media.keep(number, upload.received, upload.mime_type, name="profile").id

    # --- ice breakers and commands -----------------------------------------------------------------------------------
    def automate(self, number: Number, request: Request) -> Response:
        body = read_json(request)
        known = {"enable_welcome_message", "prompts", "commands"}
        changes = {name: value for name, value in body.items() if name in known}
        _check_prompts(changes.get("prompts") or [])
        _check_commands(changes.get("commands") or [])
        number.automation |= changes
        self.state.touch("number", number.id, number)
        return json_response({"success": True})


def _check_profile(changes: Body) -> None:
    for name, longest in LIMITS.items():
        if name in changes and (not isinstance(changes[name], str) or len(changes[name]) > longest):
            raise GraphError(100, message=f"(#100) Param {name} must be at most {longest} characters long.")
    if "about" in changes and not changes["about"]:
        raise GraphError(100, message="(#100) Param about must not be empty.")
    sites = changes.get("websites", [])
    if not isinstance(sites, list) or len(sites) > 2 or not all(_is_site(site) for site in sites):
        raise GraphError(100, message="(#100) Param websites takes two addresses with http or https.")
    if changes.get("vertical", "OTHER") not in VERTICALS:
        raise GraphError(100, message=f"(#100) Param vertical must be one of {{{', '.join(sorted(VERTICALS))}}}.")
    if changes.get("email") and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", changes["email"]):
        raise GraphError(100, message="(#100) Param email must be a valid email address.")


def _is_site(site: Any) -> bool:
    return isinstance(site, str) and len(site) <= SITE_LIMIT and urlsplit(site).scheme in {"http", "https"}


def _check_picture(content: bytes, mime_type: str) -> None:
    if mime_type not in PICTURES or len(content) > 5 * MEGABYTE:
        raise GraphError(100, message="(#100) The profile picture must be a JPEG or PNG of at most 5 MB.")
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as picture:
            width, height = picture.size
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise GraphError(100, message="(#100) The profile picture cannot be read.") from error
    if width != height or width < SMALLEST_SIDE:
        raise GraphError(100, message=f"(#100) The profile picture must be square, at least {SMALLEST_SIDE} wide.")


def _check_prompts(prompts: Any) -> None:
    words = isinstance(prompts, list) and all(isinstance(each, str) and each for each in prompts)
    if not words or len(prompts) > MOST_PROMPTS or any(len(each) > PROMPT_LENGTH for each in prompts):
        raise GraphError(100, message=f"(#100) Param prompts takes {MOST_PROMPTS} texts of {PROMPT_LENGTH} characters.")


def _check_commands(commands: Any) -> None:
    if not isinstance(commands, list) or len(commands) > MOST_COMMANDS:
        raise GraphError(100, message=f"(#100) Param commands takes at most {MOST_COMMANDS}.")
    names = [str(each.get("command_name") or "") for each in commands if isinstance(each, dict)]
    hints = [str(each.get("command_description") or "") for each in commands if isinstance(each, dict)]
    if len(names) != len(commands) or not all(1 <= len(name) <= COMMAND_LENGTH for name in names):
        raise GraphError(100, message=f"(#100) Param command_name needs 1 to {COMMAND_LENGTH} characters.")
    if not all(1 <= len(hint) <= HINT_LENGTH for hint in hints):
        raise GraphError(100, message=f"(#100) Param command_description needs 1 to {HINT_LENGTH} characters.")
    if len(set(names)) != len(names):
        raise GraphError(100, message="(#100) Param command_name must be unique.")
