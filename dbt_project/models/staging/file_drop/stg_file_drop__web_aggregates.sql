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
    report,
    first_date,
    last_date,
    dimension,
    member,
    vote,
    site,
    visits,
    users,
    pageviews,
    event_count,
    engaged_share,
    bounce_share,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _batch_id
from {{ counted_versions(ref('base_file_drop__web_aggregates')) }} as aggregate
