"""Priority goals in the shape of performance.gov's file: texts, and blanks where nothing is known."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from voxpop.export import checks, priority_goals
from voxpop.export.cells import csv_bytes
from voxpop.export.columns import PRIORITY_GOALS
from voxpop.export.texts import text
from voxpop.quarter import Quarter
from voxpop.release.store import Release

ROWS = [
    # (12905 - 0) / (76000 - 0), as performance.gov published it for the first quarter of fiscal 2022
    ("a", "006APG2203", "Compete", "Double", "Clients", "DOC", "increase", 12905.0, 0.0, 76000.0,
     12905 / 76000, None, "(0,.25)", False, False),
    ("b", "006APG2203", "Compete", "Double", "Fewer", "DOC", "decrease", None, 40.0, 20.0,
     None, "not_reported", None, None, False),
    ("c", "006APG2203", "Compete", "Double", "Homes", "DOC", "undefined", 84.2, 84.61, None,
     None, "no_target", None, None, False),
    ("d", "006APG2203", "Compete", "Keep", "High", "DOC", "maintain_at_or_above", 81.0, None, 80.0,
     None, "maintain", None, True, False),
    ("e", "006APG2203", "Compete", "Keep", "Low", "DOC", "maintain_at_or_below", 81.0, None, 80.0,
     None, "maintain", None, False, False),
    ("f", "006APG2203", "Compete", "Make", "Done", "DOC", "milestone", 0.0, 0.0, 1.0,
     0.0, None, "0", False, False),
    ("g", "006APG2203", "=Compete", None, None, None, "increase", -0.5, 0.0, 1.0,
     -0.5, None, "<0", False, False),
    ("h", "006APG2203", "Compete", "Keep", "So far", "DOC", "maintain_at_or_above", 81.0, None, 80.0,
     None, "maintain", None, True, True),
]  # fmt: skip


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.priority_goal_measures (measure_id varchar, goal_id varchar, goal varchar, "
            "target varchar, indicator varchar, owner varchar, direction varchar, value double, "
            "value_start double, value_target double, progress double, no_progress_reason varchar, "
            "progress_bin varchar, is_target_met boolean, is_provisional boolean, period_type varchar, "
            "period_label varchar, period_start date)"
        )
        for label, start in (("2026Q1", date(2025, 10, 1)), ("2026Q2", date(2026, 1, 1))):
            connection.executemany(
                f"insert into marts.priority_goal_measures values ({', '.join('?' * 18)})",
                [(*row, "quarter", label, start) for row in ROWS],
            )
        connection.execute(
            "alter table marts.priority_goal_measures add column status varchar;"
            "alter table marts.priority_goal_measures add column source varchar default 'goal_values';"
            "alter table marts.priority_goal_measures add column edition_date date;"
            "alter table marts.priority_goal_measures add column breaks_since_start varchar;"
            "update marts.priority_goal_measures set status = 'not_reported' where value is null"
        )
        yield connection


@pytest.fixture
def rows(marts: duckdb.DuckDBPyConnection) -> list[dict[str, str]]:
    written = csv_bytes(priority_goals.read(marts, Quarter.parse("2026Q1")))
    return list(csv.DictReader(io.StringIO(written.decode(), newline="")))


def test_one_quarter_is_written_and_its_own_year_is_said(rows: list[dict[str, str]]) -> None:
    assert len(rows) == len(ROWS)
    assert {(row["fiscal_yr"], row["fiscal_qtr"]) for row in rows} == {("2026", "1")}


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        (
            "Clients",
            [
                "Measurable increase",
                "0",
                "76000",
                "12905",
                "0.169802632",
                "1-24%: Some progress",
                "Target not met",
                "",
                "",
            ],
        ),
        ("Fewer", ["Measurable decrease", "40", "20", "", "", "", "", "", ""]),
        ("Homes", ["Target undefined", "84.61", "", "84.2", "", "", "Target undefined", "", ""]),
        (
            "High",
            [
                "Maintain at or above threshold",
                "",
                "80",
                "81",
                "",
                "",
                "Target met",
                "Target met: At or above threshold",
                "",
            ],
        ),
        ("So far", ["Maintain at or above threshold", "", "80", "81", "", "", "", "", ""]),
        (
            "Low",
            [
                "Maintain at or below threshold",
                "",
                "80",
                "81",
                "",
                "",
                "Target not met",
                "Target not met: Above threshold when it should be below",
                "",
            ],
        ),
        (
            "Done",
            [
                "Complete milestone",
                "0",
                "1",
                "0",
                "0",
                "0%",
                "Target not met",
                "",
                "Target not met: Milestone not yet completed",
            ],
        ),
        (
            "",
            [
                "Measurable increase",
                "0",
                "1",
                "-0.5",
                "-0.5",
                "Below 0%: Regressed",
                "Target not met",
                "",
                "",
            ],
        ),
    ],
)
def test_what_is_written_of_a_measure(
    rows: list[dict[str, str]], indicator: str, expected: list[str]
) -> None:
    (row,) = [row for row in rows if row["indicator"] == indicator]
    assert [
        row[name]
        for name in (
            "indicator_type",
            "value_start",
            "value_target",
            "value_current",
            "progress_pct",
            "progress_pct_range",
            "progress_pct_target_status",
            "progress_threshold",
            "progress_completions",
        )
    ] == expected


def test_what_nobody_reported_is_warned_of_by_name(marts: duckdb.DuckDBPyConnection) -> None:
    manifest = cast(Any, {"complete_to": "2025-12-31", "late_sources": []})
    found = checks.examine_goals(marts, Release("r", Path("r"), manifest), Quarter.parse("2026Q1"))
    assert found == [
        checks.Finding(
            "warned", "Fewer: goal_values has no value of 2026Q1; it is filed as not reported, with a blank."
        )
    ]


def test_a_quarter_without_goals_is_refused_with_those_that_have_some(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    manifest = cast(Any, {"complete_to": "2025-12-31", "late_sources": []})
    found = checks.examine_goals(marts, Release("r", Path("r"), manifest), Quarter.parse("2019Q1"))
    assert found == [
        checks.Finding(
            "refused",
            "No measure of a priority goal has a row for 2019Q1: this release has 2026Q1, 2026Q2.",
        )
    ]


@pytest.mark.parametrize(
    ("measure", "quarter", "said"),
    [
        ("a", "2026Q1", ["Clients"]),
        # of a row of another quarter
        ("a", "2026Q2", []),
        # no value, and no progress
        ("b", "2026Q1", []),
        # a threshold is met or not, whatever was before
        ("d", "2026Q1", []),
    ],
)
def test_progress_across_a_break_is_warned_of(
    marts: duckdb.DuckDBPyConnection, measure: str, quarter: str, said: list[str]
) -> None:
    marts.execute(
        "update marts.priority_goal_measures set breaks_since_start = '2025Q4,2026Q1' "
        f"where measure_id = '{measure}' and period_label = '{quarter}'"
    )
    manifest = cast(Any, {"complete_to": "2025-12-31", "late_sources": []})
    found = checks.examine_goals(marts, Release("r", Path("r"), manifest), Quarter.parse("2026Q1"))
    assert [one.said for one in found if "in another way" in one.said] == [
        f"{name}: its survey was asked in another way since the goal began (2025Q4, 2026Q1), and its "
        "progress is filed across that."
        for name in said
    ]


def test_a_goal_that_looks_like_a_formula_is_a_text(rows: list[dict[str, str]]) -> None:
    assert {row["related_goal"] for row in rows} == {"Compete", "'=Compete"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (0.0, "0"),
        (-0.0, "0"),
        (76000.0, "76000"),
        (1e-7, "0.0000001"),
        (84.61, "84.61"),
        (1e15, "1000000000000000"),
    ],
)
def test_a_number_is_the_shortest_text_without_an_exponent(value: float | None, expected: str) -> None:
    assert priority_goals.number(value) == expected


def test_its_readme_says_what_every_number_and_verdict_is() -> None:
    release = Release("20260701T060000Z-0123abcd", Path("r"), cast(Any, {}))
    said = text("priority_goals.md.j2", quarter=Quarter.parse("2026Q1"), release=release).decode()
    named = [name for name in PRIORITY_GOALS if name.startswith(("value_", "progress_"))]
    assert [name for name in named if f"`{name}`" not in said] == []
    assert "1 is the target" in said
