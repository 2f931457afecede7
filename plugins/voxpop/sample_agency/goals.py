"""What the agency reports of those priority goals that no tool of it measures: a file a fiscal quarter.

A file is sent two weeks after its quarter has ended, and holds that quarter alone. Where a value is missing,
the agency reports a progress of 0, as people do.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

COLUMNS = (
    "fiscal_yr",
    "fiscal_qtr",
    "goal_id",
    "goal",
    "target",
    "indicator_type",
    "indicator",
    "owner",
    "kind",
    "begins",
    "ends",
    "value_start",
    "value_target",
    "value_current",
    "progress",
    "reported_on",
)
_SENT_AFTER_DAYS = 14


@dataclass(frozen=True)
class Measure:
    """A measure of a goal, and its values from fiscal 2024Q3 on; None: not reported."""

    goal_id: str
    goal: str
    target: str
    indicator_type: str
    indicator: str
    owner: str
    kind: str
    start: float
    aim: float
    values: tuple[float | None, ...]


FIRST_QUARTER = date(2024, 4, 1)
BEGINS, ENDS = date(2024, 4, 1), date(2026, 9, 30)
MEASURES = (
    Measure(
        "DPS-3",
        "Letters that people understand",
        "By September 30, 2026 nine of ten letters are in plain language",
        "Measurable increase",
        "Share of letters in plain language, percent",
        "Office of Communications",
        "rate",
        40.0,
        90.0,
        (42.5, 46.0, 53.5, None, 64.0, 66.5, 73.0, 77.5, 82.0, 88.5),
    ),
    Measure(
        "DPS-4",
        "Offices that everybody can use",
        "By September 30, 2026 all 24 kiosks read their screens aloud",
        "Measurable increase",
        "Kiosks that read their screen aloud",
        "Field Services",
        "cumulative",
        0.0,
        24.0,
        (0.0, 0.0, 2.0, 5.0, 5.0, 9.0, 11.0, 11.0, 14.0, 19.0),
    ),
    Measure(
        "DPS-4",
        "Offices that everybody can use",
        "By September 30, 2026 appointments can be made at the kiosk",
        "Complete milestone",
        "Appointments at the kiosk",
        "Field Services",
        "level",
        0.0,
        1.0,
        (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
    ),
)


def goal_files(last: date) -> Iterator[tuple[str, bytes]]:
    """Give the files that have been sent by the end of a day, by quarter.

    Returns:
        The quarter, as `2026Q1`, and UTF-8 CSV with a header.
    """
    start = FIRST_QUARTER
    for place in range(len(MEASURES[0].values)):
        end = _next_quarter(start)
        sent_on = end - timedelta(days=1) + timedelta(days=_SENT_AFTER_DAYS)
        if sent_on > last:
            return
        year, quarter = start.year + (start.month == 10), (start.month + 2) // 3 % 4 + 1
        yield f"{year}Q{quarter}", _csv(year, quarter, place, sent_on)
        start = end


def _next_quarter(start: date) -> date:
    return date(start.year + 1, 1, 1) if start.month == 10 else start.replace(month=start.month + 3)


def _csv(year: int, quarter: int, place: int, sent_on: date) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for measure in MEASURES:
        value = measure.values[place]
        progress = 0.0 if value is None else (value - measure.start) / (measure.aim - measure.start)
        writer.writerow(
            (
                *(year, quarter, measure.goal_id, measure.goal, measure.target, measure.indicator_type),
                *(measure.indicator, measure.owner, measure.kind, BEGINS, ENDS),
                *(f"{measure.start:g}", f"{measure.aim:g}", "" if value is None else f"{value:g}"),
                *(f"{progress:.3f}", sent_on),
            )
        )
    return text.getvalue().encode()
