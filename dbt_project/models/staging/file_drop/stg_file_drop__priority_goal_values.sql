{{ config(
    materialized='incremental',
    unique_key='_record_key',
    touched='stg_touched_records'
) }}

select
    _record_key,
    source_system,
    record_id,
    record_date,
    edition,
    edition_date,
    period,
    goal_id,
    goal,
    target,
    indicator_type,
    indicator,
    owner,
    kind,
    start_date,
    target_date,
    value_start,
    value_target,
    value_current,
    progress,
    progress_range,
    target_status,
    threshold,
    completions,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _batch_id
from {{ counted_versions(ref('base_file_drop__priority_goal_values')) }} as published
