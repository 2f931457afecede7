"""What goes on showing an earlier release, because the difference would be of a few people.

Whoever has two releases can subtract: a cell of 100 and then of 103 people tells what the 3 said. A cell that
differs by few from one that a kept release shows keeps its row, all of it, and the row names its release
(`held_from`). It takes the release's own row again once enough people's records differ.

How many differ is counted in the facts, which every release keeps: the same people by a new method are a
restatement and not held; one changed answer is.
"""

# ruff: noqa: S608 - the names and paths in the SQL are our own

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set

import duckdb

from voxpop.release import overlaps, told
from voxpop.release.changed import Earlier, Sums, changed, columns_of
from voxpop.release.closure import Cell, Move
from voxpop.release.compared import COMPARED
from voxpop.release.counted import COUNTED, DERIVED, RESPONDENTS, TOLD, Derived, of_goal, same
from voxpop.release.tables import quoted
from voxpop.warehouse.seed_tables import GOAL_FIGURES

_CELL = ("period_type", "period_start", "breakdown", "member")


def rows(
    connection: duckdb.DuckDBPyConnection,
    warehouse: str,
    tables: Collection[str],
    earlier: Sequence[Earlier],
    *,
    sums: Mapping[str, Sums],
    policy: Mapping[str, float],
) -> dict[str, str]:
    """Find what is held of the public tables, and give SQL for the rows that are to be published.

    Args:
        connection: that has the warehouse and the session's tables, see `changed.sums` and `told.count`.
        warehouse: the warehouse's schema of marts, as SQL names it.
        tables: those that it has.
        earlier: the kept releases, the current one first; none before the first.
        sums: of the build's records, see `changed.sums`.
        policy: the agency's.

    Returns:
        Each table of which something is held → a query with the table's columns. A held row is the current
        release's; a column that this one lacks is null, or, if it has to be there, the new row's.
    """
    derived = [one for one in DERIVED if one.table in tables and one.of in tables]
    if "priority_goal_measures" in tables:
        derived += [one for one in _of_goals(connection, warehouse) if one.of in tables]
    names = sorted({*COUNTED, *TOLD, *(one.table for one in derived)} & {*tables})
    followers: Mapping[Cell, Set[Cell]] = {}
    if "cx_index" in names and told.has_key(connection, "cx_index", f"{warehouse}.cx_index"):
        followers = overlaps.of_respondents(connection, warehouse, names)
    if not earlier:
        return {}
    _hold_cells(connection, warehouse, names, earlier, sums=sums, followers=followers, policy=policy)
    nulls: dict[tuple[str, str], list[str]] = {}
    figures: dict[str, dict[str, str]] = {table: {} for table in names}
    asked: dict[str, list[str]] = {table: [] for table in names}
    left_out = {(table, figure) for table in TOLD for figure in TOLD[table].apart}
    for other in derived:
        if other.figure is not None and (other.of, other.figure) not in left_out:
            # of a goal, which comes after all that makes figures null
            lacking = " or ".join(nulls.get((other.of, other.figure), ["false"]))
            _leave_out(
                connection, other.of, other.figure, _with(f"{warehouse}.{other.of}", asked[other.of]), lacking
            )
            left_out.add((other.of, other.figure))
        rests_on = other.rests_on
        for name, value in {"marts": warehouse, **policy}.items():
            rests_on = rests_on.replace(f"{{{name}}}", str(value))
        base = f"held_{other.of}" if other.figure is None else _without(other.of, other.figure)
        where = f"select 1 from {base} as base where {rests_on}"
        if other.figures is None:
            _hold(connection, other.table, f"{warehouse}.{other.table}", where)
        # asked once a row, and not once a figure
        is_held = f"rests_on_held_{len(asked[other.table])}"
        asked[other.table].append(f"exists ({where}) as {is_held}")
        for figure in other.figures or ():
            nulls.setdefault((other.table, figure), []).append(f"row_.{is_held}")
    for (table, figure), found in nulls.items():
        figures[table][figure] = f"case when not ({' or '.join(found)}) then row_.{figure} end"
    return {
        table: _published(
            connection, table, warehouse, earlier[0], figures=figures[table], asked=asked[table]
        )
        for table in names
    }


