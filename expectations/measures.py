"""What must hold of the public tables of measures: ranges, totals against facts, and suppression."""

# ruff: noqa: S608 - the names in the SQL are our own

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from expectations.rules import Rule, few_are_withheld, never, not_negative, one_of, required, unique

SCALES = ("likert_5", "radio_5", "thumbs", "nps_11", "csat_5", "ten")
INDEXES = ("cx_index", "acsi_equal_weight")
"""What rests on several items."""
PERIODS = ("month", "quarter")
BREAKDOWNS = ("all", "organization", "service", "channel")
MEASURES = (*INDEXES, "ces", "csat", "mean", "top_box", "top_two", "bottom_two", "thumbs_up", "nps")
WEIGHTED_FIGURES = (
    "weighted_value weighted_low weighted_high weighted_standard_error sampling_unit_count"
    " design_effect effective_n"
)


def _members(periods: Sequence[str], breakdowns: Mapping[str, str]) -> str:
    """SQL for `facts` with a `day`, once for each published period and member.

    Args:
        periods: month, quarter, year. Fiscal quarters begin with calendar ones, fiscal years with October; a
            year is published once it is over.
        breakdowns: breakdown → the column of its members; beside `all`.
    """
    starts = {
        "month": "date_trunc('month', day)",
        "quarter": "date_trunc('quarter', day)",
        "year": "date_trunc('year', day + interval 3 months) - interval 3 months",
    }
    periods_of = ", ".join(
        f"{{'period_type': '{one}', 'period_start': ({starts[one]})::date}}" for one in periods
    )
    members_of = ", ".join(
        f"{{'breakdown': '{one}', 'member': {member}}}"
        for one, member in {"all": "'all'", **breakdowns}.items()
    )
    return f"""
        select *
        from (
            select *, unnest([{periods_of}], recursive := true)
            from (select *, unnest([{members_of}], recursive := true) from facts)
            where member is not null
        )
        where
            period_type <> 'year'
            or period_start + interval 1 year - interval 1 day <= (select complete_to from marts.release_info)
    """


_MEMBER_COLUMNS = {"organization": "organization_id", "service": "service_id", "channel": "channel"}
_MEMBERS = _members(PERIODS, _MEMBER_COLUMNS)
_MEMBERS_AND_YEARS = _members((*PERIODS, "year"), {**_MEMBER_COLUMNS, "segment": "segment"})

_SEGMENTS = """
    select
        customer_id, date_trunc('quarter', started_local_date) as quarter,
        first(segment order by started_at desc nulls last, interaction_id) as segment
    from marts.fct_interactions
    where segment is not null and customer_id is not null
    group by all
"""
"""The segment of each customer and fiscal quarter: that of the newest contact that names one."""


