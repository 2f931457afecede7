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
from voxpop.release.counted import (
    BY_CHANNELS,
    END,
    KINDS,
    KNOWN_SEGMENT,
    LINKED,
    OF_RECORDS,
    RESPONDENTS,
    TIED,
)
from voxpop.release.tables import quoted

TABLES = frozenset({"contact_center_performance", "identity_quality", "journey_measures"})
"""The public tables without which there is nothing that others count by another name."""

_Kinds = Set[tuple[str, int]]
"""Kinds of records, and what of them is counted."""

_Families = dict[tuple[str, str], dict[Cell, _Kinds]]
"""Item and breakdown → its cells: no record is in two of them."""


def sums(
    connection: duckdb.DuckDBPyConnection, warehouse: str, tables: Collection[str]
) -> dict[Cell, list[Sum]]:
    """Find which cells' records are those of others together, in each quarter of the build.

    An earlier release may have had records of other kinds too: then what is a sum here was none, and more is
    held than needs be.

    Args:
        connection: that has the warehouse.
        warehouse: the warehouse's schema of marts, as SQL names it.
        tables: those that it has.

    Returns:
        Part → its sums, all exact.
    """
    kinds_of_records = KINDS.format(marts=warehouse, intermediate=warehouse.replace("marts", "intermediate"))
    connection.execute(
        "create or replace temp table record_kinds as select *, row_number() over () as kind "
        f"from ({kinds_of_records})"
    )
    quarters: dict[date, _Families] = defaultdict(lambda: defaultdict(dict))
    for each in (one for one in OF_RECORDS if one.count.table in tables):
        for breakdown in ("all", *each.breakdowns):
            for start, of_item, member, kinds in connection.execute(
                f"""
                select period_start, {"null" if each.count.item else each.item} as item,
                    {"'all'" if breakdown == "all" else breakdown} as member, list(kind)
                from record_kinds
                where {each.which} and member is not null
                group by all
                """
            ).fetchall():
                for count in (each.count.name, *each.also):
                    item = each.count._replace(name=count).of_cells(of_item)
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
) -> dict[Cell, set[Cell]]:
    """Find which numbers of respondents are what cx_index counts together, in the build.

    Whoever counts answered an item of an index, or an item of a scale that has none. Where nobody answered
    two of these, the respondents are their sum, all surveys of a service together; so are those of a known
    segment, over all segments. Where as many answered two, they may be the same people, and the sum has them
    once; and who answered one may be all. An item that as many answered as any item tells how many those are.

    What survey_nonresponse says of those who were offered a survey after a contact is of all answers by some
    channels, which its known share tells: all less the others are one of them.

    Who is told of as a respondent is told of in cx_index: `counts` comes to say so of these cells, though
    their rows are withheld there for another item's sake.

    Args:
        connection: that has the warehouse and the session's counts, see `told.count`.
        warehouse: the warehouse's schema of marts, as SQL names it.
        tables: those that it has.

    Returns:
        Cell → those that are held where it is: the numbers of respondents that it is part of, of a service's
        surveys all with one of them, the answers by channels together, and the items that as many answered.
    """
    found: dict[Cell, set[Cell]] = defaultdict(set)
    told_by_respondents: set[Cell] = set()
    row = "wholes.item, wholes.period_type, wholes.period_start, of_breakdown, of_member"
    answered = f"from ({told.answers('counts')}) where is_answered"
    members_of = {**RESPONDENTS, "journey_measures": ("row_.breakdown", "row_.member")}
    for table in sorted(members_of.keys() & {*tables}):
        breakdown, member = (each.format(marts=warehouse) for each in members_of[table])
        rows = told.rows(table, f"{warehouse}.{table}")
        of_rows = connection.execute(
            f"""
            with parts as (
                -- who answered on two scales is one respondent
                select *, row_number() over of_cell = 1 as is_first
                from ({answered})
                window of_cell as (partition by period_type, period_start, breakdown, member, people)
            ),
            wholes as (
                select
                    whole.item, whole.period_type, whole.period_start, {breakdown} as of_breakdown,
                    {member} as of_member, sum(whole.people) as people,
                    list([whole.breakdown, whole.member]) as members
                from {rows} as row_
                inner join counts as whole
                    on starts_with(whole.item, '{table}' || chr(31) || row_.told_item || chr(31))
                        and whole.period_type = row_.period_type and whole.period_start = row_.period_start
                        and whole.breakdown = row_.told_breakdown and whole.member = row_.told_member
                where whole.is_shown
                group by all
            )
            select item, period_type, period_start, any_value(members), list(part)
            from (
                select
                    wholes.* exclude (people), wholes.people as respondents,
                    [parts.item, parts.breakdown, parts.member] as part,
                    sum(parts.people) over of_row as total,
                    sum(parts.people) filter (parts.is_first) over of_row as once,
                    sum(parts.people) over of_row_and_item as of_item
                from wholes
                inner join parts
                    on parts.period_type = wholes.period_type and parts.period_start = wholes.period_start
                        and case
                            when wholes.item = '{KNOWN_SEGMENT.of_cells()}'
                                then parts.breakdown = 'segment' and wholes.of_breakdown = 'all'
                            when
                                wholes.item = '{LINKED.of_cells()}'
                                or ends_with(wholes.item, '{END}respondent_count')
                                then parts.breakdown = wholes.of_breakdown and parts.member = wholes.of_member
                        end
                window
                    of_row as (partition by {row}),
                    of_row_and_item as (partition by {row}, parts.item)
            )
            where respondents in (total, once, of_item)
            group by item, period_type, period_start, of_breakdown, of_member
            """
        ).fetchall()
        for item, period_type, start, members, parts_of_row in of_rows:
            wholes = {Cell(item, period_type, start, *names) for names in members}
            parts = {Cell(part, period_type, start, *names) for part, *names in parts_of_row}
            for cell in wholes | parts:
                found[cell] |= wholes - {cell}
            if item != KNOWN_SEGMENT.of_cells():
                told_by_respondents |= parts
    for whole, part_item, period_type, start, breakdown, member in connection.execute(
        f"""
        select whole.item, parts.item, parts.period_type, parts.period_start, parts.breakdown, parts.member
        from counts as whole
        inner join ({answered}) as parts
            on parts.period_type = whole.period_type and parts.period_start = whole.period_start
                and parts.breakdown in ('all', 'channel')
        where whole.item in ({", ".join(quoted(each.of_cells()) for each in BY_CHANNELS)})
            and whole.breakdown = 'all' and whole.is_shown
        """
    ).fetchall():
        whole_cell = Cell(whole, period_type, start, "all", "all")
        found[Cell(part_item, period_type, start, breakdown, member)].add(whole_cell)
    if {each.table for each in TIED} <= {*tables}:
        for survey, service in _ties(connection, warehouse):
            found[survey].add(service)
            found[service].add(survey)
    for *names, items, of_any in connection.execute(told.of_the_same_people("counts")).fetchall():
        for item in of_any:
            found[Cell(item, *names)] |= {Cell(other, *names) for other in items if other != item}
    if told_by_respondents:
        columns = [list(column) for column in zip(*sorted(told_by_respondents), strict=True)]
        connection.execute(
            """
            update counts set is_shown = true
            from (
                select unnest(?) as item, unnest(?) as period_type, unnest(?) as period_start,
                    unnest(?) as breakdown, unnest(?) as member
            ) as told
            where counts.item = told.item and counts.period_type = told.period_type
                and counts.period_start = told.period_start and counts.breakdown = told.breakdown
                and counts.member = told.member
            """,
            columns,
        )
    return found


