"""How often published 95% intervals hold the true figure: seeded samples, each a cell of one build a case."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import binom, multinomial, norm

from .sql import ESTIMATES, Measures
from .tables import responses

REPLICATES = 1_000
POINTS = np.arange(1, 6)
MEANS = (3.5, 4.5, 4.8)
DRIVERS = ("ease", "satisfaction", "trust")
OUTSIDE = {
    (30, 4.8, "bottom_two"): 0.8725,
    (100, 4.5, "bottom_two"): 0.9717,
    (100, 4.8, "top_two"): 0.9782,
    (100, 4.8, "bottom_two"): 0.9238,
}
"""Shares whose Wilson interval covers more or less than is wanted: fewer than four, or all but four, are
expected. Coverage jumps there with each person (Brown, Cai and DasGupta, Interval estimation for a binomial
proportion, Statistical Science 16, 2001)."""
OUT_OF_REACH = {(30, 4.8, "bottom_two"), (100, 4.8, "bottom_two")}
"""Those of them that no interval by the count of people alone can cover as wanted."""


def wanted(n: int) -> tuple[float, float]:
    """The least and most of the samples of n people in which an interval has to cover the truth."""
    return (0.93, 0.97) if n >= 100 else (0.91, 0.985)


def shares_with(mean: float, most: int = 5) -> np.ndarray:
    """How a population with this mean answers 1 to `most`: exponential in the answer, so most at one end."""
    points = np.arange(1, most + 1)

    def shares(slope: float) -> np.ndarray:
        weights = np.exp(slope * points)
        return weights / weights.sum()

    return shares(float(brentq(lambda slope: shares(slope) @ points - mean, -9, 9)))


def drawn(random: np.random.Generator, mean: float, size: tuple[int, ...], most: int = 5) -> np.ndarray:
    """Answers to each driver, last axis, of people whose liking goes with all of them (correlated by .6)."""
    liking = random.normal(size=(*size, 1))
    own = random.normal(size=(*size, len(DRIVERS)))
    return answered(np.sqrt(0.6) * liking + np.sqrt(0.4) * own, shares_with(mean, most))


def answered(normal: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """1 to as many as there are shares, with the population's shares, from standard normal numbers."""
    return 1 + np.searchsorted(np.cumsum(shares)[:-1], norm.cdf(normal)).astype(int)


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
    return estimates_of(measures, people, points.reshape(-1, len(DRIVERS)), ["service"])


def estimates_of(
    measures: Measures,
    people: pd.DataFrame,
    points: np.ndarray,
    breakdowns: list[str],
    scale: str = "likert_5",
    drivers: tuple[str, ...] = DRIVERS,
) -> pd.DataFrame:
    """The models' figures of these people by each breakdown and month.

    Args:
        measures: a database.
        people: responses, each person's; a service has one organization. Weights count if any isn't 1.
        points: person × driver.
        breakdowns: service, organization.
        scale: of the answers.
        drivers: what was asked.
    """
    items = pd.concat(
        [
            pd.DataFrame(
                {
                    "response_id": people["response_id"],
                    "scale": scale,
                    "driver": driver,
                    "points": points[:, place],
                }
            )
            for place, driver in enumerate(drivers)
        ]
    )
    measures.table("people", people)
    measures.table("items", items)
    # the work table of answers as its model would make it, of months and these breakdowns alone
    measures.connection.execute(
        """
        create or replace table int_measures__answers as
        select
            items.response_id, dense_rank() over (order by items.response_id) as respondent_number, scale,
            driver, points, dense_rank() over (order by service_id, answered_local_date) as group_number,
            true as is_opt_in, are_weighted or cluster_id is not null as is_weighted, weight,
            dense_rank() over (order by coalesce(service_id || cluster_id, items.response_id))
                as sampling_unit_number
        from items
        inner join people using (response_id)
        cross join (select bool_or(weight <> 1) as are_weighted from people);
        create or replace table int_measures__cells as
        select
            group_number, dense_rank() over (order by breakdown, member, period_start) as cell_number,
            'month' as period_type, period_start, strftime(period_start, '%Y-%m') as period_label, breakdown,
            member, organization_id
        from (
            select distinct
                dense_rank() over (order by service_id, answered_local_date) as group_number, organization_id,
                date_trunc('month', answered_local_date)::date as period_start, breakdown,
                if(breakdown = 'service', service_id, organization_id) as member
            from people cross join (select unnest(?) as breakdown)
        );
        """,
        [breakdowns],
    )
    measures.build(*[name for name in ESTIMATES if name not in ESTIMATES[:2]])
    return measures.frame("select * from int_measures__estimates")


