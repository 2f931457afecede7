{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_touched_quarters'
) }}
-- depends_on: {{ ref('int_touched_quarters') }}
{% set cells -%}
(
    select
        breakdown as item,
        'quarter' as period_type,
        quarter_start as period_start,
        case when is_whole then 'all' else 'channel' end as breakdown,
        member,
        cast(null as string) as service_organization_id,
        offered_count as n,
        cast(null as bigint) as total,
        cast(null as bigint) as squares,
        respondent_count,
        silent_count,
        case
            when
                least(offered_count, nullif(respondent_count, 0), nullif(silent_count, 0))
                < {{ policy('suppression_min_n') }}
                then 'small_n'
        end as reason
    from members
) as compared
{%- endset %}

with classes as (
    select
        *,
        cast(points_total as double) / nullif(rated_count, 0) as mean,
        sum(offered_count) filter (where rated_count > 0) over (partition by quarter_start, breakdown) as weighed_count
    from {{ ref('int_measures__nonresponse') }}
),

wholes as (
    select
        quarter_start,
        fiscal_quarter,
        breakdown,
        sum(contact_count) as contact_count,
        sum(offered_count) as offered_count,
        sum(respondent_count) as respondent_count,
        sum(rated_count) as rated_count,
        cast(sum(points_total) as double) / nullif(sum(rated_count), 0) as satisfaction,
        -- as if of each class as many had answered as were offered the survey
        {{ exact_sum('coalesce(cast(offered_count as double) / nullif(weighed_count, 0) * mean, 0)') }}
            as weighted_satisfaction,
        nullif({{ sorted_list('case when rated_count = 0 and offered_count > 0 then member end') }}, '')
            as classes_without_respondents
    from classes
    group by quarter_start, fiscal_quarter, breakdown
),

members as (
    select
        quarter_start,
        fiscal_quarter,
        breakdown,
        member,
        false as is_whole,
        contact_count,
        offered_count,
        respondent_count,
        offered_count - respondent_count as silent_count
    from classes
    union all
    select
        quarter_start,
        fiscal_quarter,
        breakdown,
        'all' as member,
        true as is_whole,
        contact_count,
        offered_count,
        respondent_count,
        offered_count - respondent_count as silent_count
    from wholes
),

withheld as (
    {{ withheld_cells(cells, ['respondent_count', 'silent_count']) | indent }}
),

compared as (
    select
        members.*,
        withheld.reason is not null as suppressed,
        wholes.offered_count as all_offered,
        wholes.respondent_count as all_respondents,
        wholes.offered_count - wholes.respondent_count as all_silent,
        wholes.rated_count,
        wholes.satisfaction,
        wholes.weighted_satisfaction,
        wholes.classes_without_respondents,
        members.is_whole and wholes.rated_count >= {{ policy('suppression_min_n') }} as is_rated
    from members
    inner join wholes
        on {{ same('members', 'wholes', ['quarter_start', 'breakdown']) }}
    left join withheld
        on
            members.quarter_start = withheld.period_start
            and members.breakdown = withheld.item
            and members.member = withheld.member
),

figures as (
    select
        *,
        cast(offered_count as double) / nullif(all_offered, 0) as offered_share,
        cast(respondent_count as double) / nullif(all_respondents, 0) as respondent_share,
        {{ wilson_low('respondent_count', 'all_respondents') }} as respondent_low,
        {{ wilson_high('respondent_count', 'all_respondents') }} as respondent_high,
        -- respondents less all is this part of respondents less those who did not answer
        cast(all_silent as double) / nullif(all_offered, 0) as silent_share,
        {{ share_difference_low('respondent_count', 'all_respondents', 'silent_count', 'all_silent') }} as low,
        {{ share_difference_high('respondent_count', 'all_respondents', 'silent_count', 'all_silent') }} as high
    from compared
)
{% set of_classes = {
    'gap': 'respondent_share - offered_share',
    'gap_low': 'silent_share * low',
    'gap_high': 'silent_share * high',
} %}
{% set of_all = {
    'satisfaction': 'satisfaction',
    'weighted_satisfaction': 'weighted_satisfaction',
    'satisfaction_difference': 'weighted_satisfaction - satisfaction',
} %}
select
    cast('quarter' as string) as period_type,
    quarter_start as period_start,
    fiscal_quarter as period_label,
    quarter_start,
    breakdown,
    member,
    cast(case when not suppressed then contact_count end as bigint) as contact_count,
    cast(case when not suppressed then offered_count end as bigint) as offered_count,
    cast(case when not suppressed then respondent_count end as bigint) as respondent_count,
    {%- for name in ['offered_share', 'respondent_share', 'respondent_low', 'respondent_high'] %}
    case when not suppressed then {{ figure(name) }} end as {{ name }},
    {%- endfor %}
    {%- for name, value in of_classes.items() %}
    case when not suppressed and not is_whole then {{ figure(value) }} end as {{ name }},
    {%- endfor %}
    cast(case when not suppressed and is_rated then rated_count end as bigint) as rated_count,
    {%- for name, value in of_all.items() %}
    case when not suppressed and is_rated then {{ figure(value) }} end as {{ name }},
    {%- endfor %}
    case when is_whole then classes_without_respondents end as classes_without_respondents,
    case
        when not suppressed and is_whole then {{ figure('cast(offered_count as double) / nullif(contact_count, 0)') }}
    end as known_customer_share,
    suppressed,
    not suppressed and respondent_count < {{ policy('low_n_below') }} as low_n
from figures
