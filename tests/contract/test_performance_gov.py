"""Federal priority goals as performance.gov published them, from the file to a release of their own.

What is expected is computed from the file by plain Python: no SQL, none of voxpop's code.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from voxpop.config import PROJECT

from tests.end_to_end.home import Home

FILE = "performance_gov/priority_goal_targets_fy22_q1_q2.json"
DIRECTIONS = {
    "increase": "Measurable increase",
    "decrease": "Measurable decrease",
    "maintain_at_or_above": "Maintain at or above threshold",
    "maintain_at_or_below": "Maintain at or below threshold",
    "milestone": "Complete milestone",
    "undefined": "Target undefined",
}
RANGES = (
    ("Below 0%", "<0"),
    ("0%", "0"),
    ("1-24%", "(0,.25)"),
    ("25-49%", "[.25,.5)"),
    ("50-74%", "[.5,.75)"),
    ("75-99%", "[.75,1)"),
    ("100%", "1"),
    ("Above 100%", ">1"),
)
Key = tuple[str | None, ...]


@pytest.fixture(scope="module")
def published(sample: Callable[[str], Path]) -> list[dict[str, str]]:
    """The file's rows."""
    found: list[dict[str, str]] = json.loads(sample(FILE).read_text())
    assert len(found) == 350
    return found