def cx_index(policy: Mapping[str, float]) -> list[Rule]:
    """One row per period, member, scale, measure and driver."""
    key = ("period_type", "period_start", "breakdown", "member", "scale", "measure", "driver")
    cell = "concat_ws(' ', period_label, breakdown, member, scale, measure, driver)"
    return [
        required(*key, "suppressed", "low_n", "is_weighted", blame=cell),
        unique(*key, blame=cell),
        *_periods_and_members(cell, (*PERIODS, "year"), (*BREAKDOWNS, "segment")),
        one_of("scale", SCALES, blame=cell),
        one_of("measure", MEASURES, blame=cell),
        one_of("interval_kind", ("sampling", "indicative"), blame=cell),
        one_of("band", ("85+", "75-85", "65-75", "55-65", "<55"), blame=cell),
        never(
            "a value and its interval are in their measure's range",
            f"""
            not case
                when measure in ('cx_index', 'acsi_equal_weight') then {_within("0", "100")}
                when measure = 'nps' then {_within("-100", "100")}
                when measure in ('mean', 'ces') then {_within("1", "if(scale = 'ten', 10, 5)")}
                else {_within("0", "1")}
            end
            """,
            blame=cell,
        ),
        never(
            "a shown cell has a value and an interval",
            "not suppressed and (value is null or n > 1 and (low is null or high is null))",
            blame=cell,
        ),
        never(
            "a value lies in its interval",
            "value not between low - 1e-9 and high + 1e-9"
            " or volume_value not between volume_low - 1e-9 and volume_high + 1e-9",
            blame=cell,
        ),
        never("an index is of Likert items only", "measure = 'cx_index' and scale <> 'likert_5'", blame=cell),
        never(
            "ACSI's is of items from 1 to 10", "measure = 'acsi_equal_weight' and scale <> 'ten'", blame=cell
        ),
        *suppression(
            policy,
            cell,
            n="n",
            figures=(
                f"n value low high standard_error {WEIGHTED_FIGURES}"
                " volume_value volume_low volume_high volume band band_uncertain"
            ),
            items=("scale", "measure", "driver"),
            types=(*PERIODS, "year"),
        ),
        never(
            "n of a driver is withheld in all of its measures or in none",
            f"measure not in {INDEXES} and suppressed and exists ("
            f" from marts.cx_index as other where not other.suppressed and other.measure not in {INDEXES}"
            " and other.period_type = tested.period_type and other.period_start = tested.period_start"
            " and other.breakdown = tested.breakdown and other.member = tested.member"
            " and other.scale = tested.scale and other.driver = tested.driver)",
            blame=cell,
        ),
        Rule(
            "where anything of a member and scale is withheld, what its people left out has a row", _LEFT_OUT
        ),
        never(
            "a figure by people served is of all of its services, none withheld, and lies between theirs",
            """
            volume_value is not null and held_from is null and (
                breakdown not in ('all', 'organization') or volume_left_out is not null or volume is null
                or not (
                    select
                        bool_or(part.held_from is not null)
                        or not bool_or(part.suppressed)
                        and tested.volume_value between min(part.value) - 1e-9 and max(part.value) + 1e-9
                    from marts.cx_index as part
                    inner join marts.dim_services as service on part.member = service.service_id
                    where part.breakdown = 'service' and tested.member in ('all', service.organization_id)
                        and part.period_type = tested.period_type and part.period_start = tested.period_start
                        and part.scale = tested.scale and part.measure = tested.measure
                        and part.driver = tested.driver
                )
            )
            """,
            blame=cell,
        ),
        never(
            "weighted figures are of all who answered",
            "abs(design_effect * effective_n - n) > 1e-6 * n",
            blame=cell,
        ),
        never(
            "no service or organization is withheld or held in a period of which weighted figures are told",
            f"""
            held_from is null and coalesce({", ".join(WEIGHTED_FIGURES.split())}) is not null and exists (
                from (select *, {_YEAR} as year from marts.cx_index) as other
                where (other.suppressed or other.held_from is not null)
                    and other.breakdown in ('organization', 'service', tested.breakdown)
                    and other.scale = tested.scale
                    and tested.period_start = case
                        when tested.period_type = 'year' then other.year
                        when tested.period_type = other.period_type then other.period_start
                        when tested.period_type = 'quarter' and other.period_type = 'month'
                            then date_trunc('quarter', other.period_start)
                    end
            )
            """,
            blame=cell,
        ),
        Rule("n and values are what the answers give", _ANSWERS_AGAINST_INDEX),
        Rule("an index is the mean of its drivers' means, over all who answered", _ANSWERS_AGAINST_CX_INDEX),
    ]


def _within(least: str, most: str) -> str:
    """SQL: all figures of a row of cx_index, and the ends of their intervals, are between these."""
    return (
        f"least(value, low, weighted_value, weighted_low, volume_value, volume_low) >= {least}"
        f" and greatest(value, high, weighted_value, weighted_high, volume_value, volume_high) <= {most}"
    )


_LEFT_OUT = """
    with withheld as (
        select distinct period_type, period_start, period_label, breakdown, member, scale
        from tested
        where suppressed and held_from is null
    ),
    answered as (select distinct period_type, period_start, scale, measure, driver from tested)
    select concat_ws(' ', period_label, breakdown, member, scale, measure, driver) as blame
    from withheld
    inner join answered using (period_type, period_start, scale)
    anti join tested using (period_type, period_start, breakdown, member, scale, measure, driver)
"""

