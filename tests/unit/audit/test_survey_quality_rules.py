"""The gate's rules on survey_quality: a good table breaks none, each planted fault the one that names it."""

from __future__ import annotations

import pytest

from expectations.quality import _SURVEY_FIGURES, survey_quality
from expectations.rules import Suite

from . import planted

POLICY = {"suppression_min_n": 10.0, "segment_claim_min_share": 0.8}
RULES = survey_quality(POLICY)
SUITE = Suite("survey_quality", "select * from marts.survey_quality", RULES)
RATE = "no quarter's offers are answered by more people than were offered"
CLAIM = "a claim by segment is allowed where enough are known"
GOOD = """
create schema marts;
create table marts.fct_survey_responses as
select
    if(i < 40, 's', 't') as survey_id, date '2026-01-05' + (i % 30)::integer as answered_local_date,
    i % 3 <> 0 as is_counted, i % 2 = 0 as collected_without_clearance
from range(100) as r(i);
create table marts.survey_quality as
select
    period_type, date_trunc(period_type, answered_local_date)::date as period_start,
    if(period_type = 'month', strftime(period_start, '%Y-%m'), '2026Q2') as period_label, breakdown,
    case breakdown when 'all' then 'all' when 'organization' then 'ben' else survey_id end as member,
    count(*) as response_count, count(*) filter (is_counted) as respondent_count, 0 as deleted_count,
    0 as spam_count, 0 as flagged_count, 0 as archived_count, 0 as no_valid_answer_count,
    0 as unknown_channel_count,
    count(*) filter (is_counted and collected_without_clearance) as collected_without_clearance_count,
    500 as customer_count, 200 as offered_count, respondent_count as offered_respondent_count,
    0 as without_offer_count, offered_respondent_count / offered_count as response_rate,
    false as is_cohort_mismatched, 0.5 as aapor_rr1, 'q' as lowest_item, 0.9e0 as lowest_item_share,
    true as nonresponse_bias_analysis_required, 0.5 as known_segment_share, false as is_segment_claim_allowed,
    0.5 as tied_share, false as suppressed, respondent_count < 30 as low_n,
    null::varchar as held_from
from marts.fct_survey_responses
cross join (values ('month'), ('quarter')) as period_types (period_type)
cross join (values ('all'), ('organization'), ('survey')) as breakdowns (breakdown)
where answered_local_date < '2026-02-01'
group by all;
delete from marts.fct_survey_responses where answered_local_date >= '2026-02-01';
"""
WITHHOLD = ", ".join(f"{column} = null" for column in _SURVEY_FIGURES.split())


def broken(*changes: str) -> set[str]:
    return planted.broken(SUITE, GOOD, *changes)


def test_a_good_table_breaks_no_rule() -> None:
    assert broken() == set()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (
            "offered_count = 4, response_rate = offered_respondent_count / 4 where member = 's'",
            "a cell with fewer than 10 is withheld",
        ),
        ("response_rate = 0.99 where member = 's'", "rates and shares are what their counts give"),
        ("response_count = respondent_count + 9 where member = 's'", "a cell with fewer than 10 is withheld"),
        ("deleted_count = 9 where member = 's'", "a cell with fewer than 10 is withheld"),
        ("response_count = null where member = 's'", "no withheld count of responses is what is left"),
        ("archived_count = 9 where member = 's'", "a cell with fewer than 10 is withheld"),
        ("lowest_item_share = 9 / respondent_count", "a cell with fewer than 10 is withheld"),
        ("aapor_rr1 = 1.2 where member = 's'", "rates and shares are what their counts give"),
        ("is_segment_claim_allowed = true where member = 's'", CLAIM),
        ("is_segment_claim_allowed = null where member = 's'", CLAIM),
        ("known_segment_share = 0.8 where member = 's'", CLAIM),
        ("known_segment_share = null where member = 's'", CLAIM),
        ("suppressed = true where breakdown = 'all'", "a withheld cell shows no figure"),
        ("respondent_count = respondent_count + 1 where member = 't'", "responses and respondents are"),
        ("member = 'nobody' where member = 't'", "responses and respondents are what the facts hold"),
        (f"suppressed = true, {WITHHOLD} where member = 's'", "no withheld survey is what is left"),
        ("period_label = '2026Q1' where period_type = 'quarter'", "period_start begins the period"),
    ],
)
def test_a_planted_fault_is_found(change: str, rule: str) -> None:
    assert any(name.startswith(rule) for name in broken(f"update marts.survey_quality set {change}"))


def test_a_share_that_is_null_with_its_claim_breaks_no_rule() -> None:
    null = "known_segment_share = null, is_segment_claim_allowed = null"
    assert broken(f"update marts.survey_quality set {null} where member = 's'") == set()


def test_that_none_came_without_clearance_is_left_out_only_where_a_survey_is_held() -> None:
    cleared = "update marts.fct_survey_responses set collected_without_clearance = false"
    left_out = "update marts.survey_quality set collected_without_clearance_count = null"
    is_held = "update marts.survey_quality set held_from = 'earlier' where member = 't'"
    rule = "responses and respondents are what the facts hold"
    assert rule in broken(cleared, left_out)
    assert rule not in broken(cleared, left_out, is_held)


def test_more_answers_than_offers_are_refused_when_the_quarter_has_begun_in_earnest() -> None:
    offered = (
        "update marts.survey_quality set offered_count = 20, response_rate = offered_respondent_count / 20"
    )
    few = "delete from marts.fct_survey_responses where answered_local_date > '2026-01-20'"
    assert RATE in broken(offered)
    assert RATE not in broken(offered, few)
