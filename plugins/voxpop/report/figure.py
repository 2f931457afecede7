"""One published cell of `cx_index`, and how the page's sections read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import duckdb

from voxpop.report.numbers import interval, shown

Key = tuple[str, str, str | None, str, str]
"""Of a figure within its period: breakdown, member, scale, measure and driver."""

COLUMNS = (
    "c.breakdown, c.member, c.scale, c.measure, c.driver, c.value, c.low, c.high, c.n, "
    "c.suppressed, c.low_n, c.interval_kind, c.is_weighted, c.drivers, c.band, c.band_uncertain, "
    "c.weighted_value, c.weighted_low, c.weighted_high, c.volume_value, c.volume_low, c.volume_high, "
    "c.held_from"
)

# Where a driver is asked on several scales, that of five-point agreement speaks for it.
ONE_SCALE = "order by c.scale = 'likert_5' desc, c.scale"
"""For `order by`: which scale comes first."""


@dataclass(frozen=True)
class Figure:
    """One published cell: a value with its n and 95% interval, or the fact that it is withheld.

    `drivers` are those that an index rests on, by comma; None for other measures. `lacks` are the names of
    those that the agency's index rests on and this one doesn't: with any, the two don't compare. Where it
    `is_weighted`, weights or sampling units stand behind it, for which its interval doesn't allow.
    `held_from` is the release whose figure this still is; None where it is this one's.
    """

    name: str
    breakdown: str
    member: str
    scale: str | None
    measure: str
    driver: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    is_suppressed: bool
    is_low_n: bool
    interval_kind: str | None
    is_weighted: bool
    drivers: str | None
    band: str | None
    is_band_uncertain: bool | None
    weighted_value: float | None
    weighted_low: float | None
    weighted_high: float | None
    volume_value: float | None
    volume_low: float | None
    volume_high: float | None
    held_from: str | None
    lacks: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """What it is of, within its period."""
        return self.breakdown, self.member, self.scale, self.measure, self.driver

    @property
    def text(self) -> str:
        """The value as it is published: rounded once, half away from zero; `withheld` where it is."""
        return "withheld" if self.value is None else shown(self.measure, self.value)

    @property
    def interval(self) -> str:
        """The 95% interval as `low to high`, or an em dash where there is none."""
        return interval(self.measure, self.low, self.high)

    @property
    def count(self) -> str:
        """n with thousands separators, or what stands for it where it is withheld."""
        return "withheld" if self.n is None else f"{self.n:,}"

    @property
    def weighted(self) -> str | None:
        """The weighted value and its interval; None where there is none, or it isn't told."""
        return self._with_interval(self.weighted_value, self.weighted_low, self.weighted_high)

    @property
    def by_volume(self) -> str | None:
        """The value by how many each service served, and its interval; None where that isn't known."""
        return self._with_interval(self.volume_value, self.volume_low, self.volume_high)

    def _with_interval(self, value: float | None, low: float | None, high: float | None) -> str | None:
        if value is None:
            return None
        return f"{shown(self.measure, value)} ({interval(self.measure, low, high)})"


def members(
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
        f"select coalesce(d.{name}, c.member), {COLUMNS} "
        f"from marts.cx_index as c left join marts.{table} as d on d.{key} = c.member "
        "where c.period_type = 'quarter' and c.breakdown = $breakdown and c.period_start = $start "
        "and c.measure = $measure and c.driver = $driver and ($scale is null or c.scale = $scale) "
        f"qualify row_number() over (partition by c.member {ONE_SCALE}) = 1 "
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
