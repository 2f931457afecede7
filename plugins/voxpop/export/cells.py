"""Rows as CSV and as a workbook: the same rows, the same bytes, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

Cell = str | int | Decimal | date | datetime | None

_RUNS = re.compile(r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]")
"""What makes a spreadsheet take a text for a formula (OWASP, CSV injection), wide forms included."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML, and so a workbook, can't hold."""
_MODIFIED = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip file can say."""


@dataclass(frozen=True)
class Sheet:
    """A table to write.

    Attributes:
        name: of its file, and of its sheet.
        columns: the header.
        rows: cells in the header's order.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def plain(cell: Cell) -> str | int | Decimal:
    """What is written of a cell: times in UTC as `2026-01-01T00:00:00.000Z`, nothing as an empty text.

    A text that a spreadsheet would run gets an apostrophe before it. One that is a number is none: `-1` stays
    `-1`.
    """
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        at = cell.replace(tzinfo=UTC) if cell.tzinfo is None else cell.astimezone(UTC)
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, str) and _RUNS.search(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def csv_bytes(sheet: Sheet) -> bytes:
    """Write CSV as RFC 4180 has it: UTF-8, lines end with CR LF, quoted where need be."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(sheet.columns)
    writer.writerows([plain(cell) for cell in row] for row in sheet.rows)
    return text.getvalue().encode("utf-8")


def workbook_bytes(sheets: Iterable[Sheet]) -> bytes:
    """Write a workbook, a sheet each; numbers are numbers and every text is a text, also `=1+1`.

    A character that a workbook can't hold becomes U+FFFD. A cell of more than 32,767 characters is cut off
    there, as Excel does: the CSV files hold all of it.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet.name[:31])
        page.freeze_panes = "A2"
        for row in (sheet.columns, *sheet.rows):
            line = []
            for value in map(plain, row):
                cell = WriteOnlyCell(page, value=_fit(value))
                if isinstance(value, str):
                    cell.data_type = "s"
                line.append(cell)
            page.append(line)
    made = io.BytesIO()
    book.save(made)
    return _timeless(made.getvalue())


def _fit(value: str | int | Decimal) -> str | int | Decimal | None:
    return value if not isinstance(value, str) else (_UNFIT.sub("\ufffd", value) or None)


def _timeless(workbook: bytes) -> bytes:
    """The same workbook without when it was made: openpyxl writes the clock into it in two places."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(b"", content)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return made.getvalue()