def covered(found: pd.DataFrame, measure: str, truth: float, *, prefix: str = "") -> float:
    """Share of the replicates whose interval holds the truth; over all drivers."""
    rows = found[found["measure"] == measure]
    assert rows[f"{prefix}low"].notna().all() and len(rows) >= 1_000
    return float(((rows[f"{prefix}low"] <= truth) & (truth <= rows[f"{prefix}high"])).mean())


@pytest.mark.parametrize(("mean", "n"), [*itertools.product(MEANS, (30, 100, 200)), (4.8, 400)])
def test_an_interval_covers_what_the_population_would_say(measures: Measures, mean: float, n: int) -> None:
    random = np.random.default_rng([round(10 * mean), n])
    found = estimates(measures, drawn(random, mean, (REPLICATES, n)))
    truths = {"mean": mean, "cx_index": 25 * (mean - 1)}
    low, high = wanted(n)
    coverage = {measure: covered(found, measure, truth) for measure, truth in truths.items()}
    assert {m: c for m, c in coverage.items() if not low <= c <= high} == {}


def test_a_share_is_covered_as_wanted_but_where_few_are_expected(measures: Measures) -> None:
    """Exactly, by the chance of each count."""
    coverage = {}
    for n in (30, 100, 200, 400, 1_000):
        low, high = wanted(n)
        counts = np.arange(n + 1)
        columns, rows = ("x", "n"), [(int(count), n) for count in counts]
        lows = np.array(measures.scalars("{{ wilson_low('x', 'n') }}", columns, rows))
        highs = np.array(measures.scalars("{{ wilson_high('x', 'n') }}", columns, rows))
        for mean in MEANS:
            shares = shares_with(mean)
            of_measures = {
                "top_box": shares[4],
                "top_two": shares[3:].sum(),
                "bottom_two": shares[:2].sum(),
            }
            for measure, share in of_measures.items():
                chances = binom.pmf(counts, n, share)
                covers = chances[(lows <= share) & (share <= highs)].sum()
                if not low <= covers <= high:
                    coverage[n, mean, measure] = round(covers, 4)
                    assert n * min(share, 1 - share) < 4
                    # the counts whose interval holds a share are neighbors, as the bounds rise with the count
                    runs = np.cumsum(chances)[None, :] - np.concatenate([[0], np.cumsum(chances)])[:-1, None]
                    within_reach = ((low <= runs) & (runs <= high)).any()
                    assert within_reach == ((n, mean, measure) not in OUT_OF_REACH)
        # of all shares of which at least one person is expected, 98 of 100 and more
        expected = np.linspace(1 / n, 0.5, 400)
        by_share = binom.pmf(counts[:, None], n, expected)
        holds = (lows[:, None] <= expected) & (expected <= highs[:, None])
        inside = (by_share * holds).sum(axis=0)
        assert ((low <= inside) & (inside <= high)).mean() >= 0.98
    assert coverage == OUTSIDE


