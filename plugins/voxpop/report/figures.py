"""The figures of the page, read from a candidate's public tables.

Nothing is computed here that a table does not hold: the page says what an analyst would find by SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

DRIVERS = ("satisfaction", "trust", "effectiveness", "ease", "efficiency", "transparency", "employee")
"""The A-11 section 280 drivers in the circular's order."""


INDEX = ("cx_index", "all", "CX index (0–100)")
HEADLINES = (
    INDEX,
    ("mean", "satisfaction", "Satisfaction, mean of 1–5"),
    ("mean", "trust", "Trust, mean of 1–5"),
    ("thumbs_up", "trust", "Trust, share of thumbs up"),
    ("nps", "recommendation", "Net promoter score"),
)
"""What the page may show first: measure, driver and name, in the order of the places."""

OTHER_MEASURES = (
    ("top_two", "satisfaction", "csat_5", "Satisfied (4 or 5 of 5)"),
    ("thumbs_up", "trust", "thumbs", "Trust, thumbs up"),
    ("mean", "trust", "radio_5", "Trust, mean of 1–5, asked alone"),
    ("nps", "recommendation", "nps_11", "Net promoter score"),
)
"""What a service may ask beside or in place of five-point agreement: measure, driver, scale and name."""

_SHARES = frozenset({"top_box", "top_two", "bottom_two", "thumbs_up"})


@dataclass(frozen=True)
class Figure:
    """One published cell: a value with its n and 95% interval, or the fact that it is withheld.

    `drivers` are those that an index rests on, by comma; None for other measures. `lacks` are the names of
    those that the agency's index rests on and this one doesn't: with any, the two don't compare.
    """

    name: str
    scale: str | None
    measure: str
    driver: str
    value: float | None
    low: float | None
    high: float | None
    standard_error: float | None
    n: int | None
    is_suppressed: bool
    is_low_n: bool
    interval_kind: str | None
    drivers: str | None
    band: str | None
    is_band_uncertain: bool | None
    weighted_value: float | None
    weighted_low: float | None
    weighted_high: float | None
    lacks: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The value as it is published: rounded once, half away from zero; `withheld` where it is."""
        return "withheld" if self.value is None else shown(self.measure, self.value)

    @property
    def interval(self) -> str:
        """The 95% interval as `low to high`, or an em dash where there is none."""
        return _interval(self.measure, self.low, self.high)

    @property
    def count(self) -> str:
        """n with thousands separators, or what stands for it where it is withheld."""
        return "withheld" if self.n is None else f"{self.n:,}"

    @property
    def weighted(self) -> str | None:
        """The weighted value and its interval; None where the survey has no weights."""
        if self.weighted_value is None:
            return None
        bounds = _interval(self.measure, self.weighted_low, self.weighted_high)
        return f"{shown(self.measure, self.weighted_value)} ({bounds})"


@dataclass(frozen=True)
class ContactCenter:
    """A quarter of one contact center: a record of figures for each channel, by the channel's name."""

    source_system: str
    channels: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Headline:
    """A figure of the whole agency, and the same of earlier quarters, by label, newest first.

    `asked_by` are the names of the services that it is about where these are not all, else nothing.
    """

    now: Figure
    earlier: Mapping[str, Figure]
    asked_by: tuple[str, ...]


@dataclass(frozen=True)
class WithoutClearance:
    """A survey and how many of a quarter's counted answers came after its clearance had ended.

    `count` is None where it could give a withheld figure away.
    """

    survey: str
    control_number: str
    ended_on: date
    count: int | None


@dataclass(frozen=True)
class PageFigures:
    """All that the page shows, for the newest fiscal quarter that the release holds in full.

    `is_whole` is False where no quarter is: then it is the newest one. The data are complete to `until`. The
    first headline's measure is the one of months, services and channels.
    """

    quarter: str
    start: date
    is_whole: bool
    until: date
    headlines: tuple[Headline, ...]
    drivers: tuple[Figure, ...]
    months: tuple[Figure, ...]
    services: tuple[Figure, ...]
    channels: tuple[Figure, ...]
    others: tuple[tuple[str, Figure], ...]
    contact_centers: tuple[ContactCenter, ...]
    service_count: int
    without_clearance: tuple[WithoutClearance, ...]

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
        """The name of the measure of months, services and channels."""
        return self.headlines[0].now.name


def shown(measure: str, value: float) -> str:
    """A value as it is published: shares in percent, means with two decimals, all others with one."""
    if measure in _SHARES:
        return f"{rounded(value * 100, 1)}%"
    return rounded(value, 2 if measure == "mean" else 1)


def difference(measure: str, value: float) -> str:
    """A difference of two values with its sign: of shares in percentage points, else as `shown`."""
    points = value * 100 if measure in _SHARES else value
    text = rounded(points, 2 if measure == "mean" else 1)
    return text.replace("-", "−") if text.strip("-0.") else text.removeprefix("-")


