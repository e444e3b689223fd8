"""What the child says it made, and how the parent reads it. Both sides import this, so no Django here."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

PREVIEW, STILL, PAGE, COPY, VOICE = "preview", "still", "page", "copy", "voice"
MIME_TYPES = {
    PREVIEW: "image/webp", STILL: "image/webp", PAGE: "image/webp", COPY: "audio/mp4", VOICE: "audio/ogg",
}  # fmt: skip
MOST_FILES = 8
PEAKS = 64


@dataclass(frozen=True)
class MadeFile:
    """One file the child wrote. `number` counts pages from 1."""

    kind: str
    path: Path
    number: int = 0
    width: int | None = None
    height: int | None = None

    @property
    def mime_type(self) -> str:
        return MIME_TYPES[self.kind]


@dataclass
class Made:
    """What is now known of a file, and what was made of it. Empty when nothing could be made."""

    files: list[MadeFile] = field(default_factory=list)
    seconds: float | None = None
    peaks: list[int] | None = None
    page_count: int | None = None
    width: int | None = None
    height: int | None = None
    is_animated: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=lambda path: path.name)

    @classmethod
    def from_json(cls, text: bytes, folder: Path) -> "Made":
        """Read what the child printed. It handled a stranger's file, so only what fits is taken: ValueError if not."""
        said = json.loads(text)
        if not isinstance(said, dict):
            raise ValueError("no object")
        files = [_file(each, folder) for each in said["files"][:MOST_FILES]]
        peaks = said.get("peaks")
        if peaks is not None:
            peaks = [min(100, max(0, int(peak))) for peak in peaks[:PEAKS]]
        seconds = said.get("seconds")
        return cls(
            files=files,
            seconds=None if seconds is None else min(1e6, max(0.0, float(seconds))),
            peaks=peaks,
            page_count=_number(said.get("page_count")),
            width=_number(said.get("width")),
            height=_number(said.get("height")),
            is_animated=bool(said.get("is_animated")),
        )


def _file(said: dict[str, Any], folder: Path) -> MadeFile:
    if said["kind"] not in MIME_TYPES:
        raise ValueError("an unknown kind of file")
    path = folder / Path(str(said["path"])).name
    if path.is_symlink() or not path.is_file():
        raise ValueError("a file that is not there")
    number = _number(said.get("number")) or 0
    return MadeFile(said["kind"], path, number, _number(said.get("width")), _number(said.get("height")))


def _number(said: Any) -> int | None:
    return None if said is None else min(1_000_000, max(0, int(said)))
