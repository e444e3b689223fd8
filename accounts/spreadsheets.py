"""Tables to take away. A spreadsheet must not calculate what a stranger wrote: a workbook has nothing but text, and in
CSV an apostrophe goes before what looks like a formula."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

LONGEST = 32_000  # of a cell; Excel takes no more
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,]*")

Line = list[str]


def guarded(cell: str) -> str:
    """With an apostrophe before what a spreadsheet would calculate, also behind blanks, controls and wide signs."""
    if _NUMBER.fullmatch(cell):
        return cell
    looks = unicodedata.normalize("NFKC", cell)
    begin = next((char for char in looks if unicodedata.category(char)[0] not in "CZ"), "")
    return f"'{cell}" if begin in tuple("=+-@|%") or cell[:1] in ("\t", "\r", "\n") else cell


def csv_parts(pages: Iterable[list[Line]], *, language: str) -> Iterator[bytes]:
    """Parted as Excel expects it in the language, with the mark by which it knows UTF-8; a part for each page."""
    delimiter = ";" if language == "de" else ","
    yield "\ufeff".encode()
    for lines in pages:
        kept = io.StringIO()
        csv.writer(kept, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([map(guarded, line) for line in lines])
        yield kept.getvalue().encode()


def workbook(pages: Iterable[list[Line]], *, title: str) -> bytes:
    """Every cell is text, whatever it looks like."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    for lines in pages:
        for line in lines:
            cells = [WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", words)[:LONGEST]) for words in line]
            for cell in cells:
                cell.data_type = "s"  # what begins with = would be a formula
            sheet.append(cells)
    with TemporaryFile() as kept:
        book.save(kept)
        kept.seek(0)
        return kept.read()