def _interval(measure: str, low: float | None, high: float | None) -> str:
    return "—" if low is None or high is None else f"{shown(measure, low)} to {shown(measure, high)}"


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
    """A duration as a person says it: `48 s`, `6 min 5 s`, `20 min`, `3 h 20 min`; it never breaks."""
    whole = int(rounded(seconds, 0).replace(",", ""))
    if whole < 60:
        said = f"{whole} s"
    elif whole < 3600:
        said = f"{whole // 60} min {whole % 60} s".removesuffix(" 0 s")
    else:
        said = f"{whole // 3600:,} h {whole % 3600 // 60} min".removesuffix(" 0 min")
    return said.replace(" ", "\xa0")


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
    wanted = _headlines(connection, start)
    if not wanted:
        return None
    measure, driver, _ = wanted[0]
    earlier = [found for months in (3, 12) if (found := _earlier(connection, start, months)) is not None]
    service_count = _service_count(connection, start)
    headlines = tuple(_headline(connection, start, item, earlier, service_count) for item in wanted)
    first = headlines[0].now
    return PageFigures(
        quarter=label,
        start=start,
        is_whole=is_whole,
        until=until,
        headlines=headlines,
        drivers=_drivers(connection, start),
        months=_months(connection, measure, driver, until if is_whole else None),
        services=_members(connection, start, "service", (measure, driver), whole=first),
        channels=_members(connection, start, "channel", (measure, driver), whole=first),
        others=tuple(
            (name, figure)
            for m, d, scale, name in OTHER_MEASURES
            if (m, d) != (measure, driver)
            for figure in _members(connection, start, "service", (m, d), scale=scale)
        ),
        contact_centers=_contact_centers(connection, start),
        service_count=service_count,
        without_clearance=_without_clearance(connection, start),
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


def _headlines(connection: duckdb.DuckDBPyConnection, start: date) -> list[tuple[str, str, str]]:
    present = connection.execute(
        "select distinct measure, driver from marts.cx_index where period_type = 'quarter' "
        "and breakdown = 'all' and period_start = ?",
        [start],
    ).fetchall()
    return [item for item in HEADLINES if item[:2] in present]


_COLUMNS = (
    "c.scale, c.measure, c.driver, c.value, c.low, c.high, c.standard_error, c.n, c.suppressed, c.low_n, "
    "c.interval_kind, c.drivers, c.band, c.band_uncertain, c.weighted_value, c.weighted_low, c.weighted_high"
)

# Where a driver is asked on several scales, that of five-point agreement speaks for it.
_ONE_SCALE = "order by c.scale = 'likert_5' desc, c.scale"


def _service_count(connection: duckdb.DuckDBPyConnection, start: date) -> int:
    """How many services somebody answered about in a quarter."""
    count: int = connection.execute(
        "select count(distinct member) from marts.cx_index "
        "where period_type = 'quarter' and breakdown = 'service' and period_start = ?",
        [start],
    ).fetchall()[0][0]
    return count


def _headline(
    connection: duckdb.DuckDBPyConnection,
    start: date,
    item: tuple[str, str, str],
    earlier: Sequence[tuple[date, str]],
    service_count: int,
) -> Headline:
    now = _all(connection, start, item)
    asked = _members(connection, start, "service", item[:2], scale=now.scale)
    return Headline(
        now,
        {label: _all(connection, day, item) for day, label in earlier},
        tuple(sorted(one.name for one in asked)) if len(asked) < service_count else (),
    )


def _all(connection: duckdb.DuckDBPyConnection, start: date, item: tuple[str, str, str]) -> Figure:
    measure, driver, name = item
    row = connection.execute(
        f"select {_COLUMNS} from marts.cx_index as c where c.period_type = 'quarter' and c.breakdown = 'all' "
        f"and c.period_start = ? and c.measure = ? and c.driver = ? {_ONE_SCALE} limit 1",
        [start, measure, driver],
    ).fetchone()
    nothing = (None, measure, driver, *[None] * 5, True, False, *[None] * 7)
    return Figure(name, *(row or nothing))


def _drivers(connection: duckdb.DuckDBPyConnection, start: date) -> tuple[Figure, ...]:
    rows = connection.execute(
        f"select c.driver, {_COLUMNS} from marts.cx_index as c "
        "where c.period_type = 'quarter' and c.breakdown = 'all' "
        "and c.period_start = ? and c.measure = 'mean' and c.scale in ('likert_5', 'radio_5', 'csat_5') "
        f"qualify row_number() over (partition by c.driver {_ONE_SCALE}) = 1",
        [start],
    ).fetchall()
    order = {driver: position for position, driver in enumerate(DRIVERS)}
    rows.sort(key=lambda row: (order.get(row[0], len(order)), row[0]))
    return tuple(Figure(row[0].capitalize(), *row[1:]) for row in rows)


def _months(
    connection: duckdb.DuckDBPyConnection, measure: str, driver: str, until: date | None
) -> tuple[Figure, ...]:
    """Every month that had ended by a day; all if it is None."""
    rows = connection.execute(
        f"select c.period_label, {_COLUMNS} from marts.cx_index as c where c.period_type = 'month' "
        "and c.breakdown = 'all' and c.measure = $measure and c.driver = $driver "
        "and ($until is null or c.period_start + interval 1 month - interval 1 day <= $until) "
        f"qualify row_number() over (partition by c.period_label {_ONE_SCALE}) = 1 "
        "order by c.period_start",
        {"measure": measure, "driver": driver, "until": until},
    ).fetchall()
    return tuple(Figure(*row) for row in rows)


def _members(
    connection: duckdb.DuckDBPyConnection,
    start: date,
    breakdown: str,
    item: tuple[str, str],
    *,
    scale: str | None = None,
    whole: Figure | None = None,
) -> tuple[Figure, ...]:
    """A quarter's figure of each member, of one scale or of the one that speaks for a driver.

    Best first, then what doesn't compare with the whole, then the withheld.
    """
    dimension = {
        "service": ("dim_services", "service_id", "service_name"),
        "channel": ("dim_channels", "channel", "channel_name"),
    }
    table, key, name = dimension[breakdown]
    rows = connection.execute(
        f"select coalesce(d.{name}, c.member), {_COLUMNS} "
        f"from marts.cx_index as c left join marts.{table} as d on d.{key} = c.member "
        "where c.period_type = 'quarter' and c.breakdown = $breakdown and c.period_start = $start "
        "and c.measure = $measure and c.driver = $driver and ($scale is null or c.scale = $scale) "
        f"qualify row_number() over (partition by c.member {_ONE_SCALE}) = 1 "
        "order by c.value desc nulls last, 1",
        {"breakdown": breakdown, "start": start, "measure": item[0], "driver": item[1], "scale": scale},
    ).fetchall()
    found = [_compared(Figure(*row), whole) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.value is None, one.lacks != ())))


