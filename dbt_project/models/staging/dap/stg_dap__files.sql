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
    file,
    report,
    report_name,
    title,
    description,
    first_date,
    last_date,
    taken_at,
    file_rows,
    totals,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _batch_id
from {{ counted_versions(ref('base_dap__files')) }} as report_file
