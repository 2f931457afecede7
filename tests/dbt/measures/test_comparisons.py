"""Comparisons against scipy and statsmodels answer by answer, and what they find where nothing changed."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from .sql import CX_INDEX, Measures
from .tables import SEGMENTS, SERVICES, agency, answers, load, responses
from .test_statistics_designs import designed, joint_means, regression
from .test_statistics_designs import index_of as designed_index

COMPARED = (*CX_INDEX, "int_index_pairs", "series_breaks", "cx_comparisons")
KEY = ["period_type", "period_label", "breakdown", "member", "scale", "measure", "driver", "comparison"]
LIKERT = ("satisfaction", "trust", "ease")


def compare(
    measures: Measures,
    people: pd.DataFrame,
    *items: pd.DataFrame,
    versions: str = "",
    changes: str = "",
    complete_to: date = date(2030, 1, 1),
    **survey: Any,
) -> pd.DataFrame:
    """Build everything from a made-up agency's answers.

    Args:
        measures: a fresh database.
        people: the responses.
        items: the answers.
        versions: SQL values of later versions of its surveys: survey_id, instrument, valid_from.
        changes: SQL values of the seed survey_changes: survey_id, changed_on, kind.
        complete_to: the last day that is complete.
        survey: columns of its surveys.

    Returns:
        The comparisons by their key.
    """
    load(measures, people, *items, **survey)
    run = measures.connection.execute
    run(
        "create or replace table dim_surveys as select *, 'plain' as instrument,"
        " 'website' as default_channel, date '2000-01-01' as valid_from from dim_surveys"
        " left join (select survey_id, min(organization_id) as organization_id, min(service_id) as service_id"
        " from fct_survey_responses group by survey_id) using (survey_id)"
    )
    run("alter table int_survey_offers add column organization_id text")
    run("alter table int_survey_offers add column channel text")
    run("create or replace table dim_channels as select distinct channel from fct_survey_responses")
    if versions:
        run(
            "insert into dim_surveys by name"
            " select survey_id, 2 as survey_version, 'opt_in' as sampling_design, false as is_weighted,"
            " instrument, 'website' as default_channel, valid_from::date as valid_from"
            f" from (values {versions}) as versions (survey_id, instrument, valid_from)"
        )
    run(
        "create or replace table dim_questions as"
        " select instrument, 'core' as role, driver, 'likert_5' as scale, 1 as valid_min, 5 as valid_max,"
        " driver || case when instrument = 'reworded' then ', truly' else '' end as statement"
        " from (values ('plain'), ('reworded')) as instruments (instrument)"
        " cross join (values ('satisfaction'), ('trust'), ('ease')) as drivers (driver)"
    )
    run("create or replace table survey_changes (survey_id text, changed_on date, kind text)")
    if changes:
        run(f"insert into survey_changes values {changes}")
    run(f"create or replace table complete_to as select date '{complete_to}' as day")
    run(
        "create or replace table segments as"
        " select distinct segment, segment as segment_name from fct_interactions where segment is not null"
    )
    services = ", ".join(
        f"('{service}', '{owner}')" for service, owner in [*SERVICES.items(), ("svc", "org")]
    )
    run(
        f"create or replace table dim_services as from (values {services}) as s (service_id, organization_id)"
    )
    run("create or replace table dim_organizations as select distinct organization_id from dim_services")
    measures.build(*COMPARED)
    return measures.frame("select * from cx_comparisons").set_index(KEY).sort_index()


def points_of(frame: pd.DataFrame, measure: str) -> np.ndarray:
    """What a figure is the mean of: a number a person."""
    score = frame["score"].to_numpy()
    if measure in ("mean", "ces"):
        return score
    if measure == "thumbs_up":
        return frame["is_positive"].to_numpy().astype(float)
    if measure == "top_box":
        return (score == 5).astype(float)
    return (score >= 4 if measure in ("top_two", "csat") else score <= 2).astype(float)


def index_of(frame: pd.DataFrame, drivers: list[str]) -> tuple[float, float, int]:
    """An index, its standard error from each person's influence, and how many they are."""
    frame = frame[frame["driver"].isin(drivers)]
    item = frame.groupby("driver")["score"]
    moved = (frame["score"] - item.transform("mean")) / item.transform("count")
    people = moved.groupby(frame["response_id"]).sum()
    n = len(people)
    error = 25 * np.sqrt((people**2).sum() * n / (n - 1)) / len(drivers)
    return 25 * (item.mean().mean() - 1), error, n


