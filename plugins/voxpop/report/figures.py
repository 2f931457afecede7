"""The figures of the page, read from a candidate's public tables.

Nothing is computed here that a table does not hold: the page says what an analyst would find by SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

DRIVERS = ("satisfaction", "trust", "effectiveness", "ease", "efficiency", "transparency", "employee")
"""The A-11 section 280 drivers in the circular's order."""


@dataclass(frozen=True)
class Figure:
    """One published cell: a value with its n and 95% interval, or the fact that it is withheld."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    is_suppressed: bool
    is_low_n: bool
    interval_kind: str | None

    def text(self, decimals: int) -> str:
        """The value as it is published: rounded once, half away from zero; `withheld` where it is."""
        return "withheld" if self.value is None else rounded(self.value, decimals)

    def interval(self, decimals: int) -> str:
        """The 95% interval as `low to high`, or an em dash where there is none."""
        if self.low is None or self.high is None:
            return "—"
        return f"{rounded(self.low, decimals)} to {rounded(self.high, decimals)}"

    @property
    def count(self) -> str:
        """n with thousands separators, or what stands for it where it is withheld."""
        return "withheld" if self.n is None else f"{self.n:,}"


@dataclass(frozen=True)
class ContactCenter:
    """A quarter of one contact center: a record of figures for each channel, by the channel's name."""

    source_system: str
    channels: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class PageFigures:
    """All that the page shows, for the newest fiscal quarter that the release holds in full."""

    quarter: str
    quarter_start: date
    headlines: tuple[Figure, ...]
    before: tuple[Figure, ...]
    quarter_before: str | None
    drivers: tuple[Figure, ...]
    months: tuple[Figure, ...]
    months_measure: str
    months_decimals: int
    services: tuple[Figure, ...]
    channels: tuple[Figure, ...]
    contact_centers: tuple[ContactCenter, ...]


def rounded(value: float, decimals: int) -> str:
    """Round half away from zero, once, for display.

    Args:
        value: unrounded.
        decimals: digits after the point.

    Returns:
        The shortest exact text of the rounded value, with its trailing zeros.
    """
    # The shortest decimal that is this float, so that 2.675 rounds as a reader would round it
    quantum = Decimal(1).scaleb(-decimals)
    return f"{Decimal(str(value)).quantize(quantum, rounding=ROUND_HALF_UP):,}"


def minutes(seconds: float) -> str:
    """A duration as a person says it: `48 s`, `6 min 5 s`, `3 h 20 min`."""
    whole = int(rounded(seconds, 0).replace(",", ""))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def read(connection: duckdb.DuckDBPyConnection) -> PageFigures | None:
    """Read the page's figures.

    Args:
        connection: on the candidate's `voxpop.duckdb`.

    Returns:
        The figures, or None where no fiscal quarter with a response is complete.
    """
    quarter = _newest_whole_quarter(connection)
    if quarter is None:
        return None
    label, start = quarter
    before = connection.execute(
        "select max(quarter_start) from marts.dim_dates where quarter_start < ?", [start]
    ).fetchone()
    before_label = None
    if before and before[0]:
        row = connection.execute(
            "select min(fiscal_quarter) from marts.dim_dates where quarter_start = ?", [before[0]]
        ).fetchone()
        before_label = row[0] if row else None
    headline_measures = _headline_measures(connection, label)
    months_measure = headline_measures[0] if headline_measures else ("cx_index", "all", "CX index")
    by_name = [(measure, driver, name) for measure, driver, name in headline_measures]
    return PageFigures(
        quarter=label,
        quarter_start=start,
        headlines=tuple(_all(connection, label, *item) for item in by_name),
        before=tuple(_all(connection, before_label, *item) for item in by_name) if before_label else (),
        quarter_before=before_label,
        drivers=_drivers(connection, label),
        months=_months(connection, months_measure[0], months_measure[1]),
        months_measure=months_measure[2],
        months_decimals=1 if months_measure[0] == "cx_index" else 2,
        services=_members(connection, label, "service", months_measure[0], months_measure[1]),
        channels=_members(connection, label, "channel", months_measure[0], months_measure[1]),
        contact_centers=_contact_centers(connection, label),
    )


def _newest_whole_quarter(connection: duckdb.DuckDBPyConnection) -> tuple[str, date] | None:
    # A quarter is whole when something was counted on its last day or later: what a person answered or asked.
    row = connection.execute(
        """
        with through as (
            select max(day) as day from (
                select max(answered_local_date) as day from marts.fct_survey_responses
                union all select max(started_local_date) from marts.fct_interactions
            )
        ),
        quarters as (
            select fiscal_quarter, quarter_start, max(date_day) as last_day from marts.dim_dates group by all
        )
        select q.fiscal_quarter, q.quarter_start
        from quarters q join through t on q.last_day <= t.day
        where q.fiscal_quarter in (select period_label from marts.cx_index where period_type = 'quarter')
        order by q.quarter_start desc limit 1
        """
    ).fetchone()
    if row is not None:
        return row[0], row[1]
    # A survey that ran for less than a quarter (one wave a year) is shown for the quarter in which it ran.
    row = connection.execute(
        "select period_label, period_start from marts.cx_index where period_type = 'quarter' "
        "order by period_start desc limit 1"
    ).fetchone()
    return None if row is None else (row[0], row[1])


