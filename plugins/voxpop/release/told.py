"""What releases told by counts, and which counts are held.

Each release keeps its counts: what it told, what it would have told of rows that it held, and what earlier
ones told of these. Where a table's records can be compared with a release, as long as it is kept, how much
differs is counted in them; else by the counts.
"""

# ruff: noqa: S608 - the names and paths in the SQL are our own

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from voxpop.release import changed, closure
from voxpop.release.changed import Earlier, columns_of
from voxpop.release.closure import Cell, Move, Sum
from voxpop.release.compared import COMPARED
from voxpop.release.counted import (
    ALIKE,
    COUNTED,
    END,
    NOWHERE,
    TOLD,
    TOLD_ELSEWHERE,
    VOTES,
    WITHHELD,
    Named,
    fiscal_year_start,
)
from voxpop.release.tables import quoted

NAME = "audit/counts.parquet"
"""Where a release keeps its counts: release (null: itself), the cell, people, of_them, is_told (null: it
withheld the cell)."""

_RECORDS = "records"
"""The count of a cell's records; some of them are a hair of each, by what it says."""

_CELL = "item, period_type, period_start, breakdown, member"

_YEAR = fiscal_year_start("period_start")
"""A cell's fiscal year by its first day."""


def rows(table: str, relation: str) -> str:
    """SQL for a table's rows with what `rests_on` knows them by: told_item, told_breakdown, told_member."""
    told = TOLD[table]
    names = {"told_item": told.item, "told_breakdown": told.breakdown, "told_member": told.member}
    return f"(select *, {', '.join(f'{value} as {name}' for name, value in names.items())} from {relation})"


def rests_on(table: str, figure: str | None = None) -> str:
    """SQL for whether a row `row_` of `rows`, or a figure of it that stands apart, is of the held `cell`."""
    own = "" if TOLD[table].is_one else " || row_.told_item || chr(31)"
    apart = TOLD[table].apart
    counts = {count for each in apart for count in apart[each] if figure in {None, each}}
    names = ", ".join(map(quoted, sorted(counts)))
    of_count = (
        f"list_contains([{names}]::varchar[], split_part(cell.item, '{END}', 3)) = {figure is not None}"
    )
    return f"""
        starts_with(cell.item, '{table}' || chr(31){own})
        and cell.period_type = row_.period_type and cell.period_start = row_.period_start
        and cell.breakdown = row_.told_breakdown and cell.member = row_.told_member
        and {of_count}
    """


def cell_of(table: str, item: str, *names: Any) -> Cell:
    """The cell of a table's records."""
    return Cell(END.join((table, item, _RECORDS)), *names)


def item_of(cell: Cell) -> str:
    """What of its table a cell adds up with."""
    return cell.item.split(END)[1]


def of_records(table: str) -> str:
    """SQL for the held cells of a table's records."""
    return f"""(
        select * replace (split_part(item, '{END}', 2) as item) from held_counts
        where starts_with(item, '{table}{END}') and ends_with(item, '{END}{_RECORDS}')
    )"""


def answers(counts: str) -> str:
    """SQL for the numbers of those who answered an item of cx_index, or any of a scale that has an index.

    Args:
        counts: SQL for the counts of one release.

    Returns:
        A query: these counts with their `scale`, and `is_answered`: whether the number is of whoever
        answered, as an index's whole is, and each item of a scale without one.
    """
    return f"""
        select * exclude (is_any), is_any or scale not in (from indexed_scales) as is_answered
        from (
            select *, split_part(split_part(item, '{END}', 2), '|', 1) as scale,
                ends_with(item, '|all{END}{_RECORDS}') as is_any
            from {counts}
            where starts_with(item, 'cx_index{END}')
        )
        where not is_any or scale in (from indexed_scales)
    """


def of_the_same_people(counts: str) -> str:
    """SQL for the items of a cell that equally many answered, each of them as many as anyone of its scale.

    Of one scale they are the same people; of two scales a reader may take them for the same.

    Args:
        counts: SQL for the counts of one release.

    Returns:
        A query: one row per cell and number of people, with two items or more: `items`, and in `answered`
        those that are of whoever answered, see `answers`.
    """
    cell = "period_type, period_start, breakdown, member"
    return f"""
        select {cell}, list(item) as items, list(item) filter (is_answered) as answered
        from (
            from ({answers(counts)})
            window of_scale as (partition by scale, {cell})
            -- of what an earlier release keeps the whole of an index may be missing
            qualify people = max(people) over of_scale and bool_or(is_answered) over of_scale
        )
        group by {cell}, people
        having count(*) > 1
    """


