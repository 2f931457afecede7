{#- Every event of every version of a daily table, typed: the only place that parses its payload. -#}
{{ config(
    materialized='incremental',
    partition_by='_batch_id'
) }}

with parsed as (
    select
        raw.source_system,
        raw.record_id,
        raw.identifiers,
        raw._fetched_at,
        raw._payload_hash,
        raw._kind,
        raw._batch_id,
        {{ parse_payload('raw.payload', {
            'event_timestamp': 'varchar',
            'event_name': 'varchar',
            'event_params': [{
                'key': 'varchar',
                'value': {
                    'string_value': 'varchar',
                    'int_value': 'varchar',
                    'double_value': 'varchar',
                    'float_value': 'varchar'
                }
            }],
            'device': {'category': 'varchar'}
        }) }} as payload
    from {{ read_raw('ga4', 'events') }} as raw
),

-- An event's name is in the seed as often as one of its parameter's values means something.
named as (
    select
        event_name,
        min(parameter) as parameter
    from {{ ref('web_events') }}
    group by event_name
),

extracted as (
    select
        parsed.*,
        {{ page_of_location(event_parameter('parsed.payload.event_params', "'page_location'")) }} as page,
        {{ event_parameter('parsed.payload.event_params', "'ga_session_id'") }} as ga_session_id,
        {{ event_parameter('parsed.payload.event_params', "'engagement_time_msec'") }} as engagement_text,
        {{ event_parameter('parsed.payload.event_params', "'session_engaged'") }} as session_engaged,
        case
            when named.parameter is not null
                then {{ event_parameter('parsed.payload.event_params', 'named.parameter') }}
        end as parameter_value,
        {{ user_identifier('parsed.identifiers') }} as user_identifier
    from parsed
    left join named
        on parsed.payload.event_name = named.event_name
)

select
    {{ record_key('events') }} as _record_key,
    source_system,
    record_id,
    cast(
        concat_ws('-', substr(record_id, 8, 4), substr(record_id, 12, 2), substr(record_id, 14, 2)) as date
    ) as record_date,
    {{ utc_time_of_micros('payload.event_timestamp') }} as event_at,
    payload.event_name,
    {{ visitor_token('identifiers') }} as visitor_token,
    user_identifier.type as user_identifier_type,
    user_identifier.token as user_token,
    ga_session_id,
    lower(nullif(split_part(page, '/', 1), '')) as site,
    case when nullif(page, '') is not null then {{ page_path('page') }} end as page_path,
    payload.device.category as device,
    try_cast(engagement_text as decimal(18, 3)) * 0.001 as engaged_seconds,
    coalesce(try_cast(session_engaged as double) = 1, false) as is_session_engaged,
    lower(trim(parameter_value)) as parameter_value,
    {{ uncast({
        'engagement_time_msec': ['engagement_text', 'try_cast(engagement_text as decimal(18, 3))']
    }) }} as _uncast,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from extracted
