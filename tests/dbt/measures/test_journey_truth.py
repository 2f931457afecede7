"""What people went through: the published intervals, and what is true.

The contacts and visits are the sample agency's own. Here each contact has a customer as often as its channel
takes an account number down, and each visit where the person signed in; an email without an account number
has one by its address alone. In the truth everybody is known.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from voxpop.config import load_settings
from voxpop.sample_agency import web
from voxpop.sample_agency.agency import Agency, make_agency
from voxpop.sample_agency.causes import CAUSES, CHANNELS, OUTBOUND
from voxpop.sample_agency.clock import day_number
from voxpop.sample_agency.columns import stack
from voxpop.sample_agency.draws import Draws
from voxpop.sample_agency.events import events_between
from voxpop.sample_agency.touchpoints import MARTS_CHANNELS

from .sql import Measures
from .tables import journeys

FIRST, LAST = date(2025, 6, 15), date(2026, 4, 20)
QUARTERS = [date(2025, 7, 1), date(2025, 10, 1), date(2026, 1, 1)]
"""Those whose journeys all began after history did, and are over."""
SEEDS = (7, 8, 9, 10, 11)


def happened(agency: Agency) -> pd.DataFrame:
    """Every contact and every person's visit, who it was, and whether the agency knows."""
    events = events_between(agency, FIRST, LAST)
    contacts = stack([events.conversations, events.visits, events.texts])
    shares = np.array([CAUSES.identifiers.account.get(name, 0.0) for name in CHANNELS])[contacts.channel]
    visits = web.visits_of(agency, events.journeys, day_number(FIRST), day_number(LAST))
    made = web.events_of(agency, visits)
    signed_in = np.zeros(len(visits.key), dtype=np.bool_)
    signed_in[made.visit[made.is_signed_in]] = True
    services = np.array([service.service_id for service in agency.catalogue.services])
    organizations = np.array([service.organization_id for service in agency.catalogue.services])
    channels = np.array([MARTS_CHANNELS[name] for name in CHANNELS])
    service = np.concatenate([contacts.service, visits.service])
    count = len(contacts.key)
    frame = pd.DataFrame(
        {
            "person": np.concatenate([contacts.person, visits.person]),
            "is_known": np.concatenate([Draws(contacts.key).happens("known", shares), signed_in]),
            "service_id": services[service],
            "organization_id": organizations[service],
            "channel": np.concatenate([channels[contacts.channel], np.full(len(visits.key), "website")]),
            "direction": np.where(
                np.concatenate([contacts.channel == OUTBOUND, np.zeros(len(visits.key), dtype=np.bool_)]),
                "outbound",
                "inbound",
            ),
            "started_at": pd.to_datetime(
                np.concatenate([contacts.start_ms, visits.start_ms]), unit="ms"
            ).astype("datetime64[us]"),
            "is_program": np.concatenate([np.zeros(count, dtype=np.bool_), visits.kind > 0]),
        }
    )
    frame = frame[~frame.pop("is_program")].reset_index(drop=True)
    return frame.assign(interaction_id="i" + frame.index.astype(str))


def measured(measures: Measures, contacts: pd.DataFrame, customer: pd.Series) -> pd.DataFrame:
    """The shares of journey_measures by these contacts, and `naive_high`, which knows nothing of matches."""
    journeys(measures, contacts.assign(customer_id=customer))
    # each service has many visits, of which nothing is withheld
    measures.connection.execute("""
        create or replace table web_performance as
        select
            'quarter' as period_type, date_trunc('quarter', started_local_date)::date as period_start,
            'visits' as basis, breakdown, member, count(*) as visits, false as suppressed
        from (
            select
                started_local_date, unnest(['all', 'organization', 'service']) as breakdown,
                unnest(['all', organization_id, service_id]) as member
            from fct_interactions
            where channel = 'website'
        )
        group by all
    """)
    measures.build(
        "int_journey_paths",
        "int_measures__journey_units",
        "int_measures__journeys",
        "int_measures__resolution_times",
        "int_withheld_journeys",
        "journey_measures",
    )
    return measures.frame(
        "select *, {{ wilson_high('(value * n)', 'n') }} as naive_high from journey_measures"
        " where measure like '%share' and page = 'all' and not suppressed"
    )


