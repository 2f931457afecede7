"""The gate's rules on journeys and paths: good tables break none, a planted fault the one that names it."""

from __future__ import annotations

import pytest

from expectations.journeys import customer_journeys, journey_paths
from expectations.rules import Suite

from . import planted

POLICY = {
    "suppression_min_n": 10.0,
    "low_n_below": 30.0,
    "journey_gap_days": 7.0,
    "repeat_contact_days": 10.0,
}
JOURNEYS = Suite("customer_journeys", "select * from marts.customer_journeys", customer_journeys(POLICY))
PATHS = Suite("journey_paths", "select * from marts.journey_paths", journey_paths(POLICY))
GOOD = """
create schema marts;
create table marts.dim_customers as select 'c' || i as customer_id from range(120) as r(i);
create table marts.dim_services as select * from (values ('a'), ('b')) as t (service_id);
create table marts.dim_organizations as select 'o' as organization_id;
create table marts.dim_channels as select * from (values ('phone'), ('email')) as t (channel);
create table marts.fct_survey_responses as select 'r1' as response_id;
-- everybody's journey of each quarter: a contact, and one a week later to the second
create table marts.fct_interactions as
select 'i' || i || q || k as interaction_id, 'c' || i as customer_id, if(i < 70, 'a', 'b') as service_id,
    timestamp '2025-11-03 09:00:00' + q * interval 91 days + k * interval 7 days as started_at
from range(120) as r(i), range(2) as s(q), range(2) as t(k)
union all
select 'nobody', null, 'a', unnest([timestamp '2025-11-03 09:00:00', timestamp '2026-05-03 09:00:00']);
-- ten days after the second quarter's end, and one
create table marts.release_info as select date '2026-04-12' as complete_to;
create table marts.customer_journeys as
select 'i' || i || q || '0' as journey_id, 'c' || i as customer_id, if(i < 70, 'a', 'b') as service_id,
    'o' as organization_id, timestamp '2025-11-03 09:00:00' + q * interval 91 days as started_at,
    started_at + interval 7 days as last_touch_at, last_touch_at + interval 1 hour as ended_at,
    date_trunc('quarter', started_at)::date as quarter_start, 2::bigint as touch_count,
    if(i % 2 = 0, 'phone', 'email') as path, path as first_channel, path as last_channel,
    7 + i / 1000 as duration_days, i % 3 = 0 as is_resolved, if(i % 3 = 0, ended_at, null) as resolved_at,
    if(i = 1 and q = 0, 'r1', null) as response_id, if(i % 4 < 2, 3.0 + i % 2, null) as satisfaction_score,
    false as is_left_truncated, false as is_open
from range(120) as r(i), range(2) as s(q);
create table marts.journey_paths as
select if(grouping(quarter_start) = 0, 'quarter', 'year') as period_type,
    coalesce(quarter_start, date '2025-10-01') as period_start,
    if(period_type = 'year', 'FY2026', period_start::varchar) as period_label,
    date '2025-10-01' as year_start,
    if(grouping(service_id) = 0, 'service', 'all') as breakdown, coalesce(service_id, 'all') as member,
    coalesce(path, 'all') as path, count(*) as journey_count,
    if(grouping(path) = 0, 0.5, 1.0)::double as share, if(grouping(path) = 0, 0.4, null)::double as low,
    if(grouping(path) = 0, 0.6, null)::double as high, count(satisfaction_score) as score_n,
    avg(satisfaction_score) as mean_score, mean_score - 0.1 as mean_score_low,
    mean_score + 0.1 as mean_score_high, round(median(duration_days), 1) as median_days,
    6.9 as median_days_low, 7.3 as median_days_high,
    if(service_id = 'a', count(distinct quarter_start) * 50, null) as visit_count, false as suppressed,
    journey_count < 30 as low_n, null::varchar as held_from
from marts.customer_journeys
group by grouping sets ((quarter_start), ()), grouping sets ((), (service_id)), grouping sets ((), (path));
update marts.journey_paths set mean_score_low = greatest(mean_score_low, 1);
create table marts.web_performance as
select
    'quarter' as period_type, unnest([date '2025-10-01', date '2026-01-01']) as period_start,
    'visits' as basis, 'service' as breakdown, 'a' as member, 50 as visits, null::varchar as held_from;
"""
WITHHOLD = (
    "suppressed = true, low_n = false, journey_count = null, share = null, low = null, high = null,"
    " score_n = null, mean_score = null, mean_score_low = null, mean_score_high = null, median_days = null,"
    " median_days_low = null, median_days_high = null"
)
HIDE_SCORE = "score_n = null, mean_score = null, mean_score_low = null, mean_score_high = null"
Q1, Q2 = "period_label = '2025-10-01'", "period_label = '2026-01-01'"
ONE = "where journey_id = 'i110'"
CELL = f"where {Q1} and member = 'b' and path = 'phone'"

