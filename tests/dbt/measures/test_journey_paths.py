"""An attack on the public table of paths: what all its sums together determine, or leave no room for."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import numpy as np
import pandas as pd
import pytest

from .sql import Measures
from .subtraction import pinned
from .test_subtraction import TRUTH as BRIDGE

MINIMUM = 10
CELL = ["period_type", "period_start", "member", "path"]
CHANNELS = ("phone", "website", "email", "live_chat", "in_person")
PATHS = [*CHANNELS, *(f"{one} > {two}" for one in CHANNELS for two in CHANNELS if one != two)]
PATHS += [f"{path} > {last}" for path in PATHS[5:] for last in CHANNELS if not path.endswith(last)]
"""One, two and three steps: 5, 20 and 80 paths."""


def journeys(seed: int, number: int) -> pd.DataFrame:
    """Journeys of seven quarters, of which the first six are two years that are over; long paths are rare."""
    draw = np.random.default_rng(seed)
    weights = np.array([1.0 / 7 ** path.count(">") for path in PATHS]) * draw.uniform(0.5, 1.5, len(PATHS))
    services = draw.dirichlet(np.full(6, 1.5))
    quarters = [f"{2024 + (9 + 3 * n) // 12}-{(9 + 3 * n) % 12 + 1:02}-01" for n in range(2, 9)]
    return pd.DataFrame(
        {
            "customer_id": [f"c{at}" for at in range(number)],
            "service_id": draw.choice([f"s{n}" for n in range(6)], number, p=services),
            "quarter_start": pd.to_datetime(draw.choice(quarters, number)).date,
            "organization_id": "org",
            "path": draw.choice(PATHS, number, p=weights / weights.sum()),
            "duration_days": draw.exponential(2.0, number),
            "satisfaction_score": np.where(draw.random(number) < 0.3, draw.integers(1, 6, number), np.nan),
        }
    ).pipe(described)


def described(rows: pd.DataFrame) -> pd.DataFrame:
    """These journeys with what else the models read of one."""
    return rows.assign(
        is_open=False,
        is_left_truncated=False,
        channel_shift_count=lambda rows: rows["path"].str.count(">"),
        has_website_before_call=lambda rows: (
            rows["path"].str.contains("website.*phone").where(rows["path"].str.contains("phone"), None)
        ),
    )


def built(measures: Measures, rows: pd.DataFrame) -> pd.DataFrame:
    """What is public, with what is withheld beside it: `true_count` and `true_scores`."""
    measures.table("customer_journeys", rows)
    measures.connection.execute(
        "update customer_journeys set satisfaction_score = nullif(satisfaction_score, 'nan'::double);"
        "create or replace table int_contact_history as select date '2026-01-01' as unsettled_from;"
        "create or replace table int_journey_years as select distinct "
        "(date_trunc('year', quarter_start + interval 3 months) - interval 3 months)::date as year_start "
        "from customer_journeys;"
        # no other table withholds anything here, and none of what these paths are of
        "create or replace table contact_center_performance (period_type text, period_start date,"
        " breakdown text, member text, offered bigint, suppressed boolean);"
        "create or replace table cx_index as"
        " select *, '' as scale, '' as measure, '' as driver from contact_center_performance;"
        "create or replace table int_withheld_items as from cx_index;"
        "create or replace table int_measures__journeys (measure text, period_type text, period_start date,"
        " breakdown text, member text, service_organization_id text, n bigint, seen_count bigint,"
        " pending_count bigint, contact_count bigint, known_contact_count bigint, visit_count bigint,"
        " known_visit_count bigint, are_visits_told boolean, person_count bigint);"
        "create or replace table int_measures__resolution_times (quarter_start date, breakdown text,"
        " member text, service_organization_id text, n bigint, person_count bigint)"
    )
    measures.build("int_journey_paths", "int_withheld_journeys", "journey_paths")
    public = measures.frame("select * from journey_paths")
    true = measures.frame(
        "select period_type, period_start, member, journey_count as true_count, score_n as true_scores, "
        "case item when 'rest' then 'other' else item end as path "
        "from int_journey_paths where breakdown = 'service' or (breakdown = 'all' and item <> 'other')"
    )
    return public.merge(true, on=CELL, validate="one_to_one")


def equations(cells: pd.DataFrame) -> Iterator[dict[int, float]]:
    """Each sum that a reader knows, as place → factor of what adds up to 0; a cell without a row is 0."""
    place = {tuple(key): at for at, key in enumerate(cells[CELL].itertuples(index=False))}
    by_service = {(pd.Timestamp(key[1]) + pd.DateOffset(months=3)).year: set() for key in place}
    for _, start, member, path in place:
        if member != "all":
            by_service[(pd.Timestamp(start) + pd.DateOffset(months=3)).year].add(path)
    for (period_type, start, member, path), whole in place.items():
        here = {key: at for key, at in place.items() if key[:2] == (period_type, start)}
        if path == "all":
            yield {whole: 1.0} | {
                at: -1.0 for key, at in here.items() if key[2] == member and key[3] != "all"
            }
        named = by_service[(pd.Timestamp(start) + pd.DateOffset(months=3)).year] - {"other"}
        if member == "all" and path in named:
            yield {whole: 1.0} | {at: -1.0 for key, at in here.items() if key[2] != "all" and key[3] == path}
        if member == "all" and path == "all":
            others = {at: -1.0 for key, at in here.items() if key[2] != "all" and key[3] == "other"}
            yield {
                at: 1.0 for key, at in here.items() if key[2] == "all" and key[3] not in {*named, "all"}
            } | others
        if period_type == "year":
            starts = [start + pd.DateOffset(months=3 * number) for number in range(4)]
            keys = [("quarter", each, member, path) for each in starts]
            yield {whole: 1.0} | {place[key]: -1.0 for key in keys if key in place}


def leaks(cells: pd.DataFrame, figure: str, truth: str) -> list[str]:
    """Cells of 1 to 9 that the sums determine, and sums whose hidden rest is of 1 to 9 together."""
    cells = cells.reset_index(drop=True)
    known, true = cells[figure].notna().to_numpy(), cells[truth].to_numpy(float)
    rows, found = [], []
    for equation in equations(cells):
        row = np.zeros(len(cells))
        row[list(equation)] = list(equation.values())
        assert abs(row @ true) < 1e-9, "the sum is one"
        rows.append(row)
        unknown_side = row[~known]
        is_told = (unknown_side >= 0).all() or (unknown_side <= 0).all()
        hidden = abs(unknown_side @ true[~known])
        if is_told and 0 < hidden < MINIMUM:
            found.append(f"{cells.loc[row != 0, CELL].iloc[0].tolist()}: {hidden} are hidden")
    unknown = np.flatnonzero(~known)
    if len(unknown):
        _, sizes, directions = np.linalg.svd(np.array(rows)[:, unknown])
        free = directions[int((sizes > 1e-9).sum()) :]
        for column, at in enumerate(unknown):
            if (not len(free) or np.abs(free[:, column]).max() < 1e-9) and 0 < true[at] < MINIMUM:
                found.append(f"{cells.loc[at, CELL].tolist()} is determined: {true[at]}")
    return found


def narrowed(cells: pd.DataFrame, figure: str, truth: str, least: int) -> list[str]:
    """Cells of 1 to 9 that the sums leave room for one number only, of which a row says `least`."""
    cells = cells.reset_index(drop=True)
    counts: dict[Hashable, float] = dict(enumerate(cells[truth].astype(float)))
    sums = []
    for number, equation in enumerate(equations(cells)):
        sides = [[at for at, factor in equation.items() if factor * sign > 0] for sign in (1, -1)]
        both = f"either side of {number}"
        counts[both] = sum(counts[at] for at in sides[0])
        sums += [(both, side) for side in sides]
    known = set(np.flatnonzero(cells[figure].notna()))
    found = pinned(counts, known, sums, least=lambda cell: least if cell in cells.index else 0)
    return [f"{cells.loc[at, CELL].tolist()}: {found[at]}" for at in cells.index if at in found]


@pytest.mark.parametrize(("seed", "number"), [(1, 400), (2, 2_000), (3, 6_000), (4, 20_000)])
def test_nothing_withheld_of_paths_can_be_worked_out(measures: Measures, seed: int, number: int) -> None:
    public = built(measures, journeys(seed, number))
    assert public["suppressed"].any() and (~public["suppressed"]).sum() > 20
    assert (
        public.loc[public["suppressed"], ["journey_count", "share", "score_n", "median_days"]]
        .isna()
        .all(axis=None)
    )
    for _, year in public.groupby("year_start"):
        assert leaks(year, "journey_count", "true_count") == []
        assert leaks(year, "score_n", "true_scores") == []
        assert narrowed(year, "journey_count", "true_count", least=1) == []
        assert narrowed(year, "score_n", "true_scores", least=0) == []


def test_the_attack_finds_what_small_cells_alone_give_away(measures: Measures) -> None:
    """Withheld are the small ones and nothing with them."""
    public = built(measures, journeys(3, 6_000))
    naive = public.assign(journey_count=public["true_count"].where(public["true_count"] >= MINIMUM))
    found = [leaks(year, "journey_count", "true_count") for _, year in naive.groupby("year_start")]
    assert sum(len(lines) for lines in found) > 5


def test_a_small_cell_is_no_bridge(measures: Measures) -> None:
    """What the sums need one by one leaves the 7 of a service to be worked out: see `BRIDGE`."""
    common = {(service, "phone"): 140 for service in ("urgent", "plan", "cards", "records")}
    shown = {("plan", "website > phone"): 108, ("plan", "in_person"): 100}
    cells = pd.DataFrame(
        [(*key, count) for key, count in {**BRIDGE, **shown, **common}.items()],
        columns=["service_id", "path", "count"],
    )
    rows = cells.loc[cells.index.repeat(cells["count"]), ["service_id", "path"]].assign(
        quarter_start=pd.Timestamp("2025-10-01").date(),
        organization_id="org",
        duration_days=1.0,
        satisfaction_score=np.nan,
        customer_id=lambda rows: [f"c{at}" for at in range(len(rows))],
    )
    public = built(measures, described(rows))
    assert set(public.loc[public["true_count"] < MINIMUM, "true_count"]) == {7, 9}
    assert narrowed(public, "journey_count", "true_count", least=1) == []
    assert leaks(public, "journey_count", "true_count") == []
    is_on_the_way = [key in BRIDGE for key in public[["member", "path"]].itertuples(index=False, name=None)]
    one_by_one = public.assign(journey_count=public["true_count"].mask(is_on_the_way))
    (pinned_cell,) = narrowed(one_by_one, "journey_count", "true_count", least=1)
    assert "'urgent', 'website > phone']: (7.0, 7.0)" in pinned_cell


def test_common_paths_are_shown(measures: Measures) -> None:
    """Suppression that shows nothing would pass as well."""
    public = built(measures, journeys(4, 20_000))
    years = public[(public["period_type"] == "year") & (public["member"] == "all")]
    assert years["journey_count"].notna().mean() > 0.9
    quarters = public[(public["period_type"] == "quarter") & (public["path"] != "all")]
    shown = quarters["journey_count"].sum() / quarters["true_count"].sum()
    assert shown > 0.9