@pytest.fixture(scope="module")
def measures(sample: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The release's rows, after all six steps by the command line."""
    home = Home.at(
        tmp_path_factory.mktemp("goals") / "var", PROJECT / "config" / "examples" / "performance_gov"
    )
    drop = home.path / "drop" / "priority_goal_targets"
    drop.mkdir(parents=True)
    shutil.copy(sample(FILE), drop)
    said = home.command("run")
    assert said.code == 0, said.out + said.err
    told = home.command("sql", "select * from priority_goal_measures", "--json")
    found: list[dict[str, Any]] = json.loads(told.out, parse_float=Decimal)
    return found


def text(value: str) -> str | None:
    return value.strip() or None


def number(value: str) -> Decimal | None:
    return Decimal(value) if value.strip() else None


def of_file(row: dict[str, str]) -> Key:
    """What a row of the file is about, and all that it says."""
    numbers = (row[name] for name in ("value_start", "value_target", "value_current", "progress_pct"))
    return (
        f"{row['fiscal_yr']}Q{row['fiscal_qtr']}",
        *(text(row[name]) for name in ("related_goal_id", "target", "indicator", "related_owner")),
        row["indicator_type"],
        *(None if not value.strip() else str(Decimal(value).normalize()) for value in numbers),
        *(text(row[name]) for name in ("progress_pct_range", "progress_pct_target_status")),
        *(text(row[name]) for name in ("progress_threshold", "progress_completions")),
    )


def of_release(row: dict[str, Any]) -> Key:
    """The same of a row of the release."""
    numbers = (row[name] for name in ("value_start", "value_target", "value", "published_progress"))
    return (
        row["period_label"],
        *(row[name] for name in ("goal_id", "target", "indicator", "owner")),
        DIRECTIONS[row["direction"]],
        *(None if value is None else str(Decimal(value).normalize()) for value in numbers),
        *(row[name] for name in ("published_progress_range", "published_target_status")),
        *(row[name] for name in ("published_threshold", "published_completions")),
    )


@pytest.fixture(scope="module")
def pairs(
    published: list[dict[str, str]], measures: list[dict[str, Any]]
) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """Each row of the file with the release's row of it; rows that say the same are interchangeable."""
    by_content: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for row in measures:
        by_content[of_release(row)].append(row)
    return [(row, by_content[of_file(row)].pop()) for row in published]


def progress(row: dict[str, str]) -> Decimal | None:
    start, target, current = (number(row[f"value_{name}"]) for name in ("start", "target", "current"))
    if start is None or target is None or current is None or row["indicator_type"].startswith("Maintain"):
        return None
    return (current - start) / (target - start)


def range_of(value: Decimal) -> str:
    if value in (0, 1):
        return "0%" if value == 0 else "100%"
    borders = ((0, "Below 0%"), (0.25, "1-24%"), (0.5, "25-49%"), (0.75, "50-74%"), (1, "75-99%"))
    return next((name for border, name in borders if value < border), "Above 100%")


def half_of_last_digit(published: str) -> Decimal:
    return Decimal(5).scaleb(int(Decimal(published).as_tuple().exponent) - 1)


def test_every_row_is_there_and_rows_that_share_a_key_are_kept_apart(
    published: list[dict[str, str]], measures: list[dict[str, Any]]
) -> None:
    assert Counter(map(of_release, measures)) == Counter(map(of_file, published))
    keys = Counter(
        (row["fiscal_qtr"], row["related_goal_id"], row["target"], row["indicator"]) for row in published
    )
    assert sum(count for count in keys.values() if count > 1) == 20
    assert len({(row["measure_id"], row["period_label"]) for row in measures}) == 350


def test_a_measure_keeps_its_id_from_one_quarter_to_the_next(measures: list[dict[str, Any]]) -> None:
    """Two electronic payment rates share all of their labels and aim at 96.56 and at 96.37."""
    targets: dict[str, set[Decimal | None]] = defaultdict(set)
    quarters: Counter[str] = Counter()
    for row in measures:
        if row["goal_id"] == "015APG2201" and row["indicator"] == "Electronic payment rate":
            targets[row["measure_id"]].add(row["value_target"])
            quarters[row["measure_id"]] += 1
    assert sorted(targets.values(), key=str) == [{Decimal("96.37")}, {Decimal("96.56")}]
    assert set(quarters.values()) == {2}


def test_progress_of_all_189_numeric_rows(pairs: list[tuple[dict[str, str], dict[str, Any]]]) -> None:
    """Ours is the formula's, and rounds to what was published."""
    numeric = [(row, measure) for row, measure in pairs if progress(row) is not None]
    assert len(numeric) == 189
    for row, measure in numeric:
        expected = progress(row)
        assert expected is not None
        assert measure["progress"] == pytest.approx(expected, abs=Decimal("1e-9")), row
        difference = abs(expected - Decimal(row["progress_pct"]))
        assert difference <= half_of_last_digit(row["progress_pct"]), row
        assert measure["is_progress_as_published"] is True, row


def test_the_others_have_no_progress_and_say_why(
    pairs: list[tuple[dict[str, str], dict[str, Any]]],
) -> None:
    reasons: Counter[str] = Counter()
    for row, measure in pairs:
        if progress(row) is None:
            assert (measure["progress"], measure["progress_bin"]) == (None, None)
            reasons[measure["no_progress_reason"]] += 1
        else:
            assert measure["no_progress_reason"] is None
    undefined = [
        row for row, _ in pairs if row["indicator_type"] == "Target undefined" and row["value_current"]
    ]
    assert reasons == {"not_reported": 120, "no_target": len(undefined), "maintain": 9}


def test_blank_currents_are_null_and_not_the_published_zero(
    pairs: list[tuple[dict[str, str], dict[str, Any]]],
) -> None:
    blank = [(row, measure) for row, measure in pairs if not row["value_current"]]
    assert len(blank) == 120
    for row, measure in blank:
        assert row["progress_pct"] == "0"
        assert (measure["value"], measure["missing_reason"], measure["progress"]) == (None, "blank", None)
        assert (measure["published_progress"], measure["is_progress_as_published"]) == (0, False)
        assert (measure["status"], measure["is_target_met"]) == ("not_reported", None)


def test_maintained_thresholds(pairs: list[tuple[dict[str, str], dict[str, Any]]]) -> None:
    """Of eleven six are met, three not, two not reported; the published status contradicts the six."""
    maintained = [pair for pair in pairs if pair[0]["indicator_type"].startswith("Maintain")]
    assert len(maintained) == 11
    assert Counter(measure["status"] for _, measure in maintained) == {
        "met": 6,
        "not_met": 3,
        "not_reported": 2,
    }
    for row, measure in maintained:
        target, current = number(row["value_target"]), number(row["value_current"])
        if current is None or target is None:
            assert measure["is_threshold_as_published"] is None
            continue
        is_above = row["indicator_type"] == "Maintain at or above threshold"
        is_met = current >= target if is_above else current <= target
        assert measure["is_target_met"] is is_met
        assert row["progress_threshold"].startswith("Target met") is is_met
        assert measure["is_threshold_as_published"] is True
        assert row["progress_pct_target_status"] == "Target not met"
        assert measure["is_target_status_as_published"] is not is_met
    contradicted = [
        measure
        for _, measure in pairs
        if measure["is_target_met"] is not None and not measure["is_target_status_as_published"]
    ]
    assert len(contradicted) == 6
    assert all(measure["direction"].startswith("maintain") for measure in contradicted)


def test_seven_ranges_are_wrong(pairs: list[tuple[dict[str, str], dict[str, Any]]]) -> None:
    """They say "Above 100%" at 0.01 to 25%. All others of a row with progress are right."""
    wrong = []
    for row, measure in pairs:
        value = progress(row)
        if value is None:
            assert measure["is_progress_range_as_published"] is False
            continue
        name = range_of(value)
        assert measure["progress_bin"] == dict(RANGES)[name]
        is_right = row["progress_pct_range"].split(":")[0] == name
        assert measure["is_progress_range_as_published"] is is_right
        if not is_right:
            wrong.append((row["progress_pct_range"], value))
    assert len(wrong) == 7
    assert {name for name, _ in wrong} == {"Above 100%: Surpassed target"}
    assert all(Decimal("0.0001") < value < Decimal("0.25") for _, value in wrong)


def test_the_published_status_of_every_other_row(pairs: list[tuple[dict[str, str], dict[str, Any]]]) -> None:
    for row, measure in pairs:
        value, status = progress(row), row["progress_pct_target_status"]
        if value is not None:
            assert (status == "Target met") is (value >= 1) is measure["is_target_met"]
            assert measure["is_target_status_as_published"] is True
        elif row["indicator_type"] == "Target undefined" and row["value_current"]:
            assert (status, measure["status"]) == ("Target undefined", "no_target")
            assert measure["is_target_status_as_published"] is True


def test_milestones_are_done_or_not(pairs: list[tuple[dict[str, str], dict[str, Any]]]) -> None:
    milestones = [(row, measure) for row, measure in pairs if row["indicator_type"] == "Complete milestone"]
    assert Counter(measure["status"] for _, measure in milestones) == {"not_done": 25, "not_reported": 6}
    for row, measure in pairs:
        expected = True if row["progress_completions"] else None
        assert measure["is_completions_as_published"] is expected


def test_nothing_is_forecast_where_nobody_says_what_kind_of_value_it_is(
    measures: list[dict[str, Any]],
) -> None:
    assert {row["forecast_value"] for row in measures} == {None}


def test_a_row_agrees_as_a_whole_where_each_field_does(
    pairs: list[tuple[dict[str, str], dict[str, Any]]],
) -> None:
    fields = ("progress", "progress_range", "target_status", "threshold", "completions")
    for _, measure in pairs:
        said = [measure[f"is_{field}_as_published"] for field in fields]
        assert measure["agrees_with_published"] is (False not in said)
    agree = [row for row, measure in pairs if measure["agrees_with_published"]]
    assert len(agree) == 189 - 7
