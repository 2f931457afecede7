"""Priority goals: how far each measure has come, whether that is enough, and where it is heading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from voxpop.report.numbers import rounded, shown

_STATUS = {
    "withheld": "withheld",
    "not_reported": "not reported",
    "no_target": "no target",
    "met": "target met",
    "not_met": "target not met",
    "done": "done",
    "not_done": "not done",
    "regressed": "regressed",
    "on_track": "on track",
    "behind": "behind",
}


@dataclass(frozen=True)
class Goal:
    """A measure of a priority goal in a quarter; a number is None where withheld, unknown or undefined.

    It is provisional while days of the quarter are still to come in its data: no verdict is final then.
    `is_target_met` is said of the value, also before the goal's date, when the status says how far it is.
    `breaks` are the quarters since its start, by comma, whose value doesn't compare with those before.
    """

    goal: str
    indicator: str | None
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    start: float | None
    target: float | None
    target_date: date | None
    progress: float | None
    status: str | None
    is_target_met: bool | None
    forecast: float | None
    forecast_low: float | None
    forecast_high: float | None
    agrees_with_published: bool | None
    is_low_n: bool
    is_provisional: bool
    held_from: str | None
    breaks: str | None

    @property
    def status_text(self) -> str:
        """The status in words, the target's as the exported file has it; an em dash where there is none."""
        if self.is_target_met and not self.is_provisional:
            return "target met"
        return _STATUS[self.status] if self.status else "—"

    @property
    def progress_text(self) -> str:
        """Progress in percent; an em dash where there is none, which is not 0."""
        return "—" if self.progress is None else shown("top_two", self.progress)

    @property
    def forecast_text(self) -> str:
        """What it reaches by its date, with the 95% prediction interval."""
        if self.forecast is None or self.forecast_low is None or self.forecast_high is None:
            return "—"
        low, high = number(self.forecast_low), number(self.forecast_high)
        return f"{number(self.forecast)} ({low} to {high})"


def number(value: float | None) -> str:
    """A value of any unit, to four significant places at least; an em dash for None."""
    if value is None:
        return "—"
    if value == 0:
        return "0"
    return rounded(
        value, 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    )


def read(connection: duckdb.DuckDBPyConnection, start: date) -> tuple[Goal, ...]:
    """The measures of a quarter, by goal and indicator."""
    rows = connection.execute(
        """
        select
            goal, indicator, value, low, high, n, value_start, value_target, target_date, progress, status,
            is_target_met, forecast_value, forecast_low, forecast_high, agrees_with_published,
            coalesce(low_n, false), is_provisional, held_from, replace(breaks_since_start, ',', ', ')
        from marts.priority_goal_measures
        where period_type = 'quarter' and period_start = ?
        order by goal, goal_id, indicator, measure_id
        """,
        [start],
    ).fetchall()
    return tuple(Goal(*row) for row in rows)
