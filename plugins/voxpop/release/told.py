"""Tables that are compared with releases by the counts that they tell themselves.

Each release keeps its counts: what it told, what it would have told of rows that it held, and what earlier
ones told of these.
"""

# ruff: noqa: S608 - the names and paths in the SQL are our own

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from voxpop.release import closure
from voxpop.release.changed import Earlier, columns_of
from voxpop.release.closure import Cell, Move, Sum
from voxpop.release.compared import COMPARED
from voxpop.release.counted import ALIKE, TOLD, Named
from voxpop.release.tables import quoted

NAME = "audit/counts.parquet"
"""Where a release keeps its counts: release (null: itself), the cell, people, of_them, is_told."""

_END = "\x1f"
"""Between the names in an item: the table, what adds up only with itself, and which of its counts."""

_CELL = "item, period_type, period_start, breakdown, member"

_YEAR = "(date_trunc('year', period_start + interval 3 months) - interval 3 months)::date"
"""A cell's fiscal year by its first day."""


def rows(table: str, relation: str) -> str:
    """SQL for a table's rows with what `rests_on` knows them by: told_item, told_breakdown, told_member."""
    told = TOLD[table]
    names = {"told_item": told.item, "told_breakdown": told.breakdown, "told_member": told.member}
    return f"(select *, {', '.join(f'{value} as {name}' for name, value in names.items())} from {relation})"


def rests_on(table: str) -> str:
    """SQL for whether a row `row_` of `rows` is of the held `cell`."""
    own = "" if TOLD[table].is_one else " || row_.told_item || chr(31)"
    return f"""
        starts_with(cell.item, '{table}' || chr(31){own})
        and cell.period_type = row_.period_type and cell.period_start = row_.period_start
        and cell.breakdown = row_.told_breakdown and cell.member = row_.told_member
    """


def count(connection: duckdb.DuckDBPyConnection, warehouse: str, tables: Collection[str]) -> None:
    """Read the build's counts into a table of the session, `counts`.

    Args:
        connection: any that has the warehouse.
        warehouse: the warehouse's schema of marts, as SQL names it.
        tables: those that it has.
    """
    relations = {table: f"{warehouse}.{table}" for table in TOLD if table in tables}
    connection.execute(f"create or replace temp table counts as {_counts(connection, relations)}")
    connection.execute(
        "create or replace temp table counts_before as "
        "select null::varchar as release, *, true as is_told from counts limit 0"
    )
    connection.execute(f"create or replace temp table held_counts as select {_CELL} from counts limit 0")


def held(
    connection: duckdb.DuckDBPyConnection,
    earlier: Sequence[Earlier],
    *,
    organizations: Mapping[tuple[str, str], str],
    minimum: int,
) -> None:
    """Find the held cells of all these tables: what two of them tell of the same people is held in both.

    Args:
        connection: that has the session's tables, see `count`; the cells are added to `held_counts`.
        earlier: the kept releases.
        organizations: breakdown and member (service, or survey) → the organization.
        minimum: policy suppression_min_n.
    """
    for release in earlier:
        connection.execute(
            f"""
            insert into counts_before
            select coalesce(release, {quoted(release.release_id)}), * exclude (release)
            from ({_kept(connection, release)})
            except
            from counts_before
            """
        )
    if not earlier:
        return
    # where nothing moved since the current release its verdicts stand: judged beside it too, others might do
    own = (
        f"select {_CELL}, people, of_them from counts_before where release = {quoted(earlier[0].release_id)}"
    )
    now = f"select {_CELL}, people, of_them from counts"
    years = connection.execute(
        f"select distinct {_YEAR} from (({now} except {own}) union all ({own} except {now})) order by all"
    ).fetchall()
    # no sum reaches beyond a fiscal year
    days = ", ".join(f"date '{day}'" for (day,) in years)
    within = f"list_contains([{days}]::date[], {_YEAR})"
    connection.execute(
        f"insert into held_counts select {_CELL} from ({own} and not is_told) where not {within}"
    )
    moved: dict[Cell, dict[str, Move]] = {}
    for release_id, one, other, *names in connection.execute(
        f"""
        select
            release, 2 * (new.of_them - old.of_them),
            2 * (new.people - new.of_them - old.people + old.of_them), {_CELL}
        from counts as new
        inner join counts_before as old using ({_CELL})
        where (new.people <> old.people or new.of_them <> old.of_them) and {within}
        """
    ).fetchall():
        moved.setdefault(Cell(*names), {})[release_id] = Move(one, other)
    if not moved:
        return
    entries: dict[str, set[Cell]] = {}
    known: dict[str, set[Cell]] = {}
    for release_id, is_told, *names in connection.execute(
        f"select release, is_told, {_CELL} from counts_before where {within} order by release"
    ).fetchall():
        entries.setdefault(release_id, set()).add(Cell(*names))
        if is_told:
            known.setdefault(release_id, set()).add(Cell(*names))
    cells = closure.held(
        {
            cell: [
                moves.get(release_id, Move(0) if cell in then else None)
                for release_id, then in entries.items()
            ]
            for cell, moves in moved.items()
        },
        shown={
            Cell(*names)
            for names in connection.execute(f"select {_CELL} from counts where {within}").fetchall()
        },
        known=[known.get(release_id, set()) for release_id in entries],
        wholes=lambda cell: (*closure.of_periods_and_members(cell, organizations), *_alike(cell)),
        minimum=minimum,
    )
    insert_cells(connection, "held_counts", cells)


