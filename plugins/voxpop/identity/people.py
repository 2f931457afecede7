"""What records of files say of persons, read from raw payloads: personal data that goes nowhere."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from voxpop.raw.manifests import Manifest
from voxpop.raw.records import PERSON_FIELDS

_STAGED = {
    "interactions": ("stg_file_drop__interactions", "started_at"),
    "survey_responses": ("stg_file_drop__survey_responses", "answered_at"),
}
"""Stream of file drops → what staging made of it, and the column with the record's time."""


def people(warehouse: duckdb.DuckDBPyConnection, landed: Sequence[Manifest]) -> pa.Table:
    """Read the persons of the records that count, once staging is built.

    Args:
        warehouse: whose staging says which version of a record counts.
        landed: all visible batches.

    Returns:
        `_record_key`, `seen_at` and the fields of a person as lowered text, null where blank. A record that
        says nothing of a person is not among them.
    """
    files = [
        str(path)
        for batch in landed
        if batch.kind_of_source == "file_drop" and batch.stream in _STAGED
        for path in batch.part_files
    ]
    if not files:
        return pa.table({name: pa.array([], pa.string()) for name in ("_record_key", *PERSON_FIELDS)})
    fields = ", ".join(
        f"nullif(lower(trim(json_extract_string(raw.payload, '$.person.{name}'))), '') as {name}"
        for name in PERSON_FIELDS
    )
    staged = " union all ".join(
        f"select _record_key, record_id, _batch_id, _payload_hash, "  # noqa: S608 - names of our own
        f"coalesce({at}, cast(record_date as timestamp)) as seen_at from staging.{table}"
        for table, at in _STAGED.values()
    )
    found = warehouse.execute(
        f"""
        select distinct staged._record_key, staged.seen_at, {fields}
        from read_parquet(?, union_by_name = true) as raw
        inner join ({staged}) as staged
            on raw.batch_id = staged._batch_id
            and raw.record_id = staged.record_id
            and raw.payload_hash = staged._payload_hash
        where json_exists(raw.payload, '$.person')
        """,  # noqa: S608 - names of our own
        [files],
    )
    return found.to_arrow_table()
