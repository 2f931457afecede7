"""What the gate needs to know of raw and of the warehouse, written into the candidate to let it stand alone.

Counts, names of batches and of questions only: nothing that a person said, and no identifier.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from voxpop.config import Settings
from voxpop.errors import VoxpopError
from voxpop.raw.manifests import Manifest as RawManifest
from voxpop.raw.manifests import quarantine_file
from voxpop.release.lateness import FILE_GRACE_DAYS, known_to, tools_end
from voxpop.release.tables import quoted

RAW_BATCHES = "raw_batches.parquet"
"""One row per batch: what its manifest says and, unless the current release rests on it, what it holds."""
RECONCILIATION = "reconciliation.parquet"
"""One row per source, stream and day: records landed, and what became of them."""
ANSWERS = "answers.parquet"
"""One row per source, question and status of answers."""
WEB_TABLES = "web_tables.parquet"
"""One row per source and daily table of a website: events landed, staged and of nobody; and one per source
alone: events of visitors, and those in sessions."""
UNKNOWN = "unknown.parquet"
"""One row per survey, question or name (of a service, organization, queue, segment, channel, location code)
that landed and that no seed describes."""

_WEB_EVENTS = "stg_ga4__events"
"""The one table of staging with several rows a record, which is a daily table."""
_IS_ALIAS = "source_value = name and channel_aliases.source_system = named.source_system"
_NAMED = {
    "source_service": ("service", "services", "service_id = name"),
    "source_organization": ("organization", "organizations", "organization_id = name"),
    "queue_id": ("queue", "contact_queues", "queue_id = name"),
    "segment": ("segment", "segments", "segment = name"),
    "source_channel": ("channel", "channel_aliases", _IS_ALIAS),
    "media_type": ("channel", "channel_aliases", _IS_ALIAS),
    "location_code": ("location code", "channel_aliases", _IS_ALIAS),
}
"""Column of staging → kind of what it names, the seed that describes it, and how it is found there."""


def write(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    folder: Path,
    built: Sequence[RawManifest],
    new: Collection[str],
) -> None:
    """Write the four tables.

    Args:
        connection: with the warehouse attached as `warehouse` and the candidate as `candidate`.
        settings: where raw is.
        folder: where to write; it is there.
        built: manifests of the batches that the candidate rests on, excluded ones not among them.
        new: ids of those that the current release does not rest on.

    Raises:
        VoxpopError: a part of a visible batch is gone or damaged; names it.
    """
    try:
        _name(connection, built)
        _write_raw_batches(connection, settings, folder / RAW_BATCHES, built, new)
        _land(connection, built)
    except (OSError, duckdb.Error, pa.ArrowException) as error:
        raise VoxpopError(
            f"raw: a batch's parts can't be read ({str(error).splitlines()[0]}). "
            "What is visible is never edited: restore the file, or exclude the batch: "
            "`voxpop batches exclude ID --reason …`."
        ) from error
    _write_reconciliation(connection, folder / RECONCILIATION, built)
    _write_web_tables(connection, folder / WEB_TABLES, built)
    _write_answers(connection, folder)


def _name(connection: duckdb.DuckDBPyConnection, built: Sequence[RawManifest]) -> None:
    """Make the table `files`: the name of the file that a batch was made from, where it was."""
    named = {batch.batch_id: batch.original.name for batch in built if batch.original}
    columns = {"batch_id": pa.array(named, pa.string()), "file": pa.array(named.values(), pa.string())}
    connection.register("named", pa.table(columns))
    connection.execute("create or replace temp table files as select * from named")
    connection.unregister("named")


def _write_raw_batches(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    file: Path,
    batches: Sequence[RawManifest],
    new: Collection[str],
) -> None:
    end = tools_end(batches)
    rows = [
        {
            "source": batch.source,
            "stream": batch.stream,
            "batch_id": batch.batch_id,
            "file": batch.original.name if batch.original else None,
            "dt": batch.dt,
            "known_to": known_to(batch, end),
            "tools_end": end if batch.window is None else None,
            "window_days": (batch.window.end - batch.window.start) / timedelta(days=1)
            if batch.window
            else None,
            "received": batch.received,
            "records": batch.records,
            "quarantined": batch.quarantined,
            "duplicates": batch.duplicates,
            "is_new": batch.batch_id in new,
            "part_columns": _columns(batch.part_files) if batch.batch_id in new else None,
            "quarantine": str(_quarantine(settings, batch).relative_to(settings.home)),
            "quarantine_rows": _rows(_quarantine(settings, batch)),
        }
        for batch in batches
    ]
    texts, counts = (
        ("source", "stream", "batch_id", "file", "dt", "quarantine", "part_columns"),
        ("received", "records", "quarantined", "duplicates", "quarantine_rows"),
    )
    schema = pa.schema(
        [(name, pa.string()) for name in texts]
        + [(name, pa.int64()) for name in counts]
        + [(name, pa.date32()) for name in ("known_to", "tools_end")]
        + [("window_days", pa.float64()), ("is_new", pa.bool_())]
    )
    parts = [
        (str(part), batch.batch_id) for batch in batches if batch.batch_id in new for part in batch.part_files
    ]
    connection.register("said", pa.Table.from_pylist(rows, schema=schema))
    connection.register(
        "parts", pa.table({"filename": [p for p, _ in parts], "of_batch": [b for _, b in parts]})
    )
    held = f"""
        select
            of_batch as batch_id,
            count(*) as part_rows,
            count(distinct (record_id, payload_hash)) as distinct_records,
            count(*) filter (coalesce(record_id, '') = '') as without_id,
            count(*) filter (batch_id is distinct from of_batch) as of_another_batch
        from read_parquet({_list([Path(part) for part, _ in parts])}, filename = true)
        inner join parts using (filename)
        group by of_batch
    """  # noqa: S608 - paths of our own
    none = """
        select null as batch_id, 0 as part_rows, 0 as distinct_records, 0 as without_id, 0 as of_another_batch
        limit 0
    """
    # A day more, since a source's own day may be ahead of the one in UTC.
    dated = f"""
        select
            batch_id,
            count(*) filter (record_date > known_to + 1) as after_known,
            count(*) filter (record_date > tools_end + {FILE_GRACE_DAYS}) as ahead_of_tools
        from ({_staged(connection)}) inner join said using (batch_id)
        group by batch_id
    """  # noqa: S608 - names come from the database's own catalog
    connection.execute(
        f"""
        copy (
            select
                said.*,
                coalesce(held.part_rows, 0) as part_rows,
                coalesce(held.distinct_records, 0) as distinct_records,
                coalesce(held.without_id, 0) as without_id,
                coalesce(held.of_another_batch, 0) as of_another_batch,
                coalesce(dated.after_known, 0) as after_known,
                coalesce(dated.ahead_of_tools, 0) as ahead_of_tools
            from said
            left join ({held if parts else none}) as held using (batch_id)
            left join ({dated}) as dated using (batch_id)
            order by batch_id
        ) to {quoted(str(file))} (format parquet)
        """  # noqa: S608 - paths of our own
    )
    connection.unregister("said")
    connection.unregister("parts")


def _quarantine(settings: Settings, batch: RawManifest) -> Path:
    return quarantine_file(settings, batch.source, batch.stream, batch.batch_id)


def _columns(parts: Sequence[Path]) -> str:
    """The columns of a batch's parts as `name type, …`; a bar between them where parts differ."""
    return " | ".join(sorted({_shape(pq.read_schema(part)) for part in parts}))


