{{ config(
    materialized='incremental',
    unique_key='_record_key',
    touched='stg_touched_records'
) }}
{%- set touched = ref('stg_touched_records') -%}
{%- set streams = {
    'responses': [ref('stg_touchpoints__responses'), 'created_at'],
    'conversations': [ref('stg_genesys__conversations'), 'started_at'],
    'interactions': [ref('stg_file_drop__interactions'), 'started_at'],
    'survey_responses': [ref('stg_file_drop__survey_responses'), 'answered_at']
} -%}

with records as (
    {% for stream, model in streams.items() %}
    select
        _record_key,
        source_system,
        cast('{{ stream }}' as string) as stream,
        record_id,
        record_date,
        coalesce({{ model[1] }}, cast(record_date as timestamp)) as seen_at,
        _batch_id,
        {{ exploded('record.identifiers') }} as identifier
    from {{ model[0] }} as record
    where {{ is_touched('record._record_key', touched) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select distinct
    _record_key,
    source_system,
    stream,
    record_id,
    record_date,
    identifier.type as identifier_type,
    identifier.token,
    identifier.key_version,
    seen_at,
    _batch_id
from records