def _hold_cells(
    connection: duckdb.DuckDBPyConnection,
    warehouse: str,
    names: Collection[str],
    earlier: Sequence[Earlier],
    *,
    sums: Mapping[str, Sums],
    followers: Mapping[Cell, Set[Cell]],
    policy: Mapping[str, float],
) -> None:
    """Make a table `held_<table>` of each, with the keys of the rows that are held for their own people."""
    nests = f"""
        select 'service', service_id, 'organization', organization_id from {warehouse}.dim_services
        union all
        select 'survey', survey_id, 'organization', max_by(organization_id, survey_version)
        from {warehouse}.dim_surveys
        group by survey_id
    """
    if "web_performance" in names:
        nests += f"""
            union all
            select distinct 'page', site || landing_page, 'site', site
            from {warehouse}.fct_web_sessions
            where landing_page is not null
        """
    inside = {
        (breakdown, member): (outer, whole)
        for breakdown, member, outer, whole in connection.execute(nests).fetchall()
    }
    for table in names:
        connection.execute(
            f"create or replace temp table held_{table} as "
            f"select {', '.join(COMPARED[table].key)} from {warehouse}.{table} limit 0"
        )
    records = {
        (release.release_id, table): {
            told.cell_of(table, *names): Move(halves)
            for *names, halves in changed(connection, table, warehouse, sums[table], release, policy=policy)
        }
        for table in COUNTED
        if table in names
        for release in earlier
        if all(release.table(name) for name in COUNTED[table].reads)
    }
    minimum = int(policy["suppression_min_n"])
    told.held(
        connection,
        earlier,
        records,
        inside=inside,
        of_same_records=overlaps.sums(connection, warehouse, names) if {*names} >= overlaps.TABLES else {},
        followers=followers,
        minimum=minimum,
    )
    for table, counted in COUNTED.items():
        if table in names:
            rests_on = f"{counted.rests_on} and {same('cell', 'row_', _CELL)}"
            cells = f"select 1 from {told.of_records(table)} as cell where {rests_on}"
            _hold(connection, table, f"{warehouse}.{table}", cells)
    for table in TOLD:
        if table in names:
            rows = told.rows(table, f"{warehouse}.{table}")
            _hold(connection, table, rows, f"select 1 from held_counts as cell where {told.rests_on(table)}")
    for release in earlier:
        moved = records.get((release.release_id, "cx_index"))
        if moved is not None:
            _hold_untold_respondents(connection, warehouse, names, release, moved)
    for table in TOLD:
        if table in names:
            rows = told.rows(table, f"{warehouse}.{table}")
            for figure in TOLD[table].apart:
                cells = f"select 1 from held_counts as cell where {told.rests_on(table, figure)}"
                _leave_out(connection, table, figure, rows, f"exists ({cells})")


def _hold_untold_respondents(
    connection: duckdb.DuckDBPyConnection,
    warehouse: str,
    names: Collection[str],
    release: Earlier,
    moved: Collection[Cell],
) -> None:
    """Hold the rows of respondents that a release withheld, and whose respondents are the same by now.

    Told now, they would tell what that release withheld beside them.
    """
    cells = {cell[1:] for cell in moved if told.item_of(cell).endswith("|all")}
    columns = [list(column) for column in zip(*sorted(cells), strict=True)] or [[]] * 4
    connection.execute(
        "create or replace temp table moved_respondents as "
        "select unnest(?::varchar[]) as period_type, unnest(?::date[]) as period_start, "
        "unnest(?::varchar[]) as breakdown, unnest(?::varchar[]) as member",
        columns,
    )
    for table, (breakdown, member) in RESPONDENTS.items():
        old = release.table(table)
        if table not in names or old is None:
            continue
        if not columns_of(connection, old).issuperset({*COMPARED[table].key, "suppressed"}):
            continue
        marts = member.replace("{marts}", warehouse)
        rows = (
            f"(select *, {breakdown} as of_breakdown, {marts} as of_member from {warehouse}.{table} as row_)"
        )
        _hold(
            connection,
            table,
            rows,
            f"""
            select 1 from {old} as old
            where {same("old", "row_", COMPARED[table].key)} and old.suppressed and not row_.suppressed
                and not exists (
                    select 1 from moved_respondents as moved
                    where {same("moved", "row_", ("period_type", "period_start"))}
                        and moved.breakdown = row_.of_breakdown and moved.member = row_.of_member
                )
            """,
        )


def _leave_out(connection: duckdb.DuckDBPyConnection, table: str, figure: str, rows: str, where: str) -> None:
    """Make a table of the keys of the rows that lack a figure: those that are held, and these of `rows`."""
    connection.execute(
        f"create or replace temp table {_without(table, figure)} as from held_{table} "
        f"union select {', '.join(COMPARED[table].key)} from {rows} as row_ where {where}"
    )


