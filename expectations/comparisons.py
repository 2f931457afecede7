"""What must hold of what is compared: breaks, changes and their evidence, limits, and gaps."""

# ruff: noqa: S608 - the names in the SQL are our own

from __future__ import annotations

from collections.abc import Mapping

from expectations.rules import Rule, never, one_of, refers, required, unique

KINDS = ("wording", "question_set", "order", "mode", "sampling", "method")
"""What breaks a series."""


def series_breaks() -> list[Rule]:
    """One row per breakdown, member, scale, survey, day and kind of change."""
    key = ("breakdown", "member", "scale", "survey_id", "break_date", "kind")
    cell = "concat_ws(' ', survey_id, break_date, kind, breakdown, member, scale)"
    return [
        required(*key, "version_before", "version_after", blame=cell),
        unique(*key, blame=cell),
        one_of("kind", KINDS, blame=cell),
        refers("survey_id", "dim_surveys", blame=cell),
        never(
            "the version after a break is the survey's of that day",
            "version_after <> (select max_by(survey_version, (valid_from, survey_version))"
            " from marts.dim_surveys as s"
            " where s.survey_id = tested.survey_id and s.valid_from <= tested.break_date)",
            blame=cell,
        ),
        Rule("a survey that asks other questions than before breaks its series", _UNBROKEN),
    ]


_UNBROKEN = """
    with asked as (
        select
            survey_id, survey_version, min(valid_from) as valid_from,
            list_sort(list(distinct (driver, s.scale_of, statement))) as core
        from (
            select s.*, q.driver, q.scale as scale_of, q.statement
            from marts.dim_surveys as s
            inner join marts.dim_questions as q using (instrument)
            where q.role = 'core'
        ) as s
        group by survey_id, survey_version
    ),
    changed as (
        select survey_id, valid_from
        from asked
        qualify core <> lag(core) over (partition by survey_id order by valid_from, survey_version)
    )
    select concat_ws(' ', survey_id, valid_from) as blame
    from changed
    where
        not exists (
            from tested
            where
                tested.survey_id = changed.survey_id and tested.break_date = changed.valid_from
                and tested.breakdown = 'all' and tested.kind in ('wording', 'question_set')
        )
"""


def cx_comparisons(policy: Mapping[str, float]) -> list[Rule]:
    """One row per figure of cx_index and comparison."""
    key = ("period_type", "period_start", "breakdown", "member", "scale", "measure", "driver")
    cell = "concat_ws(' ', period_label, breakdown, member, scale, measure, driver, comparison)"
    figures = (
        "n",
        "value",
        "other_n",
        "other_value",
        "difference",
        "low",
        "high",
        "p_value",
        "adjusted_p",
        "within_change",
        "mix_change",
        "volume_difference",
        "volume_low",
        "volume_high",
        "volume_within_change",
        "volume_mix_change",
    )
    shown = ", ".join(f"{figure}::varchar" for figure in figures)
    least = policy["suppression_min_n"]
    return [
        required(*key, "comparison", "family", "suppressed", "low_n", blame=cell),
        unique(*key, "comparison", blame=cell),
        one_of("comparison", ("previous_period", "year_before", "rest"), blame=cell),
        one_of("verdict", ("up", "down", "no evidence"), blame=cell),
        never(
            "a comparison has a verdict or the reason why not",
            "(verdict is null) <> (p_value is null) or (verdict is null) <> (not_compared is not null)",
            blame=cell,
        ),
        Rule(
            "what is held shows no figure, and a side of it is an earlier release's",
            _HELD.format(shown=shown),
        ),
        never(
            "a withheld comparison shows no figure",
            f"suppressed <> coalesce(not_compared = 'withheld', false)"
            f" or (suppressed and coalesce({shown}) is not null)",
            blame=cell,
        ),
        never("no side has fewer than are shown", f"least(n, other_n) < {least}", blame=cell),
        never(
            "low_n marks the few",
            f"low_n <> (not suppressed and least(n, other_n) < {policy['low_n_below']})",
            blame=cell,
        ),
        never(
            "a verdict follows from the adjusted p and the least difference",
            f"""
            minimum_difference <> case
                when measure in {_SHARES} then {policy["minimum_difference_share"]}
                when measure = 'nps' then {100 * policy["minimum_difference_share"]}
                when measure in {_INDEXES} then {policy["minimum_difference_index"]}
                else {policy["minimum_difference_points"]}
            end
            or verdict is distinct from case
                when p_value is null then null
                when adjusted_p > 0.05 or abs(difference) < minimum_difference then 'no evidence'
                when difference > 0 then 'up'
                else 'down'
            end
            """,
            blame=cell,
        ),
        never(
            "a difference is that of its sides, inside of its interval",
            "abs(difference - (value - other_value)) > 1e-9"
            " or difference not between low - 1e-9 and high + 1e-9"
            " or abs(within_change + mix_change - difference) > 1e-8"
            " or abs(volume_within_change + volume_mix_change - volume_difference) > 1e-8",
            blame=cell,
        ),
        never(
            "a p of at most .05 and an interval without 0 are the same where both are by weights",
            "is_design_based and abs(p_value - 0.05) > 1e-4 and (p_value < 0.05) <> (low > 0 or high < 0)",
            blame=cell,
        ),
        Rule("a p of at most .05 is that of both tests", _TESTED),
        Rule("a family is whole, and adjusted as Benjamini and Hochberg do", _ADJUSTED),
        Rule("a figure with another name is tested once", _TWICE),
        Rule("both sides are what cx_index shows", _SIDES),
        Rule("every figure is compared with the period before and with the rest", _UNCOMPARED),
        Rule("no change crosses a break", _CROSSED),
    ]


