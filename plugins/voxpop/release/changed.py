"""How many people's records differ between the build and a release, in every cell of a public table.

Most quarters are the same in both. So each side is summed up by quarter first, which a release keeps for the
next ones, and only quarters whose sums differ are compared record by record.
"""

# ruff: noqa: S608 - the names and paths in the SQL are our own

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, cast

import duckdb

from voxpop.release.counted import COUNTED, Counted, fiscal_year_start, hair
from voxpop.release.tables import quoted

NAME = "audit/counted.json"
"""Where a release keeps its sums."""

_QUARTER = "date_trunc('quarter', {day})::date::varchar"
_PERIODS = f"""[
    {{'period_type': 'month', 'period_start': date_trunc('month', day)::date}},
    {{'period_type': 'quarter', 'period_start': date_trunc('quarter', day)::date}},
    {{'period_type': 'year', 'period_start': {fiscal_year_start("day")}}}
]"""


class Sums(TypedDict):
    """A table's records, summed up: `by`, how that was done; `quarters`, first day → sum."""

    by: str
    quarters: dict[str, str]


@dataclass(frozen=True)
class Earlier:
    """A release that has been published, and where its tables are."""

    release_id: str
    folder: Path

    def table(self, name: str) -> str | None:
        """SQL for a table of it; None if it hasn't got it."""
        file = self.folder / "parquet" / f"{name}.parquet"
        return f"read_parquet({quoted(str(file))})" if file.exists() else None

    def sums(self, table: str) -> Sums | None:
        """What it keeps of a table's records; None of a release that kept nothing of them."""
        file = self.folder / NAME
        found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return cast(Sums | None, found.get(table))


def sums(connection: duckdb.DuckDBPyConnection, warehouse: str, tables: Collection[str]) -> dict[str, Sums]:
    """Read the build's records into tables of the session, `new_<table>`, and sum them up.

    Args:
        connection: any that has the warehouse.
        warehouse: the warehouse's schema of marts, as SQL names it.
        tables: those that it has.

    Returns:
        By table.
    """
    found: dict[str, Sums] = {}
    for table, counted in COUNTED.items():
        if table in tables:
            sides = {name: f"{warehouse}.{name}" for name in counted.reads}
            shared = {name: columns_of(connection, side) for name, side in sides.items()}
            records = _records(counted, sides, shared)
            connection.execute(f"create or replace temp table new_{table} as {records}")
            found[table] = {
                "by": _by(counted, shared),
                "quarters": _quarters(connection, f"new_{table}"),
            }
    return found


def changed(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    warehouse: str,
    new: Sums,
    release: Earlier,
    *,
    policy: Mapping[str, float],
) -> list[tuple[Any, ...]]:
    """How much every cell of a table differs from a release.

    Args:
        connection: that has the session's tables, see `sums`.
        table: its name.
        warehouse: the warehouse's schema of marts, as SQL names it.
        new: the build's sums of it.
        release: one that has the table and what it counts.
        policy: the agency's.

    Returns:
        item, period_type, period_start, breakdown, member, and halves of a person.
    """
    counted = COUNTED[table]
    sides = {name: str(release.table(name)) for name in counted.reads}
    shared = {
        name: columns_of(connection, side) & columns_of(connection, f"{warehouse}.{name}")
        for name, side in sides.items()
    }
    new_rows = f"new_{table}"
    if _by(counted, shared) == new["by"]:
        kept = release.sums(table)
        if kept is None or kept["by"] != new["by"]:
            before = _quarters(connection, f"({_records(counted, sides, shared)})")
        else:
            before = kept["quarters"]
        quarters = sorted(
            one for one in {*before, *new["quarters"]} if before.get(one) != new["quarters"].get(one)
        )
        if not quarters:
            return []
        within = f"in ({', '.join(map(quoted, quarters))})"
        new_rows = f"{new_rows} where {_QUARTER.format(day='day')} {within}"
        old_rows = _records(counted, sides, shared, within)
    else:
        # one side lacks a column: both do without it
        new_rows = f"({_records(counted, {name: f'{warehouse}.{name}' for name in sides}, shared)})"
        old_rows = _records(counted, sides, shared)
    return connection.execute(
        f"""
        with new as materialized (from {new_rows}),
        old as materialized ({old_rows}),
        changed as ((from new except all from old) union all (from old except all from new)),
        items as (select *, unnest({counted.items_of.format_map(policy)}) as item from changed),
        weighed as (select *, 2 // count(*) over (partition by item, record) as halves from items)
        {_by_cell(counted.members, "weighed", "halves")}
        """
    ).fetchall()


