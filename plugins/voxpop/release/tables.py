"""A release's database: the marts, copied out of the warehouse with their keys and comments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import duckdb

from voxpop.errors import BuildError
from voxpop.release.manifest import RUN_TABLES, Audience, Table, table_hash
from voxpop.release.timeliness import Day, Timed

OWN_TABLES: Mapping[str, tuple[str, str, Mapping[str, tuple[str, str]]]] = {
    "release_info": (
        "One row per release: this one.",
        "release_id",
        {
            "release_id": (
                "varchar",
                "When it was made (UTC), and the first eight digits of its content's hash.",
            ),
            "created_at": ("timestamp", "When it was made, UTC."),
            "code_version": ("varchar", "The version of voxpop that made it."),
            "fingerprint": ("varchar", "Hash of the models, seeds and policy that it was built by."),
            "supersedes": ("varchar", "The release that was current when it was made; null for the first."),
            "complete_to": (
                "date",
                "The last local day that lies within all tools' windows: a period that ends later is not "
                "over in the data. Files are not waited for; where there are only files, the last day "
                "of which they hold an answer or a contact. Null where there is none.",
            ),
            "batch_count": ("bigint", "Batches of raw that it rests on."),
            "late_sources": (
                "varchar",
                "Sources whose data end earlier than the others', by comma; null if none.",
            ),
        },
    ),
    "timeliness": (
        "One row per source, stream and day of which a batch has at least suppression_min_n records, of the "
        "newest of each: when it landed, when it was first published, and whether it came later than such "
        "days usually do. Of reports, offers and what others publish all days have a row. A day that has "
        "not come has none: release_info names a source that is behind in late_sources.",
        "source_system, stream, record_date",
        {
            "source_system": ("varchar", "The source, as config/sources.yml names it."),
            "stream": ("varchar", "Which of the source's streams."),
            "record_date": (
                "date",
                "The day of the records by the source's own clock: UTC, or the date that a file gives.",
            ),
            "landed_at": ("timestamp", "When the first such batch landed, UTC."),
            "published_at": ("timestamp", "When a release first told of that day, UTC."),
            "landed_hours": (
                "double",
                "Hours from the day's end (UTC) to landed_at; below 0 where it landed before it was over.",
            ),
            "published_hours": ("double", "Hours from the day's end (UTC) to published_at."),
            "usual_landed_hours": (
                "double",
                "Median of landed_hours over the 28 days before; null if fewer than 7 of them have a row.",
            ),
            "is_late": (
                "boolean",
                "Whether landed_hours exceeds usual_landed_hours by more than 24; null if that is not known.",
            ),
        },
    ),
    "data_dictionary": (
        "One row per column of this release's tables.",
        "table_name, column_name",
        {
            "table_name": ("varchar", "The table."),
            "column_name": ("varchar", "The column."),
            "position": ("integer", "The column's place in its table, from 1."),
            "data_type": ("varchar", "DuckDB's name of its type."),
            "description": ("varchar", "What the column holds."),
            "table_description": ("varchar", "What one row of the table is."),
            "audience": (
                "varchar",
                "public: figures and names, for everybody. internal: for the agency's own analysts.",
            ),
        },
    ),
}
"""Written here and not by a model, because they tell of the release: description, key, columns."""


@dataclass(frozen=True)
class Mart:
    """A table of the warehouse's schema `marts`.

    Attributes:
        name: of the table.
        ddl: what makes it.
        comment: what one row of it is.
        columns: its columns in order, and what they hold.
        key: the columns that its rows are put in order by: its primary key, else those that a test of dbt's
            holds unique, else all columns.
        audience: who may read it.
        relation: what models' SQL names it by.
        compiled: the file with its own model's SQL.
    """

    name: str
    ddl: str
    comment: str | None
    columns: Mapping[str, str | None]
    key: Sequence[str]
    audience: Audience
    relation: str
    compiled: Path

    def made_of(self, others: Iterable[Mart]) -> str:
        """SQL for the rows that its model makes of the candidate's rows of marts that it reads.

        Raises:
            BuildError: dbt's SQL of the model is missing, or doesn't read one of the others.
        """
        if not self.compiled.exists():
            raise BuildError(
                f"{self.compiled}: the model's SQL is missing. Run `voxpop build`, then stage again."
            )
        sql = self.compiled.read_text(encoding="utf-8")
        for other in others:
            if other.relation not in sql:
                raise BuildError(f"{self.compiled}: the model doesn't read {other.relation}.")
            sql = sql.replace(other.relation, f'candidate.marts."{other.name}"')
        columns = ", ".join(f'"{column}"' for column in self.columns)
        return f"select {columns} from ({sql})"  # noqa: S608 - our own


def marts(connection: duckdb.DuckDBPyConnection, dbt_manifest: Path) -> list[Mart]:
    """Find what the warehouse has to offer, as dbt's own manifest lists it.

    Args:
        connection: with the warehouse attached as `warehouse`.
        dbt_manifest: dbt's `manifest.json`.

    Returns:
        By name. A table that no model makes any more is left out.

    Raises:
        BuildError: dbt has not run, a model's table is missing, or a model does not say its audience.
    """
    if not dbt_manifest.exists():
        raise BuildError(f"{dbt_manifest}: dbt's manifest is missing. Run `voxpop build`, then stage again.")
    nodes = json.loads(dbt_manifest.read_text(encoding="utf-8"))["nodes"]
    models = {
        node["alias"]: node
        for node in nodes.values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }
    audiences = {name: node["config"].get("meta", {}).get("audience") for name, node in models.items()}
    compiled = dbt_manifest.parent / "compiled"
    found = {mart.name: mart for mart in _tables(connection, models, _tested_keys(nodes), compiled)}
    for name, audience in sorted(audiences.items()):
        if audience not in get_args(Audience):
            raise BuildError(f"{name}: the model's meta.audience is {audience!r}; say internal or public.")
        if name not in found:
            raise BuildError(
                f"{name}: the warehouse has no such table. Run `voxpop build`, then stage again."
            )
    return [found[name] for name in sorted(audiences)]


def _tested_keys(nodes: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give what dbt's tests hold unique, by the model's table."""
    found = {}
    for node in nodes.values():
        test = node.get("test_metadata") or {}
        if test.get("name") in {"unique", "unique_together"} and node.get("attached_node"):
            arguments = test["kwargs"]
            key = arguments["columns"] if test["name"] == "unique_together" else [arguments["column_name"]]
            found[nodes[node["attached_node"]]["alias"]] = key
    return found


