"""What a stored file is called when it leaves: the sender's word for it, without anything that could do harm."""

import unicodedata

from inbox.models import Attachment, Upload

EXTENSIONS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif", "video/mp4": "mp4",
    "video/3gpp": "3gp", "audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/aac": "aac",
    "audio/amr": "amr", "application/pdf": "pdf", "text/plain": "txt",
}  # fmt: skip
JOINERS = "\u200c\u200d"  # of Persian words, and of the people in one emoji
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('<>:"|?*', "_"))  # of Windows


def shortened(name: str, most: int) -> str:
    """At its end it says what it is: that stays."""
    stem, dot, ending = name.rpartition(".")
    if len(name) <= most or not dot or len(ending) > 9:
        return name[:most]
    return f"{stem[: most - len(ending) - 1]}.{ending}"


def file_name(attachment: Attachment | Upload) -> str:
    """The sender's name for it without paths, controls and direction marks; else its kind."""
    name = attachment.file_name.replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in name if char in JOINERS or unicodedata.category(char) not in _UNSEEN)
    if name := shortened(name.strip(f" .{JOINERS}"), 150):
        return name
    extension = EXTENSIONS.get(attachment.mime_type, "bin")
    return f"{attachment.kind}-{attachment.created_at:%Y-%m-%d}.{extension}"


def name_on_disk(attachment: Attachment) -> str:
    """The same for a folder of any system."""
    return file_name(attachment).translate(_NOT_IN_NAMES)
