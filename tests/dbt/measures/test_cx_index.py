"""cx_index against the same figures counted answer by answer, and against a real survey's known ones."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .sql import CX_INDEX, Measures
from .tables import agency, answers, fiscal_quarter, load, responses

SFO = "sfo_survey/sfo_customer_survey_2017.csv"
KEY = ["period_type", "period_label", "breakdown", "member", "scale", "measure", "driver"]


def counted_by_hand(
    people: pd.DataFrame, items: list[pd.DataFrame]
) -> dict[tuple[str, ...], tuple[int, float]]:
    """n and value of every figure there is, by a loop over cells: no SQL, no sums that are shared."""
    rows = pd.concat(items).merge(people[people["is_counted"]], on="response_id")
    days = pd.to_datetime(rows["answered_local_date"])
    found: dict[tuple[str, ...], tuple[int, float]] = {}
    periods = {
        "month": days.dt.strftime("%Y-%m"),
        "quarter": days.dt.date.map(fiscal_quarter),
        "year": "FY" + days.dt.date.map(fiscal_quarter).str[:4],
    }
    members = {
        "all": pd.Series("all", index=rows.index),
        "organization": rows["organization_id"],
        "service": rows["service_id"],
        "channel": rows["channel"],
        "segment": rows["segment"],
    }
    for period_type, label in periods.items():
        for breakdown, member in members.items():
            for (period, name, scale), cell in rows.groupby([label, member, "scale"]):
                key = (period_type, period, breakdown, name, scale)
                for driver, item in cell.groupby("driver"):
                    n = len(item)
                    if scale == "thumbs":
                        found[(*key, "thumbs_up", driver)] = n, item["is_positive"].sum() / n
                        continue
                    found[(*key, "mean", driver)] = n, item["score"].mean()
                    found[(*key, "top_box", driver)] = n, (item["score"] == 5).sum() / n
                    found[(*key, "top_two", driver)] = n, (item["score"] >= 4).sum() / n
                    found[(*key, "bottom_two", driver)] = n, (item["score"] <= 2).sum() / n
                    if driver == "ease":
                        found[(*key, "ces", driver)] = found[(*key, "mean", driver)]
                    if driver == "satisfaction":
                        found[(*key, "csat", driver)] = found[(*key, "top_two", driver)]
                if scale == "likert_5":
                    means = cell.groupby("driver")["score"].mean()
                    index = np.mean([(mean - 1) / 4 * 100 for mean in means])
                    found[(*key, "cx_index", "all")] = cell["response_id"].nunique(), float(index)
    return found


def test_every_figure_is_what_counting_gives(measures: Measures) -> None:
    people, items = agency(seed=3, number=700)
    load(measures, people, *items)
    measures.build(*CX_INDEX)
    expected = counted_by_hand(people, items)
    rows = measures.frame("select * from int_measures__estimates").set_index(KEY)
    assert set(rows.index) == set(expected)
    for key, (n, value) in expected.items():
        assert rows.loc[key, "n"] == n
        assert rows.loc[key, "value"] == pytest.approx(value, abs=1e-9), key

    public = measures.frame("select * from cx_index").set_index(KEY)
    # where anything of a member and scale is withheld, whatever anybody answered has a row
    answered = {(key[:2], key[4:]) for key in expected}
    withheld = {key[:5] for key in public.index[public["suppressed"]]}
    left_out = {
        (*member, *item[1:])
        for member in withheld
        for when, item in answered
        if (when, item[0]) == (member[:2], member[4])
    }
    assert set(public.index) == set(expected) | left_out
    assert left_out - set(expected)
    shown = public[~public["suppressed"]]
    assert 100 < len(shown) < len(public)
    assert (shown["n"] >= 10).all()
    assert (shown["low_n"] == (shown["n"] < 30)).all()
    assert shown["value"].to_dict() == rows.loc[shown.index, "value"].to_dict()


def test_a_period_is_a_fiscal_one_by_the_local_day(measures: Measures) -> None:
    days = [date(2025, 9, 30), date(2025, 10, 1), date(2025, 12, 31), date(2026, 1, 1)]
    people = responses(40, answered_local_date=[days[place % 4] for place in range(40)])
    load(measures, people, answers(people["response_id"], "ease", [place % 5 + 1 for place in range(40)]))
    measures.build(*CX_INDEX)
    found = measures.query(
        "select period_type, period_start, period_label, n from cx_index "
        "where breakdown = 'all' and measure = 'mean' order by all"
    )
    assert found == [
        ("month", date(2025, 9, 1), "2025-09", 10),
        ("month", date(2025, 10, 1), "2025-10", 10),
        ("month", date(2025, 12, 1), "2025-12", 10),
        ("month", date(2026, 1, 1), "2026-01", 10),
        ("quarter", date(2025, 7, 1), "2025Q4", 10),
        ("quarter", date(2025, 10, 1), "2026Q1", 20),
        ("quarter", date(2026, 1, 1), "2026Q2", 10),
        ("year", date(2024, 10, 1), "FY2025", 10),
        ("year", date(2025, 10, 1), "FY2026", 30),
    ]


def test_scales_of_one_driver_are_never_mixed(measures: Measures) -> None:
    people = responses(60, survey_id=["likert"] * 20 + ["thumb"] * 20 + ["kiosk"] * 20)
    groups = [people["response_id"][start : start + 20] for start in (0, 20, 40)]
    load(
        measures,
        people,
        answers(groups[0], "trust", [1, 2] * 10),
        answers(groups[1], "trust", [1, 0] * 10, "thumbs"),
        answers(groups[2], "trust", [4, 5] * 10, "csat_5"),
    )
    measures.build(*CX_INDEX)
    found = measures.query(
        "select scale, measure, n, value from cx_index where breakdown = 'all' and period_type = 'month' "
        "and measure in ('mean', 'thumbs_up', 'cx_index') order by all"
    )
    assert found == [
        ("csat_5", "mean", 20, 4.5),
        ("likert_5", "cx_index", 20, 12.5),
        ("likert_5", "mean", 20, 1.5),
        ("thumbs", "thumbs_up", 20, 0.5),
    ]


def test_one_opt_in_survey_makes_an_interval_indicative(measures: Measures) -> None:
    people = responses(
        40, survey_id=["drawn"] * 20 + ["open"] * 20, channel=["phone"] * 20 + ["website"] * 20
    )
    load(
        measures,
        people,
        answers(people["response_id"], "ease", [3, 4] * 20),
        sampling_design=["probability", "opt_in"],
    )
    measures.build(*CX_INDEX)
    found = measures.query(
        "select distinct member, interval_kind from cx_index "
        "where breakdown in ('all', 'channel') order by all"
    )
    assert found == [("all", "indicative"), ("phone", "sampling"), ("website", "indicative")]


def test_nothing_answered_gives_no_row(measures: Measures) -> None:
    people = responses(3, is_counted=[True, False, True])
    load(measures, people, answers(people["response_id"], "ease", [None, 5, None]))
    measures.build(*CX_INDEX)
    assert measures.query("select count(*) from cx_index") == [(0,)]


def airport(file: Path, cluster: tuple[str, ...] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
    """San Francisco airport's survey of 2017: people and overall rating; 0, 6 and blank are no answers."""
    with file.open(newline="") as lines:
        rows: list[dict[str, Any]] = list(csv.DictReader(lines))
    people = responses(
        len(rows),
        answered_local_date=[date(2017, 5, int(row["INTDATE"])) for row in rows],
        weight=[float(row["WEIGHT"]) for row in rows],
    )
    if cluster:
        people["cluster_id"] = pd.Series(
            [" ".join(row[name] for name in cluster) for row in rows], dtype="string"
        )
    points = [int(row["Q7ALL"]) if row["Q7ALL"] in {"1", "2", "3", "4", "5"} else None for row in rows]
    return people, answers(people["response_id"], "satisfaction", points)


