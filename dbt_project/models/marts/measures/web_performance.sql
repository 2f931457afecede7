{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_touched_quarters'
) }}
-- depends_on: {{ ref('int_touched_quarters') }}
{#- What a figure is over: a share of few is withheld like few visits. -#}
{%- set parts = ['engaged_base', 'bounce_base', 'task_count', 'vote_count'] -%}
{%- set cells -%}
(
    select
        item,
        period_type,
        period_start,
        breakdown,
        member,
        service_organization_id,
        page_site,
        least_visits as n,
        {{ parts | join(',\n        ') }},
        case
            when
                least(least_visits, users, {% for part in parts %}nullif({{ part }}, 0){{ ', ' if not loop.last }}{% endfor %})
                < {{ policy('suppression_min_n') }}
                then 'small_n'
            when is_overlapping then 'overlapping'
        end as reason
    from web
) as cells
{%- endset %}

with web as (
    {{ web_figures(ref('int_measures__web')) | indent }}
),

withheld as (
    {{ withheld_cells(
        cells, parts, ['organization', 'service', 'site', 'device', 'page'], page_sites='page_site'
    ) | indent }}
),

counted as (
    select
        web.*,
        withheld.reason is not null as suppressed
    from web
    left join withheld
        on
            web.item = withheld.item
            and {{ same('web', 'withheld', ['period_type', 'period_start', 'breakdown', 'member']) }}
),

-- page_helpfulness has a site's votes too, whole and by page, and closes its sums by other sizes: where one of the two
-- withholds a whole, what the other shows of that quarter would give it away
unsafe_votes as (
    select
        source_system,
        basis,
        quarter_start
    from {{ ref('page_helpfulness') }}
    where page = 'all' and suppressed
    union distinct
    select
        source_system,
        basis,
        quarter_start
    from counted
    where breakdown = 'all' and suppressed
),

told as (
    select
        counted.*,
        unsafe_votes.source_system is null as are_votes_told,
        -- a day of a member has a visit: the others of a quarter would tell on how many days few came
        not bool_or(counted.suppressed) over (
            partition by
                counted.source_system,
                counted.report,
                counted.site,
                counted.basis,
                counted.breakdown,
                counted.member,
                counted.quarter_start
        ) as are_days_told
    from counted
    left join unsafe_votes
        on {{ same('counted', 'unsafe_votes', ['source_system', 'basis', 'quarter_start']) }}
)
{% set counts = {
    'n': 'least_visits',
    'visits': 'visits',
    'users': 'users',
    'pageviews': 'pageviews',
} %}
{% set shares = {
    'engaged': ['engaged_visits', 'engaged_base'],
    'bounce': ['bounced_visits', 'bounce_base'],
    'task_success': ['tasks_done', 'task_count'],
    'helpful': ['yes_count', 'vote_count'],
} %}
{% set told_if = {'helpful': 'not suppressed and are_votes_told'} %}
select
    period_type,
    period_start,
    period_end_date,
    period_label,
    quarter_start,
    breakdown,
    member,
    source_system,
    site,
    report,
    basis,
    case when are_days_told then day_count end as day_count,
    {%- for name, count in counts.items() %}
    case when not suppressed then {{ count }} end as {{ name }},
    {%- endfor %}
    case
        when not suppressed then {{ figure('cast(pageviews as double) / nullif(visits, 0)') }}
    end as pageviews_per_visit,
    {%- for name, share in shares.items() %}
    {%- set x, n = share %}
    {%- set is_told = told_if[name] | default('not suppressed') %}
    case when {{ is_told }} then {{ n }} end as {{ name }}_n,
    case
        when {{ is_told }} then {{ figure('cast(' ~ x ~ ' as double) / nullif(' ~ n ~ ', 0)') }}
    end as {{ name }}_share,
    case
        when {{ is_told }} and {{ n }} > 0 then {{ figure(wilson_low('cast(' ~ x ~ ' as double)', n)) }}
    end as {{ name }}_low,
    case
        when {{ is_told }} and {{ n }} > 0 then {{ figure(wilson_high('cast(' ~ x ~ ' as double)', n)) }}
    end as {{ name }}_high,
    {%- endfor %}
    suppressed,
    not suppressed and least_visits < {{ policy('low_n_below') }} as low_n,
    cast(null as string) as held_from
from told