@pytest.mark.parametrize(
    ("mean", "units", "size"),
    [(mean, *design) for design in ((40, 4), (25, 4), (10, 3)) for mean in MEANS] + [(4.5, 100, 4)],
)
def test_of_clustered_people_the_clustered_error_covers(
    measures: Measures, mean: float, units: int, size: int
) -> None:
    """A third of what moves an answer is that of the unit, in which some people were asked."""
    random = np.random.default_rng([round(10 * mean), 7])
    shape: tuple[int, ...] = (REPLICATES, units, size, 1)
    unit = random.normal(size=(REPLICATES, units, 1, 1))
    liking, own = random.normal(size=shape), random.normal(size=(*shape[:-1], len(DRIVERS)))
    normal = np.sqrt(0.33) * unit + np.sqrt(0.33) * liking + np.sqrt(0.34) * own
    n = units * size
    points = answered(normal, shares_with(mean)).reshape(REPLICATES, n, len(DRIVERS))
    clusters = np.broadcast_to(np.repeat(np.arange(units), size), (REPLICATES, n))
    found = estimates(measures, points, clusters)
    assert outside(found, shares_with(mean), n) == {}
    assert covered(found, "cx_index", 25 * (mean - 1)) < 0.93, "as if drawn one by one, it says too little"


def boxes_of(shares: np.ndarray) -> dict[str, float]:
    """The shares that are measures, of those of each answer from 1 to 5."""
    return {"top_box": shares[4], "top_two": shares[3:].sum(), "bottom_two": shares[:2].sum()}


def outside(found: pd.DataFrame, shares: np.ndarray, n: int) -> dict[str, float]:
    """The measures whose weighted interval covers what the population says less or more often than is wanted.

    Args:
        found: figures of samples of n people.
        shares: of the population's answers from 1 to 5.
        n: how many were asked.
    """
    mean = float(shares @ POINTS)
    truths = {"mean": mean, "cx_index": 25 * (mean - 1), **boxes_of(shares)}
    coverage = {m: covered(found, m, truth, prefix="weighted_") for m, truth in truths.items()}
    low, high = wanted(n)
    return {
        m: covers
        for m, covers in coverage.items()
        if not low <= covers <= high and (n, round(mean, 6), m) not in OUT_OF_REACH
    }


ASKED_MORE = 0.75
"""The share of all who are asked that is of one half of the population."""


@pytest.mark.parametrize("n", [30, 100])
@pytest.mark.parametrize(("mean", "apart"), [(3.5, 0.5), (4.5, 0.2), (4.8, 0.1)])
def test_where_one_half_is_asked_more_the_weighted_error_covers(
    measures: Measures, mean: float, apart: float, n: int
) -> None:
    """Each answer weighs what its half's share of the population is to that of those who are asked.

    The halves' means lie as far from that of all, so that the unweighted figure is another population's.
    """
    random = np.random.default_rng([round(10 * mean), 9, n])
    is_more = random.random((REPLICATES, n)) < ASKED_MORE
    points = np.where(
        is_more[..., None],
        drawn(random, mean - apart, (REPLICATES, n)),
        drawn(random, mean + apart, (REPLICATES, n)),
    )
    people = responses(
        REPLICATES * n,
        service_id=np.repeat([f"s{k}" for k in range(REPLICATES)], n),
        weight=np.where(is_more.ravel(), 0.5 / ASKED_MORE, 0.5 / (1 - ASKED_MORE)),
    )
    found = estimates_of(measures, people, points.reshape(-1, len(DRIVERS)), ["service"])
    shares = (shares_with(mean - apart) + shares_with(mean + apart)) / 2
    assert outside(found, shares, n) == {}
    assert covered(found, "cx_index", 25 * (mean - 1)) < 0.93, "without weights it speaks of others"


Services = Sequence[tuple[Any, int, int]]
"""What each service's people think, how many answer, how many it served."""


def by_people_served(
    measures: Measures,
    draw: Callable[[Any, int], np.ndarray],
    *months: Services,
    scale: str = "likert_5",
    drivers: tuple[str, ...] = DRIVERS,
) -> None:
    """Make cx_index of replicates, each of which is an organization that withholds nothing.

    Args:
        measures: a database.
        draw: gives the answers, person × driver, of so many people who think this.
        months: the services of each month from January on; the same in every replicate.
        scale: of the answers.
        drivers: what was asked.
    """
    people, points, served = [], [], []
    for number, services in enumerate(months):
        month = date(2026, 1 + number, 1)
        for place, (opinion, n, volume) in enumerate(services):
            numbers = np.repeat(np.arange(REPLICATES), n)
            names = [f"{k} {place}" for k in range(REPLICATES)]
            people.append(
                pd.DataFrame(
                    {
                        "organization_id": numbers.astype(str),
                        "service_id": np.repeat(names, n),
                        "answered_local_date": month,
                    }
                )
            )
            points.append(draw(opinion, len(numbers)))
            served.append(pd.DataFrame({"service_id": names, "period_start": month, "volume": volume}))
    who = pd.concat(people)
    everybody = responses(len(who), **{str(name): who[name].to_numpy() for name in who})
    estimates_of(measures, everybody, np.concatenate(points), ["service", "organization"], scale, drivers)
    publish(measures, pd.concat(served))


