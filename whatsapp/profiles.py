"""Reading and writing a number's profile at Meta. Meta is asked outside any transaction; our row follows what it says.

    read            what Meta shows now, kept as our copy
    save_profile    the texts, after asking once more whether anybody else changed them
    save_picture    a square of a picture, by Meta's resumable upload
    save_automation ice breakers and commands
"""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any
from urllib.parse import urlsplit

from django.core.files.base import ContentFile, File
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent
from whatsapp import errors
from whatsapp.business_profile import Automation, Profile, merged
from whatsapp.errors import DeliveryProblem
from whatsapp.models import BusinessProfile, PhoneNumber
from whatsapp.profile_client import ProfileAPI, fetch_picture
from whatsapp.sendable import run_picture_program

CLAIM = timedelta(minutes=5)  # longer than Meta may take for a picture
MOST_BYTES = 20 * 1024 * 1024
PICTURE_PROBLEMS: dict[str, str | Promise] = {
    "pixels": _("This picture has too many pixels. Make it smaller first."),
    "small": _("This part is too small: at least 192 × 192 pixels, better 640 × 640."),
    "time": _("This picture takes too long to open. Save it as JPEG first."),
}


class ProfileRefused(Exception):
    """Nothing was saved; `sentence` says why."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


class ChangedMeanwhile(ProfileRefused):
    """Meta no longer has what the form was opened with: `current` is what it has."""

    def __init__(self, current: Profile) -> None:
        super().__init__(_("Somebody has changed the profile meanwhile."))
        self.current = current


def row_of(number: PhoneNumber) -> BusinessProfile:
    """Our copy; an empty one when Meta was never asked."""
    return BusinessProfile.objects.select_related("saved_by").filter(phone_number=number).first() or BusinessProfile(
        phone_number=number
    )


def read(number: PhoneNumber) -> BusinessProfile:
    """Ask Meta and keep what it shows, with the picture. Raises DeliveryProblem when Meta does not say."""
    api = ProfileAPI(number)
    shown, automation = api.profile(), Automation.of(api.automation())
    row, _made = BusinessProfile.objects.get_or_create(phone_number=number)
    row.facts, row.automation = Profile.of(shown).as_data(), automation.as_data()
    row.read_at = timezone.now()
    row.save(update_fields=["facts", "automation", "read_at"])
    _follow_picture(row, str(shown.get("profile_picture_url") or ""))
    return row


@dataclass(frozen=True)
class Saved:
    """What became of a save: the fields that were written, and those that Meta shows otherwise than wanted. `is_seen`
    is False when Meta took it but would not show it afterwards."""

    changes: tuple[str, ...]
    otherwise: tuple[str, ...] = ()
    is_seen: bool = True


def save_profile(number: PhoneNumber, *, seen: Profile, typed: Profile, by: Agent) -> Saved:
    """Write what `typed` changes of `seen`, and look what Meta shows then.

    Raises ChangedMeanwhile when Meta has something else than `seen` by now, ProfileRefused and DeliveryProblem.
    """
    with _alone(number):
        api = ProfileAPI(number)
        current = Profile.of(api.profile())
        if current != seen:
            raise ChangedMeanwhile(current)
        merge = merged(seen, typed, current)
        wanted = merge.wanted.as_data()
        if merge.changes:
            api.change_profile({name: wanted[name] for name in merge.changes})
            _note(number, by, "number.profile", {"fields": list(merge.changes)})
        row = _read_back(number)
    if row is None:
        return Saved(merge.changes, is_seen=False)
    return Saved(merge.changes, tuple(name for name in merge.changes if row.facts.get(name) != wanted[name]))


def save_automation(number: PhoneNumber, *, seen: Automation, wanted: Automation, by: Agent) -> Saved:
    """Write ice breakers and commands. Raises ProfileRefused and DeliveryProblem."""
    with _alone(number):
        api = ProfileAPI(number)
        current = Automation.of(api.automation())
        if (current.prompts, current.commands) != (seen.prompts, seen.commands):
            raise ProfileRefused(_("Somebody has changed this meanwhile. Open the page anew to see what WhatsApp has."))
        api.change_automation({**wanted.as_data(), "enable_welcome_message": current.welcome})
        _note(number, by, "number.automation", {})
        row = _read_back(number)
    if row is None:
        return Saved(("automation",), is_seen=False)
    shown = Automation.of(row.automation)
    otherwise = [name for name in ("prompts", "commands") if getattr(shown, name) != getattr(wanted, name)]
    return Saved(("automation",), tuple(otherwise))


def _read_back(number: PhoneNumber) -> BusinessProfile | None:
    try:
        return read(number)
    except DeliveryProblem:
        return None


def save_picture(number: PhoneNumber, file: File, *, square: tuple[int, int, int], by: Agent) -> None:
    """Cut out the square (left, top, side in pixels; zeros: the middle) and make it the profile picture."""
    content = _cut(file, square)
    with _alone(number):
        api = ProfileAPI(number)
        api.change_profile({"profile_picture_handle": api.upload_picture(content, "image/jpeg")})
        _note(number, by, "number.picture", {})
        row = _read_back(number) or row_of(number)
        # What we sent rather than what Meta made of it: it is the sharper copy, and there at once.
        _keep_picture(row, content, row.picture_key)


def trouble_in_words(problem: DeliveryProblem) -> str | Promise:
    """Why reading or saving failed, in the reader's language. Meta's own words where only they say what is wrong."""
    if problem.code in (errors.NOT_REACHED, errors.STRANGE_ANSWER, None):
        return _("WhatsApp did not answer. Try again in a moment.")
    if errors.action(problem.code) in (errors.STOP, errors.RETRY):
        return errors.sentence(problem.code)
    words = problem.detail.partition(") ")[2] if problem.detail.startswith("(#") else problem.detail
    return _("WhatsApp did not take it: %(words)s") % {"words": words or f"#{problem.code}"}


@contextlib.contextmanager
def _alone(number: PhoneNumber) -> Iterator[None]:
    """One save at a time per number: between asking Meta and writing to it nobody else writes."""
    row, _made = BusinessProfile.objects.get_or_create(phone_number=number)
    now = timezone.now()
    free = Q(saving_until=None) | Q(saving_until__lt=now)
    if not BusinessProfile.objects.filter(free, pk=row.pk).update(saving_until=now + CLAIM):
        raise ProfileRefused(_("Somebody else is saving this profile right now. Try again in a moment."))
    try:
        yield
    finally:
        BusinessProfile.objects.filter(pk=row.pk, saving_until=now + CLAIM).update(saving_until=None)


def _note(number: PhoneNumber, by: Agent, verb: str, data: dict[str, Any]) -> None:
    with transaction.atomic():
        BusinessProfile.objects.filter(phone_number=number).update(saved_at=timezone.now(), saved_by=by)
        record_audit(number.workspace, by, verb, subject=str(number), data=data)


# --- the picture ------------------------------------------------------------------------------------------------------


def _cut(file: File, square: tuple[int, int, int]) -> bytes:
    if not file.size:
        raise ProfileRefused(_("This file is empty."))
    if file.size > MOST_BYTES:
        raise ProfileRefused(_("This file is too large: at most %(limit)s MB.") % {"limit": MOST_BYTES // 1024**2})
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as result:
        for chunk in file.chunks():
            source.write(chunk)
        facts = run_picture_program(source, result, "square", *(str(each) for each in square))
        if (why := facts.get("refused")) is not None:
            raise ProfileRefused(PICTURE_PROBLEMS.get(why, _("This picture cannot be opened. Choose a JPEG or PNG.")))
        result.seek(0)
        return result.read()


def _follow_picture(row: BusinessProfile, url: str) -> None:
    """Keep our copy the one Meta shows. Its address is signed anew each time; the path tells pictures apart."""
    key = hashlib.sha256(urlsplit(url).path.encode()).hexdigest() if url else ""
    if key == row.picture_key:
        return
    content = b""
    if url:
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as result:
            if not fetch_picture(url, source) or not _is_picture(source, result):
                return  # asked for again the next time
            result.seek(0)
            content = result.read()
    _keep_picture(row, content, key)


def _is_picture(source: IO[bytes], result: IO[bytes]) -> bool:
    return "refused" not in run_picture_program(source, result, "square", "0", "0", "0")


def _keep_picture(row: BusinessProfile, content: bytes, key: str) -> BusinessProfile:
    before, storage = row.picture.name, row.picture.storage
    row.picture_key = key
    if content:
        row.picture.save("profile.jpg", ContentFile(content), save=False)
    else:
        row.picture = None
    row.save(update_fields=["picture", "picture_key"])
    if before and before != row.picture.name:
        transaction.on_commit(lambda: storage.delete(before), robust=True)
    return row