_ANSWERS_AGAINST_INDEX = f"""
    with answers as (
        select
            r.organization_id, r.service_id, r.channel, s.segment,
            date_trunc('month', r.answered_local_date)::date as day, a.scale, a.driver, a.score,
            a.is_positive, try_cast(a.raw_value as double) as raw, coalesce(score, raw) as points,
            a.weight::double as weight
        from marts.fct_survey_answers as a
        inner join marts.fct_survey_responses as r using (response_id)
        left join ({_SEGMENTS}) as s
            on r.customer_id = s.customer_id and date_trunc('quarter', r.answered_local_date) = s.quarter
        where r.is_counted
    ),
    facts as (
        select
            organization_id, service_id, channel, segment, day, scale, driver,
            count(*) as answered, count(points) as pointed, count(score) as scored,
            count(is_positive) as thumbs, count(raw) as read,
            sum(points) as points,
            count_if(score = 5) as fives, count_if(score >= 4) as fours_and_fives,
            count_if(score <= 2) as ones_and_twos, count_if(is_positive) as thumbs_up,
            count_if(raw >= 9) - count_if(raw <= 6) as promoters_less_detractors,
            sum(weight) as weights, sum(weight * points) as weighted_points,
            sum(weight) filter (score = 5) as weighted_fives,
            sum(weight) filter (score >= 4) as weighted_fours_and_fives,
            sum(weight) filter (score <= 2) as weighted_ones_and_twos,
            sum(weight) filter (is_positive) as weighted_thumbs_up,
            sum(weight * ((raw >= 9)::integer - (raw <= 6)::integer)) as weighted_promoters_less_detractors
        from answers
        group by all
    ),
    cells as (
        select
            period_type, period_start, breakdown, member, scale, driver,
            sum(answered) as n_found,
            sum(points) / sum(pointed) as mean,
            sum(fives) / sum(scored) as top_box,
            sum(fours_and_fives) / sum(scored) as top_two,
            sum(ones_and_twos) / sum(scored) as bottom_two,
            sum(thumbs_up) / sum(thumbs) as thumbs_up,
            100 * sum(promoters_less_detractors) / sum(read) as nps,
            sum(weights) as weight,
            sum(weighted_points) / weight as weighted_mean,
            sum(weighted_fives) / weight as weighted_top_box,
            sum(weighted_fours_and_fives) / weight as weighted_top_two,
            sum(weighted_ones_and_twos) / weight as weighted_bottom_two,
            sum(weighted_thumbs_up) / weight as weighted_thumbs_up,
            100 * sum(weighted_promoters_less_detractors) / weight as weighted_nps
        from ({_MEMBERS_AND_YEARS})
        group by all
    ),
    published as (select * from tested where measure not in {INDEXES})
    select concat_ws(' ', period_type, period_start, breakdown, member, scale, measure, driver) as blame
    from cells
    full join published using (period_type, period_start, breakdown, member, scale, driver)
    where not coalesce(suppressed, false) and held_from is null and (
        n is distinct from n_found
        or abs(value - case measure
            when 'mean' then mean
            when 'ces' then mean
            when 'csat' then top_two
            when 'top_box' then top_box
            when 'top_two' then top_two
            when 'bottom_two' then bottom_two
            when 'thumbs_up' then thumbs_up
            when 'nps' then nps
        end) > 1e-9
        or abs(weighted_value - coalesce(case measure
            when 'mean' then weighted_mean
            when 'ces' then weighted_mean
            when 'csat' then weighted_top_two
            when 'top_box' then weighted_top_box
            when 'top_two' then weighted_top_two
            when 'bottom_two' then weighted_bottom_two
            when 'thumbs_up' then weighted_thumbs_up
            when 'nps' then weighted_nps
        end, 0)) > 1e-6
    )
"""

