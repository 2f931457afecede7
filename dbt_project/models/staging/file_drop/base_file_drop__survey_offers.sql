{#- Every version of every count of people offered a survey that came in a file, typed: the only place that parses its
    payload. -#}
{{ config(
    materialized='incremental',
    partition_by='_batch_id'
) }}
{% set counts = [
    'customer_count', 'offered_count', 'complete_count', 'partial_count', 'refused_count', 'not_reached_count',
    'other_count', 'unknown_eligibility_count'
] %}
{% set fields = {
    'survey_id': 'varchar',
    'offered_on': 'varchar',
    'offered_until': 'varchar',
    'source_channel': 'varchar',
    'source_service': 'varchar',
    'updated_at': 'varchar'
} %}
{% set casts = {
    'offered_on': ['payload.offered_on', 'offered_on'],
    'offered_until': ['payload.offered_until', 'offered_until'],
    'updated_at': ['payload.updated_at', 'updated_at']
} %}
{% for count in counts %}
{% do fields.update({count: 'varchar'}) %}
{% do casts.update({count: ['payload.' ~ count, count]}) %}
{% endfor %}

with parsed as (
    select
        raw.source_system,
        raw.record_id,
        raw._source_updated_at,
        raw._fetched_at,
        raw._payload_hash,
        raw._kind,
        raw._batch_id,
        {{ parse_payload('raw.payload', fields) }} as payload
    from {{ read_raw('file_drop', 'survey_offers') }} as raw
),

typed as (
    select
        *,
        {%- for count in counts %}
        try_cast(payload.{{ count }} as bigint) as {{ count }},
        {%- endfor %}
        try_cast(payload.offered_on as date) as offered_on,
        try_cast(payload.offered_until as date) as offered_until,
        {{ utc_time_of_text('payload.updated_at') }} as updated_at
    from parsed
)

select
    {{ record_key('survey_offers') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(offered_until, offered_on, _source_updated_at, _fetched_at) as date) as record_date,
    nullif(trim(payload.survey_id), '') as survey_id,
    offered_on,
    coalesce(offered_until, offered_on) as offered_until,
    nullif(trim(payload.source_channel), '') as source_channel,
    nullif(trim(payload.source_service), '') as source_service,
    {%- for count in counts %}
    {{ count }},
    {%- endfor %}
    updated_at,
    {{ uncast(casts) }} as _uncast,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from typed
