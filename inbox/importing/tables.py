"""A file of contacts as rows of text, judged by its content: an Excel workbook, or text in columns.

Text may be UTF-8, UTF-16 or Windows-1252, its columns parted by semicolon, comma, tab or bar. A workbook is opened in a
process of its own (`inbox.importing.workbook`). FileRefused says what would be read.
"""

import codecs
import csv
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from inbox.errors import FileRefused
from inbox.importing.limits import ANSWER_BYTES, LONGEST_CELL, MOST_BYTES, MOST_COLUMNS, MOST_ROWS
from inbox.text import clean

PROJECT = Path(__file__).resolve().parent.parent.parent
SECONDS = 60
DELIMITERS = ";,\t|"
SAMPLE_ROWS = 30
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# What a formula left that found nothing, as Excel writes it in German and English.
ERRORS = frozenset({
    "#N/A", "#NV", "#WERT!", "#VALUE!", "#BEZUG!", "#REF!", "#NAME?", "#DIV/0!", "#ZAHL!", "#NUM!", "#NULL!", "#LEER!",
})  # fmt: skip
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{6,20}")

NO_TABLE = _("This is no table we can read. Save it as CSV or Excel workbook (.xlsx).")
TOO_LARGE = _("Files up to 5 MB.")
TOO_LONG = _("Up to 10,000 rows at once. Divide the file.")
TOO_WIDE = _("Up to 60 columns. Remove what is not needed.")
EMPTY = _("There are no rows in this file.")

Rows = list[list[str]]


@dataclass(frozen=True)
class Table:
    """Without empty rows; `rows` are (line as a spreadsheet counts, cells), every row as wide as the headings."""

    headings: list[str]
    rows: list[tuple[int, list[str]]]


def read_table(content: bytes) -> Table:
    if len(content) > MOST_BYTES:
        raise FileRefused(TOO_LARGE)
    if content.startswith(OLD_EXCEL):
        raise FileRefused(_("This is an old Excel file. Save it as Excel workbook (.xlsx) or CSV."))
    raw = _workbook_rows(content) if content.startswith(b"PK\x03\x04") else _text_rows(_decoded(content))
    lines = [(number, [_plain(cell) for cell in cells]) for number, cells in enumerate(raw, start=1)]
    filled = [(number, cells) for number, cells in lines if any(cells)]
    if not filled:
        raise FileRefused(EMPTY)
    width = max(_width(cells) for _number, cells in filled)
    if width > MOST_COLUMNS:
        raise FileRefused(TOO_WIDE)
    first = filled[0][1]
    has_headings = not any(_PHONE.fullmatch(cell) for cell in first)
    body = filled[1:] if has_headings else filled
    if not body:
        raise FileRefused(EMPTY)
    if len(body) > MOST_ROWS:
        raise FileRefused(TOO_LONG)
    headings = _fitted(first if has_headings else [], width)
    return Table([each[:100] for each in headings], [(number, _fitted(cells, width)) for number, cells in body])


def _plain(cell: str) -> str:
    """Storable and without the apostrophe that keeps a spreadsheet from calculating (as our own exports have it)."""
    text = clean(cell).strip()
    if text in ERRORS:
        return ""
    if len(text) > 1 and text[0] == "'" and not text[1].isalnum():
        text = text[1:].strip()
    return text[: LONGEST_CELL + 1]


def _width(cells: list[str]) -> int:
    return max((index for index, cell in enumerate(cells, start=1) if cell), default=0)


def _fitted(cells: list[str], width: int) -> list[str]:
    return (cells + [""] * width)[:width]


def _decoded(content: bytes) -> str:
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "")
    if not encoding and b"\0" in content[:2000]:
        # UTF-16 without its mark: letters of our languages have a zero beside them, always on the same side.
        first, second = content[:2000:2].count(0), content[1:2000:2].count(0)
        if max(first, second) * 4 < len(content[:2000]):
            raise FileRefused(NO_TABLE)
        encoding = "utf-16-be" if first > second else "utf-16-le"
    for name in (encoding,) if encoding else ("utf-8", "cp1252", "latin-1"):
        try:
            text = content.decode(name)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise FileRefused(NO_TABLE)
    controls = sum(char < " " and char not in "\t\r\n\f\v" for char in text[:20_000])
    if controls:
        raise FileRefused(NO_TABLE)
    return text


def _text_rows(text: str) -> Rows:
    first, _newline, rest = text.partition("\n")
    named = re.fullmatch(r"\"?sep=(.)\"?\r?", first.strip("\r"))
    if named and named.group(1) in DELIMITERS:
        # Excel's own line does not count as one, so that what is left keeps its numbers.
        return [[], *_parted(rest, named.group(1), MOST_ROWS + 2)]
    return _parted(text, _delimiter(text), MOST_ROWS + 2)


def _delimiter(text: str) -> str:
    """The one that parts the first rows most evenly into most columns."""
    best, most = ";", (0, 0)
    for each in DELIMITERS:
        widths = Counter(len(row) for row in _parted(text[:50_000], each, SAMPLE_ROWS, patient=True) if any(row))
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        if width > 1 and (count, width) > most:
            best, most = each, (count, width)
    return best


def _parted(text: str, delimiter: str, most: int, *, patient: bool = False) -> Rows:
    rows: Rows = []
    filled = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            filled += any(row)
            if filled > most or len(rows) > 5 * MOST_ROWS:
                break
    except csv.Error as error:  # a quote that is never closed swallows the file
        if not patient:
            raise FileRefused(NO_TABLE) from error
    return rows


def _workbook_rows(content: bytes) -> Rows:
    """What the child reads out of a workbook; it gets none of our environment: no keys, no addresses of databases."""
    with tempfile.TemporaryDirectory(prefix="tresen-import-") as folder:
        source = Path(folder) / "table.xlsx"
        source.write_bytes(content)
        environment = {
            "PYTHONPATH": str(PROJECT), "PATH": os.defpath, "LANG": "C.UTF-8", "TMPDIR": folder,
            "PYTHONDONTWRITEBYTECODE": "1", "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
        }  # fmt: skip
        command = [sys.executable, "-m", "inbox.importing.workbook", str(source)]
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise FileRefused(NO_TABLE) from error
    if done.returncode or len(done.stdout) > ANSWER_BYTES:
        raise FileRefused(NO_TABLE)
    rows: Rows = json.loads(done.stdout)
    return rows
