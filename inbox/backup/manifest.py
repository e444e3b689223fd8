"""What a backup says about itself, as JSON beside it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

FORMAT = 1
NAME = "manifest.json"
DATABASE, MEDIA = "database.dump", "media.tar"


class ManifestUnreadable(Exception):
    """No manifest, or none that this version understands."""


@dataclass(frozen=True)
class StoredFile:
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    created_at: datetime
    postgres: str  # of the server
    program: str  # that dumped
    migrations: list[str]  # "app.name" of everything that was applied
    field_keys: list[str]  # fingerprints of FIELD_KEYS (accounts.fields), newest first
    files: dict[str, StoredFile]
    rows: dict[str, int]  # per table, of the same snapshot as the dump
    media_files: int
    format: int = FORMAT
    base_url: str = ""

    def write(self, folder: Path) -> None:
        content = asdict(self) | {"created_at": self.created_at.isoformat()}
        path = folder / NAME
        path.touch(mode=0o600)
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """ManifestUnreadable when there is none, it is damaged, or of a format from the future."""
        try:
            content: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
            if content["format"] > FORMAT:
                raise ManifestUnreadable("format")
            files = {name: StoredFile(**facts) for name, facts in content.pop("files").items()}
            return cls(files=files, created_at=datetime.fromisoformat(content.pop("created_at")), **content)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ManifestUnreadable(type(error).__name__) from error