def _shape(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)


def _rows(file: Path) -> int:
    return pq.read_metadata(file).num_rows if file.exists() else 0


def _list(files: Sequence[Path]) -> str:
    return "[" + ", ".join(quoted(str(file)) for file in files) + "]"


def _land(connection: duckdb.DuckDBPyConnection, built: Sequence[RawManifest]) -> None:
    """Make the temporary table `landed`: one row per record of raw, by the key that staging gives it."""
    connection.execute(
        "create or replace temp table landed "
        "(source varchar, stream varchar, record_key varchar, dt date, batch_id varchar)"
    )
    streams: dict[tuple[str, str], list[Path]] = {}
    for batch in built:
        if not batch.tables:  # of a website's tables the manifests tell, and `_write_web_tables`
            streams.setdefault((batch.source, batch.stream), []).extend(batch.part_files)
    connection.register(
        "batch_days", pa.table({"batch_id": [b.batch_id for b in built], "dt": [b.dt for b in built]})
    )
    for (source, stream), parts in sorted(streams.items()):
        if parts:
            connection.execute(
                f"""
                insert into landed
                select ?, ?, concat_ws('/', ?, ?, record_id), max(batch_days.dt::date), max(batch_id)
                from read_parquet({_list(parts)}) inner join batch_days using (batch_id)
                group by record_id
                """,  # noqa: S608 - paths of our own
                [source, stream, source, stream],
            )
    connection.unregister("batch_days")


