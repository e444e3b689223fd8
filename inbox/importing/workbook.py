"""The child that opens a workbook: `python -m inbox.importing.workbook FILE`. Prints its rows as JSON lists of text.

The first sheet with anything in it. Nothing is calculated: a formula is what Excel kept of it, or its own text.
Imports next to nothing of ours, so that it starts quickly.
"""

import json
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook

from inbox.confinement import confine_ourselves
from inbox.importing.limits import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS

MEMORY_BYTES = 768 * 1024 * 1024
CPU_SECONDS = 30
UNPACKED_BYTES = 200 * 1024 * 1024


def rows_of(path: str) -> list[list[str]]:
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_BYTES:
            raise ValueError("too much")
        has_formulas = any(b"<f" in archive.read(name) for name in archive.namelist() if "/worksheets/" in name)
    readings = [load_workbook(path, read_only=True, keep_links=False, data_only=True).worksheets]
    if has_formulas:
        readings.append(load_workbook(path, read_only=True, keep_links=False).worksheets)
    for sheets in zip(*readings, strict=True):
        rows: list[list[str]] = []
        filled = 0
        for cells in zip(*map(_rows_in, sheets), strict=True):
            row = [text_of(_first(same)) for same in zip(*cells, strict=True)]
            rows.append(row)
            filled += any(row)
            if filled > MOST_ROWS + 1 or len(rows) > 5 * MOST_ROWS:
                break
        if filled:
            return rows
    return []


def _rows_in(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()  # what a file says about its own size is a guess
    found: Iterator[tuple[Any, ...]] = sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True)
    return found


def _first(values: tuple[Any, ...]) -> Any:
    return next((value for value in values if value is not None), None)


def text_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value.replace(microsecond=0)).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)[: LONGEST_CELL + 1]


if __name__ == "__main__":
    confine_ourselves(memory=MEMORY_BYTES, cpu_seconds=CPU_SECONDS, file_bytes=0, niceness=5)
    json.dump(rows_of(sys.argv[1]), sys.stdout)