def counts(table: str, warehouse: str, *, policy: Mapping[str, float]) -> str:
    """SQL for how many of the build's records each cell of a table counts.

    Args:
        table: its name; the session has its records, see `sums`.
        warehouse: the warehouse's schema of marts, as SQL names it.
        policy: the agency's.

    Returns:
        A query for item, period_type, period_start, breakdown, member, people, of_them: a hair of each,
        by what the record says, so that two of the same number tell whether they are the same records.
    """
    counted = COUNTED[table]
    items = counted.items_of.format_map(policy)
    late = counted.late_members
    joined = " ".join(
        f"left join ({members.format(marts=warehouse)}) as {name} on r.record = {name}.record"
        for name, members in late.items()
    )
    rows = f"""(
        select r.*, {"".join(f"{name}.member as {name}, " for name in late)}
            1::double as people, {hair("r")} as of_them, unnest({items}) as item
        from new_{table} as r {joined}
    )"""
    return _by_cell({**counted.members, **{name: name for name in late}}, rows, "people", "of_them")


def _by_cell(members: Mapping[str, str], rows: str, *amounts: str) -> str:
    """SQL for the sums of what rows have, by cell; a row has an item, a day and the members."""
    sums = ", ".join(f"sum({amount}) as {amount}" for amount in amounts)
    listed = ", ".join(
        f"{{'breakdown': '{name}', 'member': {column}::varchar}}"
        for name, column in {"all": "'all'", **members}.items()
    )
    # by month first: there are fewer of these than of records
    return f"""
        select item, period_type, period_start, breakdown, member, {sums}
        from (
            select *, unnest({_PERIODS}, recursive := true)
            from (
                select item, date_trunc('month', day) as day, breakdown, member, {sums}
                from (select *, unnest([{listed}], recursive := true) from {rows})
                where member is not null
                group by all
            )
        )
        group by all
    """


def columns_of(connection: duckdb.DuckDBPyConnection, rows: str) -> set[str]:
    """The names of a relation's columns."""
    return {name for name, *_ in connection.execute(f"describe from {rows}").fetchall()}


def _records(
    counted: Counted,
    sides: Mapping[str, str],
    shared: Mapping[str, Collection[str]],
    within: str | None = None,
) -> str:
    """SQL for a side's records, columns null that the other lacks; of all quarters, or of those `within`."""
    relations = {}
    for name, columns in counted.reads.items():
        listed = ", ".join(one if one in shared[name] else f"null as {one}" for one in columns.split())
        day = counted.days.get(name)
        where = f" where {_QUARTER.format(day=day)} {within}" if day and within else ""
        relations[name] = f"(select {listed} from {sides[name]}{where})"
    return counted.records.format_map(relations)


def _by(counted: Counted, shared: Mapping[str, Collection[str]]) -> str:
    """How records are summed up; sums are comparable if this is the same."""
    columns = {name: sorted({*of.split()} & {*shared[name]}) for name, of in counted.reads.items()}
    said = json.dumps([counted.records, columns, duckdb.__version__])
    return hashlib.sha256(said.encode()).hexdigest()


def _quarters(connection: duckdb.DuckDBPyConnection, records: str) -> dict[str, str]:
    return dict(
        connection.execute(
            f"select {_QUARTER.format(day='day')}, concat(count(*), ':', sum(hash(r)::hugeint)) "
            f"from {records} as r group by 1 order by 1"
        ).fetchall()
    )
