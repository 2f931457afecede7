"""What the filter of a priority goal lacks where it leaves several rows of a period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import duckdb

from voxpop.config import Settings
from voxpop.errors import ConfigError
from voxpop.warehouse.measure_tables import measure_key
from voxpop.warehouse.seed_tables import PriorityGoal
from voxpop.warehouse.seeds import lines_of
from voxpop.warehouse.state import connected

ONE_ROW_A_PERIOD = "a_goal_has_one_row_a_period"
"""The data test of the goals' values that fails where a filter leaves several rows of a period."""

_REPEATED = """
    select period_start, any_value(period_label), count(*)
    from intermediate.int_priority_goals__own_values
    where goal_id = ? and indicator = ?
    group by period_start
    having count(*) > 1
    order by period_start
    limit 1
"""


def filters_too_wide(settings: Settings) -> ConfigError:
    """Say which goals' `row_filter` leaves several rows of a period, of the values that were built last.

    Args:
        settings: where everything is; the caller holds the warehouse's lock.

    Returns:
        The error to raise: for each goal its row in the seed, the first such period, how many rows there
        are, and in what they differ.
    """
    problems = []
    with connected(settings) as connection:
        for line, goal in lines_of(settings, "priority_goals", PriorityGoal):
            found = connection.execute(_REPEATED, [goal.goal_id, goal.indicator]).fetchone()
            if found:
                start, period, count = found
                differ = _differing(
                    connection, goal, start, measure_key(settings.dbt_project, goal.table_name)
                )
                problems.append(
                    f"row {line}: {goal.goal_id}, {goal.indicator}: row_filter {goal.row_filter!r} leaves "
                    f"{count} rows of {goal.table_name} in {period}; they differ in {', '.join(differ)}"
                )
    return ConfigError(
        f"priority_goals.csv in {settings.seeds} can't be used: a goal has one value a period. What was "
        "pending stays pending. Name one value of each of these columns in row_filter, and build again:\n  "
        + "\n  ".join(problems)
    )


def _differing(
    connection: duckdb.DuckDBPyConnection, goal: PriorityGoal, period_start: date, key: Sequence[str]
) -> Iterator[str]:
    """The columns of the key that have several values among the goal's rows of a period, with the values."""
    given = {**goal.filtered, "period_type": goal.period_type, "period_start": str(period_start)}
    where = " and ".join(f"{column}::varchar = ?" for column in given)
    for column in key:
        sql = f"""
            select distinct coalesce({column}::varchar, 'null') as value
            from marts.{goal.table_name} where {where} order by value
        """  # noqa: S608 - names of our own tables and columns
        values = [value for (value,) in connection.execute(sql, list(given.values())).fetchall()]
        if len(values) > 1:
            more = f" and {len(values) - 3} more" if len(values) > 3 else ""
            yield f"{column} ({', '.join(values[:3])}{more})"
