"""The gate's rules on journey_measures: a good table breaks none, a planted fault the one that names it."""

from __future__ import annotations

import pytest

from expectations.journey_measures import journey_measures
from expectations.rules import Suite

from . import planted

RULES = journey_measures(
    {
        "suppression_min_n": 10.0,
        "match_claim_min_share": 0.6,
        "journey_gap_days": 5.0,
        "repeat_contact_days": 7.0,
    }
)
SUITE = Suite("journey_measures", "select * from marts.journey_measures", RULES)
GOOD = """
create schema marts;
-- 40 people call about ben, and every second one again after 7 days; 4 more callers nobody knows, and 6 have
-- given an email alone, which tells of nobody who gives an account.
create table marts.fct_interactions as
select
    'i' || i as interaction_id, case when i < 60 then 'c' || i % 40 when i < 66 then 'e' end as customer_id,
    case when i < 60 then 'strong' when i < 66 then 'medium' end as customer_tier, 'ben' as service_id,
    'phone' as channel, 'inbound' as direction,
    timestamp '2026-02-01 09:00:00' + to_minutes(i % 40) + if(i >= 40, interval 7 day, interval 0 day)
        as started_at,
    date '2026-02-01' as started_local_date
from range(70) as r(i)
union all
select
    'o' || i, 'c' || i, 'strong', 'ben', 'website', 'inbound', timestamp '2026-02-02 09:00:00',
    date '2026-02-02'
from range(40) as r(i)
union all
select 'last', null, null, 'ben', 'phone', 'inbound', timestamp '2026-05-05 09:00:00', date '2026-05-05';
-- a week after the quarter's end, and a day
create table marts.release_info as select date '2026-04-09' as complete_to;
create table marts.customer_journeys as
select
    date '2026-01-01' as quarter_start, 'ben' as service_id, i < 24 as has_website_before_call,
    if(i < 24, if(i < 12, 'www/a', 'www/b'), null) as page_before_call,
    i = 40 as is_open, i = 41 as is_left_truncated
from range(42) as r(i);
create table marts.journey_measures as
select
    'quarter' as period_type, date '2026-01-01' as period_start, '2026Q2' as period_label, breakdown, member,
    measure, page, n, value, value - 0.1 as low, value + 0.2 as high,
    case when measure like '%contact%' then 0.8 when measure like 'website%' then 0.7 end as match_coverage,
    case when measure like '%contact%' or measure like 'website%' then 0.8 end as contact_coverage,
    case when measure like 'website%' then 0.7 end as web_coverage,
    case when measure not like 'page%' then value - 0.2 end as bound_low,
    case when measure not like 'page%' then value + 0.2 end as bound_high,
    0 as pending_count, 10 as unknown_count,
    case when measure like 'website%' and breakdown = 'service' then 100 end as visit_count,
    false as is_provisional, true as is_claim_allowed,
    false as suppressed, false as low_n, null::varchar as held_from
from (values
    ('all', 'all', 'first_contact_resolution_share', 'all', 60, 2 / 3),
    ('service', 'ben', 'first_contact_resolution_share', 'all', 60, 2 / 3),
    ('channel', 'phone', 'first_contact_resolution_share', 'all', 60, 2 / 3),
    ('channel', 'email', 'repeat_contact_share', 'all', 40, 0.5),
    ('channel', 'phone', 'repeat_contact_share', 'all', 60, 0.5),
    ('all', 'all', 'repeat_contact_share', 'all', 100, 0.5),
    ('all', 'all', 'website_before_call_share', 'all', 40, 0.6),
    ('service', 'ben', 'website_before_call_share', 'all', 40, 0.6),
    ('service', 'ben', 'page_before_call_share', 'www/a', 24, 0.5),
    ('service', 'ben', 'page_before_call_share', 'www/b', 24, 0.5),
    ('service', 'ben', 'median_resolution_days', 'all', 40, 3),
    ('service', 'ben', 'channel_shift_share', 'all', 40, 0.3)
) as t (breakdown, member, measure, page, n, value);
create table marts.journey_paths as
select
    'quarter' as period_type, date '2026-01-01' as period_start, '2026Q2' as period_label,
    'service' as breakdown, 'ben' as member, path, path <> 'all' as suppressed, null::varchar as held_from
from (values ('all'), ('phone')) as t (path);
-- of two tools; and what one of them says itself
create table marts.web_performance as
select
    'quarter' as period_type, date '2026-01-01' as period_start, basis, 'service' as breakdown,
    'ben' as member, visits, null::varchar as held_from
from (values ('visits', 70), ('visits', 30), ('days', 500)) as t (basis, visits);
"""
WITHHOLD = (
    "suppressed = true, is_claim_allowed = false, n = null, value = null, low = null, high = null,"
    " match_coverage = null, contact_coverage = null, web_coverage = null, bound_low = null,"
    " bound_high = null, pending_count = null, unknown_count = null,"
    " visit_count = null"
)
FAULTS = [
    ("is_provisional = null where page = 'www/a'", "period_type, period_start"),
    ("page = 'www/a' where page = 'www/b'", "period_type, period_start, breakdown, member, measure and page"),
    ("breakdown = 'page' where member = 'email'", "breakdown is one of"),
    ("measure = 'happiness' where page = 'www/b'", "measure is one of"),
    ("high = 1.1 where member = 'email'", "a share lies in its interval"),
    ("is_claim_allowed = false where measure like 'website%'", "no claim is made of pages"),
    ("low = 4 where measure = 'median_resolution_days'", "a median lies in its interval"),
    ("match_coverage = 0.8 where measure like 'website%'", "the coverage is the smaller of both"),
    ("bound_low = 0.6 where member = 'email'", "the coverage is the smaller of both"),
    ("match_coverage = 0.5, web_coverage = 0.5 where measure like 'website%'", "no claim is made where"),
    ("suppressed = true where member = 'email'", "a withheld cell shows no figure"),
    ("n = 9 where member = 'email'", "a cell with fewer than 10 is withheld"),
    ("value = 0.3 where page = 'www/b'", "a cell with fewer than 10 is withheld"),
    (f"{WITHHOLD} where member = 'email'", "no withheld member is what is left"),
    ("pending_count = 1 where measure like 'first%'", "a quarter is told once it is settled"),
    (f"{WITHHOLD} where page = 'www/b'", "a withheld page has no row"),
    (
        "value = 0.7 where page = 'www/a'; delete from marts.journey_measures where page = 'www/b'",
        "visits that are on no page",
    ),
    (
        "n = n; update marts.customer_journeys set page_before_call = 'c' where page_before_call = 'www/a'",
        "pages before the call are what",
    ),
    (
        "n = n; update marts.customer_journeys set page_before_call = null where page_before_call = 'www/a'",
        "pages before the call are what",
    ),
    ("n = 61 where measure like 'first%' and breakdown = 'all'", "contacts and what follows them"),
    ("value = 0.7 where measure like 'first%' and breakdown = 'service'", "contacts and what follows them"),
    ("unknown_count = 9 where measure like 'first%'", "contacts and what follows them"),
    ("value = 0.61 where measure like 'website%'", "the website before the call"),
    ("n = n; update marts.journey_paths set suppressed = true", "no share is shown of journeys"),
    ("n = n; update marts.web_performance set visits = null where visits = 30", "visits are none that"),
    ("n = n; delete from marts.web_performance where basis = 'visits'", "visits are none that"),
]


def broken(*changes: str) -> set[str]:
    return planted.broken(SUITE, GOOD, *changes)


def test_a_good_table_breaks_no_rule() -> None:
    assert broken() == set()


@pytest.mark.parametrize(("change", "rule"), FAULTS)
def test_a_planted_fault_is_found(change: str, rule: str) -> None:
    found = broken(f"update marts.journey_measures set {change}")
    assert any(name.startswith(rule) for name in found), found


@pytest.mark.parametrize(
    ("measure", "rule"),
    [
        ("first_contact_resolution_share", "contacts and what follows them are what the facts hold"),
        ("website_before_call_share", "the website before the call is what the journeys hold"),
    ],
)
def test_a_settled_quarter_is_told(measure: str, rule: str) -> None:
    gone = f"delete from marts.journey_measures where measure = '{measure}'"
    assert rule in broken(gone)
    under_way = "update marts.release_info set complete_to = date '2026-04-08'"
    assert rule not in broken(gone, under_way)


def test_every_rule_has_a_planted_fault() -> None:
    found = [rule for _, rule in FAULTS]
    assert [rule.name for rule in RULES if not any(rule.name.startswith(name) for name in found)] == []
