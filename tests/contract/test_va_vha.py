"""Veterans' health and passports as performance.gov published them, from four files to a release.

What is expected is computed from the files by plain Python: no SQL, none of voxpop's code.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from voxpop.config import PROJECT

from tests.end_to_end.home import Home

FILES = {
    "vha_volumes": "hisp-quarterly-data.csv",
    "vha_questions": "hisp-question-details.csv",
    "vha_summary": "va-vha-restated.csv",
    "state_passports": "hisp-state-passports.csv",
}
DRIVERS = {
    "Satisfaction": "satisfaction",
    "Trust / Confidence": "trust",
    "Service Effectiveness": "effectiveness",
    "Process / Ease": "ease",
    "Efficiency": "efficiency",
    "Process Transparency": "transparency",
    "Helpful Employees": "employee",
}
COLUMNS = {
    "satisfied": "satisfaction",
    "trust": "trust",
    "confidence": "trust",
    "effective": "effectiveness",
    "easy": "ease",
    "efficient": "efficiency",
    "transparent": "transparency",
    "employee": "employee",
}
QUARTERS = ["2019Q1", "2019Q2", "2019Q3", "2019Q4", "2020Q1"]
FIRST, SECOND = "FY20 Q1", "FY20 Q2"
Rows = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def files(sample: Callable[[str], Path]) -> Rows:
    """Each source's rows, as they stand in its file."""
    found: Rows = {}
    for source, name in FILES.items():
        with sample(f"performance_gov/{name}").open(encoding="utf-8", newline="") as file:
            found[source] = list(csv.DictReader(file, skipinitialspace=True))
    assert {source: len(rows) for source, rows in found.items()} == {
        "vha_volumes": 5,
        "vha_questions": 35,
        "vha_summary": 2,
        "state_passports": 3,
    }
    return found


@pytest.fixture(scope="module")
def release(sample: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """All six steps by the command line, in a home of its own."""
    home = Home.at(tmp_path_factory.mktemp("vha") / "var", PROJECT / "config" / "examples" / "va_vha")
    for source, name in FILES.items():
        drop = home.path / "drop" / source
        drop.mkdir(parents=True)
        shutil.copy(sample(f"performance_gov/{name}"), drop)
    said = home.command("run")
    assert said.code == 0, said.out + said.err
    return home


def rows(release: Home, where: str) -> list[dict[str, Any]]:
    """Rows of published_measures by their period, edition and name."""
    query = (
        f"select * from published_measures where {where} order by period_label, edition_date, driver, measure"
    )
    found: list[dict[str, Any]] = json.loads(release.command("sql", query, "--json").out, parse_float=Decimal)
    assert found, where
    return found


def count(text: str) -> int:
    return int(text.replace(",", ""))


def index(means: list[Decimal]) -> Decimal:
    """The CX index, 0 to 100, with one decimal."""
    value = sum((mean - 1) / 4 * 100 for mean in means) / len(means)
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)


def shown(value: Decimal) -> Decimal:
    return Decimal(value).quantize(Decimal("0.1"), ROUND_HALF_UP)


def quarter(row: dict[str, str]) -> str:
    return f"{row['year']}Q{row['quarter']}"


def test_response_rates_are_31_20_17_16_and_17_percent(release: Home, files: Rows) -> None:
    found = rows(release, "measure = 'response_rate'")
    by_quarter = {quarter(row): row for row in files["vha_volumes"]}
    assert [row["period_label"] for row in found] == sorted(by_quarter) == QUARTERS
    for row in found:
        said = by_quarter[row["period_label"]]
        offered, responses = count(said["surveyed"]), count(said["respondents"])
        assert row["value"] == Decimal(said["response_rate"].rstrip("%")) / 100
        assert row["our_value"] == pytest.approx(Decimal(responses) / offered, abs=Decimal("1e-9"))
        assert (row["our_source"], row["our_n"]) == ("published_counts", responses)
        assert row["agrees_with_published"] is True
    assert [round(100 * row["our_value"]) for row in found] == [31, 20, 17, 16, 17]


def test_volumes_are_the_files(release: Home, files: Rows) -> None:
    found = rows(release, f"measure in ('universe', 'offered', 'responses') and edition = '{FIRST}'")
    said = {
        (quarter(row), measure): count(row[column])
        for row in files["vha_volumes"]
        for measure, column in (
            ("universe", "universe"),
            ("offered", "surveyed"),
            ("responses", "respondents"),
        )
    }
    assert {(row["period_label"], row["measure"]): row["value"] for row in found} == said


def test_every_mean_is_the_files_and_no_data_is_no_zero(release: Home, files: Rows) -> None:
    found = {
        (row["period_label"], row["driver"]): row
        for row in rows(release, f"measure = 'mean' and edition = '{FIRST}'")
    }
    assert len(found) == 35
    responses = {quarter(row): count(row["respondents"]) for row in files["vha_volumes"]}
    for said in files["vha_questions"]:
        row = found[quarter(said), DRIVERS[said["question"]]]
        assert row["n"] == responses[quarter(said)]
        assert row["wording"] == said["description"]
        if said["average_score"] == "No Data":
            assert (row["value"], row["missing_reason"]) == (None, "no_data")
        else:
            assert (row["value"], row["missing_reason"]) == (Decimal(said["average_score"]), None)
    missing = [key for key, row in found.items() if row["value"] is None]
    assert missing == [("2019Q1", "satisfaction"), ("2019Q2", "satisfaction")]


