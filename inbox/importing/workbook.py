"""The child that opens a workbook: `python -m inbox.importing.workbook FILE`. Prints its rows as JSON lists of text.

The first sheet with anything in it. A formula stays what stands in the file, as text: nothing is calculated. Imports
next to nothing of ours, so that it starts quickly.
"""

import json
import sys
import zipfile
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
    book = load_workbook(path, read_only=True, keep_links=False)
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what a file says about its own size is a guess
        rows: list[list[str]] = []
        filled = 0
        for values in sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True):
            row = [text_of(value) for value in values]
            rows.append(row)
            filled += any(row)
            if filled > MOST_ROWS + 1 or len(rows) > 5 * MOST_ROWS:
                break
        if filled:
            return rows
    return []


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