def _tables(
    connection: duckdb.DuckDBPyConnection,
    models: Mapping[str, Any],
    tested: Mapping[str, Sequence[str]],
    compiled: Path,
) -> Iterator[Mart]:
    """Give the warehouse's marts that have a model."""
    where = "database_name = 'warehouse' and schema_name = 'marts'"
    columns: dict[str, dict[str, str | None]] = {}
    for table, column, comment in connection.execute(
        "select table_name, column_name, comment from duckdb_columns() "  # noqa: S608 - a text of our own
        f"where {where} order by table_name, column_index"
    ).fetchall():
        columns.setdefault(table, {})[column] = comment
    keys = dict(
        connection.execute(
            "select table_name, constraint_column_names from duckdb_constraints() "  # noqa: S608
            f"where {where} and constraint_type = 'PRIMARY KEY'"
        ).fetchall()
    )
    for name, ddl, comment in connection.execute(
        f"select table_name, sql, comment from duckdb_tables() where {where}"  # noqa: S608
    ).fetchall():
        if name in models:
            node = models[name]
            yield Mart(
                name,
                ddl,
                comment,
                columns[name],
                key=keys.get(name) or tested.get(name) or list(columns[name]),
                audience=node["config"].get("meta", {}).get("audience"),
                relation=node["relation_name"],
                compiled=compiled / node["package_name"] / node["original_file_path"],
            )


def copy(connection: duckdb.DuckDBPyConnection, mart: Mart, rows: str | None = None) -> Table:
    """Copy a mart into the candidate, rows in key order.

    Args:
        connection: with the warehouse attached as `warehouse`, the candidate as `candidate`, and that in use.
        mart: what to copy.
        rows: SQL for the rows to be published; None: those of the warehouse.

    Returns:
        Its rows and hash.

    Raises:
        BuildError: its rows break one of its own constraints.
    """
    order = ", ".join(f'"{column}"' for column in mart.key)
    rows = rows or f'from warehouse.marts."{mart.name}"'
    try:
        connection.execute(mart.ddl)
        connection.execute(
            f'insert into candidate.marts."{mart.name}" '  # noqa: S608 - names are the catalog's own
            f"select * from ({rows}) order by {order}"
        )
    except duckdb.ConstraintException as error:
        kind = (
            str(error).partition(":")[2].partition(":")[0].strip() or "a constraint"
        )  # what follows holds values
        raise BuildError(f"{mart.name}: its rows break one of its own constraints ({kind}).") from None
    _comment(connection, mart.name, mart.comment, mart.columns)
    return _measure(connection, mart.name, list(mart.columns), mart.audience)


