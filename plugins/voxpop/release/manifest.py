"""A release's manifest: what it holds, what it was made from, and a content hash that needs no order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal, TypedDict, cast

import duckdb

from voxpop.errors import VoxpopError

SCHEMA_VERSION = 1
NAME = "manifest.json"
PAGE = "reports/index.html"
"""What people read, below a release's folder."""

DATABASE = "voxpop.duckdb"
"""A release's database. A DuckDB file's name becomes its catalog's: `marts.duckdb` would make
`select * from marts.cx_index` ambiguous between that catalog and the schema `marts`."""

RUN_TABLES = frozenset({"release_info", "timeliness", "identity_merges"})
"""They tell of runs and not of what was measured, so they have no content hash."""

Audience = Literal["internal", "public"]


class Batch(TypedDict):
    """A batch of raw that the release rests on; `sha256` is None where raw no longer has its manifest."""

    source: str
    stream: str
    batch_id: str
    records: int
    sha256: str | None


class Excluded(TypedDict):
    """A batch that a person has taken out, and what they said about it."""

    source: str
    stream: str
    batch_id: str
    reason: str
    at: str


class Accepted(TypedDict):
    """That a person accepted what another method changes in the superseded release, why and when."""

    reason: str
    at: str


class Late(TypedDict):
    """A source whose data end earlier than the others'.

    Days are ISO dates, the last that data are there for; `newest` is None if nothing landed.
    """

    source: str
    newest: str | None
    expected: str | None


class Table(TypedDict):
    """A table of the schema `marts`; `sha256` is None for the tables in `RUN_TABLES`."""

    rows: int
    sha256: str | None
    audience: Audience


class File(TypedDict):
    """A file of the release, by its path in it."""

    bytes: int
    sha256: str


Cause = Literal["method", "excluded", "included", "records", "indirect"]
"""Why a figure of a closed period changed: other models, seeds or policies; a person took a batch out or in;
batches with records of its days came or went; or none did, and it changed with something else."""


class Restatement(TypedDict):
    """A published figure that has changed although its period was closed in the superseded release.

    `key` holds what tells its row from others of the period, by column. A value is None where it was or is
    withheld, or is not published. `batches` hold records of its days and are in one of the two releases only:
    any of them, or all together, may be behind it.
    """

    table: str
    period_label: str
    key: dict[str, str]
    column: str
    before: float | None
    after: float | None
    cause: Cause
    batches: list[str]


class AuditSummary(TypedDict):
    """What the gate said; the whole of it is in `audit/results.json`."""

    passed: bool
    expectations: int
    failed: int
    warnings: int
    page: str


class Manifest(TypedDict):
    """`manifest.json`.

    Times are ISO 8601 in UTC; `supersedes` is the release that was current when this one was made.
    `complete_to` is the last local day, as an ISO date, that lies within all tools' windows; where no tool is
    asked by windows, the last that a fact has; None where there is no fact either.
    """

    schema_version: int
    release_id: str
    created_at: str
    code_version: str
    fingerprint: str
    content_sha256: str
    supersedes: str | None
    complete_to: str | None
    batches: list[Batch]
    excluded: list[Excluded]
    accepted: Accepted | None
    late_sources: list[Late]
    policy: dict[str, float]
    tables: dict[str, Table]
    audit: AuditSummary | None
    restatements: list[Restatement]
    files: dict[str, File]


def read(folder: Path) -> Manifest:
    """Read a release's or candidate's manifest.

    Args:
        folder: of the release.

    Raises:
        VoxpopError: it is gone or damaged.
    """
    try:
        return cast(Manifest, json.loads((folder / NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no JSON"
        raise VoxpopError(
            f"{folder / NAME}: can't be read ({why}). What is published is never edited: restore it, or go "
            "back to a release that is whole: `voxpop releases rollback ID --reason …`."
        ) from error


def complete_to(manifest: Manifest) -> date | None:
    """Up to which local day a release's data are complete; None for one made before manifests said so."""
    day = manifest.get("complete_to")
    return date.fromisoformat(day) if day else None


def write(folder: Path, manifest: Manifest) -> None:
    """Write a candidate's manifest, whole or not at all."""
    temporary = folder / f".{NAME}.tmp"
    temporary.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(folder / NAME)


def table_hash(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> str:
    """Hash what a table holds, whatever the order of its rows.

    With m = md5_number of a row's values as a JSON array, the hash is over the columns' names, count(*), the
    sum of m's low 64 bits and the sum of its high 64 bits. The sums are of HUGEINT: of UHUGEINT DuckDB makes
    a DOUBLE, and xor would cancel duplicates. Names within each row would be most of what is hashed.

    Args:
        connection: where the table is.
        table: its name, as SQL needs it.
        columns: the table's columns in order; those that begin with `_` are left out.

    Returns:
        64 hex digits.
    """
    names = ", ".join(f'"{column}"' for column in columns if not column.startswith("_"))
    count, low, high = connection.execute(
        f"""
        with hashed as (select md5_number(json_array({names})::varchar) as m from {table})
        select
            count(*),
            coalesce(sum((m & 18446744073709551615::uhugeint)::hugeint), 0),
            coalesce(sum((m >> 64)::hugeint), 0)
        from hashed
        """  # noqa: S608 - names come from the database's own catalog
    ).fetchall()[0]
    return hashlib.sha256(f"{names}:{count}:{low}:{high}".encode()).hexdigest()


def content_hash(tables: Mapping[str, Table]) -> str:
    """Hash a release's content: its tables' names, rows and hashes, without those that tell of runs.

    Returns:
        64 hex digits; the release id carries the first eight.
    """
    lines = sorted(
        f"{name}:{table['rows']}:{table['sha256']}"
        for name, table in tables.items()
        if name not in RUN_TABLES
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def file_hash(path: Path) -> File:
    """Measure and hash a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}
