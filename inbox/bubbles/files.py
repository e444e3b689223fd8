"""The file of a message: what a page shows of it, plays, and says about it."""

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import ngettext

from inbox import formatting, times
from inbox.enums import WITHOUT_FILES, AttachmentState
from inbox.models import Attachment, Message, Rendition

TYPE_WORDS = {
    "image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP", "image/gif": "GIF", "video/mp4": "MP4",
    "video/3gpp": "3GP", "audio/ogg": "OGG", "audio/mpeg": "MP3", "audio/mp4": "M4A", "audio/aac": "AAC",
    "audio/amr": "AMR", "application/pdf": "PDF", "text/plain": "TXT",
}  # fmt: skip
CAPTION_LENGTH = 200


class Files:
    """A part of inbox.bubbles.bubble.Bubble."""

    message: Message

    @cached_property
    def attachment(self) -> Attachment | None:
        if self.message.kind in WITHOUT_FILES:
            return None
        return next(iter(self.message.attachments.all()), None)

    @cached_property
    def file_state(self) -> str:
        """pending, ready, failed, expired; "refused" for a file that is here but not safe to show in the page."""
        attachment = self.attachment
        if attachment is None:
            return AttachmentState.FAILED
        if attachment.state == AttachmentState.READY and not attachment.is_inline and not self.copy_url:
            return "refused"
        return attachment.state

    @property
    def picture_url(self) -> str:
        """The small picture; without one the picture itself."""
        return self.preview_url or reverse("attachment", args=[self._token])

    @cached_property
    def preview_url(self) -> str:
        return self._url(Rendition.Kind.PREVIEW)

    @property
    def still_url(self) -> str:
        return self._url(Rendition.Kind.STILL)

    @cached_property
    def copy_url(self) -> str:
        return self._url(Rendition.Kind.COPY)

    @property
    def pages(self) -> list[str]:
        """The first pages of a document, as pictures."""
        made = self.attachment.renditions.all() if self.attachment else []
        numbers = sorted(each.number for each in made if each.kind == Rendition.Kind.PAGE)
        return [self._url(Rendition.Kind.PAGE, number) for number in numbers]

    @property
    def caption(self) -> str:
        return formatting.to_line(self.message.text)[:CAPTION_LENGTH]

    @property
    def length(self) -> str:
        """How long it plays."""
        seconds = self.attachment.seconds if self.attachment else None
        return times.length(seconds) if seconds else ""

    @property
    def type_word(self) -> str:
        """ "PDF", "JPEG": decided from the content, else as the sender named it."""
        attachment = self.attachment
        if attachment is None:
            return ""
        extension = attachment.file_name.rpartition(".")[2] if "." in attachment.file_name else ""
        named = extension.upper()[:4] if extension.isascii() and extension.isalnum() else ""
        return TYPE_WORDS.get(attachment.mime_type, named)

    @property
    def file_words(self) -> str:
        """ "PDF · 3 pages · 240 KB"."""
        attachment = self.attachment
        if attachment is None:
            return ""
        pages = attachment.page_count
        words = [self.type_word, self.length]
        if pages:
            words.append(ngettext("%(count)s page", "%(count)s pages", pages) % {"count": pages})
        if attachment.size:
            words.append(filesizeformat(attachment.size))
        return " · ".join(word for word in words if word)

    @property
    def _token(self) -> str:
        return self.attachment.token if self.attachment else ""

    def _url(self, kind: str, number: int = 0) -> str:
        if self.attachment is None or self.attachment.rendition(kind, number) is None:
            return ""
        if number:
            return reverse("rendition-page", args=[self._token, str(kind), number])
        return reverse("rendition", args=[self._token, str(kind)])
