"""Where daily tables lie, a folder or a bucket's prefix: which there are, and their bytes."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from pyarrow import fs

from voxpop.errors import ConfigError, SourceError, SourceUnavailable
from voxpop.raw import files
from voxpop.raw.manifests import Original
from voxpop.sources.connections import Connection

S3 = "s3://"
TABLE = re.compile(r"(events_\d{8})(?:[/_.-][^/]*)?\.(?:parquet|(?:ndjson|jsonl|json)(?:\.gz)?)")
"""A file of a daily table, below the prefix: `events_20260701.parquet`, or one of its shards in a folder of
that name or with a number behind it. Others, `events_intraday_…` among them, are passed over."""

_CONNECT_SECONDS = 10.0
_REQUEST_SECONDS = 60.0
_TRIES = 5
_CHUNK = 1 << 20
_AWS_ERROR = re.compile(r"AWS Error ([A-Z_]+)")
_FOR_GOOD = {"ACCESS_DENIED", "NO_SUCH_BUCKET", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH"}


@dataclass(frozen=True)
class TableFile:
    """A file as it was listed.

    Attributes:
        name: its path below the prefix.
        bytes: its size.
        changed_at: when the store says that it last changed, UTC.
    """

    name: str
    bytes: int
    changed_at: datetime


@dataclass(frozen=True)
class DailyTable:
    """The files of one day: one, or several shards, by name."""

    name: str
    files: tuple[TableFile, ...]

    def is_as_read(self, originals: Sequence[Original], reading_sha256: str) -> bool:
        """Whether its files are still those that were read, by what the store says of them, and read so."""
        read = [(original.bytes, original.changed_at, original.mapping_sha256) for original in originals]
        return read == [(file.bytes, file.changed_at, reading_sha256) for file in self.files]


class Store:
    """A folder or prefix that holds daily tables, for one source.

    Args:
        source: the source's name, for messages.
        where: how messages call the place.
        filesystem: pyarrow's.
        prefix: the folder there.
    """

    def __init__(self, source: str, where: str, filesystem: fs.FileSystem, prefix: str) -> None:
        self._source = source
        self._where = where
        self._filesystem = filesystem
        self._prefix = prefix.rstrip("/")

    def tables(self) -> dict[str, DailyTable]:
        """List the tables that there are, by name.

        Raises:
            SourceError: there is no such place, or it may not be read.
            SourceUnavailable: the store gave no good answer in time.
        """
        with self._asked():
            found = self._filesystem.get_file_info(fs.FileSelector(self._prefix, recursive=True))
        tables: dict[str, list[TableFile]] = {}
        for info in found:
            name = info.path.removeprefix(f"{self._prefix}/")
            match = TABLE.fullmatch(name)
            if match and info.is_file:
                tables.setdefault(match[1], []).append(_listed(name, info))
        return {
            name: DailyTable(name, tuple(sorted(parts, key=lambda part: part.name)))
            for name, parts in sorted(tables.items())
        }

    def is_as_listed(self, table: DailyTable) -> bool:
        """Look again whether a table's files are what they were.

        Raises:
            SourceUnavailable: the store gave no good answer in time.
        """
        with self._asked():
            found = self._filesystem.get_file_info([f"{self._prefix}/{file.name}" for file in table.files])
        now = [
            _listed(file.name, info) if info.is_file else None
            for file, info in zip(table.files, found, strict=True)
        ]
        return now == list(table.files)

    def copy(self, file: TableFile, target: Path) -> str:
        """Copy a file's bytes to disk, and give the SHA-256 of what was copied, in hex.

        Raises:
            SourceError: it may not be read, or is gone.
            SourceUnavailable: the store gave no good answer in time.
        """
        digest = hashlib.sha256()
        with (
            self._asked(),
            self._filesystem.open_input_stream(f"{self._prefix}/{file.name}", compression=None) as original,
            os.fdopen(files.create(target), "wb") as copy,
        ):
            while chunk := original.read(_CHUNK):
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        return digest.hexdigest()

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Say what went wrong in words of ours: the store's own may quote a signed request."""
        try:
            yield
        except FileNotFoundError:
            raise SourceError(
                f"{self._source}: {self._where} isn't there. Make it, or correct `tables`."
            ) from None
        except OSError as error:
            told = _AWS_ERROR.search(str(error))
            what = told[1] if told else type(error).__name__
            if what in _FOR_GOOD or isinstance(error, PermissionError):
                raise SourceError(
                    f"{self._source}: {self._where} can't be read ({what}). Correct the connection, or "
                    "what it may read."
                ) from None
            raise SourceUnavailable(
                f"{self._source}: {self._where} gave no good answer ({what}) in {_TRIES} tries."
            ) from None


def _listed(name: str, info: fs.FileInfo) -> TableFile:
    return TableFile(name, info.size, datetime.fromtimestamp(info.mtime_ns // 1000 / 1e6, UTC))


def open_store(
    source: str, tables: str, region: str | None, connection: Connection | None, home: Path
) -> Store:
    """Open the place that `sources.yml` names.

    Args:
        source: the source's name.
        tables: a folder, relative to `home`, or `s3://bucket/prefix`.
        region: of the bucket.
        connection: of a bucket: `base_url` is the store's address, `client_id` and `client_secret` are the
            access key and its secret.
        home: where relative folders begin.

    Raises:
        ConfigError: the connection lacks what the store asks for.
    """
    if not tables.startswith(S3):
        folder = home / tables
        return Store(source, f"the folder {folder}", fs.LocalFileSystem(), str(folder))
    if connection is None or connection.client_id is None or connection.client_secret is None:
        raise ConfigError(
            f"{source}: its connection has no access key. Set client_id and client_secret (in Airflow login "
            "and password)."
        )
    address = urlsplit(connection.base_url)
    filesystem = fs.S3FileSystem(
        access_key=connection.client_id.get_secret_value(),
        secret_key=connection.client_secret.get_secret_value(),
        endpoint_override=address.netloc,
        scheme=address.scheme,
        region=region,
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_TRIES),
    )
    return Store(source, f"{tables} at {address.netloc}", filesystem, tables.removeprefix(S3))