def insert_cells(connection: duckdb.DuckDBPyConnection, table: str, cells: Collection[Cell]) -> None:
    """Add cells to a table of the session that has their columns."""
    if cells:
        columns = [list(column) for column in zip(*sorted(cells), strict=True)]
        connection.execute(
            f"insert into {table} select unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)", columns
        )


def keep(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Write the release's counts for the next ones, once it is known what is held."""
    connection.execute(
        f"""
        copy (
            with own as (
                select null::varchar as release, *, ({_CELL}) not in (from held_counts) as is_told from counts
            )
            from own
            union all
            from counts_before
            where is_told and ({_CELL}) not in (select ({_CELL}) from own where is_told)
            order by all
        ) to {quoted(str(file))}
        """
    )


def _kept(connection: duckdb.DuckDBPyConnection, release: Earlier) -> str:
    """SQL for what a release keeps; of one that kept nothing, what its tables tell of their own."""
    file = release.folder / NAME
    if file.exists():
        return f"from read_parquet({quoted(str(file))})"
    relations = {}
    for table in TOLD:
        rows = release.table(table)
        if rows is not None:
            own = " where held_from is null" if "held_from" in columns_of(connection, rows) else ""
            relations[table] = f"(from {rows}{own})"
    return f"select null as release, *, true as is_told from ({_counts(connection, relations)})"


def _alike(cell: Cell) -> Iterator[Sum]:
    """The sums of other items that a cell is part of."""
    table, item, count = cell.item.split(_END)
    for place, alike in enumerate(ALIKE):
        if any(part in {Named(table, item, count), Named(table, None, count)} for part in alike.parts):
            whole = alike.whole
            of_item = item if whole.item is None else whole.item
            yield Sum(
                cell._replace(item=_END.join((whole.table, of_item, whole.name))),
                f"alike {place}",
                has_others=alike.has_others,
            )


def _columns_in(expression: str) -> set[str]:
    return set(re.findall(r"[a-z_]+", re.sub("'.*?'", "", expression))) - {"round", "if", "null"}


def _counts(connection: duckdb.DuckDBPyConnection, relations: Mapping[str, str]) -> str:
    """SQL for what tables tell, once for each count that they have: the cell, people, of_them."""
    found = [
        """select
            null::varchar as item, null::varchar as period_type, null::date as period_start,
            null::varchar as breakdown, null::varchar as member, 0::double as people, 0::double as of_them
        where false"""
    ]
    for table, relation in relations.items():
        has = columns_of(connection, relation)
        listed = ", ".join(
            f"{{'name': '{name}', 'people': ({one.people})::double, 'of_them': ({one.some})::double}}"
            for name, one in TOLD[table].counts.items()
            if has.issuperset(_columns_in(f"{one.people} {one.some}"))
        )
        if listed and has.issuperset(COMPARED[table].key):
            found.append(
                f"""
                select
                    concat_ws('{_END}', '{table}', told_item, count.name), period_type, period_start,
                    told_breakdown, told_member, count.people, count.of_them
                from (select *, unnest([{listed}]) as count from {rows(table, relation)} where not suppressed)
                where count.people is not null and count.of_them is not null
                """
            )
    return " union all ".join(found)
