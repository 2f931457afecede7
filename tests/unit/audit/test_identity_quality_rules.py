"""The gate's rules on identity_quality: a good table breaks none, a planted fault the one that names it."""

from __future__ import annotations

import pytest

from expectations.quality import identity_quality
from expectations.rules import Suite

from . import planted

RULES = identity_quality({"suppression_min_n": 10.0, "journey_gap_days": 7.0, "repeat_contact_days": 7.0})
SUITE = Suite("identity_quality", "select * from marts.identity_quality", RULES)
GOOD = """
create schema marts;
create table marts.fct_interactions as
select date '2026-01-05' as started_local_date, if(i < 60 or i >= 100, 'genesys', 'offices') as source_system,
    if(i % 2 = 0, 'c' || i, null) as customer_id, if(i < 100, 'inbound', 'outbound') as direction,
    timestamp '2026-01-05 09:00:00' as started_at
from range(107) as r(i)
union all
select date '2026-05-05', 'genesys', null, 'inbound', timestamp '2026-05-05 09:00:00';
-- a week after the quarter's end, and a day
create table marts.release_info as select date '2026-04-09' as complete_to;
create table marts.fct_survey_responses as
select date '2026-02-01' as answered_local_date, 'touchpoints' as source_system, 'c' || i as customer_id,
    i < 20 as is_counted
from range(25) as r(i);
create table marts.identity_quality as
select 'quarter' as period_type, date '2026-01-01' as period_start, '2026Q2' as period_label, breakdown,
    member, record_count, matched_count as identified_count, matched_count, matched_count as customer_count,
    matched_count / record_count as identified_share, matched_count / record_count as matched_share,
    1 - matched_count / record_count as unknowable_share, 0.0::double as undecided_share,
    record_count - matched_count as unjoined_count,
    (record_count - matched_count) / record_count as unjoined_share,
    false as suppressed, null::varchar as held_from
from (values
    ('all', 'all', 120, 70), ('source', 'genesys', 60, 30), ('source', 'offices', 40, 20),
    ('source', 'touchpoints', 20, 20)
) as t (breakdown, member, record_count, matched_count);
"""
WITHHOLD = (
    "suppressed = true, record_count = null, identified_count = null, matched_count = null,"
    " customer_count = null, identified_share = null, matched_share = null, unknowable_share = null,"
    " undecided_share = null, unjoined_count = null, unjoined_share = null"
)
FAULTS = [
    ("member = 'genesys' where member = 'offices'", "period_start, breakdown and member are unique"),
    ("period_type = 'decade' where member = 'all'", "period_type is one of"),
    ("period_label = '2026Q1' where member = 'all'", "period_start begins the period"),
    ("identified_count = 19 where member = 'offices'", "matched records are identified ones"),
    ("matched_share = 0.9 where member = 'offices'", "matched records are identified ones"),
    ("unknowable_share = 0.4 where member = 'offices'", "a record is matched, undecided or unknowable"),
    (
        "unjoined_count = 41, unjoined_share = 41 / 40 where member = 'offices'",
        "nothing joins what is matched",
    ),
    ("unjoined_share = 0.4 where member = 'offices'", "nothing joins what is matched"),
    ("suppressed = true where member = 'offices'", "a withheld cell shows no figure"),
    ("customer_count = 9 where member = 'offices'", "a cell with fewer than 10"),
    (f"{WITHHOLD} where member = 'offices'", "no withheld member is what is left"),
    ("record_count = 61, matched_share = 30 / 61 where member = 'genesys'", "records and matches are what"),
]


def broken(*changes: str) -> set[str]:
    return planted.broken(SUITE, GOOD, *changes)


def test_a_good_table_breaks_no_rule() -> None:
    assert broken() == set()


@pytest.mark.parametrize(("change", "rule"), FAULTS)
def test_a_planted_fault_is_found(change: str, rule: str) -> None:
    found = broken(f"update marts.identity_quality set {change}")
    assert any(name.startswith(rule) for name in found), found


def test_a_settled_quarter_is_told() -> None:
    rule = "records and matches are what the facts hold"
    assert broken("delete from marts.identity_quality") == {rule}
    earlier = (
        "insert into marts.fct_interactions"
        " values (date '2025-12-05', 'genesys', 'c1', 'inbound', timestamp '2025-12-05 09:00:00')"
    )
    assert broken(earlier) == {rule}
    under_way = "update marts.release_info set complete_to = date '2026-04-08'"
    assert broken("delete from marts.identity_quality", under_way) == set()
    assert broken("delete from marts.identity_quality where member = 'all'", under_way) == {rule}


def test_every_rule_has_a_planted_fault() -> None:
    found = [rule for _, rule in FAULTS]
    assert [rule.name for rule in RULES if not any(rule.name.startswith(name) for name in found)] == []
