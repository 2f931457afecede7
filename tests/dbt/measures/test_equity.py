"""Gaps between segments and changes by year: from answers to verdicts by the models' SQL, against scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from .sql import Measures
from .tables import SERVICES, answers, responses
from .test_comparisons import pooled, welch
from .test_suppression_of_answers import SURVEYS, make

YEARS = ("FY2024", "FY2025")


def two_years(known: float) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Answers of two fiscal years: older adults are less content, and in the second year all are.

    Args:
        known: the share of people whose segment is known.
    """
    number, draw = 6_000, np.random.default_rng(4)
    service = draw.choice(list(SERVICES), number)
    segment = draw.choice(["older_adults", "veterans", "others"], number, p=[0.4, 0.4, 0.2])
    day = pd.to_datetime("2023-10-01") + pd.to_timedelta(draw.integers(0, 731, number), unit="D")
    people = responses(
        number,
        survey_id=service,
        customer_id=pd.Series([f"c{at}" for at in range(number)], dtype="string"),
        organization_id=[SERVICES[name] for name in service],
        service_id=service,
        channel=pd.Series(draw.choice(["phone", "website"], number), dtype="string"),
        segment=pd.Series(np.where(draw.random(number) < known, segment, None), dtype="string"),
        answered_local_date=day.date,
        not_counted_reason=pd.Series([None] * number, dtype="string"),
        collected_without_clearance=False,
    )
    assert set(people["survey_id"]) <= SURVEYS.keys()
    level = 4.2 - 0.4 * (segment == "older_adults") - 0.3 * (day >= "2024-10-01")
    liking = draw.normal(size=number)
    return people, [
        answers(
            people["response_id"],
            driver,
            np.clip(np.round(level + 0.7 * liking + draw.normal(0, 0.7, number)), 1, 5),
        )
        for driver in ("satisfaction", "ease")
    ]


def made(measures: Measures, known: float) -> pd.DataFrame:
    """Build everything; one row per answer with its person's columns and fiscal year."""
    people, items = two_years(known)
    make(measures, people, items)
    rows = pd.concat(items).merge(people, on="response_id")
    year = pd.to_datetime(rows["answered_local_date"]).dt.to_period("Y-SEP").dt.year
    return rows.assign(year=[f"FY{each}" for each in year])


def p_of(one: pd.Series, other: pd.Series) -> float:
    """The larger of Welch's p and that by the pooled variance."""
    sides: list[Any] = []
    for side in (one, other):
        sides += [side.mean(), stats.sem(side), len(side)]
    return max(welch(*sides), pooled(*sides))


def test_gaps_of_segments_are_claimed_where_enough_are_known(measures: Measures) -> None:
    rows = made(measures, known=0.9)
    gaps = measures.frame("select * from equity_gaps where period_type = 'year' and measure = 'mean'")
    gaps = gaps.set_index(["period_label", "driver", "segment"]).sort_index()
    assert set(gaps.index.get_level_values("period_label")) == set(YEARS)
    for (year, driver, segment), gap in gaps.iterrows():
        of_year = rows[(rows["year"] == year) & (rows["driver"] == driver)]
        is_mine = (of_year["segment"] == segment).fillna(value=False)
        mine, rest = of_year.loc[is_mine, "score"], of_year.loc[~is_mine, "score"]
        assert (gap["n"], gap["rest_n"]) == (len(mine), len(rest))
        assert gap["gap"] == pytest.approx(mine.mean() - rest.mean(), abs=1e-9)
        assert gap["p_value"] == pytest.approx(p_of(mine, rest), abs=1e-8)
        known = of_year["segment"].notna().mean()
        assert gap["known_segment_share"] == pytest.approx(known, abs=1e-9)
    for _, family in gaps.groupby("family"):
        adjusted = stats.false_discovery_control(family["p_value"], method="bh")
        assert family["adjusted_p"].to_numpy() == pytest.approx(adjusted, abs=1e-9)
    assert gaps["is_claim_allowed"].all()
    assert set(gaps.xs("older_adults", level="segment")["verdict"]) == {"down"}
    assert set(gaps.xs("veterans", level="segment")["verdict"]) == {"up"}


def test_none_is_claimed_where_few_are_known(measures: Measures) -> None:
    """Of 7 in 10; the gap is still shown."""
    made(measures, known=0.7)
    gaps = measures.frame("select * from equity_gaps where not suppressed")
    assert len(gaps) > 100
    years = gaps[gaps["period_type"] == "year"]
    assert years["known_segment_share"].between(0.65, 0.75).all() and years["gap"].notna().all()
    assert not gaps["is_claim_allowed"].any() and gaps["verdict"].isna().all()


def test_a_fall_from_year_to_year_is_found_by_year_and_by_quarter(measures: Measures) -> None:
    rows = made(measures, known=0.9)
    found = measures.frame(
        "select * from cx_comparisons where breakdown = 'all' and measure = 'mean' and driver = 'ease'"
    ).set_index(["period_label", "comparison"])
    before, after = (rows.loc[(rows["year"] == year) & (rows["driver"] == "ease"), "score"] for year in YEARS)
    of_year = found.loc[("FY2025", "previous_period")]
    assert of_year["difference"] == pytest.approx(after.mean() - before.mean(), abs=1e-9)
    assert of_year["p_value"] == pytest.approx(p_of(after, before), abs=1e-8)
    assert of_year["verdict"] == "down"
    for quarter in range(1, 5):
        assert found.loc[(f"2025Q{quarter}", "year_before"), "verdict"] == "down"
        assert (f"2024Q{quarter}", "year_before") not in found.index
