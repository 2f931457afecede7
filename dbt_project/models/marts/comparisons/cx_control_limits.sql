{%- set series = ['period_type', 'breakdown', 'member', 'scale', 'measure', 'driver'] -%}
{%- set cycle = "(12 / " ~ months_in_period('period_type') ~ ")" -%}
with

-- what is public, of periods that are over
points as (
    select
        {{ series | join(', ') }},
        period_start,
        period_label,
        {{ period_number('period_start', 'period_type') }} as period_number,
        value,
        coalesce(drivers, '') as drivers
    from {{ ref('cx_index') }}
    where
        period_type <> 'year'
        and not suppressed
        and {{ period_end_of('period_start', 'period_type') }} <= {{ complete_day() }}
),

broken as (
    select
        {{ prefixed('points', series) }},
        points.period_start,
        count(distinct case when breaks.break_date <= points.period_start then breaks.break_date end) as break_count,
        max(case when breaks.break_date > points.period_start then 1 else 0 end) as is_mixed
    from points
    inner join {{ ref('series_breaks') }} as breaks
        on {{ same('points', 'breaks', ['breakdown', 'member', 'scale']) }}
    where breaks.break_date <= {{ period_end_of('points.period_start', 'points.period_type') }}
    group by {{ prefixed('points', series) }}, points.period_start
),

-- neighbors that a break lies between or in, or indexes of other drivers, are of two series
stretches as (
    select
        *,
        sum(is_first) over (partition by {{ series | join(', ') }} order by period_number) as stretch_number
    from (
        select
            {{ prefixed('points', series) }},
            points.period_start,
            points.period_label,
            points.period_number,
            points.value,
            case
                when
                    concat_ws('/', points.drivers, coalesce(broken.break_count, 0), coalesce(broken.is_mixed, 0))
                    <> lag(
                        concat_ws('/', points.drivers, coalesce(broken.break_count, 0), coalesce(broken.is_mixed, 0))
                    ) over (partition by {{ prefixed('points', series) }} order by points.period_number)
                    then 1
                else 0
            end as is_first
        from points
        left join broken
            on {{ same('points', 'broken', series + ['period_start']) }}
    ) as marked
),

seasons as (
    select
        {{ series | join(', ') }},
        stretch_number,
        extract(month from period_start) as season,
        count(*) as value_count,
        {{ exact_sum('value') }} / count(*) as level
    from stretches
    group by {{ series | join(', ') }}, stretch_number, extract(month from period_start)
),

-- a season that is there once would be its own center
cycles as (
    select
        {{ series | join(', ') }},
        stretch_number,
        sum(value_count) >= 2 * {{ cycle }} and min(value_count) >= 2 as is_seasonally_adjusted
    from seasons
    group by {{ series | join(', ') }}, stretch_number
),

levels as (
    select
        {{ series | join(', ') }},
        stretch_number,
        min(period_start) as segment_start,
        count(*) as point_count,
        {{ exact_sum('value') }} / count(*) as level
    from stretches
    group by {{ series | join(', ') }}, stretch_number
    having count(*) >= 8
),

adjusted as (
    select
        {{ prefixed('stretches', series) }},
        stretches.stretch_number,
        stretches.period_start,
        stretches.period_label,
        stretches.period_number,
        stretches.value,
        levels.segment_start,
        levels.point_count,
        cycles.is_seasonally_adjusted,
        -- where the point's season lies; without two cycles, where all points do
        case when cycles.is_seasonally_adjusted then seasons.level else levels.level end as center
    from stretches
    inner join levels
        on {{ same('stretches', 'levels', series + ['stretch_number']) }}
    inner join cycles
        on {{ same('stretches', 'cycles', series + ['stretch_number']) }}
    inner join seasons
        on
            {{ same('stretches', 'seasons', series + ['stretch_number']) }}
            and extract(month from stretches.period_start) = seasons.season
),

-- from one period to the next, the season taken off; over a gap there is no next
moved as (
    select
        *,
        case
            when period_number = 1 + lag(period_number) over in_order
                then abs(value - center - lag(value - center) over in_order)
        end as moving_range
    from adjusted
    window in_order as (
        partition by {{ series | join(', ') }}, stretch_number
        order by period_number
    )
),

ranges as (
    select
        {{ series | join(', ') }},
        stretch_number,
        {{ exact_sum('moving_range') }} / nullif(count(moving_range), 0) as moving_range_mean
    from moved
    group by {{ series | join(', ') }}, stretch_number
),

limits as (
    select
        moved.*,
        ranges.moving_range_mean,
        {{ figure('moved.center - 2.66e0 * ranges.moving_range_mean') }} as lower,
        {{ figure('moved.center + 2.66e0 * ranges.moving_range_mean') }} as upper
    from moved
    inner join ranges
        on {{ same('moved', 'ranges', series + ['stretch_number']) }}
    where ranges.moving_range_mean is not null
)

select
    period_type,
    period_start,
    breakdown,
    member,
    scale,
    measure,
    driver,
    period_label,
    segment_start,
    cast(point_count as integer) as point_count,
    value,
    {{ figure('center') }} as center,
    lower,
    upper,
    {{ figure('moving_range_mean') }} as moving_range_mean,
    value < lower or value > upper as is_outside,
    is_seasonally_adjusted
from limits
