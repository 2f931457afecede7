"""Which counts are of the very records that others count together, as the records are.

A source of `identity_quality` may have all contacts of a channel and nothing else, or all answers: then it is
those under another name, and what is held of the one the other must not tell.
"""

# ruff: noqa: S608 - the names and paths in the SQL are our own

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Set
from datetime import date
from itertools import product

import duckdb

from voxpop.release import told
from voxpop.release.closure import Cell, Sum
from voxpop.release.counted import END, KINDS, OF_RECORDS, RESPONDENTS

TABLES = frozenset(each.count.table for each in OF_RECORDS)
"""The public tables that count records of which it is known what they are."""

_Kinds = Set[tuple[str, int]]
"""Kinds of records, and what of them is counted."""

_Families = dict[tuple[str, str], dict[Cell, _Kinds]]
"""Item and breakdown → its cells: no record is in two of them."""


def sums(connection: duckdb.DuckDBPyConnection, warehouse: str) -> dict[Cell, list[Sum]]:
    """Find which cells' records are those of others together, in each quarter of the build.

    An earlier release may have had records of other kinds too: then what is a sum here was none, and more is
    held than needs be.

    Args:
        connection: that has the warehouse.
        warehouse: the warehouse's schema of marts, as SQL names it.

    Returns:
        Part → its sums, all exact.
    """
    kinds_of_records = KINDS.format(marts=warehouse, intermediate=warehouse.replace("marts", "intermediate"))
    connection.execute(
        "create or replace temp table record_kinds as select *, row_number() over () as kind "
        f"from ({kinds_of_records})"
    )
    quarters: dict[date, _Families] = defaultdict(lambda: defaultdict(dict))
    for each in OF_RECORDS:
        for breakdown in ("all", *each.breakdowns):
            for start, source, member, kinds in connection.execute(
                f"""
                select period_start, {"null" if each.count.item else "source"} as source,
                    {"'all'" if breakdown == "all" else breakdown} as member, list(kind)
                from record_kinds
                where {each.which} and member is not null
                group by all
                """
            ).fetchall():
                for count in (each.count.name, *each.also):
                    item = each.count._replace(name=count).of_cells(source)
                    of = count if count in each.also else "records"
                    cell = Cell(item, "quarter", start, breakdown, member)
                    quarters[start][item, breakdown][cell] = {(of, kind) for kind in kinds}
    found: dict[Cell, list[Sum]] = defaultdict(list)
    for families in quarters.values():
        for each_sum, parts in _sums(families):
            for part in parts:
                found[part].append(each_sum)
    return found


def of_respondents(
    connection: duckdb.DuckDBPyConnection, warehouse: str, tables: Collection[str]
) -> dict[Cell, list[Sum]]:
    """Find which numbers of respondents are what cx_index counts together, in the build.

    Whoever counts answered an item of an index, or an item of a scale that has none. Where nobody answered
    two of these, the respondents are their sum; so are those of a known segment, over all segments.

    Args:
        connection: that has the warehouse and the session's counts, see `told.count`.
        warehouse: the warehouse's schema of marts, as SQL names it.
        tables: those that it has.

    Returns:
        Part → its sums, all exact.
    """
    found: dict[Cell, list[Sum]] = defaultdict(list)
    for table in sorted(RESPONDENTS.keys() & {*tables}):
        breakdown, member = (each.format(marts=warehouse) for each in RESPONDENTS[table])
        rows = told.rows(table, f"{warehouse}.{table}")
        of_rows = connection.execute(
            f"""
            with items as (
                select distinct
                    concat_ws('{END}', 'cx_index', concat_ws('|', scale, driver), 'records') as item
                from {warehouse}.cx_index
                where driver = 'all'
                    or scale not in (select scale from {warehouse}.cx_index where driver = 'all')
            ),
            parts as (from counts semi join items using (item)),
            wholes as (
                select
                    whole.*, {breakdown} as of_breakdown, {member} as of_member
                from {rows} as row_
                inner join counts as whole
                    on starts_with(whole.item, '{table}' || chr(31) || row_.told_item || chr(31))
                        and whole.period_type = row_.period_type and whole.period_start = row_.period_start
                        and whole.breakdown = row_.told_breakdown and whole.member = row_.told_member
            )
            select
                [wholes.item, wholes.period_type, wholes.breakdown, wholes.member], wholes.period_start,
                list([parts.item, parts.breakdown, parts.member])
            from wholes
            inner join parts
                on parts.period_type = wholes.period_type and parts.period_start = wholes.period_start
                    and case split_part(wholes.item, '{END}', 3)
                        when 'respondent_count'
                            then parts.breakdown = wholes.of_breakdown and parts.member = wholes.of_member
                        when 'known_segment'
                            then parts.breakdown = 'segment' and wholes.of_breakdown = 'all'
                    end
            group by all
            having sum(parts.people) = any_value(wholes.people)
            """
        ).fetchall()
        for (item, period_type, of, name), start, parts in of_rows:
            whole = Cell(item, period_type, start, of, name)
            for part, *names in parts:
                found[Cell(part, period_type, start, *names)].append(
                    Sum(whole, "respondents", is_exact=True, is_of_people=True)
                )
    return found


def _sums(families: _Families) -> Iterator[tuple[Sum, frozenset[Cell]]]:
    """Each whole with its parts: those of one family, or of two."""
    for (item, breakdown), cells in families.items():
        table = item.split(END)[0]
        # what else a row of the same table counts is told with it
        others = [
            family
            for family in families
            if family != (item, breakdown) and (family[0] == item or family[0].split(END)[0] != table)
        ]
        for whole, kinds in cells.items():
            inside = {
                family: {part: some for part, some in families[family].items() if some <= kinds}
                for family in others
            }
            found: set[frozenset[Cell]] = set()
            for one, other in product([name for name in others if inside[name]], repeat=2):
                rest = kinds - set().union(*inside[one].values())
                more = {part: some for part, some in inside[other].items() if some <= rest}
                parts = frozenset((*inside[one], *more))
                if rest == set().union(*more.values()) and parts not in found:
                    found.add(parts)
                    yield Sum(whole, f"{one} and {other}", is_exact=True), parts
