{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_touched_quarters'
) }}
-- depends_on: {{ ref('int_touched_quarters') }}
with

contacts as (
    select
        contacts.*,
        withheld.reason is not null as suppressed
    from {{ ref('int_measures__contacts') }} as contacts
    left join {{ ref('int_measures__withheld_contacts') }} as withheld
        on {{ same('contacts', 'withheld', ['period_type', 'period_start', 'breakdown', 'member', 'source_system']) }}
),

figures as (
    select
        *,
        offered - handled - abandoned as other,
        cast(abandoned as double) / nullif(abandonment_base, 0) as abandonment_share,
        {{ mean_of_sums('timed_answers', 'answer_seconds') }} as average_speed_of_answer_seconds,
        ({{ t_quantile_975('(timed_answers - 1)') }})
        * {{ mean_standard_error('timed_answers', 'answer_seconds', 'answer_squares') }} as answer_half_width,
        {{ mean_of_sums('timed_contacts', 'handle_seconds') }} as average_handle_seconds,
        ({{ t_quantile_975('(timed_contacts - 1)') }})
        * {{ mean_standard_error('timed_contacts', 'handle_seconds', 'handle_squares') }} as handle_half_width,
        cast(answered_in_time as double) / nullif(service_level_base, 0) as service_level_share,
        cast(transferred as double) / nullif(transfer_base, 0) as transfer_share
    from contacts
)
{% set counts = {
    'offered': 'offered',
    'handled': 'handled',
    'abandoned': 'case when abandonment_base > 0 then abandoned end',
    'other': 'other',
    'speed_of_answer_count': 'timed_answers',
    'handle_time_count': 'timed_contacts',
    'service_level_count': 'service_level_base',
    'abandonment_count': 'abandonment_base',
    'transfer_count': 'transfer_base',
} %}
{% set figures = {
    'abandonment_share': 'abandonment_share',
    'abandonment_low': wilson_low('abandoned', 'abandonment_base'),
    'abandonment_high': wilson_high('abandoned', 'abandonment_base'),
    'average_speed_of_answer_seconds': 'average_speed_of_answer_seconds',
    'average_speed_of_answer_low': positive_mean_low('average_speed_of_answer_seconds', 'answer_half_width'),
    'average_speed_of_answer_high': positive_mean_high('average_speed_of_answer_seconds', 'answer_half_width'),
    'average_handle_seconds': 'average_handle_seconds',
    'average_handle_low': positive_mean_low('average_handle_seconds', 'handle_half_width'),
    'average_handle_high': positive_mean_high('average_handle_seconds', 'handle_half_width'),
    'service_level_share': 'service_level_share',
    'service_level_low': wilson_low('answered_in_time', 'service_level_base'),
    'service_level_high': wilson_high('answered_in_time', 'service_level_base'),
    'transfer_share': 'transfer_share',
    'transfer_low': wilson_low('transferred', 'transfer_base'),
    'transfer_high': wilson_high('transferred', 'transfer_base'),
} %}
select
    period_type,
    period_start,
    period_label,
    {{ fiscal_quarter_start('period_start') }} as quarter_start,
    breakdown,
    member,
    source_system,
    {%- for name, count in counts.items() %}
    case when not suppressed then {{ count }} end as {{ name }},
    {%- endfor %}
    {%- for name, value in figures.items() %}
    case when not suppressed then {{ figure(value) }} end as {{ name }},
    {%- endfor %}
    suppressed,
    not suppressed and offered < {{ policy('low_n_below') }} as low_n,
    cast(null as string) as held_from
from figures