JOURNEY_FAULTS = [
    (
        f"last_touch_at = null {ONE}",
        "journey_id, customer_id, service_id, started_at and last_touch_at are there",
    ),
    (f"journey_id = 'i200' {ONE}", "journey_id is unique"),
    (f"customer_id = 'c999' {ONE}", "customer_id is in dim_customers"),
    (f"service_id = 'z' {ONE}", "service_id is in dim_services"),
    (f"organization_id = 'z' {ONE}", "organization_id is in dim_organizations"),
    (f"first_channel = 'fax' {ONE}", "first_channel is in dim_channels"),
    (f"last_channel = 'fax' {ONE}", "last_channel is in dim_channels"),
    (f"response_id = 'r9' {ONE}", "response_id is in fct_survey_responses"),
    (f"last_touch_at = ended_at + interval 1 second {ONE}", "a journey's last contact is not before"),
    ("resolved_at = null where journey_id = 'i300'", "a journey is resolved when"),
    (
        "started_at = timestamp '2025-11-17 09:00:00' where journey_id = 'i1110'",
        "no journey begins before the limit",
    ),
    (f"touch_count = 3 {ONE}", "the journeys are what the contacts give"),
]
PATH_FAULTS = [
    (f"suppressed = null {CELL}", "period_type, period_start, breakdown, member, path"),
    (f"path = 'email' {CELL}", "period_type, period_start, breakdown, member and path are unique"),
    (f"period_type = 'month' {CELL}", "period_type is one of"),
    (f"breakdown = 'path' {CELL}", "breakdown is one of"),
    (f"median_days = -1 {CELL}", "journey_count, score_n and median_days are not negative"),
    (f"low = 0.51 {CELL}", "a share lies in its interval"),
    (f"mean_score_high = 5.1 {CELL}", "a mean lies in its interval"),
    (f"median_days_low = 7.2 {CELL}", "a median lies in its interval"),
    (f"suppressed = true {CELL}", "a withheld cell shows no figure"),
    (f"journey_count = 9 {CELL}", "a cell with fewer than 10 is withheld"),
    (f"score_n = 9 {CELL}", "scores of fewer than 10 are withheld"),
    (f"score_n = null {CELL}", "scores of fewer than 10 are withheld"),
    (f"low_n = not low_n {CELL}", "a shown cell with fewer than 30"),
    (f"{WITHHOLD} {CELL}", "no withheld count of a path"),
    (f"{WITHHOLD} where {Q1} and member = 'b'", "no withheld count of a service"),
    (f"{WITHHOLD} where {Q1} and path = 'phone'", "no withheld count of a quarter"),
    (f"{HIDE_SCORE} {CELL}", "no withheld score of a path"),
    (f"{HIDE_SCORE} where {Q1} and member = 'b'", "no withheld score of a service"),
    (f"{HIDE_SCORE} where {Q1} and path = 'phone'", "no withheld score of a quarter"),
    (f"journey_count = 31 {CELL}", "the figures of paths are what the journeys give"),
    (f"mean_score = mean_score + 0.01 {CELL}", "the figures of paths are what the journeys give"),
    (f"median_days = 7.2 {CELL}", "the figures of paths are what the journeys give"),
    # the year's are both quarters', of which one is withheld
    (
        "visit_count = null where period_start = date '2026-01-01';"
        " update marts.web_performance set visits = null where period_start = date '2026-01-01'",
        "visits are none that web_performance withholds",
    ),
]


def broken(suite: Suite, *changes: str) -> set[str]:
    return planted.broken(suite, GOOD, *changes)


def test_good_tables_break_no_rule() -> None:
    assert broken(JOURNEYS) == set()
    assert broken(PATHS) == set()


@pytest.mark.parametrize(("change", "rule"), JOURNEY_FAULTS)
def test_a_fault_of_a_journey_is_found(change: str, rule: str) -> None:
    found = broken(JOURNEYS, f"update marts.customer_journeys set {change}")
    assert any(name.startswith(rule) for name in found), found


@pytest.mark.parametrize(("change", "rule"), PATH_FAULTS)
def test_a_fault_of_a_path_is_found(change: str, rule: str) -> None:
    found = broken(PATHS, f"update marts.journey_paths set {change}")
    assert any(name.startswith(rule) for name in found), found


def test_a_sum_of_paths_is_all_of_them() -> None:
    found = broken(PATHS, f"delete from marts.journey_paths {CELL}")
    assert "the figures of paths are what the journeys give" in found


@pytest.mark.parametrize("quarter", ["2025-10-01", "2026-01-01"])
def test_a_settled_quarter_is_told(quarter: str) -> None:
    gone = f"delete from marts.journey_paths where period_type = 'quarter' and period_start = '{quarter}'"
    rule = "the figures of paths are what the journeys give"
    assert rule in broken(PATHS, gone)
    under_way = "update marts.release_info set complete_to = date '2026-04-11'"
    assert (rule in broken(PATHS, gone, under_way)) == (quarter == "2025-10-01")
    # of files nobody knows what is still to come: what they have had after
    last = "delete from marts.fct_interactions where started_at >= date '2026-04-12'"
    assert (rule in broken(PATHS, gone, last)) == (quarter == "2025-10-01")


def test_a_settled_year_is_told() -> None:
    gone = "delete from marts.journey_paths where period_type = 'year'"
    rule = "the figures of paths are what the journeys give"
    assert rule not in broken(PATHS, gone)
    over = "update marts.release_info set complete_to = date '2026-10-12'"
    later = "insert into marts.fct_interactions values ('last', null, 'a', timestamp '2026-10-12 09:00:00')"
    assert rule in broken(PATHS, gone, over, later)


def test_every_rule_has_a_planted_fault() -> None:
    for suite, faults in ((JOURNEYS, JOURNEY_FAULTS), (PATHS, PATH_FAULTS)):
        found = [rule for _, rule in faults]
        assert [
            rule.name for rule in suite.rules if not any(rule.name.startswith(name) for name in found)
        ] == []