def publish(measures: Measures, served: pd.DataFrame) -> None:
    """Make cx_index of the estimates there are, of which nothing is withheld.

    Args:
        measures: where `estimates_of` was called.
        served: how many people each service served; `service_id, period_start, volume`.
    """
    measures.table("served", served)
    measures.connection.execute(
        """
        create or replace table dim_services as select distinct service_id, organization_id from people;
        create or replace table int_measures__volumes as
        select service_id, 'month' as period_type, period_start::date as period_start, volume from served;
        create or replace table int_withheld_items as
        select period_type, period_start, breakdown, member, scale, driver, 'few' as reason
        from int_measures__estimates where false;
        create or replace table int_touched_years as select date '2026-01-01' as quarter_start;
        """
    )
    measures.build("cx_index")


def changes(measures: Measures, breakdown: str) -> pd.DataFrame:
    """The comparisons of published figures with the month before, between which no series breaks."""
    measures.connection.execute(
        """
        create or replace table int_index_pairs (period_type text, period_start date, breakdown text,
            member text, driver_a text, driver_b text, n int, total_a int, total_b int, products int);
        create or replace table series_breaks (breakdown text, member text, scale text, break_date date);
        create or replace table fct_survey_responses as from people;
        create or replace table fct_interactions (started_local_date date);
        """
    )
    measures.build("cx_comparisons")
    return measures.frame(
        f"select * from cx_comparisons where breakdown = '{breakdown}' and comparison = 'previous_period'"
    )


EVEN = [(25, 400), (25, 300), (25, 200), (25, 100)]
UNEVEN = [(70, 100), (10, 300), (10, 300), (10, 300)]
FEW = [(10, 400), (10, 300), (10, 200)]
"""Services: how many answer, how many were served."""


@pytest.mark.parametrize(
    ("sizes", "means"),
    [(sizes, (mean,) * len(sizes)) for sizes in (EVEN, UNEVEN, FEW) for mean in MEANS]
    + [(sizes, (4.8, 4.5, 3.8, 3.0)) for sizes in (EVEN, UNEVEN)],
    ids=str,
)
def test_a_figure_by_people_served_is_covered(
    measures: Measures, sizes: list[tuple[int, int]], means: tuple[float, ...]
) -> None:
    """Also where most answers are of the service that serves the fewest, and where services differ."""
    answered_by, _ = np.array(sizes).T
    random = np.random.default_rng([*(round(10 * mean) for mean in means), *answered_by])
    by_people_served(
        measures,
        lambda mean, number: drawn(random, mean, (number,)),
        [(mean, *size) for mean, size in zip(means, sizes, strict=True)],
    )
    found = measures.frame("select * from cx_index where breakdown = 'organization'")
    truths, expected = of_all_served(means, sizes)
    outside = {}
    for measure, truth in truths.items():
        people = expected.get(measure, np.inf)
        if people >= 1:
            low, high = wanted(answered_by.sum() if people >= 5 else 30)
            coverage = covered(found, measure, truth, prefix="volume_")
            if not low <= coverage <= high:
                outside[measure] = coverage
    assert outside == {}


