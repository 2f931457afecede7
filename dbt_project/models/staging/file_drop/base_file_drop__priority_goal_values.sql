{#- Every version of every priority goal's value that came in a file: the only place that parses its payload. -#}
{{ config(
    materialized='incremental',
    partition_by='_batch_id'
) }}

with parsed as (
    select
        raw.source_system,
        raw.record_id,
        raw._source_updated_at,
        raw._fetched_at,
        raw._payload_hash,
        raw._kind,
        raw._batch_id,
        {{ parse_payload('raw.payload', {
            'edition': 'varchar',
            'edition_date': 'varchar',
            'period': 'varchar',
            'goal_id': 'varchar',
            'goal': 'varchar',
            'target': 'varchar',
            'indicator_type': 'varchar',
            'indicator': 'varchar',
            'owner': 'varchar',
            'kind': 'varchar',
            'start_date': 'varchar',
            'target_date': 'varchar',
            'value_start': 'varchar',
            'value_target': 'varchar',
            'value_current': 'varchar',
            'progress': 'varchar',
            'progress_range': 'varchar',
            'target_status': 'varchar',
            'threshold': 'varchar',
            'completions': 'varchar'
        }) }} as payload
    from {{ read_raw('file_drop', 'priority_goal_values') }} as raw
)

select
    {{ record_key('priority_goal_values') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(try_cast(payload.edition_date as date), _fetched_at) as date) as record_date,
    nullif(trim(payload.edition), '') as edition,
    try_cast(payload.edition_date as date) as edition_date,
    nullif(trim(payload.period), '') as period,
    nullif(trim(payload.goal_id), '') as goal_id,
    nullif(trim(payload.goal), '') as goal,
    nullif(trim(payload.target), '') as target,
    nullif(trim(payload.indicator_type), '') as indicator_type,
    nullif(trim(payload.indicator), '') as indicator,
    nullif(trim(payload.owner), '') as owner,
    nullif(trim(payload.kind), '') as kind,
    try_cast(payload.start_date as date) as start_date,
    try_cast(payload.target_date as date) as target_date,
    payload.value_start,
    payload.value_target,
    payload.value_current,
    payload.progress,
    nullif(trim(payload.progress_range), '') as progress_range,
    nullif(trim(payload.target_status), '') as target_status,
    nullif(trim(payload.threshold), '') as threshold,
    nullif(trim(payload.completions), '') as completions,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from parsed
