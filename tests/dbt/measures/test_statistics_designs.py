"""Standard errors with covariance, weights and sampling units, against statsmodels' robust regressions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from .sql import CX_INDEX, ESTIMATES, Measures
from .tables import answers, load, responses

DRIVERS = ("satisfaction", "trust", "ease", "employee")


def correlated_answers(people: pd.DataFrame, seed: int, asked: float = 1.0) -> list[pd.DataFrame]:
    random = np.random.default_rng(seed)
    liking = random.normal(size=len(people))
    items = []
    for driver in DRIVERS:
        points = np.clip(np.round(3.8 + liking + random.normal(0, 0.8, len(people))), 1, 5)
        points[random.random(len(people)) > asked] = np.nan
        items.append(answers(people["response_id"], driver, points))
    return items


def figures(measures: Measures) -> pd.DataFrame:
    """The month's rows of all, by measure and driver, before anything is withheld."""
    measures.build(*ESTIMATES)
    rows = measures.frame(
        "select * from int_measures__estimates where breakdown = 'all' and period_type = 'month'"
    )
    assert len(rows)
    return rows.set_index(["measure", "driver"]).sort_index()


def joint_means(
    items: list[pd.DataFrame], weight: pd.Series, unit: pd.Series
) -> tuple[np.ndarray, np.ndarray]:
    """All drivers' weighted means and their covariance over sampling units, by one stacked regression.

    Returns:
        Means and covariance (units / (units - 1) included), in the order of the drivers' names.
    """
    stacked = pd.concat(items, ignore_index=True)
    stacked = stacked.assign(weight=stacked["response_id"].map(weight), unit=stacked["response_id"].map(unit))
    dummies = pd.get_dummies(stacked["driver"]).astype(float)
    fit = sm.WLS(stacked["score"], dummies, weights=stacked["weight"]).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(stacked["unit"])[0], "use_correction": False}
    )
    units = stacked["unit"].nunique()
    return fit.params.to_numpy(), np.asarray(fit.cov_params()) * units / (units - 1)


def index_of(means: np.ndarray, covariance: np.ndarray) -> tuple[float, float]:
    """The index and its standard error from drivers' means and covariance."""
    slope = np.full(len(means), 25 / len(means))
    return float(25 * (means.mean() - 1)), float(np.sqrt(slope @ covariance @ slope))


class TestIndex:
    def test_where_all_answer_all_it_is_the_mean_of_peoples_own_index(self, measures: Measures) -> None:
        people = responses(57)
        items = correlated_answers(people, seed=1)
        load(measures, people, *items)
        row = figures(measures).loc[("cx_index", "all")]
        own = 25 * (pd.concat(items).groupby("response_id")["score"].mean() - 1)
        assert row["value"] == pytest.approx(own.mean(), abs=1e-9)
        assert row["standard_error"] == pytest.approx(own.sem(), abs=1e-9)
        assert (row["n"], row["driver_count"], row["drivers"]) == (57, 4, "ease,employee,satisfaction,trust")

    @pytest.mark.parametrize("seed", [2, 3, 4])
    def test_where_items_are_skipped(self, measures: Measures, seed: int) -> None:
        people = responses(80)
        items = correlated_answers(people, seed, asked=0.6)
        load(measures, people, *items)
        row = figures(measures).loc[("cx_index", "all")]
        everybody = people.set_index("response_id")
        value, error = index_of(
            *joint_means(items, everybody["weight"], pd.Series(everybody.index, everybody.index))
        )
        assert row["value"] == pytest.approx(value, abs=1e-9)
        assert row["standard_error"] == pytest.approx(error, abs=1e-9)
        assert row["n"] == pd.concat(items)["response_id"].nunique()

    def test_of_one_driver_it_is_the_rescaled_mean(self, measures: Measures) -> None:
        people = responses(31)
        load(measures, people, correlated_answers(people, seed=5)[0])
        rows = figures(measures)
        mean, index = rows.loc[("mean", "satisfaction")], rows.loc[("cx_index", "all")]
        for name in ("value", "low", "high"):
            assert index[name] == pytest.approx(25 * (mean[name] - 1), abs=1e-8), name
        assert index["standard_error"] == pytest.approx(25 * mean["standard_error"], abs=1e-8)

    def test_where_all_are_content_there_is_still_an_interval(self, measures: Measures) -> None:
        people = responses(12)
        load(measures, people, *(answers(people["response_id"], driver, 5) for driver in DRIVERS))
        row = figures(measures).loc[("cx_index", "all")]
        assert (row["value"], row["high"], row["standard_error"]) == (100, 100, 0)
        assert 40 < row["low"] < 90


