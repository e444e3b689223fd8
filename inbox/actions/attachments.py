"""Customers' files: fetched from Meta once, kept by us under a name of our own, shown when they are here.

Meta keeps a file for seven days. Each try asks for a fresh address (they live five minutes), takes at most 100 MB,
compares the checksum, decides the type from the content, and makes the previews before anybody hears of the file. What
fails for now is tried again with growing pauses, started by the sweeper, so that Redis may forget; what is gone becomes
*expired* and stays visible as that.
"""

import hashlib
import logging
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.db import connection, transaction
from django.utils import timezone

from inbox import events
from inbox.actions.locks import locked_message
from inbox.actions.previews import note_length, prepared
from inbox.enums import AttachmentState
from inbox.models import Attachment
from whatsapp import errors, media_types
from whatsapp.client import CloudAPI
from whatsapp.errors import PermanentFailure, TemporaryFailure
from whatsapp.payloads.reading import sha256_hex

logger = logging.getLogger(__name__)

PAUSES = [timedelta(seconds=seconds) for seconds in (20, 60, 300, 1800, 7200, 6 * 3600)]
ADMIN_PAUSE = timedelta(hours=1)  # a revoked token: somebody may connect the number again in time
MOST_REFUSALS = 2  # a fresh address once, then it is gone
MOST_BROKEN = 4


class Broken(Exception):
    """The bytes are not what Meta announced."""


def fetch_attachment(attachment: Attachment) -> bool:
    """Try once to get the file; True when it is here afterwards. Harmless when two workers have the same job."""
    with _alone(attachment.pk) as is_ours:
        if not is_ours:
            return False
        attachment.refresh_from_db()
        if attachment.state != AttachmentState.PENDING:
            return attachment.state == AttachmentState.READY
        now = timezone.now()
        if attachment.media_expires_at is not None and attachment.media_expires_at <= now:
            _settle(attachment, AttachmentState.EXPIRED, "expired")
            return False
        attachment.tries += 1
        attachment.next_try_at = now + _pause(attachment.tries)
        attachment.save(update_fields=["tries", "next_try_at"])
        return _fetch(attachment, now)


def _fetch(attachment: Attachment, now: datetime) -> bool:
    try:
        with tempfile.NamedTemporaryFile(prefix="tresen-file-") as file:
            digest, size = _download(attachment, file)
            file.flush()
            _keep(attachment, file, digest, size)
        return True
    except TemporaryFailure as error:
        _later(attachment, now, f"{error.code}")
    except Broken as error:
        if attachment.tries >= MOST_BROKEN:
            _settle(attachment, AttachmentState.FAILED, str(error))
        else:
            _later(attachment, now, str(error))
    except PermanentFailure as error:
        _refused(attachment, now, error)
    except OSError as error:  # our own disk
        logger.error("Attachment %s could not be written: %s", attachment.pk, type(error).__name__)
        _later(attachment, now, "disk")
    return False


def _download(attachment: Attachment, file: IO[bytes]) -> tuple[str, int]:
    """Meta's bytes into this file: checksum and size. The announced checksum is the webhook's, else the look-up's."""
    api = CloudAPI(attachment.message.phone_number)
    info = api.media_info(attachment.media_id)
    if _size(info) > media_types.MAX_INBOUND_BYTES:
        raise PermanentFailure(131052, "too large", errors.GIVE_UP)
    digest, size = hashlib.sha256(), 0
    for chunk in api.download(str(info.get("url") or ""), media_types.MAX_INBOUND_BYTES):
        digest.update(chunk)
        size += len(chunk)
        file.write(chunk)
    announced = attachment.sha256 or sha256_hex(info, "sha256")
    if announced and announced != digest.hexdigest():
        raise Broken("checksum")
    if size == 0:
        raise Broken("empty")
    return digest.hexdigest(), size


def _size(info: dict[str, Any]) -> int:
    try:
        return int(info.get("file_size") or 0)
    except (TypeError, ValueError):
        return 0


def _keep(attachment: Attachment, file: IO[bytes], digest: str, size: int) -> None:
    """Store the bytes under a random name and show the message anew; nothing stays when the message has gone."""
    decided = media_types.decide(file)
    with prepared(Path(file.name), decided.mime_type) as previews:
        stored = attachment.file.storage.save(
            attachment.file.field.generate_filename(attachment, secrets.token_hex(16)), File(file)
        )
        try:
            with transaction.atomic():
                message = locked_message(attachment)
                kept = message is not None and Attachment.objects.filter(
                    pk=attachment.pk, state=AttachmentState.PENDING
                ).update(
                    file=stored, sha256=digest, size=size, mime_type=decided.mime_type, is_inline=decided.is_inline,
                    width=decided.width, height=decided.height, state=AttachmentState.READY, reason="",
                    next_try_at=None,
                )
                if message is not None and kept:
                    previews.keep(attachment)
                    note_length(message, attachment, previews.fields.get("seconds"))
                    events.message_changed(message)
        except BaseException:
            attachment.file.storage.delete(stored)
            raise
        if not kept:
            attachment.file.storage.delete(stored)
            previews.discard()


def _refused(attachment: Attachment, now: datetime, error: PermanentFailure) -> None:
    """Meta said no: gone, forbidden, or for an admin to mend."""
    if error.code == 131052:
        _settle(attachment, AttachmentState.FAILED, "too large")
    elif error.action == errors.STOP and error.code not in {33, 100}:
        _later(attachment, now, f"{error.code}", ADMIN_PAUSE)
    elif attachment.tries < MOST_REFUSALS:
        _later(attachment, now, f"{error.code}")
    else:
        _settle(attachment, AttachmentState.EXPIRED, f"{error.code}")
    logger.info("Attachment %s was refused with %s, try %s", attachment.pk, error.code, attachment.tries)


def _later(attachment: Attachment, now: datetime, reason: str, pause: timedelta | None = None) -> None:
    attachment.reason, attachment.next_try_at = reason[:200], now + (pause or _pause(attachment.tries))
    attachment.save(update_fields=["reason", "next_try_at"])


def _pause(tries: int) -> timedelta:
    return PAUSES[min(max(tries, 1), len(PAUSES)) - 1]


def _settle(attachment: Attachment, state: str, reason: str) -> None:
    """The last word: the bubble says it."""
    with transaction.atomic():
        message = locked_message(attachment)
        if message is None:
            return
        attachment.state, attachment.reason, attachment.next_try_at = state, reason[:200], None
        attachment.save(update_fields=["state", "reason", "next_try_at"])
        events.message_changed(message)


@contextmanager
def _alone(attachment_id: int) -> Iterator[bool]:
    """Keep a second worker away from the same file for as long as this one holds its connection."""
    key = [attachment_id % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('tresen.attachment'), %s::int)", key)
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('tresen.attachment'), %s::int)", key)
