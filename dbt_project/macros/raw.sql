{#- Reading the raw zone: which files, and which fields of a payload. Only base models call these. -#}

{#- What this build takes in of one stream, as a relation to select from.

    Args:
        kind: the kind of source (`touchpoints`, `genesys`, `file_drop`): several sources may be of one kind.
        stream: the kind's stream.

    Returns:
        One row per record and batch: source_system, record_id, _source_updated_at, _fetched_at (UTC, no zone),
        _batch_id, _kind, payload, _payload_hash, identifiers. No row if nothing of the stream is pending.
-#}
{% macro read_raw(kind, stream) -%}
    {%- set pending = source('build', 'pending_batches') -%}
    {%- set files = [] -%}
    {%- if execute -%}
        {%- set listed -%}
            select batch_id, {{ exploded('files') }} as file
            from {{ pending }}
            where kind_of_source = '{{ kind }}' and stream = '{{ stream }}'
            order by batch_id, file
        {%- endset -%}
        {%- set files = run_query(listed).columns[1].values() -%}
    {%- endif -%}
    (
        select
            batch.source as source_system,
            record.record_id,
            {{ utc_time('record.source_updated_at') }} as _source_updated_at,
            {{ utc_time('record.fetched_at') }} as _fetched_at,
            record.batch_id as _batch_id,
            record.payload,
            record.payload_hash as _payload_hash,
            record.kind as _kind,
            record.identifiers
        from {{ adapter.dispatch('raw_files')(files) }} as record
        inner join {{ pending }} as batch on record.batch_id = batch.batch_id
    )
{%- endmacro %}

{% macro duckdb__raw_files(files) -%}
    {%- if files -%}
        read_parquet([
            {%- for file in files %}'{{ file | replace("'", "''") }}'{{ ', ' if not loop.last }}{% endfor -%}
        ], union_by_name = true)
    {%- else -%}
        (
            select
                cast(null as varchar) as record_id,
                cast(null as timestamp with time zone) as source_updated_at,
                cast(null as timestamp with time zone) as fetched_at,
                cast(null as varchar) as batch_id,
                cast(null as varchar) as kind,
                cast(null as varchar) as payload,
                cast(null as varchar) as payload_hash,
                cast(null as struct("type" varchar, token varchar, key_version integer)[]) as identifiers
            limit 0
        )
    {%- endif -%}
{%- endmacro %}

{% macro spark__raw_files(files) -%}
    (
        {%- for file in files %}
        select * from parquet.`{{ file }}` union all
        {%- endfor %}
        select
            cast(null as string) as record_id,
            cast(null as timestamp) as source_updated_at,
            cast(null as timestamp) as fetched_at,
            cast(null as string) as batch_id,
            cast(null as string) as kind,
            cast(null as string) as payload,
            cast(null as string) as payload_hash,
            cast(null as array<struct<`type`: string, token: string, key_version: int>>) as identifiers
        where false
    )
{%- endmacro %}

{#- Parse a payload, once: a struct of the fields asked for, in their names' spelling.

    A key that is missing and a value that doesn't fit give null, never an error.

    Args:
        payload: the column with the JSON text, proved valid at landing.
        fields: what to take, as a dict of field → type; a type is 'varchar', 'double', a dict (an object),
            a list of one type (an array) or 'map' (an object with any keys, its values as text).
-#}
{% macro parse_payload(payload, fields) -%}
    {{ return(adapter.dispatch('parse_payload')(payload, fields)) }}
{%- endmacro %}

{% macro duckdb__parse_payload(payload, fields) -%}
    from_json({{ payload }}, '{{ duckdb__json_type(fields) }}')
{%- endmacro %}

{% macro duckdb__json_type(type) -%}
    {%- if type is mapping -%}
        {
            {%- for name, inner in type.items() -%}
                "{{ name }}":{{ duckdb__json_type(inner) }}{{ ',' if not loop.last }}
            {%- endfor -%}
        }
    {%- elif type is string -%}
        "{{ 'MAP(VARCHAR,VARCHAR)' if type == 'map' else type | upper }}"
    {%- else -%}
        [{{ duckdb__json_type(type[0]) }}]
    {%- endif -%}
{%- endmacro %}

{% macro spark__parse_payload(payload, fields) -%}
    from_json({{ payload }}, '
        {%- for name, inner in fields.items() -%}
            `{{ name }}` {{ spark__json_type(inner) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    ')
{%- endmacro %}

{% macro spark__json_type(type) -%}
    {%- if type is mapping -%}
        STRUCT<
            {%- for name, inner in type.items() -%}
                `{{ name }}`: {{ spark__json_type(inner) }}{{ ', ' if not loop.last }}
            {%- endfor -%}
        >
    {%- elif type is string -%}
        {{ {'map': 'MAP<STRING, STRING>', 'varchar': 'STRING'}.get(type, type | upper) }}
    {%- else -%}
        ARRAY<{{ spark__json_type(type[0]) }}>
    {%- endif -%}
{%- endmacro %}

{#- The names of the fields that came with a value which doesn't cast: what drift is counted from.

    Args:
        casts: field name → [the text as it came, the same after its cast].
-#}
{% macro uncast(casts) -%}
    {%- set names = [] -%}
    {%- for name, pair in casts.items() -%}
        {%- do names.append("case when " ~ pair[0] ~ " is not null and " ~ pair[1] ~ " is null then '" ~ name ~ "' end") -%}
    {%- endfor -%}
    {{ present_values(names) }}
{%- endmacro %}
