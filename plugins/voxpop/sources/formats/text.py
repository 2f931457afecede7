"""Files of text: their encoding."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from voxpop.sources.file_source import FileSource
from voxpop.sources.formats.rows import FileRow, Refused, Unfinished

_CODECS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "latin-1": "latin-1", "windows-1252": "cp1252"}
"""A configured encoding → Python's name for it; a byte-order mark is no part of the text."""

_CHUNK = 1 << 20
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def lines(path: Path, source: FileSource, newline: str) -> Iterator[str]:
    """Read a file's lines; ends of lines stay as they are."""
    with path.open("rb") as binary:
        yield from io.TextIOWrapper(binary, encoding=_CODECS[source.encoding], newline=newline)


def verbatim(path: Path, source: FileSource, columns: Sequence[str], row: FileRow) -> bytes:
    """Give the bytes that a row's text was."""
    if source.encoding == "utf-16":
        with path.open("rb") as binary:
            is_big = binary.read(2) == codecs.BOM_UTF16_BE
        return row.text.encode("utf-16-be" if is_big else "utf-16-le")
    return row.text.encode(_CODECS[source.encoding].removesuffix("-sig"))


def check_encoding(path: Path, source: FileSource) -> None:
    """Decode the file once, to say where it is not what it should be.

    Raises:
        Refused: it is of another encoding.
        Unfinished: it is empty, or ends in the middle of a character.
    """
    codec = _CODECS[source.encoding]
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
    if found is None and source.encoding == "utf-16" and len(start) > 1:
        raise Refused(
            "it begins with no byte-order mark, so that nobody knows which UTF-16 it is. Save the file as "
            "UTF-16 with a mark, or as UTF-8"
        )
    if found is not None and found != source.encoding:
        raise Refused(
            f"by its first bytes it is {found.upper()}, not {source.encoding.upper()}. Save the file as "
            f"{source.encoding.upper()}, or set `encoding`"
        )


def ends_a_line(text: str) -> bool:
    """Whether it ends with an end of line."""
    return text.endswith(("\n", "\r"))
