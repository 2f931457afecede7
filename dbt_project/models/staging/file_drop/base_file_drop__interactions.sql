{#- Every version of every contact that came in a file, typed: the only place that parses its payload. -#}
{{ config(
    materialized='incremental',
    partition_by='_batch_id'
) }}

with parsed as (
    select
        raw.source_system,
        raw.record_id,
        raw.identifiers,
        raw._source_updated_at,
        raw._fetched_at,
        raw._payload_hash,
        raw._kind,
        raw._batch_id,
        {{ parse_payload('raw.payload', {
            'started_at': 'varchar',
            'ended_at': 'varchar',
            'updated_at': 'varchar',
            'source_channel': 'varchar',
            'source_service': 'varchar',
            'source_organization': 'varchar',
            'direction': 'varchar',
            'wait_seconds': 'varchar',
            'talk_seconds': 'varchar',
            'handled_by': 'varchar',
            'is_abandoned': 'varchar',
            'is_resolved': 'varchar',
            'segment': 'varchar'
        }) }} as payload
    from {{ read_raw('file_drop', 'interactions') }} as raw
),

typed as (
    select
        *,
        {{ utc_time_of_text('payload.started_at') }} as started_at,
        {{ utc_time_of_text('payload.ended_at') }} as ended_at,
        {{ utc_time_of_text('payload.updated_at') }} as updated_at,
        try_cast(payload.wait_seconds as decimal(18, 3)) as wait_seconds,
        try_cast(payload.talk_seconds as decimal(18, 3)) as talk_seconds,
        try_cast(payload.is_abandoned as boolean) as is_abandoned,
        try_cast(payload.is_resolved as boolean) as is_resolved
    from parsed
)

select
    {{ record_key('interactions') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(started_at, _source_updated_at, _fetched_at) as date) as record_date,
    started_at,
    ended_at,
    updated_at,
    nullif(trim(payload.source_channel), '') as source_channel,
    nullif(trim(payload.source_service), '') as source_service,
    nullif(trim(payload.source_organization), '') as source_organization,
    nullif(trim(payload.direction), '') as direction,
    wait_seconds,
    talk_seconds,
    nullif(trim(payload.handled_by), '') as handled_by,
    is_abandoned,
    is_resolved,
    nullif(trim(payload.segment), '') as segment,
    identifiers,
    {{ uncast({
        'started_at': ['payload.started_at', 'started_at'],
        'ended_at': ['payload.ended_at', 'ended_at'],
        'updated_at': ['payload.updated_at', 'updated_at'],
        'wait_seconds': ['payload.wait_seconds', 'wait_seconds'],
        'talk_seconds': ['payload.talk_seconds', 'talk_seconds'],
        'is_abandoned': ['payload.is_abandoned', 'is_abandoned'],
        'is_resolved': ['payload.is_resolved', 'is_resolved']
    }) }} as _uncast,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from typed
