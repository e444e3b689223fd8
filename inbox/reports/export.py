"""The tables of the page as a file. A spreadsheet must not calculate what somebody wrote (accounts.spreadsheets)."""

import csv
import io
from collections.abc import Iterable
from tempfile import TemporaryFile
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from accounts.spreadsheets import guarded
from inbox.reports.tables import Table

UNFIT = str.maketrans(dict.fromkeys("[]:*?/\\", " "))  # for the name of a sheet


def as_csv(tables: Iterable[Table], *, language: str) -> bytes:
    """One below the other, each with its name above. Parted as Excel expects it in the language."""
    german = language == "de"
    kept = io.StringIO()
    writer = csv.writer(kept, delimiter=";" if german else ",", quoting=csv.QUOTE_MINIMAL)
    for table in tables:
        writer.writerow([guarded(table.title)])
        writer.writerow([guarded(heading) for heading in table.headings])
        for row in table.rows:
            writer.writerow([_written(cell.value, german) for cell in row])
        writer.writerow([])
    return "\ufeff".encode() + kept.getvalue().encode()


def as_workbook(tables: Iterable[Table]) -> bytes:
    """A sheet a table; figures are numbers, everything else is text, whatever it looks like."""
    book = Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet(table.title.translate(UNFIT)[:31])
        sheet.append([_text(sheet, heading) for heading in table.headings])
        for row in table.rows:
            sheet.append([_text(sheet, cell.value) if isinstance(cell.value, str) else cell.value for cell in row])
    with TemporaryFile() as kept:
        book.save(kept)
        kept.seek(0)
        return kept.read()


def _text(sheet: Any, words: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", words))
    cell.data_type = "s"  # what begins with = would be a formula
    return cell


def _written(value: Any, german: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    return str(value).replace(".", ",") if german else str(value)
