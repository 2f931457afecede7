"""Parquet, a row group after the other. Only the columns that the mapping reads are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from voxpop.sources.fields import Cell
from voxpop.sources.file_source import FileSource, used_columns
from voxpop.sources.formats.rows import (
    FileRow,
    Refused,
    Table,
    Unfinished,
    check_columns,
    number_text,
    verbatim,
)

__all__ = ["inspect", "opened", "verbatim"]

_MAGIC = b"PAR1"
_SHORTEST = 12
_ROWS = 10_000


def opened(path: Path, source: FileSource) -> Table:
    """Open a file that was inspected."""
    file = pq.ParquetFile(path)
    used = used_columns(source)
    columns = [name for name in file.schema_arrow.names if name in used]
    return Table(columns, _rows(file, columns))


def inspect(path: Path, source: FileSource) -> None:
    """Examine a file.

    Raises:
        Refused: no Parquet, columns that are missing or not known, or of a type that has no text.
        Unfinished: it is empty, or has no footer yet.
    """
    with path.open("rb") as binary:
        begins = binary.read(len(_MAGIC))
        size = binary.seek(0, os.SEEK_END)
        binary.seek(max(0, size - len(_MAGIC)))
        ends = binary.read()
    if not size:
        raise Unfinished("it is empty")
    if not _MAGIC.startswith(begins[:size]):
        raise Refused("by its first bytes it is no Parquet file. Correct the file, or its `format`")
    if size < _SHORTEST or ends != _MAGIC:
        raise Unfinished("it has no footer yet")
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise Refused(f"its footer can't be read ({_first_line(error)}). Correct the file") from None
    check_columns(schema.names, source)
    used = used_columns(source)
    odd = [f'"{field.name}" ({field.type})' for field in schema if field.name in used and not _reads(field)]
    if odd:
        raise Refused(f"columns that hold no text, number or time: {', '.join(odd)}. Correct the file")


def _rows(file: pq.ParquetFile, columns: list[str]) -> Iterator[FileRow]:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=_ROWS, columns=columns, use_threads=False):
            cells = [_cells(batch.column(column)) for column in columns]
            for values in zip(*cells, strict=True):
                number += 1
                yield FileRow(number, values)
    except (pa.ArrowException, OSError) as error:
        raise Refused(
            f"after row {number} it can't be read ({_first_line(error)}). Correct the file"
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(". ")


def _cells(column: pa.Array) -> list[Cell]:
    """A column's values as cells; nothing for null."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    text = _text_of(column.type)
    if text is None:
        return ["" if value is None else value for value in column.to_pylist()]
    return ["" if value is None else text(value) for value in column.to_pylist()]


def _reads(field: pa.Field) -> bool:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    is_other = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_duration(kind)
    return not (is_other or pa.types.is_fixed_size_binary(kind) or pa.types.is_interval(kind))


def _text_of(kind: pa.DataType) -> Callable[[Any], str] | None:
    """How a value of a type becomes a text; None: it is a text, date or time already."""
    if pa.types.is_boolean(kind):
        return lambda value: "true" if value else "false"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return number_text
    if pa.types.is_nested(kind):
        return lambda value: msgspec.json.encode(value).decode()
    return str if pa.types.is_time(kind) else None
