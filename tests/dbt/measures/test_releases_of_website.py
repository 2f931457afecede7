"""An attack over several releases on what public tables say of votes and visits, withhold and hold.

What a reader doesn't know are atoms, as in `test_releases_of_contacts`: how many votes of each kind there
are on a page, by the service, the device and the site of the visit, in a month. A vote is no answer, no
contact and no record: these tables share no number with others. Visits are attacked alone: here each has a
vote, and nobody knows that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from voxpop.release import closure, told

from .sql import Measures
from .subtraction import MINIMUM, ORDERS
from .tables import SERVICES, touched_quarters
from .test_releases import publish
from .test_releases_of_contacts import FEW_LATE, MANY_LATE, of_levels_and_changes, with_people
from .test_suppression_across_tables import Told, cells, coded, recovered, shown

TABLES = ("page_helpfulness", "web_performance")
PAGES = {"www/apply": 0.4, "www/status": 0.25, "www/help": 0.1, "my/home": 0.2, "my/forms": 0.05}
"""Page, with its site, and its share of all votes."""
DEVICES = {"mobile": 0.6, "desktop": 0.36, "tablet": 0.04}
OF_A_VISIT = ["organization", "service", "site", "device", "page"]
KINDS = [*OF_A_VISIT, "is_yes"]

Votes = pd.DataFrame


def votes(
    seed: int, number: int, shares: Sequence[float] = FEW_LATE, elsewhere_share: float = 0
) -> list[Votes]:
    """The votes of two quarters on three days: some came late, a few were taken out, or read otherwise.

    Args:
        seed: of chance.
        number: how many there are.
        shares: how many of them there are on each day.
        elsewhere_share: how many were on visits that count in another organization than their service's.
    """
    draw = np.random.default_rng(seed)
    service = draw.choice(list(SERVICES), number, p=draw.dirichlet(np.full(len(SERVICES), 1.2)))
    page = draw.choice(list(PAGES), number, p=list(PAGES.values()))
    everything = pd.DataFrame(
        {
            "id": [f"v{at}" for at in range(number)],
            "day": pd.to_datetime("2025-10-01") + pd.to_timedelta(draw.integers(0, 182, number), unit="D"),
            "service": service,
            "organization": [SERVICES[name] for name in service],
            "device": draw.choice(list(DEVICES), number, p=list(DEVICES.values())),
            "page": page,
            "site": [name.split("/")[0] for name in page],
            "is_yes": draw.random(number) < 0.7,
        }
    )
    everything["period"] = everything["day"].dt.to_period("M").dt.start_time
    is_elsewhere = np.random.default_rng([seed, 1]).random(number) < elsewhere_share
    everything.loc[is_elsewhere, "organization"] = "trv"
    order = draw.permutation(number) / number
    found = []
    for place, share in enumerate(shares):
        of_day = everything.copy()
        if place:
            turned = order < 0.002
            of_day.loc[turned, "is_yes"] = ~of_day.loc[turned, "is_yes"]
        is_out = (place == 2) & (order < 0.001)
        found.append(of_day[(order < share) & ~is_out].reset_index(drop=True))
    return found


def make(measures: Measures, known: Votes) -> None:
    """Make both tables; each vote is of a visit of its own."""
    measures.table("votes", known)
    measures.table("int_touched_quarters", touched_quarters(known["day"]))
    measures.connection.execute(
        """
        create or replace table fct_web_sessions as
        select
            'ga4' as source_system, organization as organization_id, service as service_id, site, device,
            page[length(site) + 1:] as landing_page, day::date as started_local_date, id as visitor_token,
            1 as pageview_count, true as is_engaged, false as is_bounce, false as is_task_started,
            false as is_task_done, is_yes::int as helpful_yes_count, (not is_yes)::int as helpful_no_count,
            false as is_suspected_bot
        from votes;
        create or replace table stg_ga4__events as
        select
            'ga4' as source_system, site, page[length(site) + 1:] as page_path,
            day + interval 12 hours as event_at,
            'vote' as event_name, if(is_yes, 'yes', 'no') as parameter_value, day::date as record_date
        from votes;
        create or replace table web_events as
        select * from (values ('vote', 'yes', 'helpful_yes'), ('vote', 'no', 'helpful_no'))
            as known (event_name, value, meaning);
        create or replace table organizations as
        select 'agency' as organization_id, null::text as parent_organization_id;
        create or replace table int_organization_zones as
        select
            'agency' as organization_id, 'UTC' as time_zone, timestamp '2000-01-01' as starts_at,
            timestamp '2100-01-01' as ends_at;
        create or replace table int_web_aggregates (
            source_system text, report text, site text, breakdown text, member text, first_date date,
            last_date date, record_date date, not_counted_reason text, visits bigint, users bigint,
            pageviews bigint, engaged_share double, bounce_share double, vote text, event_count bigint
        )
        """
    )
    dim_services = pd.DataFrame({"service_id": list(SERVICES), "organization_id": list(SERVICES.values())})
    measures.table("dim_services", dim_services)
    measures.table("dim_surveys", dim_services.assign(survey_id="none", survey_version=1))
    measures.build(
        "int_web_overlaps",
        *("int_measures__web", "int_measures__page_votes", "page_helpfulness", "web_performance"),
    )


ROWS = {
    "pages": """
        select *, if(page = 'all', 'site', 'page') as breakdown, if(page = 'all', site, page) as member,
            round(value * n) as yes
        from page_helpfulness
    """,
    "visits": """
        select *, round(helpful_share * helpful_n) as yes from web_performance where breakdown <> 'page'
    """,
}


def is_yes(atoms: pd.DataFrame, _: object) -> object:
    return atoms["is_yes"]


def is_vote(atoms: pd.DataFrame, _: object) -> object:
    return atoms["count"] >= 0


COUNTS = {"pages": "n", "visits": "helpful_n"}
"""How each of these rows counts votes."""


def told_of_votes(atoms: pd.DataFrame, here: dict[str, pd.DataFrame]) -> list[Told]:
    """What the rows of a quarter tell of votes."""
    return [
        *(each for name, n in COUNTS.items() for each in cells(atoms, here, name, n, is_vote)),
        # of votes that are many these may be few
        *(each for name in COUNTS for each in cells(atoms, shown(here, name), name, "yes", is_yes)),
    ]


def published(
    measures: Measures,
    known: Sequence[Votes],
    folder: Path,
    order: list[list[int]] | None,
    rows_of: Mapping[str, str],
) -> list[dict[str, pd.DataFrame]]:
    """The rows that each of three releases says or withholds; what it holds another said."""
    publish(measures, [(day,) for day in known], folder, order, make=make, tables=TABLES)
    found = []
    for place in range(len(known)):
        for name in TABLES:
            file = folder / str(place) / "parquet" / f"{name}.parquet"
            measures.connection.execute(f"create or replace table {name} as from '{file}'")
        tables = {name: measures.frame(rows) for name, rows in rows_of.items()}
        found.append(
            {name: rows[rows["held_from"].isna() | rows["suppressed"]] for name, rows in tables.items()}
        )
    return found


def said(
    known: Sequence[Votes],
    public: Sequence[dict[str, pd.DataFrame]],
    kinds: list[str],
    told_of: Callable[[pd.DataFrame, dict[str, pd.DataFrame]], list[Told]],
) -> Iterator[tuple[list[Told], list[Told]]]:
    """What three releases say of each quarter; and again, with what changed as withheld."""
    everything = pd.concat(known)
    for quarter, whole in everything.groupby(everything["day"].dt.to_period("Q")):
        atoms = whole[kinds].drop_duplicates().merge(whole[["period"]].drop_duplicates(), how="cross")
        people, of_days = [], []
        for day, tables in zip(known, public, strict=True):
            of_day = with_people(atoms, day, [*kinds, "period"])
            here = {
                name: rows[pd.to_datetime(rows["period_start"]).dt.to_period("Q") == quarter]
                for name, rows in tables.items()
            }
            people.append(of_day["people"].to_numpy())
            of_days.append(told_of(coded(of_day), here))
        levels, changes = of_levels_and_changes(people, of_days)
        yield levels, changes


def said_of_votes(
    measures: Measures, known: Sequence[Votes], folder: Path, order: list[list[int]] | None
) -> Iterator[list[Told]]:
    """What three releases say of votes, and of how they changed."""
    public = published(measures, known, folder, order, ROWS)
    for levels, changes in said(known, public, KINDS, told_of_votes):
        yield levels
        many = {each.name for each in changes if not each.is_shown and each.count >= MINIMUM}
        # ... and how few of many new ones are
        yield [
            each
            for each in changes
            if not many & {each.name.replace(": yes ", f": {n} ") for n in COUNTS.values()}
        ]


def said_of_visits(
    measures: Measures, known: Sequence[Votes], folder: Path, order: list[list[int]] | None
) -> Iterator[list[Told]]:
    """What three releases say of visits, and of how they changed."""
    public = published(measures, known, folder, order, {"website": "from web_performance"})

    def told_of_visits(atoms: pd.DataFrame, here: dict[str, pd.DataFrame]) -> list[Told]:
        return list(cells(atoms, here, "website", "visits", is_vote))

    for levels, changes in said(known, public, OF_A_VISIT, told_of_visits):
        yield levels
        yield changes


WORLDS = [
    (1, 900, FEW_LATE, "one after the other"),
    (2, 2_500, MANY_LATE, "the first is kept no more"),
    # two dozen rows of months and quarters, of pages and visits, told one vote
    (7, 3_000, FEW_LATE, "the first is kept no more"),
]


@pytest.mark.parametrize(("seed", "number", "shares", "order"), WORLDS)
def test_no_withheld_votes_can_be_worked_out_of_three_releases(
    measures: Measures, tmp_path: Path, seed: int, number: int, shares: Sequence[float], order: str
) -> None:
    spans = list(said_of_votes(measures, votes(seed, number, shares), tmp_path, ORDERS[order]))
    numbers = [each for span in spans for each in span]
    assert {each.table for each in numbers if each.is_shown} == ROWS.keys()
    assert sum(each.is_shown for each in numbers) > 50
    assert sum(not each.is_shown and 0 < each.count < MINIMUM for each in numbers) > 20
    assert [name for span in spans for name in recovered(span)] == []


@pytest.mark.parametrize(("world", "is_together"), [(WORLDS[1], True), (WORLDS[2], False)])
def test_the_attack_finds_what_is_not_held(
    measures: Measures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: Any, is_together: bool
) -> None:
    """Nothing is held; or what few votes moved alone, and what is beside it in a sum."""
    seed, number, shares, order = world
    if not is_together:
        monkeypatch.setattr(told, "VOTES", ())
    compared_with = None if is_together else ORDERS[order]
    found = [
        name
        for span in said_of_votes(measures, votes(seed, number, shares), tmp_path, compared_with)
        for name in recovered(span)
    ]
    assert any(" less " in name for name in found)


OF_VISITS = [
    # what the first withholds is there still, and beside nothing that it told
    (17, 800, FEW_LATE, "made after going back to the first"),
    # a few visits of ben-status count in another organization
    (56, 2_548, FEW_LATE, "made after going back to the first"),
    (5, 2_000, MANY_LATE, "one after the other"),
]


@pytest.mark.parametrize(("seed", "number", "shares", "order"), OF_VISITS)
def test_no_withheld_visits_can_be_worked_out_of_three_releases(
    measures: Measures, tmp_path: Path, seed: int, number: int, shares: Sequence[float], order: str
) -> None:
    known = votes(seed, number, shares, elsewhere_share=0.03)
    spans = list(said_of_visits(measures, known, tmp_path, ORDERS[order]))
    numbers = [each for span in spans for each in span]
    assert sum(each.is_shown for each in numbers) > 50
    assert sum(not each.is_shown and 0 < each.count < MINIMUM for each in numbers) > 20
    assert [name for span in spans for name in recovered(span)] == []


UNKNOWN_PARTS = [
    ("page_site", "true", OF_VISITS[0], " page "),
    (
        "service_organization_id",
        """exists (
            select 1 from fct_web_sessions as visits
            where
                visits.service_id = member and visits.organization_id <> service_organization_id
                and date_trunc(period_type, started_local_date) = period_start
        )""",
        OF_VISITS[1],
        " service ",
    ),
]


@pytest.mark.parametrize(("column", "which", "world", "breakdown"), UNKNOWN_PARTS)
def test_the_attack_finds_visits_that_a_site_or_an_organization_tells(
    measures: Measures,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    column: str,
    which: str,
    world: Any,
    breakdown: str,
) -> None:
    """Pages are closed over as if no site's, or services of two organizations as if of none."""
    build = Measures.build

    def build_without(measures: Measures, *names: str) -> None:
        for name in names:
            build(measures, name)
            if name == "int_measures__web":
                measures.connection.execute(f"update {name} set {column} = null where {which}")

    monkeypatch.setattr(Measures, "build", build_without)
    seed, number, shares, order = world
    known = votes(seed, number, shares, elsewhere_share=0.03)
    found = [
        name for span in said_of_visits(measures, known, tmp_path, ORDERS[order]) for name in recovered(span)
    ]
    assert any(breakdown in name for name in found)


def test_the_attack_finds_a_change_of_a_pages_visits_that_its_site_tells(
    measures: Measures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = closure.of_periods_and_members
    monkeypatch.setattr(closure, "of_periods_and_members", lambda cell, _, late: sums(cell, {}, late))
    seed, number, shares, order = OF_VISITS[2]
    found = [
        name
        for span in said_of_visits(measures, votes(seed, number, shares), tmp_path, ORDERS[order])
        for name in recovered(span)
    ]
    assert any(" less " in name and " page " in name for name in found)


def test_the_attack_finds_visits_that_were_withheld_and_are_not_counted(
    measures: Measures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "WITHHELD", {})
    seed, number, shares, order = OF_VISITS[0]
    known = votes(seed, number, shares, elsewhere_share=0.03)
    spans = said_of_visits(measures, known, tmp_path, ORDERS[order])
    assert any(recovered(span) for span in spans)