def of_all_served(
    means: tuple[float, ...], sizes: list[tuple[int, int]]
) -> tuple[dict[str, float], dict[str, float]]:
    """What all who are served would say, by measure; and of shares of how many it would be told.

    How many are seen of a share, or not, is of as many drawn at random as the weights leave.
    """
    answered_by, served = np.array(sizes).T
    weights = served / served.sum()
    shares = weights @ [shares_with(mean) for mean in means]
    boxes = boxes_of(shares)
    expected = {m: min(share, 1 - share) / (weights**2 / answered_by).sum() for m, share in boxes.items()}
    return {"mean": shares @ POINTS, "cx_index": 25 * (shares @ POINTS - 1), **boxes}, expected


@pytest.mark.parametrize(
    ("sizes", "before", "after"),
    [
        (EVEN, (4.5, 4.5, 4.5, 4.5), (4.5, 4.5, 4.5, 4.5)),
        (EVEN, (4.8, 4.5, 3.8, 3.0), (4.5, 4.5, 4.2, 3.5)),
        (UNEVEN, (3.5, 3.5, 3.5, 3.5), (3.9, 3.2, 3.5, 3.8)),
        (FEW, (4.5, 4.5, 4.5), (4.2, 4.6, 4.8)),
    ],
    ids=str,
)
def test_a_change_by_people_served_is_covered(
    measures: Measures, sizes: list[tuple[int, int]], before: tuple[float, ...], after: tuple[float, ...]
) -> None:
    """By both sides' ends (Zou and Donner); of shares those of which five are expected."""
    answered_by, _ = np.array(sizes).T
    random = np.random.default_rng([*(round(10 * mean) for mean in (*before, *after)), *answered_by])
    by_people_served(
        measures,
        lambda mean, number: drawn(random, mean, (number,)),
        *([(mean, *size) for mean, size in zip(means, sizes, strict=True)] for means in (before, after)),
    )
    found = changes(measures, "organization")
    (truths, expected), (earlier, earlier_expected) = (of_all_served(m, sizes) for m in (after, before))
    low, high = wanted(answered_by.sum())
    coverage = {
        measure: covered(found, measure, truth - earlier[measure], prefix="volume_")
        for measure, truth in truths.items()
        if min(expected.get(measure, np.inf), earlier_expected.get(measure, np.inf)) >= 5
    }
    assert {"mean", "cx_index", "top_box"} <= coverage.keys()
    assert {m: covers for m, covers in coverage.items() if not low <= covers <= high} == {}


NET_PROMOTERS = (
    (0.2, 0.3, 0.5),
    (0.1, 0.8, 0.1),
    (0.3, 0.4, 0.3),
    (0.5, 0.3, 0.2),
    (0.7, 0.2, 0.1),
    (0.9, 0.07, 0.03),
    (0.97, 0.02, 0.01),
)
"""Shares of promoters, of those who are neither, and of detractors."""
ANSWER_OF_KIND = np.array([3, 7, 10])
"""What a detractor, one who is neither and a promoter answer from 0 to 10."""


def test_a_net_promoter_score_is_covered_as_wanted(measures: Measures) -> None:
    """Exactly, by the chance of each pair of counts."""
    outside = {}
    for n in (30, 100, 200):
        low, high = wanted(n)
        p, d = (counts.ravel() for counts in np.meshgrid(np.arange(n + 1), np.arange(n + 1)))
        counts = pd.DataFrame({"p": p, "d": d, "n": n})[p + d <= n]
        measures.table("counts", counts)
        ends = measures.frame(
            "select p, d, {{ net_promoter_low('p', 'd', 'n') }} as low,"
            " {{ net_promoter_high('p', 'd', 'n') }} as high from counts"
        )
        pairs = np.column_stack([ends["p"], n - ends["p"] - ends["d"], ends["d"]])
        for shares in NET_PROMOTERS:
            score = 100 * (shares[0] - shares[2])
            holds = (ends["low"] <= score + 1e-9) & (score - 1e-9 <= ends["high"])
            covers = multinomial.pmf(pairs, n, shares)[holds].sum()
            if not low <= covers <= high:
                outside[n, shares] = round(covers, 4)
    assert outside == {}


RECOMMENDATION: dict[str, Any] = {"scale": "nps_11", "drivers": ("recommendation",)}


