"""Files that somebody puts into a folder: which are ready to land, and their rows as records.

A file is read from a copy, so that what is landed is what was looked at. It is refused whole where its
columns or its encoding are not the configured ones, and left for the next run where it looks unfinished. A
row that can't be mapped goes to quarantine with its bytes and its number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import msgspec

from voxpop.errors import SourceError
from voxpop.raw.records import Record, Rejected
from voxpop.sources.fields import Unmappable
from voxpop.sources.file_source import FileSource, Folder
from voxpop.sources.formats import FORMATS
from voxpop.sources.formats.rows import FileRow, Unfinished
from voxpop.sources.mapping import Mapped, Mapper

ROWS_A_PART = 20_000

_UNFINISHED_ENDINGS = (".tmp", ".part")
_PAYLOAD = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class Look:
    """A file's size and time of change, to see whether it changes between two looks."""

    bytes: int
    changed_ns: int

    @classmethod
    def at(cls, path: Path) -> Look:
        """Take a look.

        Raises:
            Unfinished: it is gone.
        """
        try:
            found = path.stat()
        except FileNotFoundError:
            raise Unfinished("it went away while it was looked at") from None
        return cls(found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class Chunk:
    """Rows of a file.

    Attributes:
        records: those that could be mapped.
        rejected: those that could not.
        repeated: how many said the same as a row before them, and are left out.
        rows: how many rows of the file are done with this chunk.
    """

    records: list[Record]
    rejected: list[Rejected]
    repeated: int
    rows: int


def waiting(source: Folder, folder: Path) -> tuple[list[Path], list[str]]:
    """List the folder's files by name: those to look at, and the names of those marked as unfinished.

    Raises:
        SourceError: there is no such folder, or it may not be read.
    """
    if not folder.is_dir():
        raise SourceError(
            f"{source.name}: there is no folder {folder}. Nothing was landed; make it, or correct `folder`."
        )
    try:
        next(folder.iterdir(), None)  # a glob finds nothing in a folder that may not be read
    except PermissionError:
        raise SourceError(
            f"{source.name}: the folder {folder} may not be read. Nothing was landed; give the account that "
            "lands it the permission."
        ) from None
    patterns = [source.pattern, *(source.pattern + ending for ending in _UNFINISHED_ENDINGS)]
    found = sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
    visible = [path for path in found if not path.name.startswith(".")]
    return (
        [path for path in visible if not path.name.endswith(_UNFINISHED_ENDINGS)],
        [path.name for path in visible if path.name.endswith(_UNFINISHED_ENDINGS)],
    )


def chunks(path: Path, name: str, source: FileSource, done: int) -> Iterator[Chunk]:
    """Read a file that was inspected, in chunks of up to `ROWS_A_PART` rows.

    Args:
        path: the file.
        name: what it is called in its records.
        source: how it is read.
        done: rows that are landed already: they are read again, and not given again.
    """
    return in_chunks(_rows(path, name, source), done)


def in_chunks(rows: Iterator[Record | Rejected | None], done: int) -> Iterator[Chunk]:
    """Put what a file's rows became into chunks; None stands for one that says what a row before it said."""
    chunk = Chunk([], [], 0, done)
    for count, row in enumerate(rows, start=1):
        if count <= done:
            continue
        if isinstance(row, Record):
            chunk.records.append(row)
        elif isinstance(row, Rejected):
            chunk.rejected.append(row)
        chunk = Chunk(chunk.records, chunk.rejected, chunk.repeated + (row is None), count)
        if (count - done) % ROWS_A_PART == 0:
            yield chunk
            chunk = Chunk([], [], 0, count)
    if chunk.records or chunk.rejected or chunk.repeated:
        yield chunk


def _rows(path: Path, name: str, source: FileSource) -> Iterator[Record | Rejected | None]:
    """Give what each row becomes; None where it says the same as one before it and is no other record."""
    form = FORMATS[source.format]
    table = form.opened(path, source)
    mapper = Mapper(source, table.columns)
    file = msgspec.json.encode(name)
    seen: Counter[bytes] = Counter()
    for row in table.rows:
        try:
            mapped = _mapped(mapper, row)
        except Unmappable as problem:
            reason = f"row {row.number}: {problem}."
            yield Rejected(form.verbatim(path, source, table.columns, row), reason, position=row.number)
            continue
        fields = _PAYLOAD.encode(mapped.fields)
        said = blake2b(fields + repr(mapped.identifiers).encode(), digest_size=16).digest()
        seen[said] += 1
        record_id = mapped.record_id
        if seen[said] > 1:
            if not source.is_publication:
                yield None
                continue
            record_id = f"{record_id}-{seen[said]}"
        payload = b'%s,"row":%d,"file":%s}' % (fields[:-1], row.number, file)
        yield Record(record_id, mapped.updated_at, payload, mapped.identifiers, source.maps_to, mapped.day)


def _mapped(mapper: Mapper, row: FileRow) -> Mapped:
    if row.problem:
        raise Unmappable(row.problem)
    return mapper.map(row.values)