def _write_reconciliation(
    connection: duckdb.DuckDBPyConnection, file: Path, built: Sequence[RawManifest]
) -> None:
    quarantined: dict[tuple[str, str, str], int] = {}
    for batch in built:
        for day, counts in batch.days.items():
            key = batch.source, batch.stream, day
            quarantined[key] = quarantined.get(key, 0) + counts.quarantined
    rows = [
        {"source": source, "stream": stream, "day": day, "quarantined": count}
        for (source, stream, day), count in sorted(quarantined.items())
        if count
    ]
    schema = pa.schema(
        [(name, pa.string()) for name in ("source", "stream", "day")] + [("quarantined", pa.int64())]
    )
    connection.register("rejected", pa.Table.from_pylist(rows, schema=schema))
    connection.execute(
        f"""
        copy (
            with staged as ({_staged(connection, but=_WEB_EVENTS)}),
            unknown as (
                select _record_key from warehouse.intermediate.int_survey_responses where survey_id is null
                union all
                select _record_key from warehouse.intermediate.int_survey_offers where survey_id is null
            ),
            facts as (
                select source_system, source_record_id, coalesce(not_counted_reason, 'counted') as outcome
                from candidate.marts.fct_survey_responses
                union all
                select source_system, source_record_id, 'counted' from candidate.marts.fct_interactions
                where source_record_id not in (select session_id from candidate.marts.fct_web_sessions)
                union all
                select source_system, source_record_id, 'counted'
                from warehouse.intermediate.int_survey_offers
                where survey_id is not null
                union all
                select distinct source_system, record_id, 'counted'
                from warehouse.intermediate.int_published_figures
                union all
                select said.source_system, said.record_id, if(newest.record_id is null, 'restated', 'counted')
                from warehouse.staging.stg_file_drop__priority_goal_values as said
                left join warehouse.intermediate.int_priority_goals__values as newest
                    on said.source_system = newest.source and said.record_id = newest.record_id
                union all
                select source_system, record_id, coalesce(not_counted_reason, 'counted')
                from warehouse.intermediate.int_web_aggregates
                union all
                select source_system, file, 'counted' from warehouse.intermediate.int_web_report_statements
                group by all
            ),
            ends as (
                select
                    coalesce(landed.source, staged.source_system, facts.source_system) as source,
                    coalesce(landed.stream, split_part(staged.record_key, '/', 2), 'none') as stream,
                    coalesce(staged.record_date, landed.dt) as day,
                    landed.batch_id,
                    landed.record_key as landed_key,
                    coalesce(
                        facts.outcome, if(unknown._record_key is null, 'unaccounted', 'unknown_survey')
                    ) as outcome
                from landed
                full join staged using (record_key)
                full join facts
                    on staged.source_system = facts.source_system
                    and staged.record_id = facts.source_record_id
                left join unknown on staged.record_key = unknown._record_key
            ),
            days as (
                select
                    source, stream, day,
                    count(distinct landed_key) as landed,
                    count(*) filter (outcome = 'counted') as counted,
                    count(*) filter (outcome = 'unknown_survey') as unknown_survey,
                    count(*) filter (outcome = 'unaccounted') as unaccounted,
                    count(*) - counted - unknown_survey - unaccounted as not_counted,
                    count(*) filter (landed_key is null) as surplus,
                    min(batch_id) filter (outcome = 'unaccounted') as batch_id
                from ends
                group by all
            )
            select
                coalesce(days.source, rejected.source) as source,
                coalesce(days.stream, rejected.stream) as stream,
                coalesce(days.day, rejected.day::date) as day,
                coalesce(rejected.quarantined, 0) as quarantined,
                coalesce(landed, 0) as landed,
                coalesce(counted, 0) as counted,
                coalesce(not_counted, 0) as not_counted,
                coalesce(unknown_survey, 0) as unknown_survey,
                coalesce(unaccounted, 0) as unaccounted,
                coalesce(surplus, 0) as surplus,
                batch_id,
                file
            from days
            full join rejected
                on days.source = rejected.source
                and days.stream = rejected.stream
                and days.day = rejected.day::date
            left join files using (batch_id)
            order by source, stream, day
        ) to {quoted(str(file))} (format parquet)
        """  # noqa: S608 - names come from the database's own catalog, paths are our own
    )
    connection.unregister("rejected")


