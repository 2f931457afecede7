"""Fiscal quarters and due dates, by the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from voxpop.errors import UsageError
from voxpop.quarter import Quarter, due_on


@pytest.mark.parametrize(
    ("label", "start", "last", "months"),
    [
        ("2026Q1", date(2025, 10, 1), date(2025, 12, 31), ("2025-10", "2025-11", "2025-12")),
        ("2026Q2", date(2026, 1, 1), date(2026, 3, 31), ("2026-01", "2026-02", "2026-03")),
        ("2026Q3", date(2026, 4, 1), date(2026, 6, 30), ("2026-04", "2026-05", "2026-06")),
        ("2026Q4", date(2026, 7, 1), date(2026, 9, 30), ("2026-07", "2026-08", "2026-09")),
        ("2024Q2", date(2024, 1, 1), date(2024, 3, 31), ("2024-01", "2024-02", "2024-03")),
    ],
)
def test_a_quarter_by_the_calendar(label: str, start: date, last: date, months: tuple[str, ...]) -> None:
    quarter = Quarter.parse(label)
    assert (quarter.label, quarter.start, quarter.last, quarter.months) == (label, start, last, months)
    assert Quarter.of(start) == Quarter.of(last) == quarter
    assert Quarter.before(last + timedelta(days=1)) == quarter
    assert Quarter.before(start) != quarter


@pytest.mark.parametrize("label", ["2026", "2026q1", "2026Q5", "26Q1", "2026Q1 ", "FY26Q1", ""])
def test_what_is_no_quarter_is_said(label: str) -> None:
    with pytest.raises(UsageError, match="is no fiscal quarter"):
        Quarter.parse(label)


@pytest.mark.parametrize(
    ("label", "due"),
    [
        ("2026Q1", date(2026, 1, 30)),  # a Friday
        ("2026Q2", date(2026, 4, 30)),  # a Thursday
        ("2027Q1", date(2027, 2, 1)),  # 30 January 2027 is a Saturday
        ("2022Q1", date(2022, 1, 31)),  # 30 January 2022 is a Sunday
    ],
)
def test_thirty_days_later_and_never_on_a_weekend(label: str, due: date) -> None:
    assert due_on(Quarter.parse(label), 30) == due
