"""XLSX: one sheet of a workbook, its cells as Excel saved them.

A formula counts by the value that Excel saved beside it. Dates are what Excel shows, by the workbook's own
epoch (1900 or 1904); a percentage is a text with its sign. What a file unpacks to is bounded before it is
unpacked.
"""

from __future__ import annotations

import itertools
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from voxpop.sources.fields import Cell
from voxpop.sources.file_source import FileSource, used_columns
from voxpop.sources.formats.rows import (
    FileRow,
    Refused,
    Table,
    Unfinished,
    check_columns,
    column_letters,
    header_names,
    number_text,
    verbatim,
)

__all__ = ["inspect", "opened", "verbatim"]

_UNPACKED_AT_MOST = 1 << 29
"""Bytes. Excel's own limit, a million rows, is reached well below with the columns that a mapping has."""
_RATIO_AT_MOST = 200
"""Unpacked to packed, of a part larger than `_SMALL`: sheets that people make stay below 50."""
_SMALL = 1 << 22

_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_FORMULA = re.compile(rb"<(\w+:)?f[ />]")
_CHUNK = 1 << 20


def opened(path: Path, source: FileSource) -> Table:
    """Open a file that was inspected."""
    rows = _read(path, source)
    header = list(itertools.islice(rows, source.header_rows))
    columns = _names(header, source)
    return Table(columns, _of_width(rows, columns, source))


def inspect(path: Path, source: FileSource) -> None:
    """Examine a file.

    Raises:
        Refused: no XLSX, more than is reasonable inside, no such sheet, columns missing or not known.
        Unfinished: it is empty or cut off.
    """
    with path.open("rb") as binary:
        begins = binary.read(len(_ZIP))
    if not begins:
        raise Unfinished("it is empty")
    if begins == _OLD:
        raise Refused("it is an old or a locked workbook. Save it as XLSX, without a password")
    if not _ZIP.startswith(begins):
        raise Refused("by its first bytes it is no XLSX file. Correct the file, or its `format`")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive)
    except zipfile.BadZipFile:
        raise Unfinished("it is cut off: a ZIP file's directory is at its end") from None
    header = list(itertools.islice(_read(path, source), source.header_rows))
    if len(header) < source.header_rows:
        raise Refused("its sheet has no header. Correct the file, or name the `sheet`")
    check_columns(_names(header, source), source)


def _check_size(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if unpacked > _UNPACKED_AT_MOST:
        raise Refused(f"it unpacks to {unpacked:,} bytes, more than {_UNPACKED_AT_MOST:,}. Split the file")
    for part in parts:
        if part.file_size > max(_SMALL, _RATIO_AT_MOST * part.compress_size):
            raise Refused(
                f"{part.filename} unpacks to {part.file_size:,} bytes out of {part.compress_size:,}, more "
                f"than {_RATIO_AT_MOST} times as many. Have the file made anew"
            )


def _read(path: Path, source: FileSource) -> Iterator[FileRow]:
    """Read all rows of the sheet, the header's too. Blank rows after it are not given."""
    import openpyxl  # half a second, for those only who have workbooks

    number = 0
    try:
        with path.open("rb") as binary:  # of a path openpyxl judges the name
            book = openpyxl.load_workbook(binary, read_only=True, data_only=True, keep_links=False)
            sheet = _sheet(book, source)
            without_value = _formulas_without_value(sheet)
            sheet.reset_dimensions()  # what a file says of its size is not to be trusted
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                values = [_cell(cell) for cell in cells]
                lacking = without_value.get(number)
                if lacking:
                    for column in lacking:
                        values[column - 1] = _UNKNOWN
                if number <= source.header_rows or any(value != "" for value in values):
                    yield FileRow(number, values)
    except Refused:
        raise
    except Exception as error:  # a damaged workbook makes openpyxl stumble in any way
        # what it says may hold a cell's value
        what = type(error).__name__
        raise Refused(f"after row {number} it can't be read ({what}). Have the file made anew") from None


_UNKNOWN = "\0"
"""Stands in a cell whose formula has no value."""


def _sheet(book: Any, source: FileSource) -> Any:
    names = [sheet.title for sheet in book.worksheets]
    if source.sheet is None and len(names) > 1:
        raise Refused(f"it has {len(names)} sheets ({', '.join(names)}). Name one by `sheet`")
    if source.sheet is not None and source.sheet not in names:
        raise Refused(
            f'it has no sheet "{source.sheet}", but {", ".join(names)}. Correct the file, or `sheet`'
        )
    return book[source.sheet or names[0]]


def _formulas_without_value(sheet: Any) -> dict[int, list[int]]:
    """Find formulas that no program has calculated: row → columns, from 1 on.

    openpyxl gives nothing for them, as for blank cells; a look into the sheet tells them apart. Libraries
    that write workbooks leave the value out or empty: what was calculated is empty as a text alone.
    """
    from openpyxl.utils.cell import coordinate_to_tuple

    with sheet._get_source() as part:
        tail = b""
        while chunk := part.read(_CHUNK):
            if _FORMULA.search(tail + chunk):
                break
            tail = chunk[-16:]
        else:
            return {}
    found: dict[int, list[int]] = {}
    with sheet._get_source() as part:
        for _, element in ElementTree.iterparse(part):  # noqa: S314 - expat bounds what entities grow to
            tag = element.tag.rpartition("}")[2]
            if tag == "c":
                parts = {child.tag.rpartition("}")[2]: child.text for child in element}
                is_empty_text = "v" in parts and element.get("t") == "str"
                if "f" in parts and not parts.get("v") and not is_empty_text:
                    row, column = coordinate_to_tuple(element.attrib["r"])
                    found.setdefault(row, []).append(column)
            if tag == "row":
                element.clear()
    return found


def _names(header: Sequence[FileRow], source: FileSource) -> list[str]:
    names = header_names([[str(cell) for cell in row.values] for row in header], source)
    while names and not names[-1]:
        names.pop()
    return names


def _of_width(rows: Iterator[FileRow], columns: Sequence[str], source: FileSource) -> Iterator[FileRow]:
    used = used_columns(source)
    for row in rows:
        values = [*row.values[: len(columns)], *[""] * (len(columns) - len(row.values))]
        problem = ""
        if any(value != "" for value in row.values[len(columns) :]):
            problem = f"it has more columns than the header's {len(columns)}"
        if _UNKNOWN in values:
            places = [place for place, value in enumerate(values) if value == _UNKNOWN]
            for place in places:
                values[place] = ""
                if columns[place] in used:
                    where = f'column {column_letters(place)} ("{columns[place]}")'
                    problem = f"{where} holds a formula without a value; have it calculated and saved"
        yield FileRow(row.number, values, problem=problem)


def _cell(cell: Any) -> Cell:
    value = cell.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        is_percentage = "%" in cell.number_format
        return f"{number_text(value, shifted=2)}%" if is_percentage else number_text(value)
    if isinstance(value, datetime) and value.time() == time.min and "h" not in cell.number_format.lower():
        return value.date()  # a date is stored as its midnight
    if isinstance(value, str | date):
        return value
    return "" if value is None else str(value)
