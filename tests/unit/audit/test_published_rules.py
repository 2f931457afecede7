"""What the gate asks of published figures and of priority goals: good rows pass, each wrong one is found."""

# ruff: noqa: E501 - a row of SQL stays on its line

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from expectations import published
from expectations.rules import Rule
from tests.unit.release.synthetic import MEASURES, PERFORMANCE

POLICY = {"suppression_min_n": 10.0}

GOOD_FIGURES = """
    insert into marts.published_measures by name
    select
        'them' as publisher, 'all' as organization, 's' as service, 'all' as touchpoint, 'quarter' as period_type,
        date '2025-10-01' as period_start, '2026Q1' as period_label, 'e' as edition, date '2026-01-05' as edition_date,
        1 as occurrence, false as is_restated, is_break is true as is_break, * exclude (is_break)
    from (values
        ('mean', 'trust', 'likert_5', 'points', 4.2, null, 4.1996, 'own_measures', 40, -0.0004, true, null, null, 0.1),
        ('mean', 'ease', 'likert_5', 'points', null, 'not_asked', null, null, null, null, null, null, null, null),
        ('response_rate', 'all', null, 'share', 0.17, null, 0.1685, 'published_counts', 90, -0.0015, true, true,
            'wording changed: trust', null),
        ('cx_index', 'all', 'likert_5', 'index', null, 'not_published', 80, 'published_means', 90, null, null, null,
            null, null)
    ) as rows (
        measure, driver, scale, unit, value, missing_reason, our_value, our_source, our_n, difference,
        agrees_with_published, is_break, break_reason, change
    );
    insert into marts.cx_index by name
    select 'quarter' as period_type, date '2025-10-01' as period_start, '2026Q1' as period_label,
        'service' as breakdown, 's' as member, 'likert_5' as scale, 'mean' as measure, 'trust' as driver, 40 as n,
        4.1996 as value, false as suppressed
"""

GOOD_GOALS = """
    insert into marts.priority_goal_measures by name
    select
        'f' as source, 'g' as goal_id, 'Goal' as goal, 'level' as kind, 'quarter' as period_type,
        date '2025-10-01' as period_start, '2026Q1' as period_label, 0 as value_start, 100 as value_target,
        date '2025-10-01' as start_date, date '2026-09-30' as target_date, 0.25 as elapsed_share,
        false as is_break, measure_id = 'open' as is_provisional, false as is_restated, status = 'withheld' as suppressed, false as low_n, * exclude (status),
        nullif(status, '') as status
    from (values
        ('track', 'increase', 50, 40, null, 0.5, null, '[.5,.75)', false, 60, 50, 70, 6, 'on_track'),
        ('behind', 'increase', 10, null, null, 0.1, null, '(0,.25)', false, null, null, null, null, 'behind'),
        ('back', 'decrease', -1, null, null, -0.01, null, '<0', false, null, null, null, null, 'regressed'),
        ('blank', 'increase', null, null, 'blank', null, 'not_reported', null, null, null, null, null, null, 'not_reported'),
        ('few', 'increase', null, null, null, null, 'withheld', null, null, null, null, null, null, 'withheld'),
        ('keep', 'maintain_at_or_above', 100, 30, null, null, 'maintain', null, true, null, null, null, null, 'met'),
        ('open', 'maintain_at_or_above', 99, 30, null, null, 'maintain', null, false, null, null, null, null, 'behind'),
        ('mile', 'milestone', 100, null, null, 1, null, '1', true, null, null, null, null, 'done'),
        ('none', 'undefined', 3, null, null, null, 'no_target', null, null, null, null, null, null, 'no_target')
    ) as rows (
        measure_id, direction, value, n, missing_reason, progress, no_progress_reason, progress_bin, is_target_met,
        forecast_value, forecast_low, forecast_high, forecast_point_count, status
    )
"""

FIGURES = {
    "measure = 'unmapped' where measure = 'response_rate'": {
        "the seed published_measure_crosswalk knows every column and question"
    },
    "value = 0, missing_reason = null where driver = 'ease'": {"a figure is in its measure's range"},
    "missing_reason = null where driver = 'ease'": {"a figure is there, or the reason why it is not"},
    "missing_reason = 'unreadable' where driver = 'ease'": {
        "a published cell that should hold a number can be read"
    },
    "change = 0.02 where is_break": {"a change crosses no break, and a figure is a break with its reason"},
    "break_reason = null where is_break": {
        "a change crosses no break, and a figure is a break with its reason"
    },
    "value = 1.3, difference = -1.1315 where measure = 'response_rate'": {
        "a figure is in its measure's range"
    },
    "difference = 0 where driver = 'trust'": {"our figure differs from what was published by what is said"},
    "our_n = 41 where driver = 'trust'": {"what we say of our own survey is what cx_index shows"},
    "driver = 'ease' where driver = 'trust'": {
        "publisher, organization, service, touchpoint, period_label, edition, edition_date, measure, driver and occurrence"
        " are unique",
        "what we say of our own survey is what cx_index shows",
    },
    "edition = null where driver = 'ease'": {
        "publisher, organization, service, touchpoint, period_label, edition, edition_date, measure, driver, occurrence,"
        " is_break and is_restated are there"
    },
}

