{#- Every version of every row of published figures that came in a file: the only place that parses its payload. -#}
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
            'publisher': 'varchar',
            'organization': 'varchar',
            'service': 'varchar',
            'touchpoint': 'varchar',
            'period': 'varchar',
            'edition': 'varchar',
            'edition_date': 'varchar',
            'question': 'varchar',
            'wording': 'varchar',
            'figures': 'map'
        }) }} as payload
    from {{ read_raw('file_drop', 'published_measures') }} as raw
)

select
    {{ record_key('published_measures') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(try_cast(payload.edition_date as date), _fetched_at) as date) as record_date,
    nullif(trim(payload.publisher), '') as publisher,
    nullif(trim(payload.organization), '') as organization,
    nullif(trim(payload.service), '') as service,
    nullif(trim(payload.touchpoint), '') as touchpoint,
    nullif(trim(payload.period), '') as period,
    nullif(trim(payload.edition), '') as edition,
    try_cast(payload.edition_date as date) as edition_date,
    nullif(trim(payload.question), '') as question,
    nullif(trim(payload.wording), '') as wording,
    payload.figures,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from parsed
