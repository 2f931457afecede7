"""What every format has in common: a row, how columns are checked, and how a whole file is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import msgspec

from voxpop.sources.fields import Cell
from voxpop.sources.file_source import FileSource, known_columns, required_columns, used_columns


class Refused(Exception):
    """The file is not as configured; the message says what is wrong with it and what to do."""


class Unfinished(Exception):
    """The file seems to be unfinished: somebody is still writing it; the message says what it looks like."""


class FileRow(msgspec.Struct, frozen=True):
    """A row as it stands in a file.

    Attributes:
        number: as a spreadsheet shows it, the header counted; in NDJSON the line's, in JSON the element's.
        values: its cells, in the order of the columns.
        text: what it is in the file, its end of line too; blank in a file that is no text.
        problem: why it can't be read, without a value in it.
    """

    number: int
    values: Sequence[Cell]
    text: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Table:
    """A file that was opened: its columns and then its rows, which are read once."""

    columns: Sequence[str]
    rows: Iterator[FileRow]


class Format(Protocol):
    """A module that reads files of one format."""

    def inspect(self, path: Path, source: FileSource) -> None:
        """Examine a file before anything of it is landed.

        Raises:
            Refused: it is no such file, or its columns are missing or not known.
            Unfinished: it is empty or cut off.
        """

    def opened(self, path: Path, source: FileSource) -> Table:
        """Open a file that was inspected."""

    def verbatim(self, path: Path, source: FileSource, columns: Sequence[str], row: FileRow) -> bytes:
        """Give the bytes of a row as they are in the file, as far as it has any."""


def check_columns(columns: Sequence[str], source: FileSource) -> None:
    """Compare a file's columns with the mapping's.

    Raises:
        Refused: some are missing, not known, or there twice.
    """
    required, used, known = required_columns(source), used_columns(source), known_columns(source)
    found = {
        "missing": [column for column in required if column not in columns],
        "unexpected": [] if known is None else [column for column in columns if column not in known],
        "repeated": [column for column in used if columns.count(column) > 1],
    }
    problems = [
        f"{what} columns: " + ", ".join(f'"{name}"' for name in names)
        for what, names in found.items()
        if names
    ]
    if problems:
        raise Refused("; ".join(problems) + ". Correct the file, or its mapping")


def header_names(rows: Sequence[Sequence[str]], source: FileSource) -> list[str]:
    """Give the columns' names of a header of one or more rows.

    By `names_row` one of them has the names. Without it a name is what stands above the column, from top to
    bottom; in all but the last row a blank cell is taken to be merged with the one before it.
    """
    width = max(map(len, rows))
    filled = [[*(cell.strip() for cell in row), *[""] * (width - len(row))] for row in rows]
    if source.names_row is not None:
        return [_import_id(name) for name in filled[source.names_row - 1]]
    for row in filled[:-1]:
        for place in range(1, width):
            row[place] = row[place] or row[place - 1]
    return [" / ".join(dict.fromkeys(filter(None, levels))) for levels in zip(*filled, strict=True)]


def _import_id(name: str) -> str:
    """Qualtrics names a column by a JSON object; what it is known by is its `ImportId`."""
    if not name.startswith('{"ImportId"'):
        return name
    try:
        return msgspec.json.decode(name, type=_ImportId).ImportId
    except msgspec.DecodeError:
        return name


class _ImportId(msgspec.Struct):
    ImportId: str


def verbatim(path: Path, source: FileSource, columns: Sequence[str], row: FileRow) -> bytes:
    """Give a row of a file that is no text: a JSON object of what its cells hold."""
    return msgspec.json.encode(dict(zip(columns, row.values, strict=True)))


def number_text(value: float | Decimal, shifted: int = 0) -> str:
    """Write a number as people do, without an exponent; `shifted` moves the point to the right."""
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        return str(value)
    text = f"{number.scaleb(shifted):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def column_letters(place: int) -> str:
    """Name a column, counted from 0, as a spreadsheet does: A, B, … Z, AA."""
    letters = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters
