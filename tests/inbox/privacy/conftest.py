"""A ledger of its own for each test, and Klementine, of whom everything is known."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inbox.models import Conversation
from tests.cast import Cast, make_cast
from tests.inbox.privacy.life import lived
from tests.recording_queue import forget_jobs


@pytest.fixture(autouse=True)
def house(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.DATA_DIR = tmp_path / "house"
    settings.MEDIA_ROOT = settings.DATA_DIR / "media"
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    forget_jobs()
    yield settings.DATA_DIR
    forget_jobs()


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def talk(cast: Cast) -> Conversation:
    return lived(cast)
