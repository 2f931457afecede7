{#- What the agency's own tables of measures say of its priority goals: a goal is a row of the seed, which names a
    table, its columns and which rows of it. The build has proved before it began that all of these are there.

    Every public table of measures stands here, so that a goal can name it and is built after it.
-#}
{%- set tables = {
    'cx_index': ref('cx_index'),
    'contact_center_performance': ref('contact_center_performance'),
    'page_helpfulness': ref('page_helpfulness'),
    'web_performance': ref('web_performance'),
    'identity_quality': ref('identity_quality'),
    'journey_measures': ref('journey_measures'),
    'journey_paths': ref('journey_paths'),
    'survey_nonresponse': ref('survey_nonresponse'),
    'survey_quality': ref('survey_quality'),
} -%}
{%- set breaks = ref('series_breaks') -%}
{%- set goals = [] -%}
{%- if execute -%}
    {%- set goals = run_query('select * from ' ~ ref('priority_goals') ~ ' order by goal_id, indicator').rows -%}
{%- endif -%}

with named as (
    select
        cast(null as string) as goal_id,
        cast(null as string) as indicator,
        cast(null as string) as period_type,
        cast(null as date) as period_start,
        cast(null as string) as period_label,
        cast(null as bigint) as n,
        cast(null as double) as value,
        cast(null as double) as low,
        cast(null as double) as high,
        cast(null as boolean) as suppressed,
        cast(null as boolean) as is_break
    where false
    {%- for goal in goals %}
    union all
    {{ own_goal_values(goal, tables[goal.table_name], breaks) }}
    {%- endfor %}
),

described as (
    select
        named.*,
        goals.goal,
        goals.target,
        goals.owner,
        goals.table_name,
        goals.direction,
        goals.kind,
        goals.value_start,
        goals.value_target,
        goals.start_date,
        goals.target_date,
        -- of what adds up, nothing is known from the first withheld period on
        goals.kind = 'cumulative' as is_cumulative,
        {{ figure('sum(named.value) over upto') }} as sum_upto,
        sum(named.n) over upto as n_upto,
        bool_or(named.value is null) over upto as is_gap_upto,
        bool_or(named.suppressed) over upto as is_withheld_upto
    from named
    inner join {{ ref('priority_goals') }} as goals
        on
            named.goal_id = goals.goal_id
            and named.indicator = goals.indicator
    where
        goals.kind <> 'cumulative'
        or named.period_start >= goals.start_date
    window upto as (partition by named.goal_id, named.indicator order by named.period_start)
)

select
    goal_id,
    goal,
    target,
    indicator,
    owner,
    table_name,
    direction,
    kind,
    period_type,
    period_start,
    period_label,
    case
        when not is_cumulative then n
        when not is_gap_upto then n_upto
    end as n,
    case
        when not is_cumulative then value
        when not is_gap_upto then sum_upto
    end as value,
    case when not is_cumulative then low end as low,
    case when not is_cumulative then high end as high,
    case when is_cumulative then is_withheld_upto else suppressed end as suppressed,
    value_start,
    value_target,
    start_date,
    target_date,
    is_break
from described
