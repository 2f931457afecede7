"""NDJSON: a JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from voxpop.sources.file_source import FileSource, used_columns
from voxpop.sources.formats.rows import FileRow, Refused, Table, Unfinished, check_columns
from voxpop.sources.formats.text import check_encoding, ends_a_line, lines, verbatim

__all__ = ["inspect", "opened", "verbatim"]

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def opened(path: Path, source: FileSource) -> Table:
    """Open a file that was inspected."""
    columns = columns_of(source)
    return Table(columns, _rows(path, source, columns))


def columns_of(source: FileSource) -> list[str]:
    """Objects have no common order of keys: the columns are those that the mapping reads."""
    return sorted(used_columns(source))


def inspect(path: Path, source: FileSource) -> None:
    """Examine a file.

    Raises:
        Refused: another encoding, no objects, or keys that are missing or not known.
        Unfinished: it is empty, or cut off in its last line.
    """
    check_encoding(path, source)
    keys: set[str] = set()
    last = ""
    for line in lines(path, source, newline="\n"):
        if line.strip():
            last = line
            found = json_object(line)
            keys.update(found if isinstance(found, dict) else ())
    if not last:
        raise Unfinished("it has no line yet")
    if not ends_a_line(last) and isinstance(json_object(last), str):
        raise Unfinished("its last line is cut off")
    if not keys:
        raise Refused("no line of it is a JSON object. Correct the file, or its `format`")
    check_columns(sorted(keys), source)


def _rows(path: Path, source: FileSource, columns: Sequence[str]) -> Iterator[FileRow]:
    """Read an object a line. Blank lines are no rows."""
    for number, line in enumerate(lines(path, source, newline="\n"), start=1):
        if line.strip():
            yield row_of(number, line, columns)


def row_of(number: int, text: str, columns: Sequence[str]) -> FileRow:
    """Make a row of a JSON object, its values in the order of `columns`."""
    found = json_object(text)
    if isinstance(found, str):
        return FileRow(number, (), text, found)
    return FileRow(number, [_cell(found.get(column)) for column in columns], text)


def json_object(text: str) -> dict[str, msgspec.Raw] | str:
    """Read a JSON object, its values left as they are written; else say why it is none."""
    try:
        return _OBJECT.decode(text)
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
