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
    survey_id,
    offered_on,
    offered_until,
    source_channel,
    source_service,
    customer_count,
    offered_count,
    complete_count,
    partial_count,
    refused_count,
    not_reached_count,
    other_count,
    unknown_eligibility_count,
    updated_at,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _batch_id
from {{ counted_versions(ref('base_file_drop__survey_offers')) }} as offer
