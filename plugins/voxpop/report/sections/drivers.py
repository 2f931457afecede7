"""The mean answer to each driver question."""

from __future__ import annotations

from datetime import date

import duckdb

from voxpop.report.figure import COLUMNS, ONE_SCALE, Figure

DRIVERS = ("satisfaction", "trust", "effectiveness", "ease", "efficiency", "transparency", "employee")
"""The A-11 section 280 drivers in the circular's order."""


def read(connection: duckdb.DuckDBPyConnection, start: date) -> tuple[Figure, ...]:
    """The drivers of a quarter, in the circular's order."""
    rows = connection.execute(
        f"select c.driver, {COLUMNS} from marts.cx_index as c "
        "where c.period_type = 'quarter' and c.breakdown = 'all' "
        "and c.period_start = ? and c.measure = 'mean' and c.scale in ('likert_5', 'radio_5', 'csat_5') "
        f"qualify row_number() over (partition by c.driver {ONE_SCALE}) = 1",
        [start],
    ).fetchall()
    order = {driver: position for position, driver in enumerate(DRIVERS)}
    rows.sort(key=lambda row: (order.get(row[0], len(order)), row[0]))
    return tuple(Figure(row[0].capitalize(), *row[1:]) for row in rows)
