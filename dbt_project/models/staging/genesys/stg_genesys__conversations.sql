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
    record_id as conversation_id,
    started_at,
    ended_at,
    media_type,
    direction,
    queue_id,
    last_queue_id,
    is_offered,
    is_answered,
    is_abandoned,
    is_transferred,
    wait_seconds,
    talk_seconds,
    hold_seconds,
    wrap_seconds,
    handled_by,
    agent_user_id,
    agent_count,
    disconnect_type,
    wrap_up_code,
    is_resolved,
    segment,
    identifiers,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _batch_id
from {{ counted_versions(ref('base_genesys__conversations')) }} as conversation
