"""The gate's rules on timeliness: a good table breaks none, a planted fault the one that names it."""

from __future__ import annotations

import pytest

from expectations.quality import timeliness
from expectations.rules import Suite

from . import planted

RULES = timeliness()
SUITE = Suite("timeliness", "select * from marts.timeliness", RULES)
GOOD = """
create schema marts;
create table marts.timeliness as
select 'kiosk' as source_system, 'answers' as stream, record_date,
    record_date + interval 30 hours as landed_at, record_date + interval 31 hours as published_at,
    6.0::double as landed_hours, 5.0::double as usual_landed_hours, false as is_late
from (values (date '2026-01-05'), (date '2026-01-06')) as days (record_date);
"""
FAULTS = [
    ("landed_at = null", "landed_at"),
    ("landed_at = published_at + interval 1 hour", "a day lands before it is published"),
    ("landed_hours = 29.5", "a day is late where it landed more than 24 hours later"),
]


def broken(*changes: str) -> set[str]:
    return planted.broken(SUITE, GOOD, *changes)


def test_a_good_table_breaks_no_rule() -> None:
    assert broken() == set()


@pytest.mark.parametrize(("change", "rule"), FAULTS)
def test_a_planted_fault_is_found(change: str, rule: str) -> None:
    found = broken(f"update marts.timeliness set {change}")
    assert any(name.startswith(rule) for name in found), found


def test_every_rule_has_a_planted_fault() -> None:
    found = [rule for _, rule in FAULTS]
    assert [rule.name for rule in RULES if not any(rule.name.startswith(name) for name in found)] == []