def designed(seed: int, units: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """A weighted survey of 200 people in sampling units whose people are alike."""
    random = np.random.default_rng(seed)
    people = responses(200, weight=np.round(random.gamma(3, 0.4, 200) + 0.05, 9))
    unit = random.integers(0, units, 200)
    people["cluster_id"] = pd.Series([f"flight {number}" for number in unit], dtype="string")
    liking = random.normal(size=units)[unit] + random.normal(size=200)
    items = []
    for driver in DRIVERS:
        points = np.clip(np.round(3.6 + 0.8 * liking + random.normal(0, 0.7, 200)), 1, 5)
        points[random.random(200) > 0.85] = np.nan
        items.append(answers(people["response_id"], driver, points))
    return people, items


def regression(worth: pd.Series, weight: pd.Series, unit: pd.Series) -> tuple[float, float]:
    """A weighted mean and its cluster-robust standard error: a regression on a constant."""
    fit = sm.WLS(worth.to_numpy(float), np.ones(len(worth)), weights=weight.to_numpy()).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(unit)[0]}
    )
    return float(fit.params[0]), float(fit.bse[0])


class TestWeights:
    def weighted_errors(self, measures: Measures) -> pd.Series:
        rows = measures.frame(
            """
            select weighted.* from int_measures__weighted_estimates as weighted
            inner join int_measures__cells as cells using (cell_number)
            where cells.breakdown = 'all' and cells.period_type = 'month'
            """
        )
        return rows.set_index(["measure", "driver"])["standard_error"]

    @pytest.mark.parametrize(("seed", "units"), [(1, 8), (2, 30), (3, 150)])
    def test_items_against_a_cluster_robust_regression(
        self, measures: Measures, seed: int, units: int
    ) -> None:
        people, items = designed(seed, units)
        load(measures, people, *items, is_weighted=True, sampling_design="probability")
        rows, errors = figures(measures), self.weighted_errors(measures)
        keyed = people.set_index("response_id")
        for item in items:
            driver = item["driver"].iloc[0]
            weight, unit = (item["response_id"].map(keyed[name]) for name in ("weight", "cluster_id"))
            score = item["score"]
            worths = {"mean": score, "top_box": score == 5, "top_two": score >= 4, "bottom_two": score <= 2}
            for measure, worth in worths.items():
                value, error = regression(worth, weight, unit)
                row = rows.loc[(measure, driver)]
                assert row["weighted_value"] == pytest.approx(value, abs=1e-9)
                assert errors[(measure, driver)] == pytest.approx(error, abs=1e-9)
                deviations = worth.to_numpy(float) - value
                spread = float(np.average(deviations**2, weights=weight)) / (len(item) - 1)
                assert row["design_effect"] == pytest.approx(error**2 / spread, abs=1e-8)
                assert row["effective_n"] == pytest.approx(len(item) / row["design_effect"], abs=1e-6)
                assert row["weighted_low"] <= row["weighted_value"] <= row["weighted_high"]

    @pytest.mark.parametrize(("seed", "units"), [(4, 8), (5, 150)])
    def test_the_index_against_a_stacked_regression(self, measures: Measures, seed: int, units: int) -> None:
        people, items = designed(seed, units)
        load(measures, people, *items, is_weighted=True)
        row, errors = figures(measures).loc[("cx_index", "all")], self.weighted_errors(measures)
        keyed = people.set_index("response_id")
        value, error = index_of(*joint_means(items, keyed["weight"], keyed["cluster_id"]))
        assert row["weighted_value"] == pytest.approx(value, abs=1e-9)
        assert errors[("cx_index", "all")] == pytest.approx(error, abs=1e-9)

    def test_net_promoters_and_thumbs(self, measures: Measures) -> None:
        random = np.random.default_rng(8)
        people = responses(60, weight=np.round(random.gamma(3, 0.4, 60) + 0.05, 9))
        recommend = answers(people["response_id"], "recommend", random.integers(0, 11, 60), "nps_11")
        thumb = answers(people["response_id"], "trust", random.integers(0, 2, 60), "thumbs")
        load(measures, people, recommend, thumb, is_weighted=True)
        rows, errors = figures(measures), self.weighted_errors(measures)
        points = recommend["raw_value"].astype(float)
        score = 100 * ((points >= 9).astype(float) - (points <= 6))
        for key, worth in ((("nps", "recommend"), score), (("thumbs_up", "trust"), thumb["is_positive"])):
            value, error = regression(worth, people["weight"], people["response_id"])
            assert rows.loc[key]["weighted_value"] == pytest.approx(value, abs=1e-9)
            assert errors[key] == pytest.approx(error, abs=1e-8)

    def test_equal_weights_and_units_of_one_change_nothing(self, measures: Measures) -> None:
        people = responses(45)
        people["cluster_id"] = people["response_id"].astype("string")
        recommend = answers(people["response_id"], "recommend", np.arange(45) % 11, "nps_11")
        load(measures, people, *correlated_answers(people, seed=6, asked=0.8), recommend)
        rows = figures(measures)
        assert len(rows) == 20
        for name in ("value", "low", "high"):
            assert rows[f"weighted_{name}"].to_numpy() == pytest.approx(rows[name].to_numpy(), abs=1e-8), name
        assert rows["design_effect"].to_numpy() == pytest.approx(1, abs=1e-8)
        assert rows["is_weighted"].all()

    def test_people_who_answer_twice_are_one_unit(self, measures: Measures) -> None:
        """Everybody's answer twice says no more than once: a design effect of (2 units - 1) / (units - 1)."""
        people = responses(
            40, customer_id=pd.Series([f"c{place // 2}" for place in range(40)], dtype="string")
        )
        points = np.repeat(np.arange(20) % 5 + 1, 2)
        load(measures, people, answers(people["response_id"], "ease", points), is_weighted=True)
        assert figures(measures).loc[("mean", "ease")]["design_effect"] == pytest.approx(39 / 19, abs=1e-9)

    def test_a_response_without_a_weight_counts_in_unweighted_figures_only(self, measures: Measures) -> None:
        people = responses(30, weight=[None if place < 10 else 2.0 for place in range(30)])
        points = [1 if place < 10 else 4 + place % 2 for place in range(30)]
        load(measures, people, answers(people["response_id"], "ease", points), is_weighted=True)
        row = figures(measures).loc[("mean", "ease")]
        assert (row["n"], row["value"], row["weighted_value"]) == (30, pytest.approx(100 / 30), 4.5)

    def test_a_survey_without_weights_or_units_has_no_weighted_figures(self, measures: Measures) -> None:
        people = responses(30, customer_id="c")
        load(measures, people, *correlated_answers(people, seed=7))
        rows = figures(measures)
        columns = ["weighted_value", "weighted_low", "weighted_high", "design_effect", "effective_n"]
        assert rows[columns].isna().all(axis=None)


def test_any_order_and_any_number_of_threads_gives_the_same_table(measures: Measures) -> None:
    people, items = designed(9, 30)

    def built(order: int, threads: int) -> list[tuple[Any, ...]]:
        measures.connection.execute(f"set threads = {threads}")
        shuffled = [item.sample(frac=1, random_state=order) for item in items]
        load(measures, people.sample(frac=1, random_state=order), *shuffled, is_weighted=True)
        measures.build(*CX_INDEX)
        return measures.query("select * from cx_index order by all")

    first = built(1, 1)
    assert len(first) == 19 * 12
    assert built(2, 2) == first
