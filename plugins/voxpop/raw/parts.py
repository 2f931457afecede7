"""What a batch's files hold: the columns of its parts and of its quarantine, and rows written as them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate, chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from voxpop.raw.identifiers import Token
from voxpop.raw.records import Record, Rejected

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

_UTC_MICROSECONDS = pa.timestamp("us", tz="UTC")
_IDENTIFIER = pa.struct(
    [
        pa.field("type", pa.string(), nullable=False),
        pa.field("token", pa.string(), nullable=False),
        pa.field("key_version", pa.int32(), nullable=False),
    ]
)
SCHEMA = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("source_updated_at", _UTC_MICROSECONDS),
        pa.field("fetched_at", _UTC_MICROSECONDS, nullable=False),
        pa.field("batch_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("payload", pa.string(), nullable=False),
        pa.field("payload_hash", pa.string(), nullable=False),
        pa.field("identifiers", pa.list_(pa.field("element", _IDENTIFIER, nullable=False)), nullable=False),
    ]
)
"""The columns of a part."""

QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("body", pa.binary(), nullable=False),
        pa.field("fetched_at", _UTC_MICROSECONDS, nullable=False),
    ]
)
"""The columns of a batch's quarantine file."""

_REPEATING = ["source_updated_at", "fetched_at", "batch_id", "kind", "identifiers.list.element.type"]
"""Columns that gain by a dictionary and by statistics."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """A record on its way to a row: `row_hash` is over all that its row holds but times and batch."""

    record: Record
    payload_hash: str
    row_hash: bytes
    tokens: Sequence[Token]


def table(rows: Sequence[Row], *, batch_id: str, fetched_at: datetime) -> pa.Table:
    """Give the rows of one page as a part has them."""
    records = [row.record for row in rows]
    return pa.Table.from_arrays(
        [
            pa.array([record.record_id for record in records], pa.string()),
            pa.array([record.source_updated_at for record in records], _UTC_MICROSECONDS),
            pa.repeat(pa.scalar(fetched_at, _UTC_MICROSECONDS), len(rows)),
            pa.repeat(batch_id, len(rows)),
            pa.array([record.kind for record in records], pa.string()),
            pa.array([record.payload for record in records], pa.binary()).cast(pa.string()),
            pa.array([row.payload_hash for row in rows], pa.string()),
            _identifiers([row.tokens for row in rows]),
        ],
        schema=SCHEMA,
    )


def _identifiers(tokens_of_rows: Sequence[Sequence[Token]]) -> pa.ListArray:
    """Lay the tokens flat, with the offset where each row begins."""
    tokens = list(chain.from_iterable(tokens_of_rows))
    structs = pa.StructArray.from_arrays(
        [
            pa.array([token.type for token in tokens], pa.string()),
            pa.array([token.token for token in tokens], pa.string()),
            pa.array([token.key_version for token in tokens], pa.int32()),
        ],
        fields=list(_IDENTIFIER),
    )
    offsets = pa.array([0, *accumulate(map(len, tokens_of_rows))], pa.int32())
    return pa.ListArray.from_arrays(offsets, structs, type=SCHEMA.field("identifiers").type)


def quarantine_table(rejected: Sequence[Rejected], *, first_position: int, fetched_at: datetime) -> pa.Table:
    """Give one page's rejected records; those without a position are numbered from `first_position` on."""
    return pa.table(
        {
            "position": [
                first_position + number if reject.position is None else reject.position
                for number, reject in enumerate(rejected)
            ],
            "reason": [reject.reason for reject in rejected],
            "body": [reject.body for reject in rejected],
            "fetched_at": [fetched_at] * len(rejected),
        },
        schema=QUARANTINE_SCHEMA,
    )


def first_reasons(quarantine: Path, *, is_file: bool, most: int = 3) -> list[str]:
    """Say why the first records of a quarantine file are there: sentences that hold nothing of the records.

    Args:
        quarantine: the file.
        is_file: whether a file was landed, whose rows have numbers; what a tool sends has none.
        most: how many.
    """
    found = (
        pq.ParquetFile(quarantine).read(columns=["position", "reason"]).sort_by("position")[:most].to_pylist()
    )
    return [f"row {row['position']}: {row['reason']}" if is_file else row["reason"] for row in found]


def row_hash(payload: Hash, record_id: str, kind: str, tokens: Sequence[Token]) -> bytes:
    """Hash what a row holds, to 16 bytes; `payload` is the payload's SHA-256, which goes on with the rest."""
    rest = [record_id, kind, *(token.token for token in tokens)]
    payload.update("\0".join(["", *rest]).encode())
    return payload.digest()[:16]


def reject_hash(reject: Rejected) -> bytes:
    """Hash what a rejected record holds, to 16 bytes."""
    return hashlib.sha256(b"rejected\0" + reject.body).digest()[:16]


def parquet(content: pa.Table) -> memoryview:
    """Give the bytes of the Parquet file that holds a table of `SCHEMA` or `QUARANTINE_SCHEMA`."""
    buffer = pa.BufferOutputStream()
    repeating = _REPEATING if content.schema.equals(SCHEMA) else True
    pq.write_table(content, buffer, compression="zstd", use_dictionary=repeating, write_statistics=repeating)
    return memoryview(buffer.getvalue())
