{%- set changes = "('increase', 'decrease')" -%}
{%- set maintains = "('maintain_at_or_above', 'maintain_at_or_below')" -%}

with periods as (
    select
        *,
        {{ period_end_of('period_start', 'period_type') }} as period_end_date
    from {{ ref('int_priority_goals__values') }}
),

goal_values as (
    select
        *,
        coalesce(known_to < period_end_date, true) as is_provisional,
        {{ period_number('period_start', 'period_type') }} as period_number,
        {{ period_number('target_date', 'period_type') }} as target_period_number,
        sum(case when is_break then 1 else 0 end) over (partition by measure_id order by period_start) as segment
    from periods
),

-- of a goal without dates, all of them
breaks as (
    select
        goal_values.measure_id,
        goal_values.period_start,
        {{ sorted_list('earlier.period_label') }} as breaks_since_start
    from goal_values
    inner join goal_values as earlier
        on
            goal_values.measure_id = earlier.measure_id
            and goal_values.period_start >= earlier.period_start
    where
        earlier.is_break
        and coalesce(earlier.period_end_date >= goal_values.start_date, true)
    group by goal_values.measure_id, goal_values.period_start
),

progress as (
    select
        *,
        case
            when suppressed then 'withheld'
            when value is null then 'not_reported'
            when direction = 'undefined' or value_target is null then 'no_target'
            when direction in {{ maintains }} then 'maintain'
            when value_start is null then 'no_start'
            when value_target = value_start then 'target_is_start'
        end as no_progress_reason,
        case
            when
                direction not in {{ maintains }}
                and direction <> 'undefined'
                and not suppressed
                then {{ figure('(value - value_start) / nullif(value_target - value_start, 0)') }}
        end as progress,
        case
            when start_date is not null and target_date > start_date
                then {{ figure(
                    'least(1e0, greatest(0e0, cast(' ~ days_between('start_date', 'least(period_end_date, known_to)') ~ ' as double) / '
                    ~ days_between('start_date', 'target_date') ~ '))'
                ) }}
        end as elapsed_share
    from goal_values
),

judged as (
    select
        *,
        {{ progress_bin('progress') }} as progress_bin,
        case
            when no_progress_reason in ('withheld', 'not_reported', 'no_target') then null
            when direction = 'maintain_at_or_above' then value >= value_target
            when direction = 'maintain_at_or_below' then value <= value_target
            else progress >= 1
        end as is_target_met
    from progress
),

-- a straight line by least squares through the points so far, none from before a break: Draper and Smith, Applied
-- Regression Analysis, chapters 1 and 3
points as (
    select
        judged.measure_id,
        judged.period_start,
        judged.target_period_number,
        earlier.period_number as x,
        earlier.value as y,
        max(abs(earlier.value)) over of_forecast as scale,
        count(*) over of_forecast as point_count,
        avg(earlier.period_number) over of_forecast as x_mean
    from judged
    inner join judged as earlier
        on
            judged.measure_id = earlier.measure_id
            and judged.segment = earlier.segment
            and judged.period_start >= earlier.period_start
    where
        judged.direction in {{ changes }}
        and not earlier.is_provisional
        and judged.kind in ('level', 'rate')
        and judged.value is not null
        and earlier.value is not null
        and judged.period_number < judged.target_period_number
    window of_forecast as (partition by judged.measure_id, judged.period_start)
),

sums as (
    select
        measure_id,
        period_start,
        target_period_number,
        point_count,
        x_mean,
        coalesce(nullif(scale, 0), 1) as scale,
        {{ exact_sum('y / coalesce(nullif(scale, 0), 1)') }} / point_count as y_mean,
        {{ exact_sum('(x - x_mean) * (x - x_mean)') }} as sxx,
        {{ exact_sum('(x - x_mean) * y / coalesce(nullif(scale, 0), 1)') }} as sxy,
        {{ exact_sum('y * y / coalesce(nullif(scale * scale, 0), 1)') }} as y_squares
    from points
    where point_count >= 6
    group by measure_id, period_start, target_period_number, point_count, x_mean, scale
),

forecasts as (
    select
        measure_id,
        period_start,
        point_count,
        scale * (y_mean + sxy / sxx * (target_period_number - x_mean)) as forecast_value,
        scale * ({{ t_quantile_975('(point_count - 2)') }})
        * sqrt(greatest(0e0, y_squares - point_count * y_mean * y_mean - sxy * sxy / sxx) / (point_count - 2))
        * sqrt(1 + 1e0 / point_count + (target_period_number - x_mean) * (target_period_number - x_mean) / sxx)
            as half_width
    from sums
),