_ANSWERS_AGAINST_CX_INDEX = f"""
    with answers as (
        select
            r.organization_id, r.service_id, r.channel, s.segment,
            date_trunc('month', r.answered_local_date)::date as day, a.response_id, a.scale, a.driver,
            coalesce(a.score, try_cast(a.raw_value as double)) as score, a.weight::double as weight
        from marts.fct_survey_answers as a
        inner join marts.fct_survey_responses as r using (response_id)
        left join ({_SEGMENTS}) as s
            on r.customer_id = s.customer_id and date_trunc('quarter', r.answered_local_date) = s.quarter
        where
            r.is_counted
            and (
                a.scale = 'likert_5'
                or a.scale = 'ten' and a.driver in ('acsi_overall', 'acsi_expectations', 'acsi_ideal')
            )
    ),
    drivers as (
        with facts as (
            select
                organization_id, service_id, channel, segment, day, scale, driver,
                sum(score) as points, count(score) as scored,
                sum(weight * score) as weighted_points, sum(weight) as weights
            from answers
            group by all
        )
        select
            period_type, period_start, breakdown, member, scale, driver,
            sum(points) / sum(scored) as mean, sum(weighted_points) / sum(weights) as weighted_mean
        from ({_MEMBERS_AND_YEARS})
        group by all
    ),
    -- a response is of one service, channel, segment and day, so respondents add up
    respondents as (
        with facts as (
            select
                organization_id, service_id, channel, segment, day, scale,
                count(distinct response_id) as respondents
            from answers
            group by all
        )
        select period_type, period_start, breakdown, member, scale, sum(respondents) as n_found
        from ({_MEMBERS_AND_YEARS})
        group by all
    ),
    found as (
        select
            period_type, period_start, breakdown, member, scale,
            100 * (avg(mean) - 1) / if(scale = 'ten', 9, 4) as value_found,
            100 * (avg(weighted_mean) - 1) / if(scale = 'ten', 9, 4) as weighted_found,
            count(*) as drivers_found
        from drivers
        group by period_type, period_start, breakdown, member, scale
        having scale = 'likert_5' or count(*) = 3
    ),
    published as (select * from tested where measure in {INDEXES})
    select concat_ws(' ', period_type, period_start, breakdown, member) as blame
    from found
    inner join respondents using (period_type, period_start, breakdown, member, scale)
    full join published using (period_type, period_start, breakdown, member, scale)
    where not coalesce(suppressed, false) and held_from is null and (
        n is distinct from n_found
        or driver_count is distinct from drivers_found
        or abs(value - value_found) > 1e-6
        or abs(weighted_value - weighted_found) > 1e-6
    )
"""


def contact_center_performance(policy: Mapping[str, float]) -> list[Rule]:
    """One row per period, member and source."""
    key = ("period_type", "period_start", "breakdown", "member", "source_system")
    cell = "concat_ws(' ', period_label, breakdown, member, source_system)"
    shares = ("abandonment", "service_level", "transfer")
    counts = (
        "offered",
        "handled",
        "abandoned",
        "other",
        "speed_of_answer_count",
        "handle_time_count",
        "service_level_count",
        "abandonment_count",
        "transfer_count",
    )
    return [
        required(*key, "suppressed", "low_n", blame=cell),
        unique(*key, blame=cell),
        *_periods_and_members(cell),
        never(
            "offered is handled, abandoned and other together",
            "offered <> handled + coalesce(abandoned, 0) + other",
            blame=cell,
        ),
        not_negative(*counts, blame=cell),
        *(
            never(
                f"{share}_share lies in its interval, and that between 0 and 1",
                f"not ({share}_low >= 0 and {share}_low <= {share}_share + 1e-9"
                f" and {share}_share <= {share}_high + 1e-9 and {share}_high <= 1)",
                blame=cell,
            )
            for share in shares
        ),
        *(
            never(
                f"{mean}_seconds lies in its interval, and that is not below 0",
                f"not ({mean}_low >= 0 and {mean}_seconds between {mean}_low and {mean}_high)",
                blame=cell,
            )
            for mean in _MEANS
        ),
        *suppression(
            policy,
            cell,
            n="offered",
            figures=" ".join(
                [
                    *counts,
                    *(f"{share}_share {share}_low {share}_high" for share in shares),
                    *(f"{mean}_seconds {mean}_low {mean}_high" for mean in _MEANS),
                ]
            ),
            items=("source_system",),
        ),
        Rule("every figure is what the contacts give", _contacts_against_performance(policy)),
    ]


_MEANS = {
    "average_speed_of_answer": ("wait_seconds", "speed_of_answer_count"),
    "average_handle": ("handle_seconds", "handle_time_count"),
}
"""Mean of a contact center's seconds → what it is of, and its n."""


