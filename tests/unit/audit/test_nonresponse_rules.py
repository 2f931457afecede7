"""The gate's rules on survey_nonresponse: a good table breaks none, a planted fault the one that names it."""

from __future__ import annotations

import pytest

from expectations.quality import _NONRESPONSE_FIGURES, survey_nonresponse
from expectations.rules import Suite

from . import planted

RULES = survey_nonresponse({"suppression_min_n": 10.0, "segment_claim_min_share": 0.8})
SUITE = Suite("survey_nonresponse", "select * from marts.survey_nonresponse", RULES)
GOOD = """
create schema marts;
create table marts.fct_survey_responses as
select date '2026-01-05' + (i % 30)::integer as answered_local_date, i < 100 as is_counted
from range(110) as r(i);
create table marts.fct_interactions as
select
    date '2026-02-01' as started_local_date, i % 4 <> 0 as is_resolved, i < 400 as is_survey_offered,
    if(i < 380, 'c' || i, null) as customer_id
from range(500) as r(i);
create table marts.dim_surveys as
select * from (values ('s', 'ben'), ('t', 'tax')) as t (survey_id, service_id);
create table marts.survey_quality as
select
    'quarter' as period_type, date '2026-01-01' as period_start, breakdown, member, false as suppressed,
    null::varchar as held_from
from (values ('all', 'all'), ('survey', 's'), ('survey', 't')) as t (breakdown, member);
create table marts.survey_nonresponse as
select
    'quarter' as period_type, date '2026-01-01' as period_start, '2026Q2' as period_label, breakdown, member,
    offered_count, respondent_count, 0.95::double as known_offered_share,
    known_respondent_share::double as known_respondent_share,
    respondent_count is not null and known_respondent_share > 0.8 as is_claim_allowed,
    offered_share::double as offered_share, respondent_share::double as respondent_share,
    respondent_share - offered_share as gap, gap - 0.05 as gap_low,
    gap + 0.05 as gap_high, rated_count, rated_count / 20 as satisfaction,
    null::double as weighted_satisfaction, null::double as satisfaction_difference, false as suppressed,
    false as low_n, null::varchar as held_from
from (values
    ('channel', 'all', 200, 90, 0.9, null, null, 80), ('channel', 'phone', 120, 60, 0.9, 0.6, 2 / 3, null),
    ('channel', 'email', 80, 30, 0.9, 0.4, 1 / 3, null),
    ('service', 'all', 200, 90, 0.9, null, null, null), ('service', 'ben', 130, 50, 0.9, 0.65, 5 / 9, null),
    ('service', 'tax', 70, 40, 0.9, 0.35, 4 / 9, null),
    ('resolution', 'all', 380, 40, 0.4, null, null, null),
    ('resolution', 'resolved', 285, null, 0.4, null, null, null),
    ('resolution', 'not resolved', 95, null, 0.4, null, null, null)
) as t (
    breakdown, member, offered_count, respondent_count, known_respondent_share, offered_share,
    respondent_share, rated_count
);
"""
WITHHOLD = ", ".join(f"{column} = null" for column in _NONRESPONSE_FIGURES.split())
ALL_ANSWERS = "no known share tells what is withheld of all answers"
FAULTS = [
    ("suppressed = null where member = 'tax'", "period_start, breakdown, member, suppressed and low_n"),
    ("member = 'phone' where member = 'email'", "period_start, breakdown and member are unique"),
    ("breakdown = 'weather' where member = 'email'", "breakdown is one of"),
    ("period_type = 'decade' where member = 'email'", "period_type is one of"),
    ("period_label = '2026Q1' where member = 'email'", "period_start begins the period"),
    ("known_respondent_share = 0.79 where breakdown = 'channel'", "nothing is compared where fewer"),
    ("known_offered_share = 0.79 where breakdown = 'channel'", "nothing is compared where fewer"),
    ("offered_count = 59 where member = 'phone'", "nothing is compared where fewer"),
    ("gap = 0.1 where member = 'resolved'", "nothing is compared where fewer"),
    ("satisfaction = 4 where breakdown = 'resolution'", "nothing is compared where fewer"),
    ("gap = gap + 0.01 where member = 'phone'", "a gap is the share of respondents less"),
    ("gap_low = gap + 0.01 where member = 'phone'", "a gap is the share of respondents less"),
    ("gap_high = null where member = 'phone'", "a gap is the share of respondents less"),
    ("offered_count = offered_count + 1 where member = 'phone'", "the classes are all of those compared"),
    (
        "offered_share = 0.7, gap = gap - 0.1, gap_low = gap_low - 0.1 where member = 'phone'",
        "the classes are all of those compared",
    ),
    (
        "respondent_share = 0.7, gap = 0.1, gap_high = 0.2 where member = 'phone'",
        "the classes are all of those compared",
    ),
    ("suppressed = true where member = 'phone'", "a withheld cell shows no figure"),
    ("respondent_count = 9 where member = 'email'", "a cell with fewer than 10 is withheld"),
    ("respondent_count = 79 where member = 'email'", "a cell with fewer than 10 is withheld"),
    (
        f"suppressed = true, {WITHHOLD} where breakdown = 'channel' and member = 'all'",
        "no class is compared with a withheld whole",
    ),
    ("rated_count = 9 where breakdown = 'channel'", "a cell with fewer than 10 is withheld"),
    (f"suppressed = true, {WITHHOLD} where member = 'tax'", "no withheld class is what is left"),
    (
        "offered_count = 381 where breakdown = 'resolution' and member = 'all'",
        "contacts by how they ended",
    ),
    ("offered_count = 286 where member = 'resolved'", "contacts by how they ended are what the facts"),
    ("known_respondent_share = 0.91 where breakdown = 'channel'", "answers of all classes together are"),
    ("respondent_count = 91 where breakdown = 'service' and member = 'all'", "answers of all classes"),
]


def broken(*changes: str) -> set[str]:
    return planted.broken(SUITE, GOOD, *changes)


def test_a_good_table_breaks_no_rule() -> None:
    assert broken() == set()


@pytest.mark.parametrize(("change", "rule"), FAULTS)
def test_a_planted_fault_is_found(change: str, rule: str) -> None:
    found = broken(f"update marts.survey_nonresponse set {change}")
    assert any(name.startswith(rule) for name in found), found


def test_a_service_whose_survey_is_withheld_is_withheld() -> None:
    rule = "no service shows what is withheld of its survey"
    withheld = "update marts.survey_quality set suppressed = true where member = 't'"
    assert broken(withheld) == {rule}
    both = f"update marts.survey_nonresponse set suppressed = true, {WITHHOLD} where member in ('tax', 'ben')"
    assert broken(withheld, both) == set()


def test_where_all_answers_are_withheld_nothing_is_compared_with_them() -> None:
    withheld = "update marts.survey_quality set suppressed = true where breakdown = 'all'"
    assert broken(withheld) == {ALL_ANSWERS}
    both = (
        f"update marts.survey_nonresponse set suppressed = true, {WITHHOLD}"
        " where breakdown in ('channel', 'service')"
    )
    assert broken(withheld, both) == set()


def test_every_rule_has_a_planted_fault() -> None:
    found = {rule for _, rule in FAULTS} | {"no service shows what is withheld of its survey", ALL_ANSWERS}
    assert [rule.name for rule in RULES if not any(rule.name.startswith(name) for name in found)] == []
