{#- The values of priority goals, whoever has them: the agency's own measures, and files of what is published. From here
    on both go the same way. -#}
{%- set labels = ['source_system', 'period', 'goal_id', 'target_label', 'indicator_label'] -%}
{%- set numbers = ['value_start', 'value_target', 'value_current', 'progress'] -%}

with read as (
    select
        *,
        {%- for name in numbers %}
        {{ published_number(name) }} as {{ name }}_number,
        {%- endfor %}
        {{ published_missing_reason('value_current') }} as missing_reason,
        {{ published_decimals('progress') }} as progress_decimals,
        {{ published_decimals('value_current') }} as value_decimals,
        {{ plain_label('target') }} as target_label,
        {{ plain_label('indicator') }} as indicator_label
    from {{ ref('stg_file_drop__priority_goal_values') }}
),

-- Labels repeat. Rows of an edition that share them are told apart by what they start from and aim at, and those that
-- share that too by what else they say. No order of arrival decides.
alike as (
    select
        *,
        count(*) over (partition by {{ labels | join(', ') }}, edition, edition_date) as alike_count
    from read
),

numbered as (
    select
        *,
        case
            when max(alike_count) over (partition by {{ labels | join(', ') }}) > 1
                then
                    dense_rank() over (
                        partition by {{ labels | join(', ') }}
                        order by value_start_number, value_target_number, indicator_type
                    )
            else 1
        end as aim,
        row_number() over (
            partition by
                {{ labels | join(', ') }}, edition, edition_date, value_start_number, value_target_number,
                indicator_type
            order by value_current_number, progress_number, _record_key
        ) as occurrence
    from alike
),

identified as (
    select
        *,
        left({{ hash_id(['source_system', 'goal_id', 'target_label', 'indicator_label', 'aim', 'occurrence']) }}, 16)
            as measure_id
    from numbered
),

editions as (
    select
        *,
        row_number() over (
            partition by measure_id, period
            order by edition_date desc, edition desc, _record_key asc
        ) as age,
        min(value_current_number) over (partition by measure_id, period) as least,
        max(value_current_number) over (partition by measure_id, period) as most
    from identified
),

complete as (
    select {{ complete_day() }} as day
),

-- what somebody published of a goal that we measure ourselves: the same labels in the same period
own as (
    select
        own.*,
        complete.day as known_to,
        said.value_current_number as published_value,
        said.value_decimals as published_value_decimals,
        said.progress_number as published_progress,
        said.progress_decimals as published_progress_decimals,
        said.progress_range as published_progress_range,
        said.target_status as published_target_status,
        said.threshold as published_threshold,
        said.completions as published_completions
    from {{ ref('int_priority_goals__own_values') }} as own
    cross join complete
    left join editions as said
        on
            own.goal_id = said.goal_id
            and own.period_label = said.period
            and {{ plain_label('own.target') }} = said.target_label
            and {{ plain_label('own.indicator') }} = said.indicator_label
            and said.age = 1
            and said.aim = 1
            and said.occurrence = 1
),

reported as (
    select
        left({{ hash_id(["'priority_goals'", 'goal_id', 'indicator']) }}, 16) as measure_id,
        goal_id,
        goal,
        target,
        indicator,
        owner,
        table_name as source,
        cast(null as string) as record_id,
        direction,
        kind,
        period_type,
        period_start,
        period_label,
        n,
        value,
        low,
        high,
        value_start,
        value_target,
        start_date,
        target_date,
        suppressed,
        is_break,
        case when value is null and not suppressed then 'blank' end as missing_reason,
        cast(null as string) as edition,
        cast(null as date) as edition_date,
        known_to,
        false as is_restated,
        published_value,
        published_value_decimals,
        published_progress,
        published_progress_decimals,
        published_progress_range,
        published_target_status,
        published_threshold,
        published_completions
    from own
    union all
    select
        measure_id,
        goal_id,
        goal,
        target,
        indicator,
        owner,
        source_system as source,
        record_id,
        indicator_type as direction,
        kind,
        {{ period_type_of('period') }} as period_type,
        {{ period_start_of('period') }} as period_start,
        period as period_label,
        cast(null as bigint) as n,
        value_current_number as value,
        cast(null as double) as low,
        cast(null as double) as high,
        value_start_number as value_start,
        value_target_number as value_target,
        start_date,
        target_date,
        false as suppressed,
        false as is_break,
        missing_reason,
        edition,
        edition_date,
        edition_date as known_to,
        coalesce(least < most, false) as is_restated,
        cast(null as double) as published_value,
        cast(null as integer) as published_value_decimals,
        progress_number as published_progress,
        progress_decimals as published_progress_decimals,
        progress_range as published_progress_range,
        target_status as published_target_status,
        threshold as published_threshold,
        completions as published_completions
    from editions
    where age = 1
),

periods as (
    select distinct
        period_type,
        period_start,
        period_label
    from reported
),

aged as (
    select
        *,
        rank() over (partition by source, goal_id, period_type order by period_start desc) as period_age
    from reported
    where record_id is not null
),

-- the agency's own, whether their table has a row of them or not, and of a goal in files those of its newest period
measures as (
    select
        left({{ hash_id(["'priority_goals'", 'goal_id', 'indicator']) }}, 16) as measure_id,
        goal_id,
        goal,
        target,
        indicator,
        owner,
        table_name as source,
        direction,
        kind,
        period_type,
        value_start,
        value_target,
        start_date,
        target_date
    from {{ ref('priority_goals') }}
    union all
    select
        measure_id,
        goal_id,
        goal,
        target,
        indicator,
        owner,
        source,
        direction,
        kind,
        period_type,
        value_start,
        value_target,
        start_date,
        target_date
    from aged
    where period_age = 1
)

select * from reported
union all
-- A goal that runs in a period that others are told of, and of which its source says nothing. A file says all that its
-- publisher tells of a period: a measure that isn't in it may be there by another label.
select
    measures.measure_id,
    measures.goal_id,
    measures.goal,
    measures.target,
    measures.indicator,
    measures.owner,
    measures.source,
    cast(null as string) as record_id,
    measures.direction,
    measures.kind,
    periods.period_type,
    periods.period_start,
    periods.period_label,
    cast(null as bigint) as n,
    cast(null as double) as value,
    cast(null as double) as low,
    cast(null as double) as high,
    measures.value_start,
    measures.value_target,
    measures.start_date,
    measures.target_date,
    false as suppressed,
    false as is_break,
    'not_reported' as missing_reason,
    cast(null as string) as edition,
    cast(null as date) as edition_date,
    complete.day as known_to,
    false as is_restated,
    cast(null as double) as published_value,
    cast(null as integer) as published_value_decimals,
    cast(null as double) as published_progress,
    cast(null as integer) as published_progress_decimals,
    cast(null as string) as published_progress_range,
    cast(null as string) as published_target_status,
    cast(null as string) as published_threshold,
    cast(null as string) as published_completions
from measures
cross join complete
inner join periods
    on
        measures.period_type = periods.period_type
        and periods.period_start between measures.start_date and measures.target_date
where
    not exists (
        select 1
        from reported
        where
            measures.source = reported.source
            and periods.period_type = reported.period_type
            and periods.period_start = reported.period_start
            and (reported.record_id is not null or measures.measure_id = reported.measure_id)
    )
