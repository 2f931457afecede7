"""JSON: an array of objects, alone or under the key that `records` names. The file is read as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from voxpop.sources.file_source import FileSource
from voxpop.sources.formats import ndjson
from voxpop.sources.formats.ndjson import verbatim
from voxpop.sources.formats.rows import FileRow, Refused, Table, Unfinished, check_columns
from voxpop.sources.formats.text import check_encoding, lines
from voxpop.sources.verbatim import CutOff, elements

__all__ = ["inspect", "opened", "verbatim"]

_ALONE = "array"


def opened(path: Path, source: FileSource) -> Table:
    """Open a file that was inspected."""
    columns = ndjson.columns_of(source)
    return Table(columns, _rows(path, source, columns))


def inspect(path: Path, source: FileSource) -> None:
    """Examine a file.

    Raises:
        Refused: another encoding; no JSON, or no array where it should be; columns missing or not known.
        Unfinished: it is empty or cut off.
    """
    check_encoding(path, source)
    keys: set[str] = set()
    array = _elements(path, source)
    for each in array:
        found = ndjson.json_object(each)
        keys.update(found if isinstance(found, dict) else ())
    if array and not keys:
        raise Refused("no element of its array is a JSON object. Correct the file, or its `records`")
    if array:
        check_columns(sorted(keys), source)


def _elements(path: Path, source: FileSource) -> list[str]:
    text = "".join(lines(path, source, newline="")).strip()
    if not text:
        raise Unfinished("it is empty")
    is_array = text.startswith("[")
    if is_array == (source.records is not None):
        there_is = "an array" if is_array else "an object"
        raise Refused(f"it holds {there_is}. Correct the file, or name by `records` the key of its array")
    whole = f'{{"{_ALONE}":{text}}}' if is_array else text
    try:
        found = elements(whole.encode(), source.records or _ALONE)
    except CutOff as error:
        if not text.endswith("]" if is_array else "}") or error.position >= len(whole.encode()):
            raise Unfinished("it is cut off") from None
        raise Refused(f"{error}. Correct the file") from None
    except msgspec.ValidationError:
        raise Refused(f'under "{source.records}" is no array. Correct the file, or its `records`') from None
    if not found and not is_array and f'"{source.records}"' not in text:
        raise Refused(f'it has no key "{source.records}". Correct the file, or its `records`')
    return [each.decode() for each in found]


def _rows(path: Path, source: FileSource, columns: list[str]) -> Iterator[FileRow]:
    for number, each in enumerate(_elements(path, source), start=1):
        yield ndjson.row_of(number, each, columns)