def count(
    connection: duckdb.DuckDBPyConnection,
    warehouse: str,
    tables: Collection[str],
    *,
    policy: Mapping[str, float],
) -> None:
    """Read the build's counts into a table of the session, `counts`, and which scales have an index.

    Args:
        connection: that has the warehouse and the session's records, see `changed.sums`.
        warehouse: the warehouse's schema of marts, as SQL names it.
        tables: those that it has.
        policy: the agency's.
    """
    relations = {table: f"{warehouse}.{table}" for table in TOLD if table in tables}
    shown = f"select *, true as is_shown from ({_counts(connection, relations)})"
    connection.execute(f"create or replace temp table counts as {shown}")
    withheld = {
        table: _withheld(table, warehouse)
        for table, relation in relations.items()
        if table in WITHHELD and has_key(connection, table, relation)
    }
    # of nobody nothing is withheld
    counts = [
        f"""
        select *, false as is_shown from ({_counts(connection, withheld)})
        where people > 0 and ({_CELL}) not in (select ({_CELL}) from counts)
        """
    ]
    for table in COUNTED:
        if table in tables and has_key(connection, table, f"{warehouse}.{table}"):
            records = changed.counts(table, warehouse, policy=policy)
            named = f"select * replace ({_records_of(table)} as item) from ({records})"
            shown = _shown(table, f"{warehouse}.{table}")
            counts.append(f"select *, ({_CELL}) in ({shown}) as is_shown from ({named})")
    connection.execute(f"insert into counts {' union all '.join(counts)}")
    has_index = "cx_index" in tables and has_key(connection, "cx_index", f"{warehouse}.cx_index")
    with_index = f"select distinct scale from {warehouse}.cx_index where driver = 'all'"
    nothing = "select null::varchar as scale limit 0"
    connection.execute(
        f"create or replace temp table indexed_scales as {with_index if has_index else nothing}"
    )
    connection.execute(
        "create or replace temp table counts_before as "
        "select null::varchar as release, * rename (is_shown as is_told) from counts limit 0"
    )
    connection.execute(f"create or replace temp table held_counts as select {_CELL} from counts limit 0")


