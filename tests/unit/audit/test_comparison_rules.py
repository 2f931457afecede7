"""What the gate asks of breaks and comparisons: good rows pass, each wrong one is found."""

# ruff: noqa: E501 - a row of SQL stays on its line

from __future__ import annotations

import pytest

from expectations import comparisons
from expectations.rules import Suite

from .planted import broken

BREAKS = """
    create schema marts;
    create table marts.dim_surveys (
        survey_id varchar, survey_version integer, instrument varchar, valid_from date
    );
    create table marts.dim_questions (
        instrument varchar, role varchar, driver varchar, scale varchar, statement varchar
    );
    create table marts.fct_survey_responses (survey_id varchar, is_counted boolean);
    insert into marts.dim_surveys values ('s', 1, 'old', '2020-01-01'), ('s', 2, 'new', '2025-05-12');
    insert into marts.dim_questions values
        ('old', 'core', 'ease', 'likert_5', 'It was easy.'),
        ('new', 'core', 'ease', 'likert_5', 'It was simple.');
    insert into marts.fct_survey_responses values ('s', true);
    create table marts.series_breaks as
    select
        'all' as breakdown, 'all' as member, 'likert_5' as scale, 's' as survey_id,
        date '2025-05-12' as break_date, 'wording' as kind, 1 as version_before, 2 as version_after
"""


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ("select 1", set()),
        (
            "delete from marts.series_breaks",
            {"a survey that asks other questions than before breaks its series"},
        ),
        (
            "update marts.series_breaks set break_date = '2025-05-11'",
            {
                "a survey that asks other questions than before breaks its series",
                "the version after a break is the survey's of that day",
            },
        ),
        (
            "update marts.series_breaks set survey_id = 'x'; delete from marts.fct_survey_responses",
            {"survey_id is in dim_surveys"},
        ),
    ],
)
def test_what_breaks_a_series(change: str, rules: set[str]) -> None:
    suite = Suite("series_breaks", "select * from marts.series_breaks", comparisons.series_breaks())
    assert broken(suite, BREAKS, change) == rules


POLICY = {
    "suppression_min_n": 10.0,
    "low_n_below": 30.0,
    "minimum_difference_points": 0.05,
    "minimum_difference_share": 0.02,
    "minimum_difference_index": 1.0,
}

# 50 and 65 of 100: pooled .575, z = .15 / sqrt(.575 * .425 * .02) = 2.1456, p = .0319; Newcombe's interval
COMPARISONS = """
    create schema marts;
    create table marts.cx_index as
    select
        'month' as period_type, period_start::date as period_start, label as period_label, breakdown, breakdown as member,
        'likert_5' as scale, 'top_two' as measure, 'ease' as driver, n, value, null::varchar as drivers,
        null::varchar as held_from
    from (values
        ('2026-01-01', '2026-01', 'all', 100, 0.5), ('2026-02-01', '2026-02', 'all', 100, 0.65),
        ('2026-02-01', '2026-02', 'channel', 60, 0.65)
    ) as figures (period_start, label, breakdown, n, value);
    create table marts.series_breaks as
    select 'all' as breakdown, 'all' as member, 'likert_5' as scale, date '2026-01-01' as break_date;
    create table marts.cx_comparisons as
    select
        'month' as period_type, date '2026-02-01' as period_start, breakdown, breakdown as member, 'likert_5' as scale,
        'top_two' as measure, 'ease' as driver, '2026-02' as period_label, comparison, n, 0.65 as value,
        other_period_start::date as other_period_start, other_n, other_value, 0.65 - other_value as difference, low, high,
        p_value, p_value as adjusted_p, concat('cx_index|top_two|', breakdown, '|', comparison, '|2026-02') as family,
        1 as family_size, 0.02 as minimum_difference, verdict, null::varchar as not_compared, null::varchar as drivers,
        null::double as within_change, null::double as mix_change, false as suppressed, false as low_n
    from (values
        ('all', 'previous_period', '2026-01-01', 100, 100, 0.5, 0.0126, 0.2788, 0.0319, 'up'),
        ('channel', 'rest', '2026-02-01', 60, 40, 0.65, -0.18, 0.18, 1, 'no evidence')
    ) as compared (breakdown, comparison, other_period_start, n, other_n, other_value, low, high, p_value, verdict)
"""


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ("select 1", set()),
        (
            "update marts.cx_comparisons set verdict = 'no evidence'",
            {"a verdict follows from the adjusted p and the least difference"},
        ),
        (
            "update marts.cx_comparisons set adjusted_p = 0.03 where comparison = 'previous_period'",
            {"a family is whole, and adjusted as Benjamini and Hochberg do"},
        ),
        (
            "update marts.cx_comparisons set family_size = 2",
            {"a family is whole, and adjusted as Benjamini and Hochberg do"},
        ),
        (
            "update marts.cx_comparisons set p_value = 0.06, adjusted_p = 0.06, verdict = 'no evidence'"
            " where comparison = 'previous_period'",
            {"a p of at most .05 and a z of 1.96 are the same where shares are compared"},
        ),
        ("update marts.series_breaks set break_date = '2026-01-02'", {"no change crosses a break"}),
        (
            "update marts.cx_index set n = 101 where breakdown = 'all' and period_label = '2026-01'",
            {"both sides are what cx_index shows"},
        ),
        (
            "update marts.cx_comparisons set other_n = 41 where comparison = 'rest'",
            {"both sides are what cx_index shows"},
        ),
        (
            "delete from marts.cx_comparisons",
            {"every figure is compared with the period before and with the rest"},
        ),
        (
            "update marts.cx_comparisons set verdict = null, p_value = null, adjusted_p = null, family_size = 0",
            {"a comparison has a verdict, or the reason why not, or a side that an earlier release shows"},
        ),
        (
            "update marts.cx_comparisons set suppressed = true, not_compared = 'withheld', verdict = null,"
            " p_value = null, adjusted_p = null, family_size = 0, low = null, high = null",
            {"a withheld comparison shows no figure"},
        ),
    ],
)
def test_what_is_compared(change: str, rules: set[str]) -> None:
    suite = Suite("cx_comparisons", "select * from marts.cx_comparisons", comparisons.cx_comparisons(POLICY))
    assert broken(suite, COMPARISONS, change) == rules