def published_and_true(seed: int) -> pd.DataFrame:
    """Figures as published, and `truth`: the same where everybody is known."""
    contacts = happened(make_agency(load_settings({}).seeds, seed, CAUSES))
    measures = Measures()
    measures.connection.execute(
        "create table contact_center_performance (period_type text, period_start date, breakdown text,"
        " member text, offered bigint, suppressed boolean);"
        "create table int_withheld_items as"
        " select *, '' as scale, '' as driver from contact_center_performance"
    )
    years = [date(day.year + (day.month >= 10) - 1, 10, 1) for day in QUARTERS]
    measures.table("int_journey_years", pd.DataFrame({"quarter_start": QUARTERS, "year_start": years}))
    person = ("p" + contacts["person"].astype(str)).where(contacts["person"] >= 0)
    key = ["period_start", "breakdown", "member", "measure"]
    truth = measured(measures, contacts, person).rename(columns={"value": "truth"})[[*key, "truth"]]
    is_by_address = ~contacts["is_known"] & (contacts["channel"] == "email")
    customer = person.where(contacts["is_known"], ("address of " + person).where(is_by_address))
    contacts["customer_tier"] = np.where(is_by_address, "medium", "strong")
    return measured(measures, contacts, customer).merge(truth, on=key)


@pytest.fixture(scope="module")
def figures() -> pd.DataFrame:
    return pd.concat([published_and_true(seed) for seed in SEEDS], ignore_index=True)


@pytest.fixture(scope="module")
def service_quarters(figures: pd.DataFrame) -> pd.DataFrame:
    """Who tried the website before the call, by service and quarter."""
    return figures[(figures["measure"] == "website_before_call_share") & (figures["breakdown"] == "service")]


def is_inside(figures: pd.DataFrame) -> pd.Series:
    return (figures["low"] <= figures["truth"]) & (figures["truth"] <= figures["high"])


def test_the_truth_lies_in_the_interval_where_most_is_matched(service_quarters: pd.DataFrame) -> None:
    """The bar: in 9 of 10 service-quarters of which 60% is matched."""
    matched = service_quarters[service_quarters["match_coverage"] >= 0.6]
    # of one service of one agency a quarter would tell of paths withheld beside it
    assert len(matched) == len(SEEDS) * len(QUARTERS) * 3 - 1
    assert set(matched["member"]) == set(CAUSES.web.behind_sign_in)
    inside = is_inside(matched)
    assert inside.mean() >= 0.9, matched[~inside]
    assert (matched["high"] - matched["low"]).mean() < 0.25, "an interval that says nothing holds everything"
    assert matched["is_claim_allowed"].all()


def test_what_is_seen_alone_would_miss_it(service_quarters: pd.DataFrame) -> None:
    """An unmatched visit looks like none: chance alone is not what the figure is wrong by."""
    matched = service_quarters[service_quarters["match_coverage"] >= 0.6]
    assert (matched["truth"] > matched["value"]).mean() > 0.9
    assert (matched["truth"] > matched["naive_high"]).mean() > 0.3
    rest = service_quarters[service_quarters["match_coverage"] < 0.6]
    assert len(rest) > 15 and not rest["is_claim_allowed"].any()
    assert (rest["truth"] > rest["naive_high"]).all(), "where 8% of visits are matched it is never near"
    assert is_inside(rest).mean() >= 0.9


@pytest.mark.parametrize(
    "measure",
    [
        "first_contact_resolution_share",
        "repeat_contact_share",
        "channel_shift_share",
        "division_change_share",
    ],
)
def test_the_truth_of_the_others_lies_in_theirs(figures: pd.DataFrame, measure: str) -> None:
    """Over all, organizations and channels too, whose services differ in how much is matched."""
    found = figures[figures["measure"] == measure]
    assert {"all", "organization", "service"} <= set(found["breakdown"])
    inside = is_inside(found).groupby(found["breakdown"]).mean()
    assert (inside >= 0.9).all(), (inside, found[~is_inside(found)])


@pytest.mark.parametrize("measure", ["first_contact_resolution_share", "repeat_contact_share"])
def test_the_truth_of_emails_lies_in_theirs(figures: pd.DataFrame, measure: str) -> None:
    """Whom an address alone names is known in no call: of half of the emails nobody knows who came again."""
    found = figures[(figures["measure"] == measure) & (figures["member"] == "email")]
    assert len(found) == len(SEEDS) * len(QUARTERS)
    assert found["contact_coverage"].between(0.4, 0.6).all() and not found["is_claim_allowed"].any()
    assert is_inside(found).all(), found[~is_inside(found)]