def _contacts_against_performance(policy: Mapping[str, float]) -> str:
    levels = [name for name in policy if name.startswith("service_level_")]
    threshold = " ".join(
        ["case service_level", *(f"when '{name}' then {policy[name]}" for name in levels), "end"]
    )
    figures = {
        "speed_of_answer_count": "count(wait_seconds) filter (is_handled)",
        "handle_time_count": "count(handle_seconds) filter (is_handled)",
        "service_level_count": f"""
            count(*) filter (
                not coalesce(is_abandoned and wait_seconds < {policy["short_abandon_seconds"]}, false)
                and not (is_handled and wait_seconds is null)
            )
        """,
        "abandonment_count": "count(is_abandoned)",
        "transfer_count": "count(is_transferred) filter (is_handled)",
        "abandonment_share": "avg(is_abandoned::integer)",
        "service_level_share": f"""
            count(*) filter (is_handled and wait_seconds <= {threshold})
            / service_level_count_found
        """,
        "transfer_share": "avg(is_transferred::integer) filter (is_handled)",
        **{f"{mean}_seconds": f"avg({seconds}) filter (is_handled)" for mean, (seconds, _) in _MEANS.items()},
    }
    errors = {
        mean: f"stddev_samp({seconds}) filter (is_handled) / sqrt({n}_found)"
        for mean, (seconds, n) in _MEANS.items()
    }
    found = ", ".join(
        [
            *(f"{formula} as {name}_found" for name, formula in figures.items()),
            *(f"{formula} as {mean}_error" for mean, formula in errors.items()),
        ]
    )
    wrong = " or ".join(
        [
            *(
                f"({name} is null) <> (coalesce(isnan({name}_found), true))"
                f" or abs({name} - {name}_found) > 1e-6"
                for name in figures
            ),
            *(_wrong_interval(mean, n) for mean, (_, n) in _MEANS.items()),
        ]
    )
    return f"""
        with facts as (
            select
                organization_id, service_id, channel, service_level, source_system, wait_seconds,
                started_local_date as day,
                talk_seconds + coalesce(hold_seconds, 0) + coalesce(wrap_seconds, 0) as handle_seconds,
                is_abandoned, is_transferred,
                not coalesce(is_abandoned, false) and coalesce(handled_by = 'agent', false) as is_handled
            from marts.fct_interactions
            inner join marts.dim_channels using (channel)
            where direction = 'inbound' and service_level is not null
        ),
        cells as (
            select
                period_type, period_start, breakdown, member, source_system,
                count(*) as offered_found,
                count(*) filter (is_handled) as handled_found,
                sum(is_abandoned::integer)::bigint as abandoned_found,
                {found}
            from ({_MEMBERS})
            group by all
        )
        select concat_ws(' ', period_type, period_start, breakdown, member, source_system) as blame
        from cells
        full join tested using (period_type, period_start, breakdown, member, source_system)
        where not coalesce(suppressed, false) and held_from is null and (
            (offered, handled, abandoned) is distinct from (offered_found, handled_found, abandoned_found)
            or {wrong}
        )
    """


def _wrong_interval(mean: str, n: str) -> str:
    """SQL: a mean's interval is not t standard errors to either side, cut off at 0.

    t's 97.5th percentile at df degrees of freedom is 1.96 or more, and less than 1 + 5.5 / df times as much.
    """
    normal = f"1.959963 * {mean}_error"
    width = f"({mean}_high - {mean}_seconds)"
    return f"""
        ({mean}_high is null) <> not coalesce({mean}_error > 0, false)
        or {width} not between {normal} and {normal} * (1 + 5.5 / ({n} - 1)) + 1e-6
        or abs({mean}_low - greatest(0, {mean}_seconds - {width})) > 1e-6
        or ({mean}_low is null) <> ({mean}_high is null)
    """