def write_dictionary(connection: duckdb.DuckDBPyConnection, found: Sequence[Mart]) -> Table:
    """Write `data_dictionary`, over the marts and the tables that are made here."""
    _create(connection, "data_dictionary")
    internal = {mart.name for mart in found if mart.audience == "internal"}
    connection.execute(
        """
        insert into candidate.marts.data_dictionary
        select
            columns.table_name, columns.column_name, columns.column_index, columns.data_type, columns.comment,
            tables.comment, if(list_contains(?, columns.table_name), 'internal', 'public')
        from duckdb_columns() as columns
        inner join duckdb_tables() as tables using (database_name, schema_name, table_name)
        where columns.database_name = 'candidate' and columns.schema_name = 'marts'
        order by columns.table_name, columns.column_name
        """,
        [sorted(internal)],
    )
    return _measure(connection, "data_dictionary", list(OWN_TABLES["data_dictionary"][2]), "public")


def write_timeliness(connection: duckdb.DuckDBPyConnection, days: Iterable[Timed]) -> Table:
    """Write `timeliness`, of the days of each source and stream."""
    _create(connection, "timeliness")
    rows = [
        (
            day.source,
            day.stream,
            day.day,
            day.landed_at.astimezone(UTC).replace(tzinfo=None),
            day.published_at.astimezone(UTC).replace(tzinfo=None),
            _hours(day.delay),
            _hours(day.delay + (day.published_at - day.landed_at)),
            None if day.usual is None else _hours(day.usual),
            day.is_late,
        )
        for day in days
    ]
    if rows:
        connection.executemany(
            "insert into candidate.marts.timeliness values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
    return _measure(connection, "timeliness", list(OWN_TABLES["timeliness"][2]), "public")


def first_published(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[Day, datetime]:
    """Give when the days that a release's `timeliness` tells of were first published; none without it."""
    file = folder / "parquet" / "timeliness.parquet"
    if not file.exists():
        return {}
    rows = connection.execute(
        "select source_system, stream, record_date, published_at from read_parquet(?)",
        [str(file)],
    ).fetchall()
    return {(source, stream, day): at.replace(tzinfo=UTC) for source, stream, day, at in rows}


def _hours(span: timedelta) -> float:
    return round(span / timedelta(hours=1), 2)


def create_release_info(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `release_info`, empty: its row needs the content's hash."""
    _create(connection, "release_info")


def fill_release_info(
    connection: duckdb.DuckDBPyConnection,
    *,
    release_id: str,
    created_at: datetime,
    code_version: str,
    fingerprint: str,
    supersedes: str | None,
    complete_to: date | None,
    batch_count: int,
    late: Sequence[str],
) -> Table:
    """Write the one row of `release_info`."""
    connection.execute(
        "insert into candidate.marts.release_info values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            release_id,
            created_at.astimezone(UTC).replace(tzinfo=None),
            code_version,
            fingerprint,
            supersedes,
            complete_to,
            batch_count,
            ", ".join(late) or None,
        ],
    )
    return _measure(connection, "release_info", list(OWN_TABLES["release_info"][2]), "public")


def export(connection: duckdb.DuckDBPyConnection, table: str, file: Path) -> None:
    """Write one of the candidate's tables as Parquet, rows in the table's order."""
    connection.execute(
        f'copy (select * from candidate.marts."{table}") to {quoted(str(file))} '  # noqa: S608
        # a higher level makes files that are no smaller
        "(format parquet, compression zstd, compression_level 1)"
    )


def quoted(text: str) -> str:
    """Write a text as SQL does; for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def _create(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    description, key, columns = OWN_TABLES[name]
    types = ", ".join(f"{column} {data_type}" for column, (data_type, _) in columns.items())
    connection.execute(f"create table candidate.marts.{name} ({types}, primary key ({key}))")
    _comment(connection, name, description, {column: text for column, (_, text) in columns.items()})


def _comment(
    connection: duckdb.DuckDBPyConnection, table: str, comment: str | None, columns: Mapping[str, str | None]
) -> None:
    if comment:
        connection.execute(f'comment on table candidate.marts."{table}" is {quoted(comment)}')
    for column, text in columns.items():
        if text:
            connection.execute(f'comment on column candidate.marts."{table}"."{column}" is {quoted(text)}')


def _measure(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], audience: Audience
) -> Table:
    table = f'candidate.marts."{name}"'
    rows: int = connection.execute(f"select count(*) from {table}").fetchall()[0][0]  # noqa: S608
    digest = None if name in RUN_TABLES else table_hash(connection, table, columns)
    return {"rows": rows, "sha256": digest, "audience": audience}
