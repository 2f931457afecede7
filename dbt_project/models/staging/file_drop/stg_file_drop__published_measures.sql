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
    publisher,
    organization,
    service,
    touchpoint,
    period,
    edition,
    edition_date,
    question,
    wording,
    figures,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _batch_id
from {{ counted_versions(ref('base_file_drop__published_measures')) }} as published
