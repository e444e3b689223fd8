"""Our files on their way to Meta: uploaded before the send, once, outside any transaction, and their id reused.

The order makes a killed sender harmless. The id is stored before the send leaves, so a message whose file has no id
has certainly not been sent and may go back into the queue (delivery_results.expired_leases). While a file is on its
way its claim is renewed; a sender that has lost it stops without sending.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from inbox.enums import MessageStatus
from inbox.models import Attachment, Message
from inbox.pacing import LEASE
from inbox.sending import Outgoing
from whatsapp import errors
from whatsapp.client import UPLOAD_TIMEOUT, CloudAPI
from whatsapp.errors import PermanentFailure, TemporaryFailure
from whatsapp.header_media import MEDIA_ID_LIFETIME, RENEW_BEFORE, is_at_meta
from whatsapp.models import TemplateHeaderMedia

RENEW_EVERY = 15.0  # seconds
# The claim outlives the wait for Meta's answer after the last byte.
UPLOAD_LEASE = timedelta(seconds=sum(UPLOAD_TIMEOUT) + 30)

Kept = Attachment | TemplateHeaderMedia
_database_places = threading.BoundedSemaphore(4)


class ClaimLost(Exception):
    """Somebody else has this message now: nothing may be sent from here."""


def file_of(message: Outgoing, api: CloudAPI) -> tuple[str, str]:
    """(Meta's media id, file name) of the message's file; ("", "") when it has none. Runs in one of many threads."""
    with database():
        attachment = Attachment.objects.filter(message_id=message.id).first()
    if attachment is None or not attachment.file:
        return "", ""
    return media_id_of(message, attachment, api), attachment.file_name


def media_id_of(message: Outgoing, attachment: Attachment, api: CloudAPI) -> str:
    """Meta's id of a file of ours, uploaded now unless one is good for two more days. Raises what an upload raises."""
    now = timezone.now()
    if attachment.media_id and attachment.media_expires_at and attachment.media_expires_at - RENEW_BEFORE > now:
        return attachment.media_id
    _keep_claim(message, UPLOAD_LEASE, attachment, media_id="", media_expires_at=None)
    media_id = _upload(message, attachment, attachment.file_name or attachment.kind, api)
    _keep_claim(message, LEASE, attachment, media_id=media_id, media_expires_at=now + MEDIA_ID_LIFETIME)
    return media_id


def default_id_of(message: Outgoing, default: TemplateHeaderMedia, api: CloudAPI) -> str:
    """The same of a file that the number sends with every message of this template.

    Two uploads at once are harmless: both ids work, the later one is kept.
    """
    if is_at_meta(default):
        return default.media_id
    _keep_claim(message, UPLOAD_LEASE)
    media_id = _upload(message, default, default.file_name, api)
    expires_at = timezone.now() + MEDIA_ID_LIFETIME
    _keep_claim(message, LEASE, default, media_id=media_id, media_id_expires_at=expires_at)
    return media_id


def _upload(message: Outgoing, kept: Kept, name: str, api: CloudAPI) -> str:
    try:
        with kept.file.open("rb") as file:
            return api.upload_media(file, kept.mime_type, name, progress=_Renewal(message))
    except FileNotFoundError as error:
        raise PermanentFailure(errors.NO_HEADER_FILE, "the file has gone from our storage") from error
    except OSError as error:  # our own disk
        raise TemporaryFailure(errors.STRANGE_ANSWER, type(error).__name__) from error


class _Renewal:
    """Renews the claim as the bytes leave, now and then."""

    def __init__(self, message: Outgoing) -> None:
        self._message, self._renewed_at = message, time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._renewed_at < RENEW_EVERY:
            return
        self._renewed_at = time.monotonic()
        _keep_claim(self._message, UPLOAD_LEASE)


def _keep_claim(message: Outgoing, lease: timedelta, kept: Kept | None = None, **media: object) -> None:
    """Hold the message for so long from now, and note what its file's id is; ClaimLost when it is not ours any more."""
    claimed = Message.objects.filter(pk=message.id, attempt=message.attempt, status=MessageStatus.SENDING)
    try:
        with database(), transaction.atomic():
            if not claimed.update(lease_until=timezone.now() + lease):
                raise ClaimLost
            if kept is not None:  # unless another file took its place meanwhile
                type(kept)._default_manager.filter(pk=kept.pk, file=kept.file.name).update(**media)
    except DatabaseError as error:
        raise TemporaryFailure(errors.NOT_REACHED, type(error).__name__) from error


@contextmanager
def database() -> Iterator[None]:
    """One of the few connections that sender threads may hold."""
    with _database_places:
        try:
            yield
        finally:
            if threading.current_thread() is not threading.main_thread():
                connection.close()
