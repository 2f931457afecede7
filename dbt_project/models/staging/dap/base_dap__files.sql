{#- Every version of what a published DAP file says of itself, typed: the only place that parses its payload. -#}
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
            'file': 'varchar',
            'report': 'varchar',
            'name': 'varchar',
            'title': 'varchar',
            'description': 'varchar',
            'first_date': 'varchar',
            'last_date': 'varchar',
            'rows_until': 'varchar',
            'rows': 'varchar',
            'totals': [{'measure': 'varchar', 'member': 'varchar', 'value': 'varchar'}]
        }) }} as payload
    from {{ read_raw('dap_files', 'reports') }} as raw
    where raw._kind = 'report'
)

select
    {{ record_key('reports') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(
        try_cast(coalesce(payload.last_date, payload.rows_until) as date),
        cast(_source_updated_at as date),
        cast(_fetched_at as date)
    ) as date) as record_date,
    payload.file,
    payload.report,
    payload.name as report_name,
    payload.title,
    payload.description,
    try_cast(payload.first_date as date) as first_date,
    try_cast(payload.last_date as date) as last_date,
    _source_updated_at as taken_at,
    try_cast(payload.rows as integer) as file_rows,
    payload.totals,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from parsed