PROGRESS = "progress is what value, start and target give, and its bin is that of the figure"
MISSING = "what is missing, withheld or without a target is null and no zero"
STATUS = "a status is one that the goal's direction and dates allow"
FORECAST = "a forecast rests on six values or more of a level or rate that is to change"
WITHHELD = "a withheld value shows no figure, and one of fewer than 10 is withheld"
GOALS = {
    "progress = 0.51 where measure_id = 'track'": {PROGRESS},
    "progress_bin = '>1' where measure_id = 'behind'": {PROGRESS},
    "value = 0, progress = 0, no_progress_reason = null, progress_bin = '0' where measure_id = 'blank'": {
        MISSING
    },
    "is_target_met = false where measure_id = 'blank'": {MISSING},
    "is_target_met = false where measure_id = 'none'": {MISSING},
    "status = 'behind' where measure_id = 'track'": {STATUS},
    "status = 'on_track' where measure_id = 'keep'": {STATUS},
    "status = 'on_track' where measure_id = 'open'": {STATUS},
    "status = 'not_met' where measure_id = 'open'": {STATUS},
    "is_provisional = true where measure_id = 'keep'": {STATUS},
    "status = 'met' where measure_id = 'mile'": {STATUS},
    "status = 'met', is_target_met = true, target_date = '2028-09-30' where measure_id = 'back'": {STATUS},
    "status = 'not_met' where measure_id = 'keep'": {STATUS},
    "status = null where measure_id = 'keep'": {STATUS},
    "forecast_point_count = 5 where measure_id = 'track'": {FORECAST},
    "kind = 'cumulative' where measure_id = 'track'": {FORECAST},
    "forecast_low = 61 where measure_id = 'track'": {FORECAST},
    "direction = 'maintain_at_or_below', forecast_value = 1, forecast_low = 0, forecast_high = 2,"
    " forecast_point_count = 6 where measure_id = 'keep'": {FORECAST},
    "n = 9 where measure_id = 'few'": {WITHHELD},
    "n = 9 where measure_id = 'track'": {WITHHELD},
    "direction = 'up' where measure_id = 'none'": {
        "direction is one of decrease, increase, maintain_at_or_above, maintain_at_or_below, milestone, undefined"
    },
    "measure_id = 'track' where measure_id = 'behind'": {"measure_id and period_start are unique"},
    "source = null where measure_id = 'track'": {
        "measure_id, source, goal_id, period_start, direction, is_provisional and suppressed are there"
    },
    "is_progress_as_published = false, agrees_with_published = true where measure_id = 'track'": {
        "what was published agrees as a whole where each field of it does"
    },
}


@pytest.fixture
def candidate() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(MEASURES + PERFORMANCE + GOOD_FIGURES + ";" + GOOD_GOALS)
        yield connection


def at_fault(connection: duckdb.DuckDBPyConnection, table: str, rules: list[Rule]) -> dict[str, int]:
    found = {
        rule.name: len(
            connection.execute(
                f"with tested as (from marts.{table}) select * from ({rule.query}) as blamed"
            ).fetchall()
        )
        for rule in rules
    }
    return {name: count for name, count in found.items() if count}


def test_good_rows_pass(candidate: duckdb.DuckDBPyConnection) -> None:
    assert at_fault(candidate, "published_measures", published.published_measures()) == {}
    assert at_fault(candidate, "priority_goal_measures", published.priority_goal_measures(POLICY)) == {}


@pytest.mark.parametrize("fault", FIGURES)
def test_a_wrong_figure_is_found(candidate: duckdb.DuckDBPyConnection, fault: str) -> None:
    candidate.execute(f"update marts.published_measures set {fault}")
    assert set(at_fault(candidate, "published_measures", published.published_measures())) == FIGURES[fault]


@pytest.mark.parametrize("fault", GOALS)
def test_a_wrong_goal_is_found(candidate: duckdb.DuckDBPyConnection, fault: str) -> None:
    candidate.execute(f"update marts.priority_goal_measures set {fault}")
    assert (
        set(at_fault(candidate, "priority_goal_measures", published.priority_goal_measures(POLICY)))
        == GOALS[fault]
    )


def test_every_rule_is_broken_once() -> None:
    for rules, faults in (
        (published.published_measures(), FIGURES),
        (published.priority_goal_measures(POLICY), GOALS),
    ):
        assert {rule.name for rule in rules} == set().union(*faults.values())