def periods(cell: str, types: Collection[str] = PERIODS) -> list[Rule]:
    """Periods are named as all measures name them.

    Args:
        cell: SQL that names a cell.
        types: the types of periods that the table has.
    """
    return [
        one_of("period_type", types, blame=cell),
        never(
            "period_start begins the period that period_label names",
            """
            period_start <> if(
                period_type = 'year',
                date_trunc('year', period_start + interval 3 months) - interval 3 months,
                date_trunc(period_type, period_start)
            )
            or period_label <> case period_type
                when 'month' then strftime(period_start, '%Y-%m')
                when 'year' then concat('FY', year(period_start + interval 3 months))
                else concat(
                    year(period_start + interval 3 months), 'Q', quarter(period_start + interval 3 months)
                )
            end
            """,
            blame=cell,
        ),
    ]


def _periods_and_members(
    cell: str, types: Collection[str] = PERIODS, breakdowns: Collection[str] = BREAKDOWNS
) -> list[Rule]:
    return [
        *periods(cell, types),
        one_of("breakdown", breakdowns, blame=cell),
        never(
            "a member is in the dimension of its breakdown",
            """
            not case breakdown
                when 'all' then member = 'all'
                when 'organization' then exists (from marts.dim_organizations where organization_id = member)
                when 'service' then exists (from marts.dim_services where service_id = member)
                when 'channel' then exists (from marts.dim_channels where channel = member)
                when 'segment' then exists (from marts.fct_interactions where segment = member)
            end
            """,
            blame=cell,
        ),
    ]


def suppression(
    policy: Mapping[str, float],
    cell: str,
    *,
    n: str,
    figures: str,
    items: Collection[str],
    types: Collection[str] = PERIODS,
) -> list[Rule]:
    """What is withheld in a public table, and what can be told from the rest.

    Args:
        policy: the agency's.
        cell: SQL that names a cell.
        n: the column that counts people or contacts.
        figures: the columns that a withheld cell has no value in.
        items: the columns that, with period, breakdown and member, name a cell.
        types: the types of periods that the table has.
    """
    least, low = policy["suppression_min_n"], policy["low_n_below"]
    same_item = " and ".join(f"whole.{item} = tested.{item}" for item in items)
    item_list = ", ".join(items)
    shown = ", ".join(f"{figure}::varchar" for figure in figures.split())
    return [
        never(
            "a withheld cell shows no figure",
            f"suppressed and coalesce({shown}) is not null",
            blame=cell,
        ),
        few_are_withheld(least, f"{n} is null or {n} < {least}", blame=cell),
        never(
            f"a shown cell with fewer than {low:g} is marked low_n",
            f"held_from is null and low_n <> (not suppressed and {n} < {low})",
            blame=cell,
        ),
        Rule(
            "no withheld member is what is left of a published whole",
            f"""
            select any_value({cell}) filter (suppressed) as blame
            from tested
            where breakdown <> 'all' and exists (
                from tested as whole
                where whole.breakdown = 'all' and not whole.suppressed and {same_item}
                    and whole.held_from is null
                    and whole.period_type = tested.period_type and whole.period_start = tested.period_start
            )
            group by period_type, period_start, breakdown, {item_list}
            having count(*) > 1 and count(*) filter (suppressed) = 1 and bool_and(held_from is null)
            """,
        ),
        *(
            Rule(
                f"no withheld {part} is what is left of a published {whole}",
                f"""
                select any_value({cell}) filter (suppressed) as blame
                from (select *, {start} as whole_start from tested where period_type = '{part}') as tested
                where exists (
                    from tested as whole
                    where whole.period_type = '{whole}' and not whole.suppressed and {same_item}
                        and whole.held_from is null
                        and whole.period_start = tested.whole_start
                        and whole.breakdown = tested.breakdown and whole.member = tested.member
                )
                group by whole_start, breakdown, member, {item_list}
                having count(*) > 1 and count(*) filter (suppressed) = 1
                    and bool_and(held_from is null)
                """,
            )
            for part, whole, start in _SPANS
            if {part, whole} <= set(types)
        ),
    ]


_YEAR = "date_trunc('year', period_start + interval 3 months) - interval 3 months"
_SPANS = (
    ("month", "quarter", "date_trunc('quarter', period_start)"),
    ("quarter", "year", _YEAR),
    ("month", "year", _YEAR),
)
"""Which periods add up to which, and SQL for the first day of the longer one."""
