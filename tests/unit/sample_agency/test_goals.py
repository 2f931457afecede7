"""What the sample agency reports of its goals."""

from __future__ import annotations

import csv
import io
from datetime import date

from voxpop.sample_agency.goals import MEASURES, goal_files


def test_a_quarter_is_reported_two_weeks_after_its_end() -> None:
    assert [quarter for quarter, _ in goal_files(date(2024, 7, 13))] == []
    assert [quarter for quarter, _ in goal_files(date(2024, 7, 14))] == ["2024Q3"]
    assert [quarter for quarter, _ in goal_files(date(2026, 6, 30))] == [
        "2024Q3",
        "2024Q4",
        *(f"2025Q{quarter}" for quarter in range(1, 5)),
        "2026Q1",
        "2026Q2",
    ]


def test_a_file_holds_its_quarter_and_a_missing_value_is_reported_as_0() -> None:
    files = dict(goal_files(date(2026, 6, 30)))
    assert len({len(measure.values) for measure in MEASURES}) == 1
    rows = list(csv.DictReader(io.StringIO(files["2025Q2"].decode())))
    assert len(rows) == len(MEASURES)
    assert {(row["fiscal_yr"], row["fiscal_qtr"], row["reported_on"]) for row in rows} == {
        ("2025", "2", "2025-04-14")
    }
    letters, kiosks, _ = rows
    assert (letters["value_current"], letters["progress"]) == ("", "0.000")
    assert (kiosks["value_current"], kiosks["progress"]) == ("5", "0.208")
