"""The files of a template message, in its header or in its cards: which ones, kept with the message, uploaded to Meta
before the call.

A message's attachments stand in the order of the template's places (TemplateShape.file_places).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.files import File

from inbox.actions import outgoing_media
from inbox.actions.consent import may_send_marketing
from inbox.actions.outgoing_media import database
from inbox.enums import AttachmentState
from inbox.errors import TemplateValuesInvalid
from inbox.models import Attachment, Conversation, Message
from inbox.sending import Outgoing
from whatsapp import header_media
from whatsapp.client import CloudAPI
from whatsapp.header_media import HeaderFileInvalid, read_header_file
from whatsapp.models import MessageTemplate
from whatsapp.template_parts import TemplateShape


@dataclass(frozen=True, slots=True)
class HeaderSource:
    """Where such a file comes from: already in our storage under `stored`, or an upload that is not."""

    kind: str
    file_name: str
    mime_type: str
    size: int
    stored: str = ""
    upload: File | None = None
    upload_name: str = ""
    width: int | None = None
    height: int | None = None


def sources_for(
    conversation: Conversation, template: MessageTemplate, shape: TemplateShape, uploads: Mapping[str, File],
    resend_of: Message | None,
) -> dict[str, HeaderSource]:
    """The files of this send by place: those chosen now, those of the message repeated, or the number's defaults."""
    places = shape.file_places
    if not places:
        return {}
    earlier = list(resend_of.attachments.order_by("pk")) if resend_of is not None else []
    found = {
        place: _stored(attachment) for (place, kind), attachment in zip(places.items(), earlier, strict=False)
        if attachment.file and attachment.kind == kind
    }  # fmt: skip
    for place, default in header_media.defaults_of(template, conversation.phone_number_id).items():
        if place in places and place not in found:
            found[place] = HeaderSource(
                places[place], default.file_name, default.mime_type, default.size, stored=default.file.name or ""
            )
    return found | _uploaded(uploads, places)


def _stored(attachment: Attachment) -> HeaderSource:
    return HeaderSource(
        attachment.kind, attachment.file_name, attachment.mime_type, attachment.size,
        stored=attachment.file.name or "", width=attachment.width, height=attachment.height,
    )  # fmt: skip


def _uploaded(uploads: Mapping[str, File], places: Mapping[str, str]) -> dict[str, HeaderSource]:
    found, problems = {}, {}
    for place, file in uploads.items():
        if place not in places:
            continue
        try:
            checked = read_header_file(file, places[place])
        except HeaderFileInvalid as problem:
            problems[f"{place}.file"] = problem.sentence
            continue
        found[place] = HeaderSource(
            places[place], checked.name, checked.mime_type, checked.size, upload=checked.file,
            upload_name=checked.stored_name, width=checked.width, height=checked.height,
        )  # fmt: skip
    if problems:
        raise TemplateValuesInvalid(problems)
    return found


def attach(message: Message, source: HeaderSource) -> Attachment:
    """Keep the file with the message, so that the bubble shows what the customer got even after a change of default."""
    attachment = Attachment(
        message=message, kind=source.kind, file_name=source.file_name, mime_type=source.mime_type, size=source.size,
        is_inline=source.kind in ("image", "video"), state=AttachmentState.READY, width=source.width,
        height=source.height,
    )  # fmt: skip
    if source.upload is not None:
        attachment.file.save(source.upload_name, source.upload, save=False)
    else:
        attachment.file.name = source.stored
    with attachment.file.open("rb") as file:
        attachment.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    attachment.save()
    return attachment


def files_of(message: Outgoing, api: CloudAPI) -> dict[str, tuple[str, str]]:
    """(Meta's media id, file name) of a message's files by place, uploaded if need be; a file that is gone is left out.

    Runs in one of many sender threads.
    """
    assert message.template is not None
    with database():
        attachments = list(Attachment.objects.filter(message_id=message.id).order_by("pk"))
        defaults = {
            row.file.name: row
            for row in header_media.defaults_of(message.template, message.phone_number_id).values()
        }  # fmt: skip
    places = TemplateShape.of(message.template).file_places
    found = {}
    for place, attachment in zip(places, attachments, strict=False):
        if not attachment.file:
            continue
        if default := defaults.get(attachment.file.name):
            media_id = outgoing_media.default_id_of(message, default, api)
        else:
            media_id = outgoing_media.media_id_of(message, attachment, api)
        found[place] = (media_id, attachment.file_name)
    return found


def has_still_agreed(message: Outgoing) -> bool:
    """Whether advertising may still go to this customer: a STOP may have come while the file was being uploaded."""
    with database():
        stored = Message.objects.select_related("conversation__contact").get(pk=message.id)
        return may_send_marketing(stored.conversation.contact)
