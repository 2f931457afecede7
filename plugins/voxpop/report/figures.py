"""The figures of the page, read from a candidate's public tables, a section a module.

Nothing is computed here that a table does not hold: the page says what an analyst would find by SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from voxpop.report.figure import Figure, members
from voxpop.report.sections import (
    changes,
    contact_center,
    drivers,
    equity,
    goals,
    headlines,
    journeys,
    months,
    nonresponse,
    others,
    surveys,
    timeliness,
    website,
)
from voxpop.report.sections.changes import Changes
from voxpop.report.sections.contact_center import ContactCenter
from voxpop.report.sections.equity import Equity
from voxpop.report.sections.goals import Goal
from voxpop.report.sections.headlines import Headline
from voxpop.report.sections.journeys import Journeys
from voxpop.report.sections.months import Series
from voxpop.report.sections.nonresponse import Comparison
from voxpop.report.sections.surveys import Survey
from voxpop.report.sections.timeliness import Stream
from voxpop.report.sections.website import Website


@dataclass(frozen=True)
class PageFigures:
    """All that the page shows, for the newest fiscal quarter that the release holds in full.

    `is_whole` is False where no quarter is: then it is the newest one. The data are complete to `until`.
    `earlier` are the labels of the quarters that it is compared with, by comparison. The first headline's
    measure is the one of services and channels.
    """

    quarter: str
    start: date
    is_whole: bool
    until: date
    headlines: tuple[Headline, ...]
    earlier: Mapping[str, str]
    changes: Changes
    drivers: tuple[Figure, ...]
    series: tuple[Series, ...]
    services: tuple[Figure, ...]
    channels: tuple[Figure, ...]
    others: tuple[tuple[str, Figure], ...]
    contact_centers: tuple[ContactCenter, ...]
    websites: tuple[Website, ...]
    surveys: tuple[Survey, ...]
    nonresponse: tuple[Comparison, ...]
    goals: tuple[Goal, ...]
    equity: Equity
    journeys: Journeys
    streams: tuple[Stream, ...]
    service_count: int

    @property
    def months_of_quarter(self) -> str:
        """The quarter by the calendar: `July to September 2026`."""
        last = self.start + timedelta(days=62)  # two months are 59 to 62 days
        return f"{self.start:%B} to {last:%B %Y}"

    @property
    def period(self) -> str:
        """The quarter and what it is by the calendar: `2026Q4 (July to September 2026)`."""
        return f"{self.quarter} ({self.months_of_quarter})"

    @property
    def fiscal_year(self) -> int:
        """The quarter's fiscal year, which began in October of the year before."""
        return int(self.quarter[:4])

    @property
    def measure(self) -> str:
        """The name of the measure of services and channels."""
        return self.headlines[0].now.name


def read(connection: duckdb.DuckDBPyConnection, until: date | None) -> PageFigures | None:
    """Read the page's figures.

    Args:
        connection: on the candidate's `voxpop.duckdb`.
        until: the last day of which the data are complete, as the manifest says.

    Returns:
        The figures, or None where no quarter has a figure to show, or the manifest says no day.
    """
    quarter = _quarter(connection, until)
    if until is None or quarter is None:
        return None
    start, label, is_whole = quarter
    wanted = headlines.wanted(connection, start)
    if not wanted:
        return None
    measure, driver, _ = wanted[0]
    earlier = {
        comparison: found
        for comparison, back in (("previous_period", 3), ("year_before", 12))
        if (found := _earlier(connection, start, back)) is not None
    }
    service_count = headlines.service_count(connection, start)
    first = tuple(
        headlines.headline(connection, start, item, tuple(earlier.values()), service_count) for item in wanted
    )
    whole = first[0].now
    return PageFigures(
        quarter=label,
        start=start,
        is_whole=is_whole,
        until=until,
        headlines=first,
        earlier={comparison: label for comparison, (_, label) in earlier.items()},
        changes=changes.read(connection, start),
        drivers=drivers.read(connection, start),
        series=months.read(connection, first, until if is_whole else None),
        services=members(connection, start, "service", (measure, driver), whole=whole),
        channels=members(connection, start, "channel", (measure, driver), whole=whole),
        others=others.read(connection, start, (measure, driver)),
        contact_centers=contact_center.read(connection, start),
        websites=website.read(connection, start),
        surveys=surveys.read(connection, start),
        nonresponse=nonresponse.read(connection, start),
        goals=goals.read(connection, start),
        equity=equity.read(connection, start, whole),
        journeys=journeys.read(connection, start),
        streams=timeliness.read(connection),
        service_count=service_count,
    )


def _quarter(connection: duckdb.DuckDBPyConnection, until: date | None) -> tuple[date, str, bool] | None:
    """The newest quarter with figures that had ended by a day, or else the newest: a survey may be a wave."""
    return connection.execute(
        """
        select distinct period_start, period_label, period_start + interval 3 months - interval 1 day <= ?
        from marts.cx_index
        where period_type = 'quarter'
        order by 3 desc, 1 desc limit 1
        """,
        [until],
    ).fetchone()


def _earlier(connection: duckdb.DuckDBPyConnection, start: date, months: int) -> tuple[date, str] | None:
    return connection.execute(
        "select distinct period_start, period_label from marts.cx_index "
        "where period_type = 'quarter' and period_start = ?::date - to_months(?)",
        [start, months],
    ).fetchone()
