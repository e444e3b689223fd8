"""The tables of the page as a file. A spreadsheet must not calculate what somebody wrote (accounts.spreadsheets)."""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from tempfile import TemporaryFile
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from accounts.spreadsheets import guarded
from inbox.reports.tables import Cell, Table

UNFIT = str.maketrans(dict.fromkeys("[]:*?/\\", " "))  # for the name of a sheet


def as_csv(tables: Iterable[Table], *, language: str) -> bytes:
    """One below the other, each with its name above. Parted as Excel expects it in the language."""
    german = language == "de"
    kept = io.StringIO()
    writer = csv.writer(kept, delimiter=";" if german else ",", quoting=csv.QUOTE_MINIMAL)
    for table in map(_with_units, tables):
        writer.writerow([guarded(table.title)])
        writer.writerow([guarded(heading) for heading in table.headings])
        for row in table.rows:
            writer.writerow([_written(cell.value, german) for cell in row])
        writer.writerow([])
    return "\ufeff".encode() + kept.getvalue().encode()


def as_workbook(tables: Iterable[Table]) -> bytes:
    """A sheet a table; figures are numbers, everything else is text, whatever it looks like."""
    book = Workbook(write_only=True)
    for table in map(_with_units, tables):
        sheet = book.create_sheet(table.title.translate(UNFIT)[:31])
        sheet.append([_text(sheet, heading) for heading in table.headings])
        for row in table.rows:
            sheet.append([_shown(sheet, cell) for cell in row])
    with TemporaryFile() as kept:
        book.save(kept)
        kept.seek(0)
        return kept.read()


def _with_units(table: Table) -> Table:
    """A number says of what it is: in its heading, in the name of its line, or for all of them in the title."""
    units = table.units
    if len(units) > 2 and len({*units[1:]}) == 1:
        title, headings = _of(table.title, units[1]), table.headings
        return Table(title, headings, table.rows if units[1] else [_line(row) for row in table.rows])
    headings = [_of(heading, unit) for heading, unit in zip(table.headings, units, strict=True)]
    return Table(table.title, headings, table.rows if any(units) else [_line(row) for row in table.rows])


def _line(row: list[Cell]) -> list[Cell]:
    units = {cell.unit for cell in row[1:]}
    said = _of(row[0].value, units.pop()) if len(units) == 1 else row[0].value
    return [replace(row[0], value=said), *row[1:]]


def _of(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def _shown(sheet: Any, cell: Cell) -> WriteOnlyCell:
    if isinstance(cell.value, str):
        return _text(sheet, cell.value)
    value = round(cell.value / 100, 4) if cell.unit == "%" and cell.value is not None else cell.value
    shown = WriteOnlyCell(sheet, value)
    if cell.form:
        shown.number_format = cell.form
    return shown


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
