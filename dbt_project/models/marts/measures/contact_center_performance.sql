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
        cast(abandoned as double) / offered as abandonment_share,
        answer_seconds / nullif(timed_answers, 0) as average_speed_of_answer_seconds,
        handle_seconds / nullif(timed_contacts, 0) as average_handle_seconds,
        cast(answered_in_time as double) / nullif(service_level_base, 0) as service_level_share,
        cast(transferred as double) / nullif(handled, 0) as transfer_share
    from contacts
)
{% set counts = ['offered', 'handled', 'abandoned', 'other'] %}
{% set figures = {
    'abandonment_share': 'abandonment_share',
    'abandonment_low': wilson_low('abandoned', 'offered'),
    'abandonment_high': wilson_high('abandoned', 'offered'),
    'average_speed_of_answer_seconds': 'average_speed_of_answer_seconds',
    'average_handle_seconds': 'average_handle_seconds',
    'service_level_share': 'service_level_share',
    'service_level_low': wilson_low('answered_in_time', 'service_level_base'),
    'service_level_high': wilson_high('answered_in_time', 'service_level_base'),
    'transfer_share': 'transfer_share',
    'transfer_low': wilson_low('transferred', 'handled'),
    'transfer_high': wilson_high('transferred', 'handled'),
} %}
select
    period_type,
    period_start,
    period_label,
    breakdown,
    member,
    source_system,
    {%- for count in counts %}
    case when not suppressed then {{ count }} end as {{ count }},
    {%- endfor %}
    {%- for name, value in figures.items() %}
    case when not suppressed then {{ figure(value) }} end as {{ name }},
    {%- endfor %}
    suppressed,
    not suppressed and offered < {{ policy('low_n_below') }} as low_n
from figures
