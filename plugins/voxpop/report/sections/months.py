"""The page's first measure by month."""

from __future__ import annotations

from datetime import date

import duckdb

from voxpop.report.figure import COLUMNS, ONE_SCALE, Figure


def read(
    connection: duckdb.DuckDBPyConnection, measure: str, driver: str, until: date | None
) -> tuple[Figure, ...]:
    """Every month that had ended by a day; all if it is None."""
    rows = connection.execute(
        f"select c.period_label, {COLUMNS} from marts.cx_index as c where c.period_type = 'month' "
        "and c.breakdown = 'all' and c.measure = $measure and c.driver = $driver "
        "and ($until is null or c.period_start + interval 1 month - interval 1 day <= $until) "
        f"qualify row_number() over (partition by c.period_label {ONE_SCALE}) = 1 "
        "order by c.period_start",
        {"measure": measure, "driver": driver, "until": until},
    ).fetchall()
    return tuple(Figure(*row) for row in rows)
