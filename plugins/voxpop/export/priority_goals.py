"""A quarter's priority goals in the shape of performance.gov's file, read from a release.

What is not known is blank there, and not the `0` that published files have had for it; so is a verdict on a
value that may still move, since days of its quarter are to come.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

from voxpop.export.cells import Sheet
from voxpop.export.columns import PRIORITY_GOALS
from voxpop.quarter import Quarter

_COLUMNS = (
    "goal_id",
    "goal",
    "target",
    "indicator",
    "owner",
    "direction",
    "value",
    "value_start",
    "value_target",
    "progress",
    "progress_bin",
    "no_progress_reason",
    "is_target_met",
    "is_provisional",
)
_TYPES = {
    "increase": "Measurable increase",
    "decrease": "Measurable decrease",
    "maintain_at_or_above": "Maintain at or above threshold",
    "maintain_at_or_below": "Maintain at or below threshold",
    "milestone": "Complete milestone",
    "undefined": "Target undefined",
}
_RANGES = {
    "<0": "Below 0%: Regressed",
    "0": "0%",
    "(0,.25)": "1-24%: Some progress",
    "[.25,.5)": "25-49%: Making headway",
    "[.5,.75)": "50-74%: Over halfway there",
    "[.75,1)": "75-99%: Home stretch",
    "1": "100%: Target met",
    ">1": "Above 100%: Surpassed target",
}
_THRESHOLDS: dict[tuple[str, bool | None], str] = {
    ("maintain_at_or_above", True): "Target met: At or above threshold",
    ("maintain_at_or_above", False): "Target not met: Below threshold when it should be above",
    ("maintain_at_or_below", True): "Target met: At or below threshold",
    ("maintain_at_or_below", False): "Target not met: Above threshold when it should be below",
}
_COMPLETIONS: dict[bool | None, str] = {
    True: "Target met: Milestone completed",
    False: "Target not met: Milestone not yet completed",
}


def read(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Sheet:
    """Read a quarter's measures of priority goals.

    Args:
        connection: on a release's database.
        quarter: which.

    Returns:
        A row a measure that the release has a row for; every cell is a text.
    """
    cursor = connection.execute(
        f"select {', '.join(_COLUMNS)} from marts.priority_goal_measures "  # noqa: S608
        "where period_type = 'quarter' and period_label = ? "
        "order by goal_id, target, indicator, measure_id",
        [quarter.label],
    )
    rows = [_row(dict(zip(_COLUMNS, row, strict=True)), quarter) for row in cursor.fetchall()]
    return Sheet("priority_goals", PRIORITY_GOALS, rows)


def _row(goal: Mapping[str, Any], quarter: Quarter) -> list[str]:
    direction, is_met = goal["direction"], None if goal["is_provisional"] else goal["is_target_met"]
    is_open = direction == "undefined" or goal["no_progress_reason"] == "no_target"
    status = {True: "Target met", False: "Target not met", None: ""}[is_met]
    return [
        str(quarter.fiscal_year),
        str(quarter.number),
        goal["goal_id"],
        goal["goal"],
        goal["target"] or "",
        _TYPES[direction],
        goal["indicator"] or "",
        goal["owner"] or "",
        number(goal["value_start"]),
        number(goal["value_target"]),
        number(goal["value"]),
        number(goal["progress"], 9),
        _RANGES.get(goal["progress_bin"], ""),
        "Target undefined" if is_open else status,
        _THRESHOLDS.get((direction, is_met), ""),
        _COMPLETIONS.get(is_met, "") if direction == "milestone" else "",
    ]


def number(value: float | None, decimals: int | None = None) -> str:
    """A number as a text without an exponent: the shortest that is this float, or rounded; blank for None."""
    if value is None:
        return ""
    exact = Decimal(str(value))
    if decimals is not None:
        exact = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    text = f"{exact:f}"
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if short == "-0" else short
