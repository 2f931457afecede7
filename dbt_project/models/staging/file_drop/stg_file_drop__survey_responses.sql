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
    answered_at,
    answered_on,
    is_date_only,
    updated_at,
    source_channel,
    source_service,
    language,
    weight,
    cluster_id,
    source_interaction,
    answers,
    identifiers,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _batch_id
from {{ counted_versions(ref('base_file_drop__survey_responses')) }} as response