def _ties(connection: duckdb.DuckDBPyConnection, warehouse: str) -> Iterator[tuple[Cell, Cell]]:
    """Answers tied to what they rate: each survey's, and its service's as journey_measures counts them."""
    tied, linked = (each.of_cells() for each in TIED)
    breakdown, member = (each.format(marts=warehouse) for each in RESPONDENTS["survey_quality"])
    for period_type, start, survey, service in connection.execute(
        f"""
        select row_.period_type, row_.period_start, row_.member, linked.member
        from (from counts where item = '{tied}' and breakdown = 'survey') as row_
        inner join (from counts where item = '{linked}') as linked
            on linked.period_type = row_.period_type and linked.period_start = row_.period_start
                and linked.breakdown = {breakdown} and linked.member = {member}
        """
    ).fetchall():
        yield (
            Cell(tied, period_type, start, "survey", survey),
            Cell(linked, period_type, start, "service", service),
        )


def _sums(families: _Families) -> Iterator[tuple[Sum, frozenset[Cell]]]:
    """Each whole with its parts: those of one family, or of two."""
    for (item, breakdown), cells in families.items():
        row = item.split(END)[:2]
        # what else a row counts is told with it
        others = [
            family
            for family in families
            if family != (item, breakdown) and (family[0] == item or family[0].split(END)[:2] != row)
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