compared as (
    select
        judged.*,
        forecasts.forecast_value,
        forecasts.half_width,
        forecasts.point_count,
        breaks.breaks_since_start,
        {{ published_bin('judged.published_progress_range') }} as published_progress_bin,
        {{ published_verdict('judged.published_target_status') }} as published_is_met,
        {{ published_verdict('judged.published_threshold') }} as published_threshold_met,
        {{ published_verdict('judged.published_completions') }} as published_is_done
    from judged
    left join forecasts
        on
            judged.measure_id = forecasts.measure_id
            and judged.period_start = forecasts.period_start
    left join breaks
        on
            judged.measure_id = breaks.measure_id
            and judged.period_start = breaks.period_start
),

fields as (
    select
        *,
        case
            when published_value is not null
                then
                    coalesce(
                        abs(value - published_value) <= {{ published_tolerance('published_value_decimals') }},
                        false
                    )
        end as is_value_as_published,
        case
            when published_progress is not null
                then
                    coalesce(
                        abs(progress - published_progress)
                        <= {{ published_tolerance('published_progress_decimals') }},
                        false
                    )
        end as is_progress_as_published,
        case
            when published_progress_range is not null then coalesce(progress_bin = published_progress_bin, false)
        end as is_progress_range_as_published,
        case
            when published_target_status is not null
                then
                    coalesce(
                        is_target_met = published_is_met,
                        no_progress_reason = 'no_target' and published_is_met is null
                    )
        end as is_target_status_as_published,
        case
            when published_threshold is not null
                then coalesce(direction in {{ maintains }} and is_target_met = published_threshold_met, false)
        end as is_threshold_as_published,
        case
            when published_completions is not null
                then coalesce(direction = 'milestone' and is_target_met = published_is_done, false)
        end as is_completions_as_published
    from compared
)

select
    measure_id,
    source,
    goal_id,
    goal,
    target,
    indicator,
    owner,
    direction,
    kind,
    period_type,
    period_start,
    period_label,
    cast(n as bigint) as n,
    value,
    low,
    high,
    missing_reason,
    value_start,
    value_target,
    start_date,
    target_date,
    progress,
    no_progress_reason,
    progress_bin,
    elapsed_share,
    is_target_met,
    is_provisional,
    case
        when no_progress_reason in ('withheld', 'not_reported', 'no_target') then no_progress_reason
        when direction in {{ maintains }} and is_provisional
            then case when is_target_met then 'on_track' else 'behind' end
        when direction in {{ maintains }} then case when is_target_met then 'met' else 'not_met' end
        when direction = 'milestone' then case when is_target_met then 'done' else 'not_done' end
        when progress is null then null
        when period_end_date >= target_date and not is_provisional
            then case when is_target_met then 'met' else 'not_met' end
        when progress < 0 then 'regressed'
        when is_target_met or progress >= elapsed_share then 'on_track'
        when progress < elapsed_share then 'behind'
    end as status,
    {{ figure('forecast_value') }} as forecast_value,
    {{ figure('forecast_value - half_width') }} as forecast_low,
    {{ figure('forecast_value + half_width') }} as forecast_high,
    cast(point_count as bigint) as forecast_point_count,
    is_break,
    breaks_since_start,
    edition,
    edition_date,
    is_restated,
    published_value,
    published_progress,
    published_progress_range,
    published_target_status,
    published_threshold,
    published_completions,
    is_value_as_published,
    is_progress_as_published,
    is_progress_range_as_published,
    is_target_status_as_published,
    is_threshold_as_published,
    is_completions_as_published,
    case
        when
            coalesce(
                is_value_as_published, is_progress_as_published, is_progress_range_as_published,
                is_target_status_as_published, is_threshold_as_published, is_completions_as_published
            ) is not null
            then
                coalesce(is_value_as_published, true)
                and coalesce(is_progress_as_published, true)
                and coalesce(is_progress_range_as_published, true)
                and coalesce(is_target_status_as_published, true)
                and coalesce(is_threshold_as_published, true)
                and coalesce(is_completions_as_published, true)
    end as agrees_with_published,
    suppressed,
    not suppressed and coalesce(n < {{ policy('low_n_below') }}, false) as low_n,
    cast(null as string) as held_from
from fields
