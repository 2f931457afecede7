"""The copied files of a daily table: whether they are whole, and their events, in chunks."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from voxpop.raw.records import Record, Rejected
from voxpop.sources.formats.rows import Unfinished
from voxpop.sources.ga4.parse import Events, as_exported
from voxpop.sources.verbatim import NotARecord

EVENTS_A_PART = 20_000
_ROWS_AT_ONCE = 2_000
_CHUNK = 1 << 20


@dataclass
class Chunk:
    """Events of tables, up to about `EVENTS_A_PART` of them.

    Attributes:
        records: those that can be used.
        rejected: those that can't.
    """

    records: list[Record] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, other: Chunk) -> None:
        """Take in the events of another."""
        self.records += other.records
        self.rejected += other.rejected

    def __len__(self) -> int:
        return len(self.records) + len(self.rejected)


def inspect(paths: Sequence[Path]) -> None:
    """Read a table's files through, to see whether they are whole.

    Raises:
        Unfinished: one is cut off, or none holds an event: a day without any makes no table.
    """
    filled = [path for path in paths if _holds_rows(path)]
    if not filled:
        raise Unfinished("it holds no event yet")


def _holds_rows(path: Path) -> bool:
    if path.suffix == ".parquet":
        try:
            with pq.ParquetFile(path) as table:
                batches = table.iter_batches(batch_size=_ROWS_AT_ONCE)
                rows: int = sum(batch.num_rows for batch in batches)
                return rows > 0
        except (pa.ArrowException, OSError):
            raise Unfinished("it is no whole Parquet file") from None
    size, last_line = 0, b""
    try:
        with _opened(path) as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                last_line = (last_line + chunk).rpartition(b"\n")[2]
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise Unfinished("it is cut off, or no gzip file") from None
    if last_line and not _is_json(last_line):
        raise Unfinished("its last line is cut off")
    return size > 0


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def chunks(paths: Sequence[Path], events: Events) -> Iterator[Chunk]:
    """Read a table's files, which were inspected, in chunks."""
    chunk = Chunk()
    for path in paths:
        for payload in _payloads(path):
            try:
                chunk.records.append(events.record(payload))
            except (NotARecord, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                chunk.rejected.append(Rejected(payload, f"{path.name}: {error}"))
            if len(chunk) == EVENTS_A_PART:
                yield chunk
                chunk = Chunk()
    if len(chunk):
        yield chunk


def _payloads(path: Path) -> Iterator[bytes]:
    """Give each event's JSON: a line as it came, or a Parquet row as the export would write it."""
    if path.suffix == ".parquet":
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(batch_size=_ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    yield msgspec.json.encode(as_exported(row))
        return
    rest = b""
    with _opened(path) as file:
        while chunk := file.read(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if payload := line.strip():
                    yield payload
    if payload := rest.strip():
        yield payload