def held(
    connection: duckdb.DuckDBPyConnection,
    earlier: Sequence[Earlier],
    records: Mapping[tuple[str, str], Mapping[Cell, Move]],
    *,
    inside: Mapping[tuple[str, str], tuple[str, str]],
    of_same_records: Mapping[Cell, Sequence[Sum]],
    followers: Mapping[Cell, Set[Cell]],
    minimum: int,
) -> None:
    """Find the held cells of all these tables: what two of them tell of the same people is held in both.

    Args:
        connection: that has the session's tables, see `count`; the cells are added to `held_counts`.
        earlier: the kept releases.
        records: release id and table → how much the cells of its records differ, where these were compared.
        inside: breakdown and member (service, survey, page) → those that it lies in (organization, site).
        of_same_records: part → its sums beside those of periods and members, see `overlaps.sums`.
        followers: cell → those that are held where it is, see `overlaps.of_respondents`.
        minimum: policy suppression_min_n.
    """
    if not earlier:
        return
    kept = [
        f"select coalesce(release, {quoted(release.release_id)}), * exclude (release) "
        f"from ({_kept(connection, release)})"
        for release in earlier
    ]
    connection.execute(f"insert into counts_before {' union '.join(kept)}")
    # where nothing moved since the current release its verdicts stand: judged beside it too, others might do
    own = (
        f"select {_CELL}, people, of_them, is_told is not null as is_shown from counts_before "
        f"where release = {quoted(earlier[0].release_id)}"
    )
    now = f"select {_CELL}, people, of_them, is_shown from counts"
    years = {
        day
        for (day,) in connection.execute(
            f"select distinct {_YEAR} from (({now} except {own}) union all ({own} except {now}))"
        ).fetchall()
    }
    years |= {
        closure.fiscal_year(cell.period_start)
        for (release_id, _), moves in records.items()
        if release_id == earlier[0].release_id
        for cell in moves
    }
    # no sum reaches beyond a fiscal year
    days = ", ".join(f"date '{day}'" for day in sorted(years))
    within = f"list_contains([{days}]::date[], {_YEAR})"
    connection.execute(
        f"insert into held_counts select {_CELL} from ({own} and not is_told) where not {within}"
    )
    by_count = _moves_by_count(connection, [one.release_id for one in earlier], within)
    moved = {
        cell: {
            release_id: move
            for release_id, move in moves.items()
            if (release_id, _compared_by_records(cell)) not in records
        }
        for cell, moves in by_count.items()
    }
    for (release_id, _), by_records in records.items():
        for cell, one in by_records.items():
            if closure.fiscal_year(cell.period_start) in years:
                moved.setdefault(cell, {})[release_id] = one
    entries, known, untold = _told_before(connection, within)
    shown = {
        Cell(*names)
        for names in connection.execute(f"select {_CELL} from counts where is_shown and {within}").fetchall()
    }

    asked = moved.keys() | shown
    # of these nobody knows by how much they differ: the release has no count of them
    unknown = {
        release_id: {
            cell
            for cell in asked - cells
            if release_id not in moved.get(cell, {})
            and (release_id, _compared_by_records(cell)) not in records
        }
        for release_id, cells in entries.items()
    }
    changes = {
        cell: [
            None if cell in cells else moved.get(cell, {}).get(release_id, Move(0))
            for release_id, cells in unknown.items()
        ]
        for cell in moved.keys() | set().union(*unknown.values())
    }
    found = closure.held(
        {cell: moves for cell, moves in changes.items() if any(one != Move(0) for one in moves)},
        shown=shown,
        known=[known.get(release_id, set()) for release_id in entries],
        untold=[untold.get(release_id, set()) for release_id in entries],
        wholes=lambda cell: (*_sums(cell, inside), *of_same_records.get(cell, ())),
        minimum=minimum,
        by_count={
            cell: [moves.get(release_id, Move(0)) for release_id in entries]
            for cell, moves in by_count.items()
        },
        followers={**followers, **_votes_of_quarters(asked)},
        told_elsewhere={
            cell
            for cell in changes
            if cell.member == NOWHERE
            and cell.breakdown in TOLD_ELSEWHERE
            and _compared_by_records(cell) == "cx_index"
        },
    )
    if found:
        columns = [list(column) for column in zip(*sorted(found), strict=True)]
        connection.execute(
            "insert into held_counts select unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)", columns
        )
    connection.execute(f"insert into held_counts {_overlapping_what_was_told()}")
    for table in TOLD:
        shown_now, held_now = (
            _together(table, rows) for rows in ("(from counts where is_shown)", "held_counts")
        )
        connection.execute(
            f"""
            insert into held_counts
            select {_CELL} from ({shown_now})
            where (period_type, period_start, held_as) in (
                select (period_type, period_start, held_as) from ({held_now})
            )
            except
            from held_counts
            """
        )


