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
    insert into marts.dim_surveys values ('s', 1, 'old', '2020-01-01'), ('s', 2, 'new', '2025-05-12');
    insert into marts.dim_questions values
        ('old', 'core', 'ease', 'likert_5', 'It was easy.'),
        ('new', 'core', 'ease', 'likert_5', 'It was simple.');
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
            "update marts.series_breaks set survey_id = 'x'",
            {
                "a survey that asks other questions than before breaks its series",
                "survey_id is in dim_surveys",
            },
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

# 50 and 65 of 100: pooled .575, z = .15 / sqrt(.575 * .425 * .02 * 200 / 199) = 2.1402, p = .0323; Welch's t is 2.1598;
# Newcombe's interval
COMPARISONS = """
    create schema marts;
    create table marts.cx_index as
    select
        'month' as period_type, period_start::date as period_start, label as period_label, breakdown, breakdown as member,
        'likert_5' as scale, 'top_two' as measure, 'ease' as driver, n, value,
        sqrt(value * (1 - value) / n) as standard_error, null::double as weighted_value,
        null::varchar as drivers, false as suppressed,
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
        false as is_design_based, null::double as within_change, null::double as mix_change,
        null::double as volume_difference, null::double as volume_low, null::double as volume_high,
        null::double as volume_within_change, null::double as volume_mix_change, false as suppressed, false as low_n
    from (values
        ('all', 'previous_period', '2026-01-01', 100, 100, 0.5, 0.0126, 0.2788, 0.0323, 'up'),
        ('channel', 'rest', '2026-02-01', 60, 40, 0.65, -0.18, 0.18, 1, 'no evidence')
    ) as compared (breakdown, comparison, other_period_start, n, other_n, other_value, low, high, p_value, verdict)
"""

# the channel goes on showing an earlier release
HELD = """
    update marts.cx_index set held_from = 'r1' where breakdown = 'channel';
    update marts.cx_comparisons set
        not_compared = 'held', verdict = null, p_value = null, adjusted_p = null, n = null, value = null, other_n = null,
        other_value = null, difference = null, low = null, high = null
    where comparison = 'rest'
"""

# a held change of another driver
BESIDE = """
    insert into marts.cx_index select * replace ('trust' as driver, if(period_label = '2026-02', 'r1', null) as held_from)
    from marts.cx_index where breakdown = 'all';
    insert into marts.cx_comparisons
    select * replace (
        'trust' as driver, 'held' as not_compared, null as verdict, null as p_value, null as adjusted_p, null as n,
        null as value, null as other_n, null as other_value, null as difference, null as low, null as high
    )
    from marts.cx_comparisons where comparison = 'previous_period';
    update marts.cx_comparisons set family_size = 2 where comparison = 'previous_period'
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
            {"a p of at most .05 is that of both tests"},
        ),
        (
            "update marts.cx_comparisons set volume_within_change = 0.1, volume_mix_change = 0.1,"
            " volume_difference = 0.3 where comparison = 'previous_period'",
            {"a difference is that of its sides, inside of its interval"},
        ),
        # with twice the error neither z nor t is 1.96
        (
            "update marts.cx_index set standard_error = 0.1 where breakdown = 'all' and period_label = '2026-02'",
            {"a p of at most .05 is that of both tests"},
        ),
        (
            "insert into marts.cx_index select * replace ('csat' as measure) from marts.cx_index where breakdown = 'all';"
            " insert into marts.cx_comparisons select * replace ('csat' as measure, 0.04 as adjusted_p)"
            " from marts.cx_comparisons where comparison = 'previous_period'",
            {"a figure with another name is tested once"},
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
            {"a comparison has a verdict or the reason why not"},
        ),
        (
            "update marts.cx_comparisons set verdict = null, p_value = null, adjusted_p = null, family_size = 0,"
            " not_compared = 'held' where comparison = 'rest'",
            {
                "what is held shows no figure, and a side of it is an earlier release's",
                "a family is whole, and adjusted as Benjamini and Hochberg do",
            },
        ),
        (HELD, set()),
        (
            f"{HELD}; update marts.cx_comparisons set n = 60 where comparison = 'rest'",
            {"what is held shows no figure, and a side of it is an earlier release's"},
        ),
        # a fewer for a family than were tested
        (
            f"{HELD}; update marts.cx_comparisons set family_size = 0 where comparison = 'rest'",
            {"a family is whole, and adjusted as Benjamini and Hochberg do"},
        ),
        # of two, one of them held, .0323 becomes .0646
        (BESIDE, {"a family is whole, and adjusted as Benjamini and Hochberg do"}),
        (
            f"{BESIDE}; update marts.cx_comparisons set adjusted_p = 0.0646, verdict = 'no evidence' where driver = 'ease'"
            " and comparison = 'previous_period'",
            set(),
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


# eight months of 61 and 63 in turn: mean 62, steps of 2, limits 62 less and plus 5.32
LIMITS = """
    create schema marts;
    create table marts.cx_control_limits as
    select
        'month' as period_type, make_date(2025, place, 1) as period_start, 'all' as breakdown, 'all' as member,
        'likert_5' as scale, 'cx_index' as measure, 'all' as driver, 'p' || place as period_label,
        date '2025-01-01' as segment_start, 8 as point_count, 61e0 + 2 * (place % 2) as value, 62e0 as center, 56.68e0 as lower,
        67.32e0 as upper, 2e0 as moving_range_mean, false as is_outside, false as is_seasonally_adjusted
    from (select unnest(range(1, 9))::integer as place);
    create table marts.cx_index as
    select *, false as suppressed from marts.cx_control_limits;
    create table marts.series_breaks as
    select 'all' as breakdown, 'all' as member, 'likert_5' as scale, date '2025-01-01' as break_date