def _without(table: str, figure: str) -> str:
    """The session's table with the keys of the rows that don't show a figure."""
    return f"held_{table}_{figure}"


def _of_goals(connection: duckdb.DuckDBPyConnection, warehouse: str) -> Iterator[Derived]:
    columns = ("goal_id", "indicator", "table_name", "period_type", "row_filter", "kind", *GOAL_FIGURES)
    texts = ", ".join(f"coalesce({column}, '')" for column in columns)
    goals = connection.execute(
        f"select {texts} from {warehouse.replace('marts', 'seeds')}.priority_goals order by all"
    ).fetchall()
    for goal in goals:
        yield from of_goal(dict(zip(columns, goal, strict=True)))


def _hold(connection: duckdb.DuckDBPyConnection, table: str, rows: str, where: str) -> None:
    """Add the keys of rows to the table `held_<table>`."""
    key = ", ".join(COMPARED[table].key)
    connection.execute(
        f"insert into held_{table} select {key} from {rows} as row_ where exists ({where}) "
        f"except select {key} from held_{table}"
    )


def _published(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    warehouse: str,
    current: Earlier,
    *,
    figures: Mapping[str, str],
    asked: Sequence[str],
) -> str:
    """SQL for a table's rows: its own, `figures` by their SQL; of what is held, the current release's.

    `asked` are columns that a row has in the SQL of `figures` besides its own.

    A row that is withheld by now is not held: it tells nothing, and policy may ask for more people than then.
    A held row that the current release hasn't got is withheld: it would tell what the others of its sum hide.
    Where a table doesn't list what it withholds, there is no row then.
    """
    columns = connection.execute(f"describe {warehouse}.{table}").fetchall()
    key = COMPARED[table].key
    is_held = f"exists (select 1 from held_{table} as held where {same('held', 'row_', key)})"
    can_be_withheld = any(name == "suppressed" for name, *_ in columns)
    if can_be_withheld:
        is_held += " and not row_.suppressed"
    own = ", ".join(f"{figures.get(name, f'row_.{name}')} as {name}" for name, *_ in columns)
    queries = [f"select {own} from {_with(f'{warehouse}.{table}', asked)} as row_ where not ({is_held})"]
    release = quoted(current.release_id)
    blank = {
        name: "null" if nullable == "YES" and name not in {*key, *_DESCRIBING} else f"row_.{name}"
        for name, _, nullable, *_ in columns
    }
    old = current.table(table)
    has = columns_of(connection, old) if old else set()
    is_new = ""
    if has.issuperset(key):
        taken = {name: f"old.{name}" if name in has else value for name, value in blank.items()}
        if "held_from" in taken:
            taken["held_from"] = f"coalesce(old.held_from, {release})" if "held_from" in has else release
        queries.append(
            f"""
            select {", ".join(taken.values())}
            from {warehouse}.{table} as row_
            inner join {old} as old on {same("old", "row_", key)}
            where {is_held}
            """
        )
        is_new = f"and not exists (select 1 from {old} as old where {same('old', 'row_', key)})"
    if can_be_withheld:
        said = _OF_WITHHELD | {"held_from": release}
        withheld = ", ".join(said.get(name, value) for name, value in blank.items())
        queries.append(f"select {withheld} from {warehouse}.{table} as row_ where {is_held} {is_new}")
    rows = " union all ".join(queries)
    unlisted = TOLD[table].unlisted if table in TOLD else None
    return f"from ({rows}) where not (suppressed and {unlisted})" if unlisted else rows


def _with(relation: str, asked: Sequence[str]) -> str:
    """SQL for the rows `row_` of a relation with the columns that are asked of them."""
    return f"(select {', '.join(['row_.*', *asked])} from {relation} as row_)"


_OF_WITHHELD = {
    "suppressed": "true",
    "low_n": "false",
    "is_claim_allowed": "false",
    "status": "'withheld'",
    "no_progress_reason": "'withheld'",
}
"""What a withheld row says beside its key, where the table has the column."""

_DESCRIBING = (
    *("target", "indicator", "owner", "kind", "value_start", "value_target"),
    *("start_date", "target_date", "elapsed_share", "breaks_since_start"),
)
"""What may be null and yet tells of nobody: a goal's."""