def keep(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Write the release's counts for the next ones, once it is known what is held.

    Of an earlier release they are those that it was the last to tell, and what may share a sum with these.
    """
    connection.execute(
        f"""
        copy (
            with own as (
                select
                    null::varchar as release, * exclude (is_shown),
                    if(is_shown, ({_CELL}) not in (from held_counts), null) as is_told
                from counts
            ),
            before as (select *, {_YEAR} as year from counts_before),
            last as (
                select * from before
                where is_told and ({_CELL}) not in (select ({_CELL}) from own where is_told)
                qualify row_number() over (partition by {_CELL} order by release desc) = 1
            )
            from own
            union all
            select * exclude (year) from before
            where
                (release, item, period_type, period_start) in (
                    select (release, item, period_type, period_start) from last
                )
                or (release, item, year, breakdown, member) in (
                    select (release, item, year, breakdown, member) from last
                )
                or (release, period_type, period_start, breakdown, member) in (
                    select (release, period_type, period_start, breakdown, member) from last
                )
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
    for table in (*COUNTED, *TOLD):
        rows = release.table(table)
        if rows is not None and has_key(connection, table, rows):
            own = " where held_from is null" if "held_from" in columns_of(connection, rows) else ""
            relations[table] = f"(from {rows}{own})"
    counts = [_counts(connection, {table: rows for table, rows in relations.items() if table in TOLD})]
    for table in COUNTED:
        if table in relations:
            shown = _shown(table, relations[table])
            counts.append(f"select *, null::double as people, null::double as of_them from ({shown})")
    return f"select null as release, *, true as is_told from ({' union all '.join(counts)})"


def _moves_by_count(
    connection: duckdb.DuckDBPyConnection, kept: Sequence[str], within: str
) -> dict[Cell, dict[str, Move]]:
    """How much counts differ from those of earlier releases, by cell and release, where they do.

    A kept release has some counts of all that there is: a cell that it lacks had none, and so has the build.
    """
    of_all = [_RECORDS]
    of_all += [name for each in TOLD.values() for name, one in each.counts.items() if one.is_of_all]
    is_of_all = f"list_contains([{', '.join(map(quoted, of_all))}], name)"
    found: dict[Cell, dict[str, Move]] = {}
    for release_id, one, other, *names in connection.execute(
        f"""
        with new as (select * from counts where {within}),
        old as (
            select *, split_part(item, '{END}', 3) as name
            from counts_before
            where people is not null and {within}
        ),
        whole as (
            select distinct release, name from old
            where {is_of_all} and list_contains([{", ".join(map(quoted, kept))}], release)
        ),
        missing as (
            select release, {_CELL}, 0 as people, 0 as of_them, name
            from whole
            inner join (select {_CELL} from new union select {_CELL} from old) as cells
                on name = split_part(item, '{END}', 3)
            where (release, {_CELL}) not in (select (release, {_CELL}) from old)
        )
        select
            release, 2 * (coalesce(new.of_them, 0) - old.of_them) as one,
            2 * (coalesce(new.people - new.of_them, 0) - old.people + old.of_them) as other, {_CELL}
        from (select release, {_CELL}, people, of_them, name from old union all from missing) as old
        left join new using ({_CELL})
        where
            (one <> 0 or other <> 0)
            and (new.people is not null or (release, name) in (select (release, name) from whole))
        """
    ).fetchall():
        found.setdefault(Cell(*names), {})[release_id] = Move(one, other)
    return found


def _told_before(connection: duckdb.DuckDBPyConnection, within: str) -> tuple[dict[str, set[Cell]], ...]:
    """By earlier release the cells that it has a count of, those that it told, and those of others."""
    # a cell is made once, and not once a release
    connection.execute(
        f"""
        create or replace temp table cells_before as
        select *, row_number() over () - 1 as place
        from (select distinct {_CELL} from counts_before where {within})
        """
    )
    listed = connection.execute(f"select {_CELL} from cells_before order by place").fetchall()
    cells = [Cell(*names) for names in listed]
    entries: dict[str, set[Cell]] = {}
    known: dict[str, set[Cell]] = {}
    untold: dict[str, set[Cell]] = {}
    for release_id, has_count, is_told, places in connection.execute(
        f"""
        select release, people is not null, is_told, list(place)
        from counts_before
        inner join cells_before using ({_CELL})
        group by all
        order by release
        """
    ).fetchall():
        some = {cells[place] for place in places}
        entries.setdefault(release_id, set()).update(some if has_count else ())
        if is_told:
            known.setdefault(release_id, set()).update(some)
        elif has_count:
            untold.setdefault(release_id, set()).update(some)
    for release_id, told in known.items():
        of_release = f"(from counts_before where release = {quoted(release_id)} and {within})"
        for *names, items, _ in connection.execute(of_the_same_people(of_release)).fetchall():
            same = {Cell(item, *names) for item in items}
            if not told.isdisjoint(same):
                told.update(same)
    return entries, known, untold


def has_key(connection: duckdb.DuckDBPyConnection, table: str, rows: str) -> bool:
    """Whether a table has the columns that name a row now; an older version's may lack some."""
    return columns_of(connection, rows).issuperset(COMPARED[table].key)


def _withheld(table: str, warehouse: str) -> str:
    """SQL for a table's rows as they were if nothing were withheld, with the counts that they would tell."""
    schemas = {"marts": warehouse, "intermediate": warehouse.replace("marts", "intermediate")}
    return f"(select *, false as suppressed from ({WITHHELD[table].format(**schemas)}))"


def _together(table: str, rows: str) -> str:
    """SQL for a table's cells among `rows` that are held with others, `held_as`."""
    return f"""
        select *, {TOLD[table].together or "null"} as held_as
        from (
            select *, split_part(item, '{END}', 2) as told_item, split_part(item, '{END}', 3) as told_count
            from {rows}
        )
        where starts_with(item, '{table}{END}') and held_as is not null
    """


def _records_of(table: str) -> str:
    return f"concat_ws('{END}', '{table}', item, '{_RECORDS}')"


def _compared_by_records(cell: Cell) -> str | None:
    """The table whose records are compared for a cell; None where counts are."""
    table, _, name = cell.item.split(END)
    return table if name == _RECORDS and cell.breakdown not in COUNTED[table].late_members else None


def _shown(table: str, rows: str) -> str:
    """SQL for the cells of a table's records that its rows show."""
    return f"""
        select distinct {_records_of(table)} as item, period_type, period_start, breakdown, member
        from (
            select unnest({COUNTED[table].items}) as item, period_type, period_start, breakdown, member
            from {rows} where not suppressed
        )
    """


def _sums(cell: Cell, inside: Mapping[tuple[str, str], tuple[str, str]]) -> Iterator[Sum]:
    """The sums that a cell is part of: of periods and members, and of other items."""
    table, item, count = cell.item.split(END)
    if count != _RECORDS and not TOLD[table].counts[count].is_sum:
        return
    late = COUNTED[table].late_members if count == _RECORDS else ()
    yield from closure.of_periods_and_members(cell, inside, late)
    for place, alike in enumerate(ALIKE):
        if any(part in {Named(table, item, count), Named(table, None, count)} for part in alike.parts):
            whole = alike.whole
            of_item = item if whole.item is None else whole.item
            yield Sum(
                cell._replace(item=END.join((whole.table, of_item, whole.name))),
                f"alike {place}",
                has_others=alike.has_others,
                is_exact=alike.is_exact,
            )


def _votes_of_quarters(cells: Iterable[Cell]) -> dict[Cell, Set[Cell]]:
    """The votes that are held together: those of a quarter and of its months, of one source.

    Pages, sites, services, organizations and devices each divide the same votes, and so do months: two dozen
    of their sums, each of which tells of many or of none, may together tell of one vote.
    """
    together: dict[tuple[str | date, ...], set[Cell]] = defaultdict(set)
    for cell in cells:
        table, item, count = cell.item.split(END)
        if Named(table, None, count) in VOTES and cell.period_type in {"month", "quarter"}:
            source, _, *others = item.split("|")
            together[source, *others, closure.quarter(cell.period_start)].add(cell)
    return {cell: group for group in together.values() for cell in group}


def _overlapping_what_was_told() -> str:
    """SQL for cells of a report that no release told, and that share days with what one told of it.

    One of the two is a span, and they are of another number of days: one less the other tells the days that
    it has alone (the model `int_web_overlaps`).
    """
    stretches = f"""
        select
            {_CELL}, split_part(item, '{END}', 1) as told_table,
            regexp_replace(split_part(item, '{END}', 2), '[|](days|source)([|][^|]*)?$', '') as report,
            case period_type
                when 'span' then right(split_part(item, '{END}', 2), 10)::date
                when 'month' then (period_start + interval 1 month)::date - 1
                else (period_start + interval 3 months)::date - 1
            end as last_date
        from {{counts}}
        where told_table in ('web_performance', 'page_helpfulness')
            and period_type in ('month', 'quarter', 'span')
    """
    before = stretches.format(counts="(from counts_before where is_told)")
    cell = ", ".join(f"row_.{column}" for column in _CELL.split(", "))
    return f"""
        select {cell}
        from ({stretches.format(counts="(from counts where is_shown)")}) as row_
        inner join ({before}) as before
            on row_.told_table = before.told_table and row_.report = before.report
                and 'span' in (row_.period_type, before.period_type)
                and row_.period_start <= before.last_date and row_.last_date >= before.period_start
                and row_.last_date - row_.period_start <> before.last_date - before.period_start
        where ({cell}) not in (select ({_CELL}) from counts_before where is_told)
        except
        from held_counts
    """


def _columns_in(expression: str) -> set[str]:
    return set(re.findall(r"[a-z][a-z0-9_]*", re.sub("'.*?'", "", expression))) - {
        "round",
        "if",
        "null",
        "nullif",
        "hash",
    }


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
                    concat_ws('{END}', '{table}', told_item, count.name), period_type, period_start,
                    told_breakdown, told_member, count.people, count.of_them
                from (select *, unnest([{listed}]) as count from {rows(table, relation)} where not suppressed)
                where count.people is not null and count.of_them is not null
                """
            )
    return " union all ".join(found)
