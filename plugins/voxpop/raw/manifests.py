"""Manifests: what a batch holds, and which batches there are."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from voxpop.config import Settings
from voxpop.errors import VoxpopError
from voxpop.raw.records import Window

SCHEMA_VERSION = 1
NAME = "manifest.json"


class Part(msgspec.Struct, frozen=True):
    """One Parquet file of a batch; `sha256` is of the file."""

    name: str
    records: int
    bytes: int
    sha256: str


class Original(msgspec.Struct, frozen=True):
    """A file that a batch was made from, kept beside it.

    Attributes:
        name: its name; of a table's file the path below the tables' folder.
        bytes: its size.
        sha256: of its bytes.
        mapping_sha256: of how it was read.
        changed_at: when its store said that it last changed; only a table's file has this.
    """

    name: str
    bytes: int
    sha256: str
    mapping_sha256: str
    changed_at: datetime | None = None

    @property
    def content(self) -> tuple[str, str]:
        """What a file is known by: its bytes and how they are read, whatever its name."""
        return self.sha256, self.mapping_sha256


class Day(msgspec.Struct):
    """Counts of one of the source's own days."""

    records: int = 0
    quarantined: int = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a visible batch holds. It is written last: a batch without one does not exist.

    Attributes:
        batch_id: unique among all batches.
        source: its name in `sources.yml`.
        kind_of_source: which connector it is.
        stream: which of the source's streams.
        window: what was asked for; None for a file.
        started_at: when its landing began, UTC.
        finished_at: when it ended, UTC.
        dt: the UTC date of the window's last instant; for a file the date it landed.
        parts: in order of arrival.
        records: rows in the parts.
        quarantined: rows in its quarantine file; there is none if 0.
        duplicates: records that came again, the same, inside the batch, and were kept once.
        received: records + quarantined + duplicates.
        sha256: over what the rows hold, whatever their order.
        key_version: the identifier key that its tokens are made with.
        blocked: type of identifier → how many in the parts were placeholders, and gave no token. Batches from
            before it was counted have none.
        original: the file that it was made from, if it was.
        tables: daily table → the files that it was made from: the batch holds all of it.
        days: counts by the source's own day; what has no day counts for `dt`.
        folder: where the batch is. Not in the file.
        already_landed: this landing brought nothing new, and this is the batch that had it. Not in the file.
    """

    schema_version: int = SCHEMA_VERSION
    batch_id: str
    source: str
    kind_of_source: str
    stream: str
    window: Window | None
    started_at: datetime
    finished_at: datetime
    dt: str
    parts: tuple[Part, ...]
    records: int
    quarantined: int
    duplicates: int
    received: int
    sha256: str
    key_version: int
    blocked: dict[str, int] = {}
    original: Original | None
    tables: dict[str, tuple[Original, ...]] = {}
    days: dict[str, Day]
    folder: Path = Path()
    already_landed: bool = False

    @property
    def part_files(self) -> tuple[Path, ...]:
        """The parts' paths, in order."""
        return tuple(self.folder / part.name for part in self.parts)

    def to_json(self) -> bytes:
        """Give the file's bytes."""
        fields: dict[str, Any] = msgspec.to_builtins(self, enc_hook=str)
        del fields["folder"], fields["already_landed"]
        return msgspec.json.format(msgspec.json.encode(fields), indent=1) + b"\n"


def quarantine_file(settings: Settings, source: str, stream: str, batch_id: str) -> Path:
    """Say where a batch's rejected bytes are, if it has any."""
    return settings.raw / "_quarantine" / source / stream / f"{batch_id}.parquet"


def visible(settings: Settings, source: str = "*", stream: str = "*", of: str = "*") -> list[Manifest]:
    """Give the manifests of all batches, or of one source's or stream's, by batch id.

    Args:
        settings: where raw is.
        source: its name.
        stream: its name.
        of: what a batch's id says it is of: a window's key, or the beginning of a file's hash.

    Raises:
        VoxpopError: a manifest can't be read; names the file.
    """
    found = [read(path) for path in settings.raw.glob(f"{source}/{stream}/dt=*/*.{of}.*/{NAME}")]
    return sorted(found, key=lambda manifest: manifest.batch_id)


def read(path: Path) -> Manifest:
    """Read one manifest.

    Raises:
        VoxpopError: it can't be read.
    """
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest, dec_hook=_no_path)
    except msgspec.DecodeError as error:
        raise VoxpopError(
            f"{path}: not a manifest ({error}). What is visible is never edited; restore the file."
        ) from error
    return msgspec.structs.replace(manifest, folder=path.parent)


def _no_path(type_: type, value: object) -> object:
    raise NotImplementedError(f"{type_} is not in a manifest's file")