def welch(value: float, error: float, n: int, other: float, other_error: float, other_n: int) -> float:
    variance, other_variance = error**2, other_error**2
    df = (variance + other_variance) ** 2 / (variance**2 / (n - 1) + other_variance**2 / (other_n - 1))
    return float(2 * stats.t.sf(abs(value - other) / np.sqrt(variance + other_variance), df))


def pooled(value: float, error: float, n: int, other: float, other_error: float, other_n: int) -> float:
    """The p of a difference where who is on which side is drawn: a permutation's, by its variance."""
    squares = n * (n - 1) * error**2 + other_n * (other_n - 1) * other_error**2
    squares += (value - other) ** 2 * n * other_n / (n + other_n)
    variance = squares / (n + other_n - 1) * (1 / n + 1 / other_n)
    return float(2 * stats.norm.sf(abs(value - other) / np.sqrt(variance)))


@pytest.fixture(scope="module")
def made_up() -> tuple[pd.DataFrame, pd.DataFrame]:
    """An agency's comparisons, and its answers with whose they are; not a cell is too small to be of use.

    The answers of its first quarter are from half a year earlier: the last quarter's year before.
    """
    people, items = agency(seed=5, number=2_500)
    days = pd.to_datetime(people["answered_local_date"])
    earlier = days.where(days >= "2025-10-01", days - pd.DateOffset(months=6))
    people["answered_local_date"] = earlier.dt.date
    found = compare(Measures(), people, *items)
    rows = pd.concat(items).merge(people[people["is_counted"]], on="response_id")
    days = pd.to_datetime(rows["answered_local_date"])
    rows["quarter"] = (
        days.dt.to_period("Q").astype(str).map({"2025Q1": "2025Q2", "2025Q4": "2026Q1", "2026Q1": "2026Q2"})
    )
    return found, rows.assign(all="all", organization=rows["organization_id"], service=rows["service_id"])


@pytest.mark.parametrize("comparison", ["previous_period", "year_before", "rest"])
def test_p_values_are_those_of_scipy_and_statsmodels(
    made_up: tuple[pd.DataFrame, pd.DataFrame], comparison: str
) -> None:
    found, rows = made_up
    tested = found[found["p_value"].notna()].reset_index()
    tested = tested[(tested["period_label"] == "2026Q2") & (tested["comparison"] == comparison)]
    kinds, larger = set(), set()
    for row in tested.itertuples():
        of_scale = rows[rows["scale"] == row.scale]
        now = of_scale[(of_scale["quarter"] == "2026Q2") & (of_scale[row.breakdown] == row.member)]
        if comparison == "rest":
            everybody = of_scale[of_scale["quarter"] == "2026Q2"]
            other = everybody[~everybody["response_id"].isin(now["response_id"])]
        else:
            before = {"previous_period": "2026Q1", "year_before": "2025Q2"}[comparison]
            other = of_scale[(of_scale["quarter"] == before) & (of_scale[row.breakdown] == row.member)]
        if row.measure == "cx_index":
            drivers = sorted(set(now["driver"]) & set(other["driver"]))
            assert row.drivers == ",".join(drivers)
            sides = [index_of(frame, drivers) for frame in (now, other)]
            assert (row.value, row.other_value) == pytest.approx((sides[0][0], sides[1][0]), abs=1e-9)
            assert (row.n, row.other_n) == (sides[0][2], sides[1][2])
            p = max(welch(*sides[0], *sides[1]), pooled(*sides[0], *sides[1]))
        else:
            one, two = (points_of(f[f["driver"] == row.driver], row.measure) for f in (now, other))
            assert (row.n, row.other_n) == (len(one), len(two))
            assert row.difference == pytest.approx(one.mean() - two.mean(), abs=1e-9)
            own = stats.ttest_ind(one, two, equal_var=False).pvalue
            if row.measure in ("mean", "ces"):
                together = pooled(one.mean(), stats.sem(one), len(one), two.mean(), stats.sem(two), len(two))
            else:
                z = proportions_ztest([one.sum(), two.sum()], [len(one), len(two)])[0]
                number = len(one) + len(two)
                together = 2 * stats.norm.sf(abs(z) * np.sqrt((number - 1) / number))
            p = max(own, together)
            larger.add(own > together)
        assert row.p_value == pytest.approx(p, abs=1e-8), row
        kinds.add((row.measure, row.breakdown))
    assert larger == {True, False}
    assert len(kinds) > 15 and {"cx_index", "mean", "thumbs_up"} <= {measure for measure, _ in kinds}


