"""Visits to websites, by source and report: two of them may count the same visits, so none are added up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

MOST = 12
"""How many sites, or devices, of one report are shown."""


@dataclass(frozen=True)
class Website:
    """What one source says in one report of one site, of all of its sites or of one device in a quarter.

    `figures` is the row of `web_performance`, by column; None where withheld or not counted.
    """

    source_system: str
    part: str
    report: str
    figures: dict[str, Any]


def read(connection: duckdb.DuckDBPyConnection, start: date) -> tuple[Website, ...]:
    """Each source's whole of a quarter, by source, site and report.

    A report that says no whole is there by its sites or devices, as it counts them, most visits first.
    """
    cursor = connection.execute(
        """
        with of_quarter as (
            select * from marts.web_performance
            where period_type = 'quarter' and breakdown in ('all', 'site', 'device') and period_start = ?
        ),
        wholes as (select source_system, report, basis from of_quarter where breakdown = 'all')
        select * from of_quarter
        where breakdown = 'all' or (source_system, report, basis) not in (from wholes)
        qualify row_number() over (
            partition by source_system, report, basis, breakdown order by visits desc nulls last, site, member
        ) <= ?
        order by source_system, report, basis, breakdown, visits desc nulls last, site, member
        """,
        [start, MOST],
    )
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return tuple(Website(row["source_system"], _part(row), row["report"], row) for row in rows)


def _part(row: dict[str, Any]) -> str:
    """What is counted: a site, all of them, or a device on them."""
    if row["breakdown"] == "all":
        return str(row["site"])
    return str(row["member"] if row["site"] in ("all", row["member"]) else f"{row['member']}, {row['site']}")
