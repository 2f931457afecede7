{{ config(
    materialized='incremental',
    unique_key='_record_key',
    touched='stg_touched_records'
) }}
{%- set only = is_touched('version._record_key', ref('stg_touched_records')) %}

select
    event._record_key,
    event.source_system,
    event.record_id,
    event.record_date,
    event.event_at,
    event.event_name,
    event.visitor_token,
    event.user_identifier_type,
    event.user_token,
    event.ga_session_id,
    event.site,
    event.page_path,
    event.device,
    event.engaged_seconds,
    event.is_session_engaged,
    event.parameter_value,
    event._fetched_at,
    event._payload_hash,
    event._batch_id
from {{ ref('base_ga4__events') }} as event
inner join {{ newest_version(ref('base_ga4__tables'), only) }} as newest
    on
        event._record_key = newest._record_key
        and event._batch_id = newest._batch_id
where {{ is_touched('event._record_key', ref('stg_touched_records')) }}
