"""The headlines' measures by month, and what breaks their series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, count, product
from string import ascii_lowercase

import duckdb

from voxpop.report.figure import COLUMNS, Figure
from voxpop.report.sections.headlines import Headline

_KINDS = {
    "wording": "other words",
    "question_set": "other questions",
    "order": "another order",
    "mode": "asked in another channel",
    "sampling": "asked of others",
    "method": "another method",
}


@dataclass(frozen=True)
class Break:
    """A day from which on a survey asks in another way.

    Attributes:
        on: the day.
        letter: what names it in a drawing.
        what: which survey, and what changed of it.
    """

    on: date
    letter: str
    what: str


@dataclass(frozen=True)
class Limits:
    """The control limits of a month: within them the series moves by itself.

    Attributes:
        month: `YYYY-MM`.
        lower: the lower limit.
        upper: the upper one.
        is_outside: whether the month's figure lies outside of them.
        is_adjusted: whether the season is taken off.
    """

    month: str
    lower: float
    upper: float
    is_outside: bool
    is_adjusted: bool


@dataclass(frozen=True)
class Series:
    """A measure of the whole agency by month, the breaks between its months, and its control limits."""

    name: str
    months: tuple[Figure, ...]
    breaks: tuple[Break, ...]
    limits: tuple[Limits, ...]

    @property
    def marks(self) -> dict[str, str]:
        """By month within which breaks lie: `break a, b`."""
        letters: dict[str, list[str]] = {}
        for one in self.breaks:
            letters.setdefault(f"{one.on:%Y-%m}", []).append(one.letter)
        return {month: f"break {', '.join(of_month)}" for month, of_month in letters.items()}


def read(
    connection: duckdb.DuckDBPyConnection, headlines: Sequence[Headline], until: date | None
) -> tuple[Series, ...]:
    """The series of each headline, with every month that had ended by a day; all months if it is None."""
    found = []
    for one in headlines:
        months = _months(connection, one.now, until)
        if months:
            breaks = _breaks(connection, one.now.scale, months)
            found.append(Series(one.now.name, months, breaks, _limits(connection, one.now, months)))
    return tuple(found)


def _months(connection: duckdb.DuckDBPyConnection, figure: Figure, until: date | None) -> tuple[Figure, ...]:
    rows = connection.execute(
        f"select c.period_label, {COLUMNS} from marts.cx_index as c where c.period_type = 'month' "
        "and c.breakdown = 'all' and c.scale = $scale and c.measure = $measure and c.driver = $driver "
        "and ($until is null or c.period_start + interval 1 month - interval 1 day <= $until) "
        "order by c.period_start",
        {"scale": figure.scale, "measure": figure.measure, "driver": figure.driver, "until": until},
    ).fetchall()
    return tuple(Figure(*row) for row in rows)


def _breaks(
    connection: duckdb.DuckDBPyConnection, scale: str | None, months: Sequence[Figure]
) -> tuple[Break, ...]:
    """By day; surveys that break on one day share a letter."""
    rows = connection.execute(
        """
        with names as (
            select survey_id, max_by(survey_name, survey_version) as survey_name
            from marts.dim_surveys group by survey_id
        )
        select b.break_date, coalesce(n.survey_name, b.survey_id) as survey, list(b.kind order by b.kind)
        from marts.series_breaks as b
        left join names as n on n.survey_id = b.survey_id
        where b.breakdown = 'all' and b.scale = $scale and b.month_label between $first and $last
        group by all
        order by all
        """,
        {"scale": scale, "first": months[0].name, "last": months[-1].name},
    ).fetchall()
    days: dict[date, list[str]] = {}
    for day, survey, kinds in rows:
        days.setdefault(day, []).append(f"{survey}: {', '.join(_KINDS[kind] for kind in kinds)}")
    # a to z, then aa
    letters = chain.from_iterable(product(ascii_lowercase, repeat=length) for length in count(1))
    return tuple(
        Break(day, "".join(letter), "; ".join(what))
        for letter, (day, what) in zip(letters, days.items(), strict=False)
    )


def _limits(
    connection: duckdb.DuckDBPyConnection, figure: Figure, months: Sequence[Figure]
) -> tuple[Limits, ...]:
    """By month; one that is alone between breaks, or has few beside it, has none."""
    rows = connection.execute(
        """
        select period_label, lower, upper, is_outside, is_seasonally_adjusted
        from marts.cx_control_limits
        where period_type = 'month' and breakdown = 'all' and scale = $scale and measure = $measure
            and driver = $driver and period_label between $first and $last
        order by period_label
        """,
        {
            "scale": figure.scale,
            "measure": figure.measure,
            "driver": figure.driver,
            "first": months[0].name,
            "last": months[-1].name,
        },
    ).fetchall()
    return tuple(Limits(*row) for row in rows)