_SHARES = "('top_box', 'top_two', 'bottom_two', 'thumbs_up', 'csat')"
_INDEXES = "('cx_index', 'acsi_equal_weight')"
_CELL = "concat_ws(' ', t.period_label, t.breakdown, t.member, t.scale, t.measure, t.driver, t.comparison)"
_PERIOD = """
    period_start + case period_type
        when 'month' then interval 1 month
        when 'quarter' then interval 3 months
        else interval 1 year
    end
"""

# the squares about each side's own figure: a share's and a score's variance is over n, a mean's over n - 1
_SQUARES = f"""{{0}}.n * {{0}}.standard_error * {{0}}.standard_error
            * ({{0}}.n - if(measure in {_SHARES} or measure = 'nps', 0, 1))"""

# where both sides are rows of cx_index, so that their errors are known
_TESTED = f"""
    with sided as (
        select
            t.*,
            {_SQUARES.format("part")} as squares,
            {_SQUARES.format("other")} as other_squares
        from tested as t
        inner join marts.cx_index as part
            using (period_type, period_start, breakdown, member, scale, measure, driver)
        inner join marts.cx_index as other using (period_type, breakdown, member, scale, measure, driver)
        where
            other.period_start = t.other_period_start and t.comparison <> 'rest' and not t.is_design_based
            and t.p_value is not null and part.drivers is not distinct from other.drivers
    ),
    scored as (
        select
            *,
            abs(difference) / nullif(sqrt(
                (squares + other_squares + power(difference, 2) * n * other_n / (n + other_n))
                / (n + other_n - 1) * (1 / n + 1 / other_n)
            ), 0) as z,
            abs(difference) / nullif(sqrt(
                squares / (n * (n - 1)) + other_squares / (other_n * (other_n - 1))
            ), 0) as t_of_sides,
            -- at the fewest degrees that it can have
            1.96 + 2.4 / (least(n, other_n) - 1) + 3 / power(least(n, other_n) - 1, 2) as largest_t
        from sided
    )
    select {_CELL} as blame
    from scored as t
    where
        abs(p_value - 0.05) > 1e-4
        and case
            when p_value < 0.05 then least(z, t_of_sides) < 1.9599
            else z > 1.96 and coalesce(t_of_sides > largest_t, true)
        end
"""

# a side that an earlier release made has no part in any figure
_HELD = f"""
    with held as (
        select period_type, period_start, breakdown, member, scale, measure, driver, held_from
        from marts.cx_index
        where held_from is not null and not suppressed
    )
    select {_CELL} as blame
    from tested as t
    left join held as part using (period_type, period_start, breakdown, member, scale, measure, driver)
    left join held as other
        on
            other.period_type = t.period_type and other.period_start = t.other_period_start
            and other.breakdown = if(t.comparison = 'rest', 'all', t.breakdown)
            and other.member = if(t.comparison = 'rest', 'all', t.member)
            and other.scale = t.scale and other.measure = t.measure and other.driver = t.driver
    where
        if(
            coalesce(part.held_from, other.held_from) is null, t.not_compared = 'held',
            coalesce({{shown}}, verdict, drivers) is not null or low_n
        )
"""

