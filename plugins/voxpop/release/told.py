"""Tables that are compared with releases by the counts that they tell themselves."""

# ruff: noqa: S608 - the names and paths in the SQL are our own

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from voxpop.release import closure
from voxpop.release.changed import Earlier, columns_of
from voxpop.release.closure import Cell
from voxpop.release.compared import COMPARED
from voxpop.release.counted import TOLD, same

_END = "chr(31)"
"""Between what adds up only with itself and which of its counts it is."""


def rows(table: str, relation: str) -> str:
    """SQL for a table's rows with what `rests_on` knows them by: told_item, told_breakdown, told_member."""
    told = TOLD[table]
    names = {"told_item": told.item, "told_breakdown": told.breakdown, "told_member": told.member}
    return f"(select *, {', '.join(f'{value} as {name}' for name, value in names.items())} from {relation})"


def rests_on(table: str) -> str:
    """SQL for whether a row `row_` of `rows` is of the held `cell`."""
    own = "true" if TOLD[table].is_one else f"starts_with(cell.item, row_.told_item || {_END})"
    return f"""
        {own} and cell.period_type = row_.period_type and cell.period_start = row_.period_start
        and cell.breakdown = row_.told_breakdown and cell.member = row_.told_member
    """


def held(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    new: str,
    earlier: Sequence[Earlier],
    *,
    organizations: Mapping[str, str],
    minimum: int,
) -> set[Cell]:
    """The held cells of a table.

    Args:
        connection: any that has the build.
        table: one of `TOLD`.
        new: SQL for its rows in the build.
        earlier: the kept releases.
        organizations: service or survey → its organization.
        minimum: policy suppression_min_n.
    """
    changes: dict[Cell, list[int]] = {}
    known: list[set[Cell]] = []
    shown: set[Cell] = set()
    has = columns_of(connection, new)
    for release in earlier:
        old = release.table(table)
        both = has & columns_of(connection, old) if old else set()
        counts = [one for one in TOLD[table].counts if both.issuperset(_columns_in(one))]
        if old is None or not counts or not both.issuperset(COMPARED[table].key):
            continue
        shown |= _cells(connection, table, new, counts)
        known.append(_cells(connection, table, old, counts))
        for *names, change in _changes(connection, table, (new, old), counts):
            changes.setdefault(Cell(*names), [0] * len(earlier))[len(known) - 1] = change
    return closure.held(
        {cell: tuple(change[: len(known)]) for cell, change in changes.items()},
        shown=shown,
        known=known,
        organizations=organizations,
        minimum=minimum,
    )


def _columns_in(expression: str) -> set[str]:
    return set(re.findall(r"[a-z_]+", expression)) - {"round"}


def _counted(table: str, relation: str, counts: Sequence[str]) -> str:
    """SQL for shown rows, once for each count that is there: key, told_…, item, counted."""
    listed = ", ".join(f"{{'name': '{name}', 'counted': ({name})::bigint}}" for name in counts)
    return f"""
        select * exclude (name), told_item || {_END} || name as item
        from (
            select *, unnest([{listed}], recursive := true) from {rows(table, relation)} where not suppressed
        )
        where counted is not null
    """


def _cells(
    connection: duckdb.DuckDBPyConnection, table: str, relation: str, counts: Sequence[str]
) -> set[Cell]:
    found = connection.execute(
        f"""
        select distinct item, period_type, period_start, told_breakdown, told_member
        from ({_counted(table, relation, counts)})
        """
    ).fetchall()
    return {Cell(*names) for names in found}


def _changes(
    connection: duckdb.DuckDBPyConnection, table: str, sides: tuple[str, str], counts: Sequence[str]
) -> list[tuple[Any, ...]]:
    """What both sides show and is not the same: a cell's names, and the difference in halves."""
    new, old = (_counted(table, side, counts) for side in sides)
    return connection.execute(
        f"""
        select
            new.item, new.period_type, new.period_start, new.told_breakdown, new.told_member,
            2 * max(abs(new.counted - old.counted))
        from ({new}) as new
        inner join ({old}) as old on {same("new", "old", (*COMPARED[table].key, "item"))}
        where new.counted <> old.counted
        group by all
        """
    ).fetchall()