def recommended(normal: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Each person's answer from 0 to 10, person × 1: the larger the standard normal number, the higher."""
    return ANSWER_OF_KIND[answered(normal.reshape(-1, 1), np.array(shares[::-1])) - 1]


def score_of(shares: Sequence[float]) -> float:
    return 100 * (shares[0] - shares[2])


def services(n: int, **columns: Any) -> pd.DataFrame:
    """Responses of n people to each replicate, which is a service."""
    names = np.repeat([f"s{k}" for k in range(REPLICATES)], n)
    return responses(REPLICATES * n, service_id=names, **columns)


@pytest.mark.parametrize("shares", NET_PROMOTERS, ids=str)
@pytest.mark.parametrize("n", [30, 100])
def test_a_published_net_promoter_score_is_covered(
    measures: Measures, shares: tuple[float, ...], n: int
) -> None:
    random = np.random.default_rng([round(100 * shares[0]), n])
    points = recommended(random.normal(size=REPLICATES * n), shares)
    found = estimates_of(measures, services(n), points, ["service"], **RECOMMENDATION)
    low, high = wanted(n)
    assert low <= covered(found, "nps", score_of(shares)) <= high


@pytest.mark.parametrize("shares", NET_PROMOTERS, ids=str)
@pytest.mark.parametrize(("units", "size"), [(10, 3), (25, 4)])
def test_a_net_promoter_score_of_clustered_people_is_covered(
    measures: Measures, shares: tuple[float, ...], units: int, size: int
) -> None:
    """A third of what moves an answer is that of the unit."""
    random = np.random.default_rng([round(100 * shares[0]), units, 11])
    shape = (REPLICATES, units, size)
    normal = np.sqrt(0.33) * random.normal(size=(*shape[:2], 1)) + np.sqrt(0.67) * random.normal(size=shape)
    units_of = np.tile(np.repeat([f"u{unit}" for unit in range(units)], size), REPLICATES)
    people = services(units * size, cluster_id=units_of)
    found = estimates_of(measures, people, recommended(normal, shares), ["service"], **RECOMMENDATION)
    low, high = wanted(units * size)
    assert low <= covered(found, "nps", score_of(shares), prefix="weighted_") <= high


HALVES = (((0.5, 0.3, 0.2), (0.7, 0.2, 0.1)), ((0.2, 0.3, 0.5), (0.1, 0.8, 0.1)))


@pytest.mark.parametrize(
    ("more", "fewer", "n"),
    [
        *((*halves, n) for halves in HALVES for n in (30, 100)),
        # of 30, one detractor would be expected
        ((0.9, 0.07, 0.03), (0.7, 0.2, 0.1), 100),
    ],
    ids=str,
)
def test_a_net_promoter_score_by_weights_is_covered(
    measures: Measures, more: tuple[float, ...], fewer: tuple[float, ...], n: int
) -> None:
    """Of two halves of the population, one of which is asked more."""
    random = np.random.default_rng([round(100 * more[0]), 9, n])
    is_more = random.random(REPLICATES * n) < ASKED_MORE
    normal = random.normal(size=REPLICATES * n)
    points = np.where(is_more[:, None], recommended(normal, more), recommended(normal, fewer))
    people = services(n, weight=np.where(is_more, 0.5 / ASKED_MORE, 0.5 / (1 - ASKED_MORE)))
    found = estimates_of(measures, people, points, ["service"], **RECOMMENDATION)
    low, high = wanted(n)
    truth = (score_of(more) + score_of(fewer)) / 2
    assert low <= covered(found, "nps", truth, prefix="weighted_") <= high


@pytest.mark.parametrize(
    ("sizes", "opinions"),
    [
        *((sizes, (shares,) * len(sizes)) for sizes in (EVEN, UNEVEN, FEW) for shares in NET_PROMOTERS),
        *(
            (sizes, ((0.7, 0.2, 0.1), (0.5, 0.3, 0.2), (0.3, 0.4, 0.3), (0.1, 0.8, 0.1)))
            for sizes in (EVEN, UNEVEN)
        ),
    ],
    ids=str,
)
def test_a_net_promoter_score_by_people_served_is_covered(
    measures: Measures, sizes: list[tuple[int, int]], opinions: tuple[tuple[float, ...], ...]
) -> None:
    answered_by, served = np.array(sizes).T
    random = np.random.default_rng([*(round(100 * shares[0]) for shares in opinions), *answered_by])
    by_people_served(
        measures,
        lambda shares, number: recommended(random.normal(size=number), shares),
        [(shares, *size) for shares, size in zip(opinions, sizes, strict=True)],
        **RECOMMENDATION,
    )
    found = measures.frame("select * from cx_index where breakdown = 'organization'")
    weights = served / served.sum()
    promoters, _, detractors = weights @ np.array(opinions)
    expected = min(promoters, detractors) / (weights**2 / answered_by).sum()
    low, high = wanted(answered_by.sum() if expected >= 5 else 30)
    assert low <= covered(found, "nps", 100 * (promoters - detractors), prefix="volume_") <= high


@pytest.mark.parametrize("sizes", [(30, 30), (200, 100)], ids=str)
@pytest.mark.parametrize(("before", "after"), [(3.5, 3.5), (4.5, 4.2), (4.8, 4.5)])
def test_a_change_is_covered(measures: Measures, before: float, after: float, sizes: tuple[int, int]) -> None:
    """From a month to the next; of shares those of which four are expected in both, and all but four."""
    random = np.random.default_rng([round(10 * before), round(10 * after), *sizes, 3])
    by_people_served(
        measures,
        lambda mean, number: drawn(random, mean, (number,)),
        *([(mean, n, 100)] for mean, n in zip((before, after), sizes, strict=True)),
    )
    found = changes(measures, "service")
    differences = {"mean": after - before, "cx_index": 25 * (after - before)}
    earlier, later = (boxes_of(shares_with(mean)) for mean in (before, after))
    for measure, share in later.items():
        told = zip((earlier[measure], share), sizes, strict=True)
        if min(n * min(one, 1 - one) for one, n in told) >= 4:
            differences[measure] = share - earlier[measure]
    assert "top_box" in differences
    low, high = wanted(min(sizes))
    coverage = {measure: covered(found, measure, truth) for measure, truth in differences.items()}
    assert {m: c for m, c in coverage.items() if not low <= c <= high} == {}


@pytest.mark.parametrize(
    ("before", "after", "sizes"),
    [
        ((0.3, 0.4, 0.3), (0.3, 0.4, 0.3), (30, 30)),
        ((0.5, 0.3, 0.2), (0.3, 0.4, 0.3), (30, 30)),
        ((0.7, 0.2, 0.1), (0.5, 0.3, 0.2), (100, 100)),
        ((0.9, 0.07, 0.03), (0.7, 0.2, 0.1), (200, 100)),
    ],
    ids=str,
)
def test_a_change_of_a_net_promoter_score_is_covered(
    measures: Measures, before: tuple[float, ...], after: tuple[float, ...], sizes: tuple[int, int]
) -> None:
    """Of scores by four and more who are expected of each kind."""
    random = np.random.default_rng([round(100 * before[0]), round(100 * after[0]), *sizes, 3])
    by_people_served(
        measures,
        lambda shares, number: recommended(random.normal(size=number), shares),
        *([(shares, n, 100)] for shares, n in zip((before, after), sizes, strict=True)),
        **RECOMMENDATION,
    )
    low, high = wanted(min(sizes))
    found = changes(measures, "service")
    assert low <= covered(found, "nps", score_of(after) - score_of(before)) <= high


@pytest.mark.parametrize(("mean", "n"), itertools.product((5.5, 8.0, 9.4), (30, 100)))
def test_acsi_is_covered(measures: Measures, mean: float, n: int) -> None:
    random = np.random.default_rng([round(10 * mean), n, 10])
    points = drawn(random, mean, (REPLICATES * n,), most=10)
    items = ("acsi_overall", "acsi_expectations", "acsi_ideal")
    found = estimates_of(measures, services(n), points, ["service"], "ten", items)
    low, high = wanted(n)
    assert low <= covered(found, "acsi_equal_weight", 100 * (mean - 1) / 9) <= high
