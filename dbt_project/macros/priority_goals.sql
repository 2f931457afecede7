{#- The bin of a progress, half-open on the figure as it is stored. -#}
{% macro progress_bin(progress) -%}
    case
        when {{ progress }} < 0 then '<0'
        when {{ progress }} = 0 then '0'
        when {{ progress }} < 0.25 then '(0,.25)'
        when {{ progress }} < 0.5 then '[.25,.5)'
        when {{ progress }} < 0.75 then '[.5,.75)'
        when {{ progress }} < 1 then '[.75,1)'
        when {{ progress }} = 1 then '1'
        when {{ progress }} > 1 then '>1'
    end
{%- endmacro %}

{#- The bin that performance.gov's `progress_pct_range` names; null for words that it doesn't use. -#}
{% macro published_bin(range) -%}
    case split_part({{ range }}, ':', 1)
        when 'Below 0%' then '<0'
        when '0%' then '0'
        when '1-24%' then '(0,.25)'
        when '25-49%' then '[.25,.5)'
        when '50-74%' then '[.5,.75)'
        when '75-99%' then '[.75,1)'
        when '100%' then '1'
        when 'Above 100%' then '>1'
    end
{%- endmacro %}

{#- What a published verdict says of the target: met or not; null for `Target undefined` and for words that nobody uses. -#}
{% macro published_verdict(verdict) -%}
    case split_part({{ verdict }}, ':', 1)
        when 'Target met' then true
        when 'Target not met' then false
    end
{%- endmacro %}

{#- Which breaks of surveys are in what a goal takes from a table: a condition on `measures` and `breaks`; none where no
    answer to a survey is in it.
-#}
{% macro breaks_of_goal(goal) -%}
    {%- set of_member = same('measures', 'breaks', ['breakdown', 'member']) -%}
    {%- set is_score = goal.value_column.startswith('mean_score') -%}
    {%- set conditions = {
        'cx_index': of_member ~ ' and measures.scale = breaks.scale',
        'journey_paths': of_member ~ " and breaks.scale = 'likert_5'" if is_score else none,
        'survey_quality':
            '(' ~ of_member ~ " or measures.breakdown = 'survey' and measures.member = breaks.survey_id)",
        'survey_nonresponse': "breaks.breakdown = 'all'",
    } -%}
    {{- return(none if goal.kind == 'cumulative' else conditions.get(goal.table_name)) -}}
{%- endmacro %}

{#- What a table of measures says of one of the agency's goals: a query.

    Args:
        goal: a row of the seed `priority_goals`.
        relation: the table of measures that it names.
        breaks: `series_breaks`.

    Returns:
        goal_id, indicator, period_type, period_start, period_label, n, value, low, high, suppressed, is_break.
-#}
{% macro own_goal_values(goal, relation, breaks) -%}
    {%- set is_of_goal = breaks_of_goal(goal) -%}
    select
        '{{ goal.goal_id | replace("'", "''") }}' as goal_id,
        '{{ goal.indicator | replace("'", "''") }}' as indicator,
        measures.period_type,
        measures.period_start,
        measures.period_label,
        cast({{ 'measures.' ~ goal.n_column if goal.n_column else 'null' }} as bigint) as n,
        cast(measures.{{ goal.value_column }} as double) as value,
        cast({{ 'measures.' ~ goal.low_column if goal.low_column else 'null' }} as double) as low,
        cast({{ 'measures.' ~ goal.high_column if goal.high_column else 'null' }} as double) as high,
        measures.suppressed,
        {% if is_of_goal -%}
        -- in the break's own period, and in the next where it lies within one
        exists (
            select 1
            from {{ breaks }} as breaks
            where
                {{ is_of_goal }}
                and breaks.break_date <= {{ period_end_of('measures.period_start', 'measures.period_type') }}
                and breaks.break_date > {{ previous_period_start('measures.period_start', 'measures.period_type') }}
        ) as is_break
        {%- else -%}
        false as is_break
        {%- endif %}
    from {{ relation }} as measures
    where
        measures.period_type = '{{ goal.period_type }}'
        {%- for part in goal.row_filter.split('|') %}
        and cast(measures.{{ part.split('=')[0] }} as string) = '{{ part.split('=')[1] | replace("'", "''") }}'
        {%- endfor %}
{%- endmacro %}
