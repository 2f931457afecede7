{#- Where payloads no longer look as they did: what was missing, and what came but was no value of its type. -#}
{{ config(
    materialized='incremental',
    partition_by='_batch_id'
) }}
{% set fields = {
    'base_touchpoints__responses': {
        'created_at': 'created_at',
        'updated_at': 'updated_at',
        'location_code': 'location_code',
        'language': 'language',
        'flagged': 'is_flagged',
        'archived': 'is_archived',
        'deleted': 'is_deleted',
        'aasm_state': 'submission_state'
    },
    'base_genesys__conversations': {
        'conversationStart': 'started_at',
        'conversationEnd': 'ended_at',
        'originatingDirection': 'direction',
        'participants': 'nullif(has_no_participants, true)',
        'segmentStart': 'nullif(has_segment_without_start, true)'
    },
    'base_file_drop__interactions': {
        'started_at': 'started_at',
        'ended_at': 'ended_at',
        'responded_at': 'responded_at',
        'updated_at': 'updated_at',
        'source_channel': 'source_channel',
        'source_service': 'source_service',
        'wait_seconds': 'wait_seconds',
        'talk_seconds': 'talk_seconds',
        'hold_seconds': 'hold_seconds',
        'wrap_seconds': 'wrap_seconds',
        'is_abandoned': 'is_abandoned',
        'is_transferred': 'is_transferred',
        'is_resolved': 'is_resolved',
        'is_survey_offered': 'is_survey_offered'
    },
    'base_file_drop__survey_responses': {
        'form_id': 'form_id',
        'answered_at': 'answered_at',
        'answered_on': 'answered_on',
        'updated_at': 'updated_at',
        'source_channel': 'source_channel',
        'weight': 'weight'
    },
    'base_file_drop__web_aggregates': {
        'first_date': 'first_date',
        'visits': 'visits',
        'users': 'users',
        'pageviews': 'pageviews',
        'event_count': 'event_count'
    },
    'base_dap__rows': {
        'date': 'first_date',
        'dimensions': 'dimension',
        'visits': 'visits',
        'users': 'users',
        'pageviews': 'pageviews',
        'total_events': 'event_count',
        'bounce_rate': 'bounce_share'
    },
    'base_file_drop__survey_offers': {
        'survey_id': 'survey_id',
        'offered_on': 'offered_on',
        'source_channel': 'source_channel',
        'customer_count': 'customer_count',
        'offered_count': 'offered_count',
        'updated_at': 'updated_at'
    },
    'base_ga4__events': {
        'user_pseudo_id': 'visitor_token',
        'page_location': 'page_path',
        'ga_session_id': 'ga_session_id',
        'engagement_time_msec': 'engaged_seconds'
    }
} %}

with pending as (
    select batch_id
    from {{ source('build', 'pending_batches') }}
),

{% for base in fields %}
{{ base }} as (
    select base.*
    from {{ ref(base) }} as base
    where {{ is_touched('base._batch_id', 'pending', 'batch_id') }}
){{ ',' if not loop.last }}

{% endfor %}
{% for base, columns in fields.items() %}
{% for field, column in columns.items() %}
select
    source_system,
    _batch_id,
    '{{ field }}' as field,
    count(*) as value_count,
    count(*) filter (where {{ column }} is null) as null_count,
    count(*) filter (where array_contains(_uncast, '{{ field }}')) as uncast_count
from {{ base }}
group by source_system, _batch_id
{{ 'union all' if not loop.last }}
{% endfor %}
{{ 'union all' if not loop.last }}
{% endfor %}
