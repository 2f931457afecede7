"""An attack over several releases on what public tables say of votes on pages, withhold and hold.

What a reader doesn't know are atoms, as in `test_releases_of_contacts`: how many votes of each kind there
are on a page, by the service, the device and the site of the visit, in a month. A vote is no answer, no
contact and no record: these tables share no number with others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from voxpop.release import told

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
KINDS = ["organization", "service", "site", "device", "page", "is_yes"]

Votes = pd.DataFrame


def votes(seed: int, number: int, shares: Sequence[float] = FEW_LATE) -> list[Votes]:
    """The votes of two quarters on three days: some came late, a few were taken out, or read otherwise."""
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
    measures.build("int_measures__web", "int_measures__page_votes", "page_helpfulness", "web_performance")


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


def said(
    measures: Measures, known: Sequence[Votes], folder: Path, order: list[list[int]] | None
) -> Iterator[list[Told]]:
    """What three releases say of the votes of each quarter; and again, with what changed as withheld."""
    publish(measures, [(day,) for day in known], folder, order, make=make, tables=TABLES)
    days = []
    for place in range(len(known)):
        for name in TABLES:
            file = folder / str(place) / "parquet" / f"{name}.parquet"
            measures.connection.execute(f"create or replace table {name} as from '{file}'")
        tables = {name: measures.frame(rows) for name, rows in ROWS.items()}
        days.append(
            {name: rows[rows["held_from"].isna() | rows["suppressed"]] for name, rows in tables.items()}
        )
    everything = pd.concat(known)
    for quarter, whole in everything.groupby(everything["day"].dt.to_period("Q")):
        atoms = whole[KINDS].drop_duplicates().merge(whole[["period"]].drop_duplicates(), how="cross")
        people, of_days = [], []
        for day, tables in zip(known, days, strict=True):
            of_day = with_people(atoms, day, [*KINDS, "period"])
            here = {
                name: rows[pd.to_datetime(rows["period_start"]).dt.to_period("Q") == quarter]
                for name, rows in tables.items()
            }
            people.append(of_day["people"].to_numpy())
            of_cells = coded(of_day)
            of_days.append(
                [
                    *(each for name, n in COUNTS.items() for each in cells(of_cells, here, name, n, is_vote)),
                    # of votes that are many these may be few
                    *(
                        each
                        for name in COUNTS
                        for each in cells(of_cells, shown(here, name), name, "yes", is_yes)
                    ),
                ]
            )
        levels, changes = of_levels_and_changes(people, of_days)
        yield levels
        many = {each.name for each in changes if not each.is_shown and each.count >= MINIMUM}
        # ... and how few of many new ones are
        yield [
            each
            for each in changes
            if not many & {each.name.replace(": yes ", f": {n} ") for n in COUNTS.values()}
        ]


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
    spans = list(said(measures, votes(seed, number, shares), tmp_path, ORDERS[order]))
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
        for span in said(measures, votes(seed, number, shares), tmp_path, compared_with)
        for name in recovered(span)
    ]
    assert any(" less " in name for name in found)
