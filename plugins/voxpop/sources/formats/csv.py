"""CSV as RFC 4180 has it, with any delimiter and a header of one or more rows."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path

from voxpop.sources.file_source import FileSource
from voxpop.sources.formats.rows import FileRow, Refused, Table, Unfinished, check_columns, header_names
from voxpop.sources.formats.text import check_encoding, ends_a_line, lines, verbatim

__all__ = ["inspect", "opened", "verbatim"]


def opened(path: Path, source: FileSource) -> Table:
    """Open a file that was inspected."""
    rows = rows_of(lines(path, source, newline=""), source.delimiter)
    header = list(itertools.islice(rows, source.header_rows))
    columns = header_names([[str(cell) for cell in row.values] for row in header], source)
    return Table(columns, of_width(rows, len(columns)))


def inspect(path: Path, source: FileSource) -> None:
    """Examine a file.

    Raises:
        Refused: another encoding, columns that are missing or not known, a quote that is not closed.
        Unfinished: it is empty, or cut off in its header or its last row.
    """
    check_encoding(path, source)
    rows = rows_of(lines(path, source, newline=""), source.delimiter)
    header = list(itertools.islice(rows, source.header_rows))
    if not header:
        raise Unfinished("it has no line yet")
    last = header[-1]
    if last.problem or not ends_a_line(last.text) or len(header) < source.header_rows:
        raise Unfinished("its header is cut off")
    columns = header_names([[str(cell) for cell in row.values] for row in header], source)
    check_columns(columns, source)
    for last in of_width(rows, len(columns)):
        if "field limit" in last.problem:
            raise Refused(f"in row {last.number} a quote is not closed. Correct the file")
    if "unexpected end of data" in last.problem:
        raise Unfinished(f"row {last.number} ends inside quotes: it is cut off, or a quote is not closed")
    if last.problem and not ends_a_line(last.text):
        raise Unfinished(f"its last row, {last.number}, is cut off")


def rows_of(text: Iterator[str], delimiter: str) -> Iterator[FileRow]:
    """Read all rows, the header's too. Blank lines are not given, though they have a number."""
    read = _Remembered(text)
    reader = csv.reader(read, delimiter=delimiter, strict=True)
    for number in itertools.count(1):
        read.remembered = []
        values, problem = [], ""
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = f"not CSV ({error})"
        if values or problem:
            yield FileRow(number, values, "".join(read.remembered), problem)


def of_width(rows: Iterator[FileRow], columns: int) -> Iterator[FileRow]:
    """Give the rows, those with another number of columns as a problem."""
    for row in rows:
        if len(row.values) != columns and not row.problem:
            problem = f"it has {len(row.values)} columns, the header has {columns}"
            yield FileRow(row.number, row.values, row.text, problem)
        else:
            yield row


class _Remembered:
    """Lines of a text, and those that the row being read is made of."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text = text
        self.remembered: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.remembered.append(line)
        return line