# of what is held as if each p were 1, so that no adjusted p rests on it
_ADJUSTED = """
    with ranked as (
        select
            *,
            count(p_value) over (partition by family order by p_value nulls last) as rank,
            count(*) filter (p_value is not null or not_compared = 'held') over (partition by family)
                as count_of_family
        from tested
        where measure not in ('ces', 'csat')
    ),
    again as (
        select
            *,
            least(1, min(p_value * count_of_family / rank) over (
                partition by family order by p_value desc nulls last, rank desc
            )) as found
        from ranked
    )
    select max(family) as blame
    from again
    where
        family_size <> count_of_family
        or abs(adjusted_p - found) > 1e-9
        or family <> concat_ws('|', 'cx_index', measure, breakdown, comparison, period_label)
    group by family
"""

_TWICE = f"""
    select {_CELL} as blame
    from tested as t
    left join tested as once
        on
            once.measure = if(t.measure = 'ces', 'mean', 'top_two') and once.comparison = t.comparison
            and once.period_type = t.period_type and once.period_start = t.period_start
            and once.breakdown = t.breakdown and once.member = t.member
            and once.scale = t.scale and once.driver = t.driver
    where
        t.measure in ('ces', 'csat')
        and (t.p_value, t.adjusted_p, t.family, t.verdict, t.not_compared)
        is distinct from (once.p_value, once.adjusted_p, once.family, once.verdict, once.not_compared)
"""

_SIDES = f"""
    select {_CELL} as blame
    from tested as t
    left join marts.cx_index as part
        using (period_type, period_start, breakdown, member, scale, measure, driver)
    left join marts.cx_index as other
        on
            other.period_type = t.period_type and other.period_start = t.other_period_start
            and other.breakdown = if(t.comparison = 'rest', 'all', t.breakdown)
            and other.member = if(t.comparison = 'rest', 'all', t.member)
            and other.scale = t.scale and other.measure = t.measure and other.driver = t.driver
    where
        part.n is null and t.n is not null
        or other.n is null and t.other_n is not null
        or t.n <> part.n
        or t.other_n <> if(t.comparison = 'rest', other.n - part.n, other.n)
        or t.drivers is not distinct from part.drivers and (
            abs(t.value - coalesce(if(t.comparison <> 'rest', part.weighted_value, null), part.value)) > 1e-9
            or t.drivers is not distinct from other.drivers
            and t.comparison <> 'rest'
            and abs(t.other_value - coalesce(other.weighted_value, other.value)) > 1e-9
        )
        or t.comparison = 'rest' and t.measure not in {_INDEXES}
        and abs(t.n * t.value + t.other_n * t.other_value - other.n * other.value) > 1e-8 * other.n
"""

_UNCOMPARED = f"""
    with earlier as (select *, {_PERIOD} as next_start from marts.cx_index)
    select concat_ws(' ', i.period_label, i.breakdown, i.member, i.scale, i.measure, i.driver) as blame
    from marts.cx_index as i
    inner join earlier using (period_type, breakdown, member, scale, measure, driver)
    where
        i.period_start = earlier.next_start
        and not exists (
            from tested
            where
                tested.comparison = 'previous_period' and tested.period_type = i.period_type
                and tested.period_start = i.period_start and tested.breakdown = i.breakdown
                and tested.member = i.member and tested.scale = i.scale and tested.measure = i.measure
                and tested.driver = i.driver
        )
    union all
    select concat_ws(' ', i.period_label, i.breakdown, i.member, i.scale, i.measure, i.driver) as blame
    from marts.cx_index as i
    inner join marts.cx_index as whole using (period_type, period_start, scale, measure, driver)
    where
        i.breakdown <> 'all' and whole.breakdown = 'all' and i.n < whole.n
        and i.measure <> 'acsi_equal_weight'
        and not exists (
            from tested
            where
                tested.comparison = 'rest' and tested.period_type = i.period_type
                and tested.period_start = i.period_start and tested.breakdown = i.breakdown
                and tested.member = i.member and tested.scale = i.scale and tested.measure = i.measure
                and tested.driver = i.driver
        )
"""