def _compared(figure: Figure, whole: Figure | None) -> Figure:
    """Say which of the whole's drivers a figure doesn't rest on."""
    if whole is None or whole.drivers is None or figure.drivers is None:
        return figure
    own = figure.drivers.split(",")
    return replace(
        figure, lacks=tuple(driver.capitalize() for driver in whole.drivers.split(",") if driver not in own)
    )


def _without_clearance(connection: duckdb.DuckDBPyConnection, start: date) -> tuple[WithoutClearance, ...]:
    """Counted answers of a quarter that came too late for their survey's clearance, by survey.

    Where a figure of their service is withheld in the quarter, a count of its answers could help to solve it.
    """
    rows = connection.execute(
        """
        with cleared as (
            select distinct survey_id, survey_version, survey_name, omb_control_number, omb_expires_on
            from marts.dim_surveys
        ),
        hidden as (
            select distinct member as service_id from marts.cx_index
            where breakdown = 'service' and suppressed
                and period_start >= $start and period_start < $start + interval 3 months
        )
        select
            s.survey_name, s.omb_control_number, s.omb_expires_on,
            case when count(h.service_id) = 0 then count(*) end
        from marts.fct_survey_responses as r
        inner join cleared as s
            on r.survey_id = s.survey_id and r.survey_version = s.survey_version
        left join hidden as h on r.service_id = h.service_id
        where r.is_counted and r.collected_without_clearance and r.answered_local_date > s.omb_expires_on
            and r.answered_local_date >= $start and r.answered_local_date < $start + interval 3 months
        group by all order by all
        """,
        {"start": start},
    ).fetchall()
    return tuple(WithoutClearance(*row) for row in rows)


def _contact_centers(connection: duckdb.DuckDBPyConnection, start: date) -> tuple[ContactCenter, ...]:
    cursor = connection.execute(
        "select coalesce(d.channel_name, c.member) as channel_name, c.* "
        "from marts.contact_center_performance c left join marts.dim_channels d on d.channel = c.member "
        "where c.period_type = 'quarter' and c.breakdown = 'channel' and c.period_start = ? "
        "order by c.source_system, c.offered desc nulls last, 1",
        [start],
    )
    names = [column[0] for column in cursor.description or ()]
    centers: dict[str, ContactCenter] = {}
    for row in cursor.fetchall():
        record = dict(zip(names, row, strict=True))
        center = centers.setdefault(record["source_system"], ContactCenter(record["source_system"], {}))
        center.channels[record["channel_name"]] = record
    return tuple(centers.values())
