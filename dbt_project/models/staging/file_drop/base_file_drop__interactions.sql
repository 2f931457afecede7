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
            'responded_at': 'varchar',
            'updated_at': 'varchar',
            'source_channel': 'varchar',
            'source_service': 'varchar',
            'source_organization': 'varchar',
            'direction': 'varchar',
            'wait_seconds': 'varchar',
            'talk_seconds': 'varchar',
            'hold_seconds': 'varchar',
            'wrap_seconds': 'varchar',
            'handled_by': 'varchar',
            'is_abandoned': 'varchar',
            'is_transferred': 'varchar',
            'is_resolved': 'varchar',
            'is_survey_offered': 'varchar',
            'journey_stage': 'varchar',
            'segment': 'varchar'
        }) }} as payload
    from {{ read_raw('file_drop', 'interactions') }} as raw
),

typed as (
    select
        *,
        {{ utc_time_of_text('payload.started_at') }} as started_at,
        {{ utc_time_of_text('payload.ended_at') }} as ended_at,
        {{ utc_time_of_text('payload.responded_at') }} as responded_at,
        {{ utc_time_of_text('payload.updated_at') }} as updated_at,
        {%- for duration in ['wait', 'talk', 'hold', 'wrap'] %}
        try_cast(payload.{{ duration }}_seconds as decimal(18, 3)) as {{ duration }}_seconds,
        {%- endfor %}
        try_cast(payload.is_abandoned as boolean) as is_abandoned,
        try_cast(payload.is_transferred as boolean) as is_transferred,
        try_cast(payload.is_resolved as boolean) as is_resolved,
        try_cast(payload.is_survey_offered as boolean) as is_survey_offered
    from parsed
)

select
    {{ record_key('interactions') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(started_at, _source_updated_at, _fetched_at) as date) as record_date,
    started_at,
    ended_at,
    responded_at,
    updated_at,
    nullif(trim(payload.source_channel), '') as source_channel,
    nullif(trim(payload.source_service), '') as source_service,
    nullif(trim(payload.source_organization), '') as source_organization,
    nullif(trim(payload.direction), '') as direction,
    case
        when payload.wait_seconds is not null then wait_seconds
        -- An answer before the question is a mistake of the file's: nobody knows how long the wait was.
        when responded_at >= started_at then {{ seconds_between('started_at', 'responded_at') }}
    end as wait_seconds,
    talk_seconds,
    hold_seconds,
    wrap_seconds,
    nullif(trim(payload.handled_by), '') as handled_by,
    is_abandoned,
    is_transferred,
    is_resolved,
    is_survey_offered,
    nullif(trim(payload.journey_stage), '') as journey_stage,
    nullif(trim(payload.segment), '') as segment,
    identifiers,
    {{ uncast({
        'started_at': ['payload.started_at', 'started_at'],
        'ended_at': ['payload.ended_at', 'ended_at'],
        'responded_at': ['payload.responded_at', 'responded_at'],
        'updated_at': ['payload.updated_at', 'updated_at'],
        'wait_seconds': ['payload.wait_seconds', 'wait_seconds'],
        'talk_seconds': ['payload.talk_seconds', 'talk_seconds'],
        'hold_seconds': ['payload.hold_seconds', 'hold_seconds'],
        'wrap_seconds': ['payload.wrap_seconds', 'wrap_seconds'],
        'is_abandoned': ['payload.is_abandoned', 'is_abandoned'],
        'is_transferred': ['payload.is_transferred', 'is_transferred'],
        'is_resolved': ['payload.is_resolved', 'is_resolved'],
        'is_survey_offered': ['payload.is_survey_offered', 'is_survey_offered']
    }) }} as _uncast,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from typed