"""


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ("select 1", set()),
        (
            "update marts.cx_control_limits set upper = 67",
            {"limits are 2.66 mean moving ranges from the center"},
        ),
        (
            "update marts.cx_control_limits set is_seasonally_adjusted = true",
            {"a season is taken off where there are two yearly cycles"},
        ),
        (  # eight quarters, each season twice
            "update marts.cx_control_limits set period_type = 'quarter',"
            " period_start = date '2025-01-01' + to_months(3 * (month(period_start)::integer - 1))",
            {"a season is taken off where there are two yearly cycles", "a value is what cx_index shows"},
        ),
        (  # as many as two cycles have, but each season once
            "update marts.cx_control_limits set point_count = 24, is_seasonally_adjusted = true",
            {
                "a season is taken off where there are two yearly cycles",
                "limits are of the periods that they count",
            },
        ),
        ("update marts.cx_index set suppressed = true", {"a value is what cx_index shows"}),
        ("update marts.cx_index set value = value + 1", {"a value is what cx_index shows"}),
        (
            "delete from marts.cx_control_limits where period_label = 'p8'",
            {"limits are of the periods that they count"},
        ),
        ("update marts.series_breaks set break_date = '2025-08-01'", {"no series crosses a break"}),
    ],
)
def test_limits(change: str, rules: set[str]) -> None:
    suite = Suite(
        "cx_control_limits", "select * from marts.cx_control_limits", comparisons.cx_control_limits()
    )
    assert broken(suite, LIMITS, change) == rules


GAPS = """
    create schema marts;
    create table marts.equity_gaps as
    select
        'month' as period_type, date '2026-01-01' as period_start, 'veterans' as segment, 'likert_5' as scale, 'mean' as measure,
        'ease' as driver, '2026-01' as period_label, 40 as n, 3.5 as value, 400 as rest_n, 4.0 as rest_value, -0.5e0 as gap, -0.8 as low,
        -0.2 as high, 0.01 as p_value, 0.01 as adjusted_p, 'down' as verdict, 0.9e0 as known_segment_share, true as is_claim_allowed,
        false as suppressed, false as low_n;
    create table marts.cx_comparisons as
    select
        * exclude (segment, rest_n, rest_value, gap), segment as member, rest_n as other_n, rest_value as other_value, gap as difference,
        'segment' as breakdown, 'rest' as comparison
    from marts.equity_gaps
"""


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ("select 1", set()),
        (
            "update marts.equity_gaps set known_segment_share = 0.79",
            {"no claim is made where too few segments are known"},
        ),
        (
            "update marts.equity_gaps set suppressed = true; update marts.cx_comparisons set suppressed = true",
            {"a withheld gap shows no figure"},
        ),
        (
            "update marts.equity_gaps set is_claim_allowed = null, verdict = null",
            {"whether a claim is allowed is known where the share of known segments is"},
        ),
        (
            "update marts.equity_gaps set is_claim_allowed = null, known_segment_share = null, verdict = null",
            set(),
        ),
        (
            "update marts.equity_gaps set is_claim_allowed = null, known_segment_share = null",
            {"no claim is made where too few segments are known"},
        ),
        ("update marts.equity_gaps set gap = -0.4", {"a gap is the segment's comparison with the rest"}),
        ("delete from marts.equity_gaps", {"a gap is the segment's comparison with the rest"}),
    ],
)
def test_gaps(change: str, rules: set[str]) -> None:
    policy = {"segment_claim_min_share": 0.8}
    suite = Suite("equity_gaps", "select * from marts.equity_gaps", comparisons.equity_gaps(policy))
    assert broken(suite, GAPS, change) == rules
