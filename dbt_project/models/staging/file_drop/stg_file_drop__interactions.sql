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
    started_at,
    ended_at,
    responded_at,
    updated_at,
    source_channel,
    source_service,
    source_organization,
    direction,
    wait_seconds,
    talk_seconds,
    hold_seconds,
    wrap_seconds,
    handled_by,
    is_abandoned,
    is_transferred,
    is_resolved,
    is_survey_offered,
    journey_stage,
    segment,
    identifiers,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _batch_id
from {{ counted_versions(ref('base_file_drop__interactions')) }} as interaction
