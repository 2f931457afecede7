"""How often published 95% intervals hold the true figure: seeded samples, each a cell of one build a case."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from .sql import ESTIMATES, Measures
from .tables import responses

REPLICATES = 1_500
POINTS = np.arange(1, 6)
MEANS = (3.5, 4.5, 4.8)
DRIVERS = ("ease", "satisfaction", "trust")
WANTED = {30: (0.91, 0.985), 100: (0.93, 0.97)}
"""Sample size, or a larger one → the least and most of the samples in which an interval covers the truth."""
FEW = 5
"""Where fewer than this many are expected to say so, or all but this many, coverage jumps with each
share by more than these bounds are apart, whatever the interval (Brown, Cai and DasGupta, Interval estimation
for a binomial proportion, Statistical Science 16, 2001): such shares are left out."""


def shares_with(mean: float) -> np.ndarray:
    """How a population with this mean answers 1 to 5: exponential in the answer, so most at one end."""

    def shares(slope: float) -> np.ndarray:
        weights = np.exp(slope * POINTS)
        return weights / weights.sum()

    return shares(float(brentq(lambda slope: shares(slope) @ POINTS - mean, -9, 9)))


def drawn(random: np.random.Generator, mean: float, size: tuple[int, ...]) -> np.ndarray:
    """Answers to each driver, last axis, of people whose liking goes with all of them (correlated by .6)."""
    liking = random.normal(size=(*size, 1))
    own = random.normal(size=(*size, len(DRIVERS)))
    return answered(np.sqrt(0.6) * liking + np.sqrt(0.4) * own, mean)


def answered(normal: np.ndarray, mean: float) -> np.ndarray:
    """1 to 5 with the population's shares, from standard normal numbers."""
    return 1 + np.searchsorted(np.cumsum(shares_with(mean))[:-1], norm.cdf(normal)).astype(int)


def estimates(measures: Measures, points: np.ndarray, clusters: np.ndarray | None = None) -> pd.DataFrame:
    """The models' figures of each replicate, which is a service of one month.

    Args:
        measures: a database.
        points: replicate × person × driver.
        clusters: replicate × person, the sampling unit; None where each person is drawn alone.
    """
    replicates, n, _ = points.shape
    people = responses(replicates * n, service_id=np.repeat([f"s{k}" for k in range(replicates)], n))
    if clusters is not None:
        people["cluster_id"] = [f"u{unit}" for unit in clusters.ravel()]
        people["survey_id"] = people["service_id"]
    flat = points.reshape(-1, len(DRIVERS))
    items = pd.concat(
        [
            pd.DataFrame(
                {
                    "response_id": people["response_id"],
                    "scale": "likert_5",
                    "driver": driver,
                    "points": flat[:, place],
                }
            )
            for place, driver in enumerate(DRIVERS)
        ]
    )
    measures.table("people", people)
    measures.table("items", items)
    # the work table of answers as its model would make it, of one period and breakdown alone
    measures.connection.execute(
        """
        create or replace table int_measures__answers as
        select
            items.response_id, dense_rank() over (order by items.response_id) as respondent_number, scale,
            driver, points, dense_rank() over (order by service_id) as group_number, true as is_opt_in,
            false as is_weighted, cluster_id is not null as is_design_based, 1e0 as weight,
            dense_rank() over (order by coalesce(service_id || cluster_id, items.response_id))
                as sampling_unit_number
        from items inner join people using (response_id);
        create or replace table int_measures__cells as
        select distinct
            dense_rank() over (order by service_id) as group_number,
            dense_rank() over (order by service_id) as cell_number, 'month' as period_type,
            date '2026-01-01' as period_start, '2026-01' as period_label, 'service' as breakdown,
            service_id as member, 'org' as organization_id
        from people;
        """
    )
    measures.build(*[name for name in ESTIMATES if name not in ESTIMATES[:2]])
    return measures.frame("select * from int_measures__estimates")


def covered(found: pd.DataFrame, measure: str, truth: float, *, prefix: str = "") -> float:
    """Share of the replicates whose interval holds the truth; over all drivers."""
    rows = found[found["measure"] == measure]
    assert rows[f"{prefix}low"].notna().all() and len(rows) >= 1_000
    return float(((rows[f"{prefix}low"] <= truth) & (truth <= rows[f"{prefix}high"])).mean())


@pytest.mark.parametrize("n", [30, 100])
@pytest.mark.parametrize("mean", MEANS)
def test_an_interval_covers_what_the_population_would_say(measures: Measures, mean: float, n: int) -> None:
    random = np.random.default_rng([round(10 * mean), n])
    found = estimates(measures, drawn(random, mean, (REPLICATES, n)))
    shares = shares_with(mean)
    events = {"top_box": shares[4], "top_two": shares[3:].sum(), "bottom_two": shares[:2].sum()}
    truths = {"mean": mean, "cx_index": 25 * (mean - 1)}
    truths |= {name: share for name, share in events.items() if n * min(share, 1 - share) >= FEW}
    assert "top_box" in truths
    low, high = WANTED[n]
    coverage = {measure: covered(found, measure, truth) for measure, truth in truths.items()}
    assert {m: c for m, c in coverage.items() if not low <= c <= high} == {}


@pytest.mark.parametrize("mean", MEANS)
def test_of_clustered_people_the_clustered_error_covers(measures: Measures, mean: float) -> None:
    """40 units of 4 people; a third of what moves an answer is the unit's."""
    random = np.random.default_rng([round(10 * mean), 7])
    replicates, units, size = 1_000, 40, 4
    shape: tuple[int, ...] = (replicates, units, size, 1)
    unit = random.normal(size=(replicates, units, 1, 1))
    liking, own = random.normal(size=shape), random.normal(size=(*shape[:-1], len(DRIVERS)))
    normal = np.sqrt(0.33) * unit + np.sqrt(0.33) * liking + np.sqrt(0.34) * own
    points = answered(normal, mean).reshape(replicates, units * size, len(DRIVERS))
    clusters = np.broadcast_to(np.repeat(np.arange(units), size), (replicates, units * size))
    found = estimates(measures, points, clusters)
    truths = {"mean": mean, "top_box": shares_with(mean)[4], "cx_index": 25 * (mean - 1)}
    simple = {m: covered(found, m, truth) for m, truth in truths.items()}
    coverage = {m: covered(found, m, truth, prefix="weighted_") for m, truth in truths.items()}
    low, high = WANTED[100]
    assert {m: c for m, c in coverage.items() if not low <= c <= high} == {}
    assert simple["cx_index"] < 0.9, "as if drawn one by one, it says too little"