def _write_web_tables(
    connection: duckdb.DuckDBPyConnection, file: Path, built: Sequence[RawManifest]
) -> None:
    """Of each daily table the batch that landed last counts: its manifest says how many events it holds."""
    counting: dict[tuple[str, str], RawManifest] = {}
    for batch in sorted(built, key=lambda batch: batch.started_at):
        counting |= {(batch.source, table): batch for table in batch.tables}
    rows = [
        {
            "source": source,
            "table_name": table,
            "landed": _events_of(batch, table),
            "batch_id": batch.batch_id,
        }
        for (source, table), batch in sorted(counting.items())
    ]
    texts = [(name, pa.string()) for name in ("source", "table_name", "batch_id")]
    schema = pa.schema([*texts, ("landed", pa.int64())])
    connection.register("landed_tables", pa.Table.from_pylist(rows, schema=schema))
    connection.execute(
        f"""
        copy (
            with staged as (
                select
                    source_system as source,
                    record_id as table_name,
                    count(*) as staged,
                    count(*) filter (visitor_token is null) as of_nobody
                from warehouse.staging.{_WEB_EVENTS}
                group by all
            ),
            sessions as (
                select source_system as source, sum(event_count)::bigint as in_sessions
                from candidate.marts.fct_web_sessions
                group by all
            )
            select
                source, table_name, coalesce(landed, 0) as landed, coalesce(staged, 0) as staged,
                coalesce(of_nobody, 0) as of_nobody, null::bigint as in_sessions, batch_id
            from landed_tables
            full join staged using (source, table_name)
            union all
            select source, null, null, coalesce(of_visitors, 0), null, coalesce(in_sessions, 0), null
            from (select source, sum(staged - of_nobody)::bigint as of_visitors from staged group by source)
            full join sessions using (source)
            order by all
        ) to {quoted(str(file))} (format parquet)
        """  # noqa: S608 - names of our own, and a path
    )
    connection.unregister("landed_tables")


def _events_of(batch: RawManifest, table: str) -> int:
    day = f"{table[-8:-4]}-{table[-4:-2]}-{table[-2:]}"
    return batch.days[day].records if day in batch.days else 0


def _staged(connection: duckdb.DuckDBPyConnection, but: str = "") -> str:
    """SQL for what staging holds: tables `stg_<source>__<entities>`, one row per record each.

    Args:
        connection: with the warehouse attached.
        but: a table that is left out.
    """
    tables = connection.execute(
        """
        select table_name from duckdb_tables()
        where database_name = 'warehouse' and schema_name = 'staging'
            and regexp_matches(table_name, '^stg_.+__')
        order by table_name
        """
    ).fetchall()
    return " union all ".join(
        "select _record_key as record_key, source_system, record_id, record_date, _batch_id as batch_id "  # noqa: S608
        f'from warehouse.staging."{table}"'
        for (table,) in tables
        if table != but
    )


def _write_answers(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    connection.execute(
        f"""
        copy (
            select responses.source_system, answers.question_id, answers.status, count(*) as answers
            from warehouse.intermediate.int_survey_answers as answers
            inner join warehouse.intermediate.int_survey_responses as responses using (response_id)
            group by all
            order by all
        ) to {quoted(str(folder / ANSWERS))} (format parquet)
        """  # noqa: S608 - a path of our own
    )
    connection.execute(
        f"""
        copy (
            with unknown as (
                select
                    'question' as kind, responses.source_system, answers.question_id as name,
                    answers._batch_id
                from warehouse.intermediate.int_survey_answers as answers
                inner join warehouse.intermediate.int_survey_responses as responses using (response_id)
                where answers.status = 'unmapped'
                union all
                select 'survey', source_system, form_id, _batch_id
                from warehouse.intermediate.int_survey_responses
                where survey_id is null
                union all
                select 'survey', offers.source_system, staged.survey_id, offers._batch_id
                from warehouse.intermediate.int_survey_offers as offers
                inner join warehouse.staging.stg_file_drop__survey_offers as staged using (_record_key)
                where offers.survey_id is null
                {_unnamed(connection)}
            )
            select counted.*, files.file
            from (
                select kind, source_system, name, count(*) as records, min(_batch_id) as batch_id
                from unknown
                group by all
            ) as counted
            left join files using (batch_id)
            order by all
        ) to {quoted(str(folder / UNKNOWN))} (format parquet)
        """  # noqa: S608 - a path of our own
    )


def _unnamed(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL for what records of staging name and no seed describes, each part with `union all` before it."""
    columns = connection.execute(
        """
        select table_name, column_name from duckdb_columns()
        where database_name = 'warehouse' and schema_name = 'staging'
            and regexp_matches(table_name, '^stg_.+__')
        order by all
        """
    ).fetchall()
    return "".join(
        f"""
        union all
        select '{kind}', source_system, name, _batch_id
        from (select source_system, {column} as name, _batch_id from warehouse.staging."{table}") as named
        where name is not null and not exists (from warehouse.seeds.{seed} as {seed} where {found})
        """  # noqa: S608 - names come from the database's own catalog
        for table, column in columns
        if column in _NAMED
        for kind, seed, found in [_NAMED[column]]
    )
