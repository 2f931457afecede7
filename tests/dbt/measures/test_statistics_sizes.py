"""How often a difference is found where there is none: exactly for shares, drawn for means and indexes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from .sql import Measures
from .tables import responses
from .test_statistics_coverage import DRIVERS, POINTS, changes, drawn, estimates_of, publish, shares_with

LEVELS = np.array([0.05, 0.01, 0.0025])
"""A single comparison's, and what a family of many asks for of its smallest p."""
SIZES = [(12, 12), (12, 150), (20, 400), (40, 40), (40, 120), (40, 360), (100, 100), (100, 300)]

P_VALUES = """
    with errors as (
        select
            *,
            squares / (n_1 * (n_1 - 1e0)) + other_squares / (n_2 * (n_2 - 1e0)) as variance,
            {{ pooled_error('n_1', 'squares', 'n_2', 'other_squares', 'difference') }} as pooled_error,
            {{ welch_df('sqrt(squares / (n_1 * (n_1 - 1e0)))', '(n_1 - 1)',
                        'sqrt(other_squares / (n_2 * (n_2 - 1e0)))', '(n_2 - 1)') }} as df
        from outcomes
    ),
    scored as (
        select
            place,
            {{ difference_z('difference', 'pooled_error', 'sqrt(variance)', 'df') }} as z,
            {{ normal_of_t('(abs(difference) / nullif(sqrt(variance), 0))', 'df') }} as own_z,
            abs(difference) / nullif(pooled_error, 0) as pooled_z
        from errors
    )
    select
        coalesce({{ two_sided_normal_p('z') }}, 1) as both_p,
        coalesce({{ two_sided_normal_p('own_z') }}, 1) as own_p,
        coalesce({{ two_sided_normal_p('pooled_z') }}, 1) as pooled_p
    from scored
    order by place
"""


def p_values(
    measures: Measures, n_1: int, n_2: int, difference: np.ndarray, *squares: np.ndarray
) -> pd.DataFrame:
    """The p of each outcome, by both tests together and each alone."""
    outcomes = pd.DataFrame(
        {"difference": difference, "squares": squares[0], "other_squares": squares[1], "n_1": n_1, "n_2": n_2}
    )
    measures.table("outcomes", outcomes.reset_index(names="place"))
    return measures.frame(P_VALUES)


@pytest.mark.parametrize(("n_1", "n_2"), SIZES)
def test_shares_differ_as_rarely_as_their_p_says(measures: Measures, n_1: int, n_2: int) -> None:
    """Every outcome with its chance, for shares of 1% to 50%.

    A chance can't be parted, so at .05 two sides of the same small size find up to 1.3 times as much;
    a family of several asks for less, and there nothing is above its level by more than a 25th.
    """
    x, y = (side.ravel() for side in np.meshgrid(np.arange(n_1 + 1), np.arange(n_2 + 1), indexing="ij"))
    found = p_values(measures, n_1, n_2, x / n_1 - y / n_2, x * (n_1 - x) / n_1, y * (n_2 - y) / n_2)
    largest = np.zeros(len(LEVELS))
    of_pooled = np.zeros(len(LEVELS))
    for share in np.linspace(0.01, 0.5, 50):
        chance = binom.pmf(x, n_1, share) * binom.pmf(y, n_2, share)
        for sizes, p in ((largest, found["both_p"]), (of_pooled, found["pooled_p"])):
            sizes[:] = np.maximum(sizes, [chance[(p <= level).to_numpy()].sum() for level in LEVELS])
    assert (largest <= LEVELS * [1.3, 1.04, 1.04]).all(), largest / LEVELS
    if n_2 >= 3 * n_1:
        assert largest[0] <= LEVELS[0] * 1.02
        assert of_pooled[2] > LEVELS[2], "by the pooled variance alone it would be too often"


@pytest.mark.parametrize("mean", [3.5, 4.5, 4.8])
@pytest.mark.parametrize(("n_1", "n_2"), [(10, 400), (30, 30), (30, 300), (100, 100), (100, 1_000)])
def test_means_differ_as_rarely_as_their_p_says(measures: Measures, mean: float, n_1: int, n_2: int) -> None:
    random = np.random.default_rng([round(10 * mean), n_1, n_2])
    sides = []
    for n in (n_1, n_2):
        counts = random.multinomial(n, shares_with(mean), 40_000)
        total = counts @ POINTS
        sides.append((total / n, counts @ POINTS**2 - total**2 / n))
    found = p_values(measures, n_1, n_2, sides[0][0] - sides[1][0], sides[0][1], sides[1][1])
    error = np.sqrt(LEVELS * (1 - LEVELS) / 40_000)
    sizes = np.array([(found["both_p"] <= level).mean() for level in LEVELS])
    assert (sizes <= LEVELS + 2 * error).all(), sizes
    if mean == 4.8 and n_2 >= 10 * n_1:
        welch = np.array([(found["own_p"] <= level).mean() for level in LEVELS])
        assert (welch > LEVELS + 2 * error).all(), "Welch's t alone would find too much"


SCALES = {
    "likert_5": ("cx_index", DRIVERS),
    "ten": ("acsi_equal_weight", ("acsi_overall", "acsi_expectations", "acsi_ideal")),
}
"""Scale → its index and what that rests on."""


@pytest.mark.parametrize(
    ("scale", "mean", "n_1", "n_2"),
    [(scale, mean, 30, 30) for scale in SCALES for mean in (3.5, 4.5, 4.8)]
    + [(scale, 4.5, *sizes) for scale in SCALES for sizes in ((100, 100), (20, 160))],
)
def test_indexes_change_as_rarely_as_their_p_says(
    measures: Measures, scale: str, mean: float, n_1: int, n_2: int
) -> None:
    """By the models alone: a service is a replicate, and two months of it are of one population.

    Two months of the same size find as much as p says. Of others both tests together find less.
    """
    replicates = 1_000
    random = np.random.default_rng([round(10 * mean), n_1, n_2, len(scale)])
    services = np.array([f"s{place}" for place in range(replicates)])
    people = responses(
        replicates * (n_1 + n_2),
        service_id=np.concatenate([services.repeat(n_1), services.repeat(n_2)]),
        answered_local_date=[date(2026, 1, 1)] * replicates * n_1 + [date(2026, 2, 1)] * replicates * n_2,
    )
    points = drawn(random, mean, (len(people),))
    if scale == "ten":
        # either half of an answer from 1 to 5
        points = 2 * points - random.integers(0, 2, points.shape)
    index, drivers = SCALES[scale]
    estimates_of(measures, people, points, ["service"], scale, drivers)
    publish(measures, pd.DataFrame({"service_id": services, "period_start": date(2026, 1, 1), "volume": 1}))
    found = changes(measures, "service")
    found = found[found["measure"] == index]
    assert len(found) == replicates and found["p_value"].notna().all()
    share = (found["p_value"] <= 0.05).mean()
    assert (0.03 if n_1 == n_2 else 0.01) <= share <= (0.07 if n_1 == n_2 else 0.05), share
    assert 0.45 <= (found["p_value"] <= 0.5).mean() <= 0.55