def test_families_are_adjusted_as_scipy_does(made_up: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    found, _ = made_up
    tested = found[found["p_value"].notna()]
    sizes = tested.groupby("family").size()
    assert sizes.max() > 10
    other_names = tested.index.get_level_values("measure").isin(["ces", "csat"])
    for family, rows in tested[~other_names].groupby("family"):
        expected = stats.false_discovery_control(rows["p_value"], method="bh")
        assert rows["adjusted_p"].to_numpy() == pytest.approx(expected, abs=2e-10), family
        assert set(rows["family_size"]) == {len(rows)}
    least = (
        tested.index.get_level_values("measure")
        .map({"mean": 0.05, "ces": 0.05, "cx_index": 1.0})
        .fillna(0.02)
    )
    evidence = (tested["adjusted_p"] <= 0.05) & (tested["difference"].abs() >= least)
    assert ((tested["verdict"] != "no evidence") == evidence).all()
    assert evidence.any() and not evidence.all()


def test_a_figure_with_two_names_is_tested_once(made_up: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    found, _ = made_up
    rows = found.reset_index().set_index([name for name in KEY if name != "measure"])
    for other, measure, driver in (("ces", "mean", "ease"), ("csat", "top_two", "satisfaction")):
        by_other_name = rows[rows["measure"] == other].drop(columns="measure").sort_index()
        figure = rows[rows["measure"] == measure].xs(driver, level="driver", drop_level=False)
        figure = figure.drop(columns="measure").sort_index()
        assert by_other_name["p_value"].notna().sum() > 20
        pd.testing.assert_frame_equal(
            by_other_name, figure.loc[figure.index.get_level_values("scale").isin(["likert_5", "csat_5"])]
        )


def test_a_change_is_mix_and_within(made_up: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    found, rows = made_up
    split = found[found["mix_change"].notna()]
    assert len(split) > 20
    together = split["within_change"] + split["mix_change"]
    assert together.to_numpy() == pytest.approx(split["difference"].to_numpy(), abs=3e-9)
    by_volume = found[found["volume_difference"].notna()]
    assert len(by_volume) > 10 and {"cx_index", "top_two"} <= set(by_volume.index.get_level_values("measure"))
    together = by_volume["volume_within_change"] + by_volume["volume_mix_change"]
    assert together.to_numpy() == pytest.approx(by_volume["volume_difference"].to_numpy(), abs=3e-9)
    row = split.loc[
        ("quarter", "2026Q2", "organization", "ben", "likert_5", "mean", "ease", "previous_period")
    ]
    ease = rows[(rows["driver"] == "ease") & (rows["organization"] == "ben") & (rows["scale"] == "likert_5")]
    ease = ease[ease["quarter"].isin(["2026Q1", "2026Q2"])]
    means = ease.groupby(["quarter", "service"])["score"].mean().unstack()
    shares = ease.groupby("quarter")["service"].value_counts(normalize=True).unstack()
    within = (shares.mean() * (means.loc["2026Q2"] - means.loc["2026Q1"])).sum()
    assert row["within_change"] == pytest.approx(within, abs=1e-9)


def test_what_is_withheld_is_not_compared(made_up: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    found, _ = made_up
    withheld = found[found["not_compared"] == "withheld"]
    assert len(withheld) > 20
    figures = [
        "other_n",
        "other_value",
        "difference",
        "low",
        "high",
        "p_value",
        "within_change",
        "mix_change",
    ]
    assert withheld[figures].isna().all(axis=None)
    assert (
        found.loc[found["not_compared"].isna(), ["n", "value", "other_n", "other_value"]]
        .notna()
        .all(axis=None)
    )
    assert (found["other_n"].dropna() >= 10).all()


def survey(periods: dict[date, float], n: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """The same n people's answers to three questions on each day, but for the day's level."""
    random = np.random.default_rng(1)
    people = responses(n * len(periods), answered_local_date=[day for day in periods for _ in range(n)])
    liking = random.normal(size=n)
    noise = {driver: random.normal(0, 0.6, n) for driver in LIKERT}
    return people, [
        answers(
            people["response_id"],
            driver,
            np.concatenate(
                [np.clip(np.round(level + 0.8 * liking + noise[driver]), 1, 5) for level in periods.values()]
            ),
        )
        for driver in LIKERT
    ]


MONTHS = {date(2025, month, 1): 4.0 if month < 7 else 3.4 for month in range(1, 13)}
"""A level that falls in July."""
JULY = ("month", "2025-07", "all", "all", "likert_5", "cx_index", "all", "previous_period")


def test_a_fall_is_found(measures: Measures) -> None:
    found = compare(measures, *flat(survey(MONTHS, 200)))
    assert found.loc[JULY, "verdict"] == "down"
    why_not = found["not_compared"].dropna()
    assert set(why_not) == {"partial period"}
    assert set(why_not.index.get_level_values("period_label")) == {"FY2026"}, (
        "of FY2025 there are nine months"
    )


def flat(made: tuple[pd.DataFrame, list[pd.DataFrame]]) -> list[pd.DataFrame]:
    return [made[0], *made[1]]


@pytest.mark.parametrize(
    ("planted", "drops"),
    [
        # worded anew, in a new version; and a change that no version shows
        ({"versions": "('s', 'reworded', '2025-07-01')"}, {"2025-07"}),
        ({"changes": "('s', '2025-07-01', 'order')"}, {"2025-07"}),
        # on a day inside of a month: it compares with neither side
        ({"changes": "('s', '2025-07-02', 'mode')"}, {"2025-07", "2025-08"}),
    ],
)
def test_a_planted_wording_change_is_a_break_and_no_trend(
    measures: Measures, planted: dict[str, str], drops: set[str]
) -> None:
    found = compare(measures, *flat(survey(MONTHS, 200)), **planted)
    changes = found[found["verdict"].notna() & (found.index.get_level_values("comparison") != "rest")]
    assert set(changes["verdict"]) == {"no evidence"}
    broken = found[found["not_compared"] == "break"].reset_index()
    assert set(broken.loc[broken["period_type"] == "month", "period_label"]) == drops
    assert broken["difference"].isna().all() and broken["p_value"].isna().all()
    assert set(broken["breakdown"]) == {"all", "organization", "service", "channel"}
    years = broken[broken["period_type"] == "year"]
    assert set(years["period_label"]) <= {"FY2026"}


def test_a_period_is_judged_when_it_is_over(measures: Measures) -> None:
    found = compare(measures, *flat(survey(MONTHS, 50)), complete_to=date(2025, 12, 30))
    is_open = found["not_compared"] == "open period"
    assert set(found[is_open].index.get_level_values("period_label")) == {"2025-12", "2026Q1"}
    assert "FY2026" not in set(found.index.get_level_values("period_label")), (
        "a year has rows once it is over"
    )
    assert found.loc[is_open, "other_value"].notna().all() and found.loc[is_open, "difference"].isna().all()


def test_all_alike_is_no_evidence_of_anything(measures: Measures) -> None:
    people = responses(
        80,
        answered_local_date=[date(2026, 1, 1)] * 40 + [date(2026, 2, 5)] * 40,
        **dict.fromkeys(("channel", "organization_id", "service_id"), pd.Series([None] * 80, dtype="string")),
    )
    found = compare(measures, people, answers(people["response_id"], "ease", [5.0] * 80))
    of_all = found.xs("all", level="breakdown")
    assert len(of_all) > 0 and set(of_all["not_compared"]) == {"no variance"}


def test_indexes_compare_on_the_drivers_that_both_asked(measures: Measures) -> None:
    """The State Department's three passport surveys, one a month: their published means, of 200 people."""
    asked = {
        date(2026, 1, 1): {
            "ease": 4.35,
            "satisfaction": 4.40,
            "trust": 4.40,
            "effectiveness": 4.55,
            "efficiency": 3.80,
            "transparency": 4.50,
            "employee": 4.55,
        },
        date(2026, 2, 5): {
            "ease": 4.40,
            "satisfaction": 4.50,
            "trust": 4.45,
            "effectiveness": 4.50,
            "employee": 4.55,
        },
        date(2026, 3, 5): {"ease": 4.35, "satisfaction": 4.48, "trust": 4.48, "effectiveness": 4.15},
    }
    people = responses(600, answered_local_date=[day for day in asked for _ in range(200)])
    items = []
    for place, means in enumerate(asked.values()):
        ids = people["response_id"][200 * place : 200 * (place + 1)]
        for driver, mean in means.items():
            fives = round((mean - 3) * 100)  # of 200; the others answer 3
            items.append(answers(ids, driver, [5.0] * fives + [3.0] * (200 - fives)))
    found = compare(measures, people, *items)
    cell = ("all", "all", "likert_5", "cx_index", "all", "previous_period")
    call, visit = (found.loc[("month", month, *cell)] for month in ("2026-02", "2026-03"))
    assert call["drivers"] == "ease,effectiveness,employee,satisfaction,trust"
    assert (round(call["value"], 1), round(call["other_value"], 1)) == (87.0, 86.2)
    assert visit["drivers"] == "ease,effectiveness,satisfaction,trust"
    assert (round(visit["value"], 1), round(visit["other_value"], 1)) == (84.1, 86.6)
    whole = measures.query(
        "select round(value, 1) from cx_index where measure = 'cx_index'"
        " and breakdown = 'all' and period_type = 'month' order by period_start"
    )
    assert whole == [(84.1,), (87.0,), (84.1,)]


def test_weights_and_sampling_units_compare_by_their_own_error(measures: Measures) -> None:
    """Two months of a weighted survey in 12 and 40 clusters, against statsmodels' robust regressions."""
    halves = []
    for seed, units, day in ((1, 12, date(2026, 1, 1)), (2, 40, date(2026, 2, 5))):
        people, items = designed(seed, units)
        people = people.assign(answered_local_date=day, cluster_id=people["cluster_id"] + f" of {day}")
        people["response_id"] = people["response_id"] + f" {day}"
        halves.append((people, [item.assign(response_id=item["response_id"] + f" {day}") for item in items]))
    everybody = pd.concat([people for people, _ in halves], ignore_index=True)
    everything = [item for _, items in halves for item in items]
    found = compare(measures, everybody, *everything, is_weighted=True).reset_index()
    tested = found[(found["period_label"] == "2026-02") & (found["comparison"] == "previous_period")]
    tested = tested[tested["breakdown"] == "all"].set_index(["measure", "driver"])
    assert len(tested) == 4 * 4 + 3 and tested["is_design_based"].all()
    for (measure, driver), row in tested.iterrows():
        sides = []
        for people, items in reversed(halves):
            keyed = people.set_index("response_id")
            if measure == "cx_index":
                units = keyed["cluster_id"].nunique()
                sides += [*designed_index(*joint_means(items, keyed["weight"], keyed["cluster_id"])), units]
                continue
            item = next(item for item in items if item["driver"].iloc[0] == driver).dropna(subset="score")
            units = item["response_id"].map(keyed["cluster_id"])
            worth = pd.Series(points_of(item, measure))
            sides += [*regression(worth, item["response_id"].map(keyed["weight"]), units), units.nunique()]
        assert row["difference"] == pytest.approx(sides[0] - sides[3], abs=1e-9)
        assert row["p_value"] == pytest.approx(welch(*sides), abs=1e-5), (measure, driver)
        assert (row["low"] > 0 or row["high"] < 0) == (row["p_value"] < 0.05)
    rest = found[(found["comparison"] == "rest") & (found["not_compared"] != "withheld")]
    assert set(rest["not_compared"].dropna()) <= {"weights"}


def null_agency(
    seed: int, months: int, a_month: int, **falls: float
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Everybody answers alike in all months, services, channels and segments, but for falls of services.

    Args:
        seed: of its chance.
        months: how many months there are, each a replicate of the others.
        a_month: about how many answer in each.
        falls: service → what each of its answers is less by in every other month, before it is rounded.
    """
    random, of_segments = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    number = months * a_month
    month = random.integers(0, months, number)
    service = random.choice(list(SERVICES), number, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    channel = random.choice(["website", "phone", "email", "in_person"], number, p=[0.5, 0.3, 0.15, 0.05])
    people = responses(
        number,
        customer_id=[f"c{place}" for place in range(number)],
        segment=pd.Series(
            of_segments.choice([*SEGMENTS, None], number, p=[0.45, 0.25, 0.2, 0.1]), dtype="string"
        ),
        service_id=service,
        organization_id=[SERVICES[name] for name in service],
        channel=channel,
        answered_local_date=[date(1990 + one // 12, one % 12 + 1, 1) for one in month],
    )
    fall = np.where(month % 2 == 1, pd.Series(service).map(falls).fillna(0.0), 0.0)
    liking = random.normal(size=number)
    return people, [
        answers(
            people["response_id"],
            driver,
            np.clip(np.round(4.1 - fall + 0.8 * liking + random.normal(0, 0.7, number)), 1, 5),
        )
        for driver in LIKERT
    ]


def test_a_null_agency_has_a_false_discovery_rate_of_5_percent(measures: Measures) -> None:
    """Each family is a replicate: where nothing changed, any discovery makes its whole proportion false.

    A family of one figure has 5%, its test's size (test_statistics_sizes.py); a larger one has less,
    as its figures hang together, and where sides differ in size both tests seldom find the same chance.
    So it is of all families, and of those of the gaps between segments alone. An index's
    p, also beside the rest's, is below .05 as rarely as it says.
    """
    found, of_gaps, of_indexes = [], [], []
    for seed in (11, 12, 13, 14):
        comparisons = compare(measures, *flat(null_agency(seed, months=48, a_month=400)))
        tested = comparisons[comparisons["p_value"].notna()].reset_index()
        tested = tested[~tested["measure"].isin(["ces", "csat"])]
        assert 0.035 < (tested["p_value"] <= 0.05).mean() <= 0.05
        found.append(discovered(tested))
        of_indexes.append(tested[tested["measure"] == "cx_index"])
        gaps = equity_gaps(measures)
        of_gaps.append(discovered(gaps[~gaps["measure"].isin(["ces", "csat"])]))
        assert set(of_gaps[-1].index) == {name for name in found[-1].index if "|segment|rest|" in name}
    for families, least in ((found, 10_000), (of_gaps, 1_000)):
        discoveries = pd.concat(families)
        assert len(discoveries) > least
        assert discoveries.mean() <= 0.05
    indexes = pd.concat(of_indexes)
    shares = (indexes["p_value"] <= 0.05).groupby(indexes["comparison"]).agg(["mean", "size"])
    assert set(shares.index) == {"previous_period", "year_before", "rest"} and (shares["size"] > 3_000).all()
    assert shares["mean"].between(0.03, 0.07).all(), shares


def discovered(figures: pd.DataFrame) -> pd.Series:
    """Of each family whether evidence was found in it."""
    assert figures["verdict"].notna().all()
    return (figures["verdict"] != "no evidence").groupby(figures["family"]).max()


def equity_gaps(measures: Measures) -> pd.DataFrame:
    """The gaps between segments that were tested; of nine people in ten the segment is known."""
    measures.connection.execute(
        "create or replace table survey_quality as"
        " select distinct period_type, period_start, 'all' as breakdown, 0.9 as known_segment_share,"
        " true as is_segment_claim_allowed, 400 as respondent_count, false as suppressed, null as held_from"
        " from cx_comparisons"
        " where period_type <> 'year'"
    )
    measures.build("equity_gaps")
    gaps = measures.frame("select * from equity_gaps where p_value is not null")
    assert set(gaps["segment"]) == set(SEGMENTS)
    return gaps


def test_planted_changes_are_found_and_few_others(measures: Measures) -> None:
    """Every other month ben-apply is half a point lower, of about 150 answers; of a third, half are found."""
    found = compare(measures, *flat(null_agency(3, months=48, a_month=500, **{"ben-apply": 0.5})))
    means = found.xs("previous_period", level="comparison").reset_index()
    means = means[(means["breakdown"] == "service") & (means["measure"] == "mean") & means["verdict"].notna()]
    means = means[means["period_type"] == "month"]
    planted = means["member"] == "ben-apply"
    fell = means["period_start"].dt.month % 2 == 0
    right = means["verdict"] == np.where(fell, "down", "up")
    assert planted.sum() == 47 * 3
    assert right[planted].mean() >= 0.8, right[planted].mean()
    discovered = means["verdict"] != "no evidence"
    false = (discovered & ~planted).groupby(means["period_start"]).sum()
    proportion = false / discovered.groupby(means["period_start"]).sum().clip(lower=1)
    # of 47 months, by chance on either side of 5%
    assert proportion.mean() <= 0.05 + 2 * proportion.sem()