def airport_figures(measures: Measures, file: Path, cluster: tuple[str, ...] = ()) -> pd.DataFrame:
    people, item = airport(file, cluster)
    load(measures, people, item, is_weighted=True, sampling_design="intercept")
    measures.build(*CX_INDEX)
    rows = measures.frame("select * from cx_index where breakdown = 'all' and period_label = '2017Q3'")
    return rows.set_index("measure")


def test_a_real_surveys_published_figures(measures: Measures, sample: Callable[[str], Path]) -> None:
    rows = airport_figures(measures, sample(SFO))
    mean, top_two = rows.loc["mean"], rows.loc["top_two"]
    assert mean["n"] == 2_688
    assert (
        f"{mean['value']:.4f} {top_two['value']:.4%} {mean['weighted_value']:.4f}" == "4.0644 82.0685% 4.0712"
    )
    assert mean["interval_kind"] == "sampling"
    assert rows.loc["cx_index"]["value"] == pytest.approx(25 * (mean["value"] - 1), abs=1e-8)


@pytest.mark.parametrize(
    ("cluster", "expected"), [((), 1.22), (("FLIGHT",), 1.82), (("AIRLINE", "FLIGHT", "INTDATE"), 1.78)]
)
def test_its_design_effect(
    measures: Measures, sample: Callable[[str], Path], cluster: tuple[str, ...], expected: float
) -> None:
    """By flight number it is 1.83 against an unweighted simple variance; this is against the weighted one."""
    mean = airport_figures(measures, sample(SFO), cluster).loc["mean"]
    assert mean["design_effect"] == pytest.approx(expected, abs=0.005)
