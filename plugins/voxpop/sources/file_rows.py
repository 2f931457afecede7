"""The rows of a file as texts, each with its number and the bytes it came in."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from voxpop.sources.file_source import FileSource

CODECS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "latin-1": "latin-1", "windows-1252": "cp1252"}
"""A configured encoding → Python's name for it; a byte-order mark is no part of the text."""

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class FileRow(msgspec.Struct, frozen=True):
    """A row as it stands in a file.

    Attributes:
        number: in CSV as a spreadsheet shows it, from 1 on; in NDJSON the line's.
        values: its texts, in the order of the columns; none if there is a problem.
        text: what it is in the file, its end of line too.
        problem: why it has no values, without a value in it.
    """

    number: int
    values: Sequence[str]
    text: str
    problem: str = ""


@contextmanager
def opened(path: Path, source: FileSource) -> Iterator[IO[str]]:
    """Open a file as text; ends of lines stay as they are."""
    with path.open("rb") as binary:
        newline = "" if source.format == "csv" else "\n"
        yield io.TextIOWrapper(binary, encoding=CODECS[source.encoding], newline=newline)


def verbatim_codec(path: Path, source: FileSource) -> str:
    """Say how a piece of the file's text becomes the bytes that it was."""
    if source.encoding == "utf-16":
        with path.open("rb") as binary:
            return "utf-16-be" if binary.read(2) == b"\xfe\xff" else "utf-16-le"
    return CODECS[source.encoding].removesuffix("-sig")


def csv_rows(text: IO[str], delimiter: str) -> Iterator[FileRow]:
    """Read CSV as RFC 4180 has it, the header first. Blank lines are not given, though they have a number."""
    lines = _Remembered(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    columns = 0
    for number in itertools.count(1):
        lines.remembered = []
        values, problem = [], ""
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = f"not CSV ({error})"
        if not values and not problem:
            continue
        if not columns:
            values = [name.strip() for name in values]
            columns = len(values)
        elif len(values) != columns and not problem:
            problem = f"it has {len(values)} columns, the header has {columns}"
        yield FileRow(number, values, "".join(lines.remembered), problem)


class _Remembered:
    """Lines of a text, and those that the row being read is made of."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self.remembered: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.remembered.append(line)
        return line


def ndjson_rows(text: IO[str], columns: Sequence[str]) -> Iterator[FileRow]:
    """Read an object a line, its values in the order of `columns`. Blank lines are no rows."""
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        found = json_object(line)
        if isinstance(found, str):
            yield FileRow(number, (), line, found)
        else:
            yield FileRow(number, [_cell(found.get(column)) for column in columns], line)


def json_object(line: str) -> dict[str, msgspec.Raw] | str:
    """Read a JSON object, its values left as they are written; else say why it is none."""
    try:
        return _OBJECT.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        return f"not a JSON object ({error})"


def _cell(value: msgspec.Raw | None) -> str:
    """A JSON value as a cell: a text without its quotes, nothing for null, all else as it is written."""
    if value is None:
        return ""
    raw = bytes(value)
    if raw[:1] == b'"':
        return msgspec.json.decode(raw, type=str)
    return "" if raw == b"null" else raw.decode()