def _headline_measures(connection: duckdb.DuckDBPyConnection, label: str) -> list[tuple[str, str, str]]:
    present = {
        (measure, driver)
        for measure, driver in connection.execute(
            "select distinct measure, driver from marts.cx_index where period_type = 'quarter' "
            "and breakdown = 'all' and period_label = ?",
            [label],
        ).fetchall()
    }
    wanted = [
        ("cx_index", "all", "CX index (0–100)"),
        ("mean", "satisfaction", "Satisfaction, mean of 1–5"),
        ("mean", "trust", "Trust, mean of 1–5"),
        ("thumbs_up", "trust", "Trust, share of thumbs up"),
        ("nps", "recommendation", "Net promoter score"),
    ]
    return [item for item in wanted if item[:2] in present]


_COLUMNS = "value, low, high, n, suppressed, low_n, interval_kind"


def _figure(name: str, row: tuple[Any, ...]) -> Figure:
    return Figure(name, *row)


def _all(
    connection: duckdb.DuckDBPyConnection, label: str | None, measure: str, driver: str, name: str
) -> Figure:
    row = connection.execute(
        f"select {_COLUMNS} from marts.cx_index where period_type = 'quarter' and breakdown = 'all' "
        "and period_label = ? and measure = ? and driver = ? order by n desc nulls last, scale limit 1",
        [label, measure, driver],
    ).fetchone()
    return Figure(name, None, None, None, None, True, False, None) if row is None else _figure(name, row)


def _drivers(connection: duckdb.DuckDBPyConnection, label: str) -> tuple[Figure, ...]:
    rows = connection.execute(
        f"select driver, {_COLUMNS} from marts.cx_index where period_type = 'quarter' and breakdown = 'all' "
        "and period_label = ? and measure = 'mean' and scale in ('likert_5', 'csat_5') "
        "qualify row_number() over (partition by driver order by scale = 'likert_5' desc) = 1",
        [label],
    ).fetchall()
    order = {driver: position for position, driver in enumerate(DRIVERS)}
    rows.sort(key=lambda row: (order.get(row[0], len(order)), row[0]))
    return tuple(_figure(row[0].capitalize(), row[1:]) for row in rows)


def _months(connection: duckdb.DuckDBPyConnection, measure: str, driver: str) -> tuple[Figure, ...]:
    rows = connection.execute(
        f"select period_label, {_COLUMNS} from marts.cx_index where period_type = 'month' "
        "and breakdown = 'all' and measure = ? and driver = ? "
        "qualify row_number() over (partition by period_label order by scale = 'likert_5' desc, scale) = 1 "
        "order by period_start",
        [measure, driver],
    ).fetchall()
    return tuple(_figure(row[0], row[1:]) for row in rows)


def _members(
    connection: duckdb.DuckDBPyConnection, label: str, breakdown: str, measure: str, driver: str
) -> tuple[Figure, ...]:
    dimension = {
        "service": ("dim_services", "service_id", "service_name"),
        "channel": ("dim_channels", "channel", "channel_name"),
    }
    table, key, name = dimension[breakdown]
    rows = connection.execute(
        f"select coalesce(d.{name}, c.member), {', '.join('c.' + column for column in _COLUMNS.split(', '))} "
        f"from marts.cx_index c left join marts.{table} d on d.{key} = c.member "
        "where c.period_type = 'quarter' and c.breakdown = ? and c.period_label = ? and c.measure = ? "
        "and c.driver = ? "
        "qualify row_number() over (partition by c.member order by c.scale = 'likert_5' desc, c.scale) = 1 "
        "order by c.value desc nulls last, 1",
        [breakdown, label, measure, driver],
    ).fetchall()
    return tuple(_figure(row[0], row[1:]) for row in rows)


def _contact_centers(connection: duckdb.DuckDBPyConnection, label: str) -> tuple[ContactCenter, ...]:
    cursor = connection.execute(
        "select coalesce(d.channel_name, c.member) as channel_name, c.* "
        "from marts.contact_center_performance c left join marts.dim_channels d on d.channel = c.member "
        "where c.period_type = 'quarter' and c.breakdown = 'channel' and c.period_label = ? "
        "order by c.source_system, c.offered desc nulls last, 1",
        [label],
    )
    names = [column[0] for column in cursor.description or ()]
    centers: dict[str, ContactCenter] = {}
    for row in cursor.fetchall():
        record = dict(zip(names, row, strict=True))
        center = centers.setdefault(record["source_system"], ContactCenter(record["source_system"], {}))
        center.channels[record["channel_name"]] = record
    return tuple(centers.values())
