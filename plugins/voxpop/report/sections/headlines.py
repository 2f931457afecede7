"""What the page shows first: a few figures of the whole agency, and the same of earlier quarters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from voxpop.report.figure import COLUMNS, ONE_SCALE, Figure, members

INDEX = ("cx_index", "all", "CX index (0–100)")
HEADLINES = (
    INDEX,
    ("mean", "satisfaction", "Satisfaction, mean of 1–5"),
    ("mean", "trust", "Trust, mean of 1–5"),
    ("thumbs_up", "trust", "Trust, share of thumbs up"),
    ("acsi_equal_weight", "all", "ACSI of equal weights (0–100)"),
    ("nps", "recommendation", "Net promoter score"),
)
"""What the page may show first: measure, driver and name, in the order of the places."""


@dataclass(frozen=True)
class Headline:
    """A figure of the whole agency, and the same of earlier quarters, by label, newest first.

    `asked_by` are the names of the services that it is about where these are not all, else nothing.
    """

    now: Figure
    earlier: Mapping[str, Figure]
    asked_by: tuple[str, ...]


def wanted(connection: duckdb.DuckDBPyConnection, start: date) -> list[tuple[str, str, str]]:
    present = connection.execute(
        "select distinct measure, driver from marts.cx_index where period_type = 'quarter' "
        "and breakdown = 'all' and period_start = ?",
        [start],
    ).fetchall()
    return [item for item in HEADLINES if item[:2] in present]


def service_count(connection: duckdb.DuckDBPyConnection, start: date) -> int:
    """How many services somebody answered about in a quarter."""
    count: int = connection.execute(
        "select count(distinct member) from marts.cx_index "
        "where period_type = 'quarter' and breakdown = 'service' and period_start = ?",
        [start],
    ).fetchall()[0][0]
    return count


def headline(
    connection: duckdb.DuckDBPyConnection,
    start: date,
    item: tuple[str, str, str],
    earlier: Sequence[tuple[date, str]],
    service_count: int,
) -> Headline:
    now = _all(connection, start, item)
    asked = members(connection, start, "service", item[:2], scale=now.scale)
    return Headline(
        now,
        {label: _all(connection, day, item) for day, label in earlier},
        tuple(sorted(one.name for one in asked)) if len(asked) < service_count else (),
    )


def _all(connection: duckdb.DuckDBPyConnection, start: date, item: tuple[str, str, str]) -> Figure:
    measure, driver, name = item
    row = connection.execute(
        f"select {COLUMNS} from marts.cx_index as c where c.period_type = 'quarter' and c.breakdown = 'all' "
        f"and c.period_start = ? and c.measure = ? and c.driver = ? {ONE_SCALE} limit 1",
        [start, measure, driver],
    ).fetchone()
    nothing = ("all", "all", None, measure, driver, *[None] * 4, True, False, None, False, *[None] * 10)
    return Figure(name, *(row or nothing))
