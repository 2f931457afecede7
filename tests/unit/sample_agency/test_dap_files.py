"""The report of devices as DAP publishes it: against the days that its API serves, and edition by edition."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.dap import Reports
from voxpop.sample_agency.dap_files import write_reports
from voxpop.sample_agency.events import Events, events_between
from voxpop.sample_agency.misbehavior import LEVELS

TUESDAY, WEDNESDAY, FRIDAY = date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 3)


def read(drop: Path) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The rows of the CSV, and the JSON."""
    folder = drop / "dap_files"
    assert {path.name for path in folder.iterdir()} == {"devices.csv", "devices.json"}
    with (folder / "devices.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return rows, json.loads((folder / "devices.json").read_text())


def served(agency: Agency, events: Events, level: str, first: date, last: date) -> list[dict[str, str]]:
    """The API's rows of these days, as the CSV has them."""
    reports = Reports(agency, events, LEVELS[level])
    found = [msgspec.json.decode(row) for row in reports.rows("device", first, last)]
    return [{name: row[name] for name in ("date", "device", "visits")} for row in found]


def test_an_edition_is_the_thirty_days_that_the_api_serves_on_its_day(
    agency: Agency, history: Events, tmp_path: Path
) -> None:
    """History ends on a Wednesday: what was taken on Tuesday lacks what came late since."""
    write_reports(agency, history, tmp_path, LEVELS["a-little"])
    rows, report = read(tmp_path)
    first, last = date(2026, 5, 31), date(2026, 6, 29)
    on_tuesday = events_between(agency, date(2026, 5, 1), TUESDAY)
    assert rows == served(agency, on_tuesday, "a-little", first, last)
    assert len({row["date"] for row in rows}) == 30
    by_device: Counter[str] = Counter()
    for row in rows:
        by_device[row["device"]] += int(row["visits"])
    assert report["totals"] == {"visits": by_device.total(), "devices": dict(by_device)}
    assert report["query"]["dateRanges"] == [{"startDate": "30daysAgo", "endDate": "yesterday"}]
    assert report["taken_at"][:10] == TUESDAY.isoformat()


def test_it_has_the_keys_of_a_real_one(agency: Agency, history: Events, tmp_path: Path, sample: Any) -> None:
    write_reports(agency, history, tmp_path, LEVELS["a-little"])
    rows, report = read(tmp_path)
    real = sample("dap/veterans-affairs")
    said = json.loads((real / "devices.json").read_text())
    assert list(report) == list(said)
    for part in ("query", "meta", "totals"):
        assert list(report[part]) == list(said[part])
    with (real / "devices.csv").open(encoding="utf-8", newline="") as file:
        assert list(rows[0]) == csv.DictReader(file).fieldnames


def test_where_much_goes_wrong_the_totals_are_of_ninety_days(
    agency: Agency, history: Events, tmp_path: Path
) -> None:
    write_reports(agency, history, tmp_path, LEVELS["a-lot"])
    rows, report = read(tmp_path)
    assert len({row["date"] for row in rows}) == 30
    assert report["meta"]["description"].startswith("90 days ")
    on_tuesday = events_between(agency, date(2026, 3, 1), TUESDAY)
    ninety = served(agency, on_tuesday, "a-lot", date(2026, 4, 1), date(2026, 6, 29))
    assert report["totals"]["visits"] == sum(int(row["visits"]) for row in ninety)
    assert report["totals"]["visits"] > 2 * sum(int(row["visits"]) for row in rows)


def test_it_is_written_anew_on_tuesdays_and_fridays(agency: Agency, tmp_path: Path) -> None:
    """Of a history that is younger than thirty days it says how many days it has."""
    began = date(2026, 6, 22)
    written = {
        last: write_reports(agency, events_between(agency, began, last), tmp_path, LEVELS["not"])
        for last in (TUESDAY, WEDNESDAY)
    }
    assert [path.name for path in written[TUESDAY]] == ["devices.csv", "devices.json"]
    assert written[WEDNESDAY] == []
    rows, report = read(tmp_path)
    assert {row["date"] for row in rows} == {f"2026-06-{day}" for day in range(22, 30)}
    assert report["meta"]["description"].startswith("8 days ")
    assert write_reports(agency, events_between(agency, began, FRIDAY), tmp_path, LEVELS["not"])
    later, _ = read(tmp_path)
    assert [row for row in later if row["date"] < "2026-06-30"] == rows
    assert max(row["date"] for row in later) == "2026-07-02"
    before = {path.name: path.read_bytes() for path in (tmp_path / "dap_files").iterdir()}
    assert write_reports(agency, events_between(agency, began, TUESDAY), tmp_path, LEVELS["not"]) == []
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "dap_files").iterdir()}


@pytest.mark.parametrize("last", [date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 2)])
def test_before_the_first_day_is_over_there_is_none(agency: Agency, tmp_path: Path, last: date) -> None:
    assert (
        write_reports(agency, events_between(agency, date(2026, 6, 30), last), tmp_path, LEVELS["not"]) == []
    )