def test_2020q1_is_restated_over_the_same_people_and_breaks_the_series(release: Home, files: Rows) -> None:
    found = rows(release, "measure = 'mean' and period_label = '2020Q1' and service = 'va-vha'")
    first = {row["driver"]: row for row in found if row["edition"] == FIRST}
    second = {row["driver"]: row for row in found if row["edition"] == SECOND}
    assert set(first) == set(second) == set(DRIVERS.values())
    assert {row["n"] for row in found} == {304_687}
    (summary,) = (row for row in files["vha_summary"] if quarter(row) == "2020Q1")
    for column, driver in COLUMNS.items():
        if column in summary:
            assert second[driver]["value"] == Decimal(summary[column])
    assert (first["satisfaction"]["value"], first["trust"]["value"]) == (Decimal("4.7"), Decimal("4.42"))
    assert (second["satisfaction"]["value"], second["trust"]["value"]) == (Decimal("4.36"), Decimal("4.27"))
    for driver in DRIVERS.values():
        assert (first[driver]["restated_by"], first[driver]["is_restated"]) == (SECOND, False)
        assert (second[driver]["restates"], second[driver]["is_restated"]) == (FIRST, True)
        assert first[driver]["is_break"] is False
        assert second[driver]["break_reason"] == "restated by another method"
        assert second[driver]["change"] is None
    indexes = rows(release, "measure = 'cx_index' and period_label = '2020Q1' and service = 'va-vha'")
    said = [Decimal(row["average_score"]) for row in files["vha_questions"] if quarter(row) == "2020Q1"]
    again = [Decimal(summary[column]) for column in COLUMNS if column in summary]
    assert [shown(row["our_value"]) for row in indexes] == [index(said), index(again)]
    assert [index(said), index(again)] == [Decimal("90.4"), Decimal("83.2")]


def test_within_the_second_edition_the_series_goes_on(release: Home, files: Rows) -> None:
    means = {quarter(row): Decimal(row["satisfied"]) for row in files["vha_summary"]}
    (row,) = rows(release, "measure = 'mean' and driver = 'satisfaction' and period_label = '2020Q2'")
    assert (row["is_break"], row["break_reason"]) == (False, None)
    assert row["change"] == pytest.approx(means["2020Q2"] - means["2020Q1"], abs=Decimal("1e-9"))


def test_the_new_wording_of_2019q3_breaks_the_whole_survey(release: Home, files: Rows) -> None:
    """One question was worded anew and one was new; all others fell. None of that is a change."""
    by_quarter: dict[str, dict[str, str]] = {}
    for said in files["vha_questions"]:
        by_quarter.setdefault(quarter(said), {})[said["question"]] = said["description"]
    reworded = {
        question
        for question, wording in by_quarter["2019Q3"].items()
        if wording != by_quarter["2019Q2"][question] and question != "Satisfaction"
    }
    assert reworded == {"Process Transparency"}
    found = rows(release, "period_label = '2019Q3' and service = 'va-vha'")
    assert {row["driver"] for row in found} == {*DRIVERS.values(), "all"}
    for row in found:
        assert row["is_break"] is True
        assert row["break_reason"].startswith("wording changed: transparency and question set changed: ")
        assert row["change"] is None
    for other in ("2019Q2", "2019Q4"):
        quiet = rows(release, f"period_label = '{other}' and service = 'va-vha'")
        assert {row["is_break"] for row in quiet} == {False}
    trust = rows(release, "period_label = '2019Q4' and measure = 'mean' and driver = 'trust'")
    assert trust[0]["change"] == pytest.approx(Decimal("0.01"), abs=Decimal("1e-9"))


def test_a_zero_of_the_passport_surveys_means_not_asked(release: Home, files: Rows) -> None:
    found = {
        (row["touchpoint"], row["driver"]): row
        for row in rows(release, "service = 'state-passports' and measure = 'mean'")
    }
    assert len(found) == 21
    zeros = 0
    for said in files["state_passports"]:
        for column, driver in COLUMNS.items():
            if column not in said:
                continue
            row = found[said["touchpoint"], driver]
            if Decimal(said[column]) == 0:
                zeros += 1
                assert (row["value"], row["missing_reason"]) == (None, "not_asked")
            else:
                assert row["value"] == Decimal(said[column])
    assert zeros == 5
    assert {(row["period_label"], row["period_start"]) for row in found.values()} == {("undated", None)}


def test_passport_indexes_compare_on_what_all_surveys_asked(release: Home, files: Rows) -> None:
    found = {
        row["touchpoint"]: row
        for row in rows(release, "service = 'state-passports' and measure = 'cx_index'")
    }
    asked = {
        said["touchpoint"]: {
            driver: Decimal(said[column])
            for column, driver in COLUMNS.items()
            if column in said and Decimal(said[column]) != 0
        }
        for said in files["state_passports"]
    }
    shared = set.intersection(*(set(means) for means in asked.values()))
    assert shared == {"satisfaction", "trust", "effectiveness", "ease"}
    for touchpoint, means in asked.items():
        row = found[touchpoint]
        assert row["drivers"] == ",".join(sorted(means))
        assert row["shared_drivers"] == ",".join(sorted(shared))
        assert shown(row["our_value"]) == index(list(means.values()))
        assert shown(row["shared_value"]) == index([means[driver] for driver in shared])
    order = ("Email survey", "Post call", "During interaction")
    assert [shown(found[name]["our_value"]) for name in order] == list(map(Decimal, ("84.1", "87.0", "84.1")))
    assert [shown(found[name]["shared_value"]) for name in order] == list(
        map(Decimal, ("85.6", "86.6", "84.1"))
    )
