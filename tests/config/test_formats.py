"""Dates in English are written day first, as the rest of the pages does it."""

from datetime import UTC, datetime

import pytest
from django.utils import formats, translation


@pytest.mark.parametrize(("language", "name", "written"), [
    ("en", "DATE_FORMAT", "3 November 2026"), ("en", "SHORT_DATE_FORMAT", "3 Nov 2026"),
    ("en", "SHORT_DATETIME_FORMAT", "3 Nov 2026, 09:05"), ("de", "DATE_FORMAT", "3. November 2026"),
])  # fmt: skip
def test_the_day_comes_first(language: str, name: str, written: str) -> None:
    with translation.override(language):
        assert formats.date_format(datetime(2026, 11, 3, 9, 5, tzinfo=UTC), name) == written
