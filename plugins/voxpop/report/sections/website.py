"""Visits to websites, by source and report: two of them may count the same visits, so none are added up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb


@dataclass(frozen=True)
class Website:
    """What one source says in one report of one site (or of all of its sites) in a quarter.

    `figures` is the row of `web_performance`, by column; None where withheld or not counted.
    """

    source_system: str
    site: str
    report: str
    figures: dict[str, Any]


def read(connection: duckdb.DuckDBPyConnection, start: date) -> tuple[Website, ...]:
    """Each source's whole of a quarter, by source, site and report."""
    cursor = connection.execute(
        "select * from marts.web_performance where period_type = 'quarter' and breakdown = 'all' "
        "and period_start = ? order by source_system, site, report, basis",
        [start],
    )
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return tuple(Website(row["source_system"], row["site"], row["report"], row) for row in rows)
