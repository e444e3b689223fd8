"""The file in a template message's header: which one, kept with the message, uploaded to Meta before the call."""

import hashlib
from dataclasses import dataclass

from django.core.files import File

from inbox.actions import outgoing_media
from inbox.actions.consent import may_send_marketing
from inbox.actions.outgoing_media import database
from inbox.enums import AttachmentState
from inbox.errors import TemplateValuesInvalid
from inbox.models import Attachment, Conversation, Message
from inbox.sending import Outgoing
from whatsapp.client import CloudAPI
from whatsapp.header_media import HeaderFileInvalid, media_id_of, read_header_file
from whatsapp.models import MessageTemplate, TemplateHeaderMedia
from whatsapp.template_parts import TemplateShape


@dataclass(frozen=True, slots=True)
class HeaderSource:
    """Where a header's file comes from: already in our storage under `stored`, or an upload that is not."""

    kind: str
    file_name: str
    mime_type: str
    size: int
    stored: str = ""
    upload: File | None = None
    upload_name: str = ""
    width: int | None = None
    height: int | None = None


def source_for(
    conversation: Conversation, template: MessageTemplate, shape: TemplateShape, upload: File | None,
    resend_of: Message | None,
) -> HeaderSource | None:
    """The file of this send: the one chosen now, the one of the message repeated, or the number's default."""
    if not shape.needs_file:
        return None
    if upload is not None:
        try:
            checked = read_header_file(upload, shape.header_kind)
        except HeaderFileInvalid as problem:
            raise TemplateValuesInvalid({"header.file": problem.sentence})
        return HeaderSource(
            shape.header_kind, checked.name, checked.mime_type, checked.size, upload=checked.file,
            upload_name=checked.stored_name, width=checked.width, height=checked.height,
        )
    earlier = resend_of.attachments.first() if resend_of is not None else None
    if earlier is not None and earlier.file:
        return HeaderSource(
            earlier.kind, earlier.file_name, earlier.mime_type, earlier.size, stored=earlier.file.name or "",
            width=earlier.width, height=earlier.height,
        )
    default = TemplateHeaderMedia.objects.filter(template=template, phone_number=conversation.phone_number_id).first()
    if default is None:
        return None
    return HeaderSource(
        shape.header_kind, default.file_name, default.mime_type, default.size, stored=default.file.name or ""
    )


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


def header_id_of(message: Outgoing, api: CloudAPI) -> tuple[str, str]:
    """(Meta's media id, file name) of a message's header file, uploaded if need be; ("", "") when it has none.

    Runs in one of many sender threads.
    """
    with database():
        attachment = Attachment.objects.filter(message_id=message.id).first()
        if attachment is None or not attachment.file:
            return "", ""
        default = TemplateHeaderMedia.objects.filter(
            template_id=message.template_id, phone_number_id=message.phone_number_id, file=attachment.file.name
        ).first()
        if default is not None:
            return media_id_of(default, api), attachment.file_name
    return outgoing_media.media_id_of(message, attachment, api), attachment.file_name


def has_still_agreed(message: Outgoing) -> bool:
    """Whether advertising may still go to this customer: a STOP may have come while the file was being uploaded."""
    with database():
        stored = Message.objects.select_related("conversation__contact").get(pk=message.id)
        return may_send_marketing(stored.conversation.contact)