_CROSSED = f"""
    select {_CELL} as blame
    from tested as t
    inner join marts.series_breaks as b using (breakdown, member, scale)
    where
        t.comparison <> 'rest' and t.difference is not null
        and b.break_date > t.other_period_start
        and b.break_date < t.{_PERIOD.strip()}
"""


def cx_control_limits() -> list[Rule]:
    """One row per period of a series of cx_index with eight periods or more between breaks."""
    key = ("period_type", "period_start", "breakdown", "member", "scale", "measure", "driver")
    cell = "concat_ws(' ', period_label, breakdown, member, scale, measure, driver)"
    same = " and ".join(f"i.{column} = tested.{column}" for column in key)
    return [
        required(*key, "segment_start", "point_count", "value", "center", "lower", "upper", blame=cell),
        unique(*key, blame=cell),
        never("a series has eight periods or more", "point_count < 8", blame=cell),
        never(
            "limits are 2.66 mean moving ranges from the center",
            "abs(upper - center - 2.66 * moving_range_mean) > 1e-8"
            " or abs(center - lower - 2.66 * moving_range_mean) > 1e-8"
            " or is_outside <> (value < lower or value > upper)",
            blame=cell,
        ),
        Rule("a season is taken off where there are two yearly cycles", _CYCLES),
        never(
            "a value is what cx_index shows",
            "not exists (from marts.cx_index as i where not i.suppressed"
            f" and i.value = tested.value and {same})",
            blame=cell,
        ),
        Rule("limits are of the periods that they count", _POINTS),
        never(
            "no series crosses a break",
            "exists (from marts.series_breaks as b where b.breakdown = tested.breakdown"
            " and b.member = tested.member and b.scale = tested.scale"
            " and b.break_date > tested.segment_start and b.break_date <= tested.period_start)",
            blame=cell,
        ),
    ]


_POINTS = """
    select concat_ws(' ', segment_start, breakdown, member, scale, measure, driver) as blame
    from tested
    group by period_type, segment_start, breakdown, member, scale, measure, driver, point_count
    having
        count(*) <> point_count or min(period_start) <> segment_start or abs(avg(value) - avg(center)) > 1e-8
"""

_CYCLES = """
    select concat_ws(' ', period_label, breakdown, member, scale, measure, driver) as blame
    from (
        select
            *,
            concat_ws(' ', period_type, segment_start, breakdown, member, scale, measure, driver) as stretch,
            count(*) over (partition by stretch, month(period_start)) as value_count
        from tested
    )
    qualify
        is_seasonally_adjusted
        <> (
            point_count >= if(period_type = 'month', 24, 8)
            and min(value_count) over (partition by stretch) >= 2
        )
"""


def equity_gaps(policy: Mapping[str, float]) -> list[Rule]:
    """One row per period, segment, scale, measure and driver."""
    key = ("period_type", "period_start", "segment", "scale", "measure", "driver")
    cell = "concat_ws(' ', period_label, segment, scale, measure, driver)"
    return [
        required(*key, "suppressed", "low_n", blame=cell),
        unique(*key, blame=cell),
        never(
            "no claim is made where too few segments are known",
            f"is_claim_allowed <> coalesce(known_segment_share >= {policy['segment_claim_min_share']}, false)"
            " or verdict is not null and is_claim_allowed is not true",
            blame=cell,
        ),
        never(
            "whether a claim is allowed is known where the share of known segments is",
            "is_claim_allowed is null and known_segment_share is not null",
            blame=cell,
        ),
        never(
            "a withheld gap shows no figure",
            "suppressed and coalesce(n, rest_n, value, rest_value, gap, low, high, p_value) is not null",
            blame=cell,
        ),
        Rule("a gap is the segment's comparison with the rest", _GAPS),
    ]


_GAPS = """
    with compared as (
        select * from marts.cx_comparisons
        where breakdown = 'segment' and comparison = 'rest'
    )
    select concat_ws(' ', period_type, period_start, scale, measure, driver) as blame
    from tested as t
    full join (select member as segment, * exclude (period_label) from compared) as c
        using (period_type, period_start, segment, scale, measure, driver)
    where
        (t.n, t.rest_n, t.value, t.rest_value, t.gap, t.adjusted_p, t.suppressed)
        is distinct from (c.n, c.other_n, c.value, c.other_value, c.difference, c.adjusted_p, c.suppressed)
        or t.is_claim_allowed and t.verdict is distinct from c.verdict
"""
