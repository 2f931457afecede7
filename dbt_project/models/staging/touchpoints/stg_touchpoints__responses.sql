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
    form_id,
    created_at,
    updated_at,
    location_code,
    language,
    answers,
    coalesce(is_flagged, false) as is_flagged,
    coalesce(is_archived, false) as is_archived,
    coalesce(is_deleted, false) as is_deleted,
    coalesce(is_spam, false) as is_spam,
    submission_state,
    identifiers,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _batch_id
from {{ counted_versions(ref('base_touchpoints__responses')) }} as response
