"""Examining a file before anything of it is landed: its encoding, its columns, whether it is whole."""

from __future__ import annotations

import codecs
from pathlib import Path

from voxpop.sources.file_rows import CODECS, csv_rows, json_object, opened
from voxpop.sources.file_source import FileSource, known_columns, required_columns

_CHUNK = 1 << 20
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Refused(Exception):
    """The file is not as configured; the message says what is wrong with it and what to do."""


class Unfinished(Exception):
    """The file seems to be unfinished: somebody is still writing it; the message says what it looks like."""


def inspect(path: Path, source: FileSource) -> None:
    """Examine a file.

    Raises:
        Refused: another encoding, or columns that are missing or not known.
        Unfinished: it is empty, or cut off in its last line.
    """
    _check_encoding(path, source)
    if source.format == "csv":
        _inspect_csv(path, source)
    else:
        _inspect_ndjson(path, source)


def _check_encoding(path: Path, source: FileSource) -> None:
    """Decode the file once, to say where it is not what it should be."""
    codec = CODECS[source.encoding]
    with path.open("rb") as binary:
        _check_mark(binary.read(4096), source)
        binary.seek(0)
        decoder = codecs.getincrementaldecoder(codec)()
        read, line = 0, 1
        while True:
            chunk = binary.read(_CHUNK)
            read += len(chunk)
            try:
                line += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as error:
                if not chunk:
                    raise Unfinished("it ends in the middle of a character") from None
                line += error.object[: error.start].decode(codec, errors="ignore").count("\n")
                offset = read - len(error.object) + error.start
                wanted = source.encoding.upper()
                raise Refused(
                    f"byte {offset:,} (0x{error.object[error.start]:02X}, in line {line}) is not {wanted}. "
                    f"Save the file as {wanted}, or set `encoding`"
                ) from None
            if not chunk:
                return


def _check_mark(start: bytes, source: FileSource) -> None:
    if not start:
        raise Unfinished("it is empty")
    found = next((encoding for mark, encoding in _MARKS.items() if start.startswith(mark)), None)
    if found is None and b"\0" in start and source.encoding != "utf-16":
        found = "utf-16"
    if found is not None and found != source.encoding:
        raise Refused(
            f"by its first bytes it is {found.upper()}, not {source.encoding.upper()}. Save the file as "
            f"{source.encoding.upper()}, or set `encoding`"
        )


def _inspect_csv(path: Path, source: FileSource) -> None:
    with opened(path, source) as text:
        rows = csv_rows(text, source.delimiter)
        header = next(rows, None)
        if header is None:
            raise Unfinished("it has no line yet")
        if header.problem or not _ends_a_line(header.text):
            raise Unfinished("its header is cut off")
        _check_columns(list(header.values), source)
        row = header
        for row in rows:
            if "field limit" in row.problem:
                raise Refused(f"in row {row.number} a quote is not closed. Correct the file")
    if "unexpected end of data" in row.problem:
        raise Unfinished(f"row {row.number} ends inside quotes: it is cut off, or a quote is not closed")
    if row.problem and not _ends_a_line(row.text):
        raise Unfinished(f"its last row, {row.number}, is cut off")


def _inspect_ndjson(path: Path, source: FileSource) -> None:
    keys: set[str] = set()
    last = ""
    with opened(path, source) as text:
        for line in text:
            if line.strip():
                last = line
                found = json_object(line)
                keys.update(found if isinstance(found, dict) else ())
    if not last:
        raise Unfinished("it has no line yet")
    if not _ends_a_line(last) and isinstance(json_object(last), str):
        raise Unfinished("its last line is cut off")
    if not keys:
        raise Refused("no line of it is a JSON object. Correct the file, or its `format`")
    _check_columns(sorted(keys), source)


def _ends_a_line(text: str) -> bool:
    return text.endswith(("\n", "\r"))


def _check_columns(columns: list[str], source: FileSource) -> None:
    required, known = required_columns(source), known_columns(source)
    found = {
        "missing": [column for column in required if column not in columns],
        "unexpected": [] if known is None else [column for column in columns if column not in known],
        "repeated": [column for column in required if columns.count(column) > 1],
    }
    problems = [
        f"{what} columns: " + ", ".join(f'"{name}"' for name in names)
        for what, names in found.items()
        if names
    ]
    if problems:
        raise Refused("; ".join(problems) + ". Correct the file, or its mapping")
