"""What customers see of a business in WhatsApp, with Meta's limits. Pure: values in, values and sentences out.

Two people may edit at once. Each form remembers what Meta had when it was opened (`seen`); `merged` keeps what only
one of them changed and names what both did (whatsapp-cloud-api.md §14).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from emoji import emoji_count

FIELDS = ("about", "description", "vertical", "email", "address", "websites")
LIMITS = {"about": 139, "description": 512, "email": 128, "address": 256}
MOST_SITES, SITE_LIMIT = 2, 256
MOST_PROMPTS, PROMPT_LIMIT = 4, 80
MOST_COMMANDS, COMMAND_LIMIT, HINT_LIMIT = 30, 32, 256
LABELS: dict[str, str | Promise] = {
    "about": _("About"), "description": _("Description"), "vertical": _("Industry"), "email": _("Email"),
    "address": _("Address"), "websites": _("Websites"), "prompts": _("Ice breakers"), "commands": _("Commands"),
}  # fmt: skip
VERTICALS: dict[str, str | Promise] = {
    "UNDEFINED": _("Not stated"), "ALCOHOL": _("Alcohol"), "APPAREL": _("Clothing"), "AUTO": _("Vehicles"),
    "BEAUTY": _("Beauty and care"), "EDU": _("Education"), "ENTERTAIN": _("Entertainment"),
    "EVENT_PLAN": _("Events and catering"), "FINANCE": _("Finance"), "GOVT": _("Public service"),
    "GROCERY": _("Groceries"), "HEALTH": _("Health"), "HOTEL": _("Hotel and lodging"), "NONPROFIT": _("Charity"),
    "OTC_DRUGS": _("Medicines"), "ONLINE_GAMBLING": _("Online gambling"), "PHYSICAL_GAMBLING": _("Gambling on site"),
    "PROF_SERVICES": _("Professional services"), "RESTAURANT": _("Restaurant"), "RETAIL": _("Retail"),
    "TRAVEL": _("Travel and transport"), "NOT_A_BIZ": _("Not a business"), "OTHER": _("Other"),
}  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """The texts of the profile; empty means that Meta has none."""

    about: str = ""
    description: str = ""
    vertical: str = "UNDEFINED"
    email: str = ""
    address: str = ""
    websites: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Profile":
        """From Meta's shape, or our own stored one. Whatever is odd counts as missing."""
        texts = {name: data[name] for name in LIMITS if isinstance(data.get(name), str)}
        vertical = data.get("vertical")
        sites = data.get("websites")
        return cls(
            **texts, vertical=vertical if isinstance(vertical, str) and vertical else "UNDEFINED",
            websites=tuple(each for each in sites if isinstance(each, str)) if isinstance(sites, (list, tuple)) else (),
        )

    def as_data(self) -> dict[str, Any]:
        """In Meta's shape, everything."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self._items()}

    def _items(self) -> Iterable[tuple[str, Any]]:
        return ((field.name, getattr(self, field.name)) for field in fields(self))


@dataclass(frozen=True)
class Merge:
    """What a save would do: `wanted` whole, `changes` what Meta would be told, `clashes` where somebody else changed
    the same field meanwhile, `theirs` where somebody else changed another one, which stays."""

    wanted: Profile
    changes: tuple[str, ...]
    clashes: tuple[str, ...]
    theirs: tuple[str, ...]


def merged(seen: Profile, typed: Profile, current: Profile) -> Merge:
    """What was changed here since `seen`, laid over what Meta has now."""
    values: dict[str, Any] = {}
    clashes: list[str] = []
    theirs: list[str] = []
    for name in FIELDS:
        before, mine, now = getattr(seen, name), getattr(typed, name), getattr(current, name)
        values[name] = now if mine == before else mine
        if now != before and now != mine:
            (theirs if mine == before else clashes).append(name)
    wanted = Profile(**values)
    changes = tuple(name for name in FIELDS if getattr(wanted, name) != getattr(current, name))
    return Merge(wanted, changes, tuple(clashes), tuple(theirs))


def problems(profile: Profile, seen: Profile) -> dict[str, str | Promise]:
    """Field → what Meta would refuse about it; a website is judged alone (`site_problem`)."""
    found: dict[str, str | Promise] = {
        name: too_long(len(getattr(profile, name)), limit)
        for name, limit in LIMITS.items() if len(getattr(profile, name)) > limit
    }  # fmt: skip
    if seen.about and not profile.about:
        found["about"] = _("WhatsApp wants at least one character here.")
    if profile.email and "email" not in found and not _is_email(profile.email):
        found["email"] = _("This is not an email address.")
    if profile.vertical != seen.vertical and profile.vertical not in VERTICALS:
        found["vertical"] = _("WhatsApp does not know this industry.")
    return found


def too_long(length: int, limit: int) -> str | Promise:
    return _("At most %(limit)s characters; these are %(length)s.") % {"limit": limit, "length": length}


def site_problem(site: str) -> str | Promise | None:
    """What is wrong with the address of a website, if anything."""
    if len(site) > SITE_LIMIT:
        return too_long(len(site), SITE_LIMIT)
    try:
        parts = urlsplit(site)
        host = parts.hostname or ""
    except ValueError:
        return _("This is not an address of a website.")
    if parts.scheme not in ("http", "https"):
        return _("Must begin with https://")
    is_host = "." in host.strip(".") and not any(char.isspace() for char in site)
    return None if is_host and parts.username is None else _("This is not an address of a website.")


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


# --- Ice breakers and commands ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Automation:
    """`prompts` are offered in an empty chat, `commands` (name, hint) when somebody types a slash."""

    prompts: tuple[str, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    welcome: bool = False  # Meta tells us when somebody opens the chat for the first time; kept as it is

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Automation":
        prompts, commands = data.get("prompts"), data.get("commands")
        return cls(
            prompts=tuple(each for each in prompts if isinstance(each, str)) if isinstance(prompts, list) else (),
            commands=tuple(
                (str(each.get("command_name") or ""), str(each.get("command_description") or ""))
                for each in commands if isinstance(each, dict)
            ) if isinstance(commands, list) else (),
            welcome=data.get("enable_welcome_message") is True,
        )  # fmt: skip

    def as_data(self) -> dict[str, Any]:
        return {
            "enable_welcome_message": self.welcome, "prompts": list(self.prompts),
            "commands": [{"command_name": name, "command_description": hint} for name, hint in self.commands],
        }  # fmt: skip


def automation_problems(wanted: Automation) -> dict[str, str | Promise]:
    """"prompt_2", "command_1", "hint_1" … → what Meta would refuse. Counted from 1, in the order of the lists."""
    found: dict[str, str | Promise] = {}
    for index, prompt in enumerate(wanted.prompts, 1):
        _check(found, f"prompt_{index}", prompt, PROMPT_LIMIT)
    names = [name for name, _hint in wanted.commands]
    for index, (name, hint) in enumerate(wanted.commands, 1):
        _check(found, f"command_{index}", name, COMMAND_LIMIT)
        _check(found, f"hint_{index}", hint, HINT_LIMIT)
        if any(char.isspace() or char == "/" for char in name):
            found[f"command_{index}"] = _("One word without a slash: customers type it after /.")
        elif names.index(name) != index - 1:
            found.setdefault(f"command_{index}", _("This command is there twice."))
    return found


def _check(found: dict[str, str | Promise], key: str, text: str, limit: int) -> None:
    if not text:
        found[key] = _("Something is missing here.")
    elif len(text) > limit:
        found[key] = too_long(len(text), limit)
    elif emoji_count(text):
        found[key] = _("WhatsApp takes no emoji here.")
