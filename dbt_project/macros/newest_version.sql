{#- The one de-duplication: of each record the version that counts, as a relation to select from.

    Versions with the same payload are one, landed when the first of them landed; so that landing again changes
    nothing. Of different ones the newest by the source's own clock counts (ties: fetched last, then the payload's
    hash). Only narrow columns are ranked: a window over whole records runs out of memory first.

    Args:
        base: the base model.
        only: an optional condition on `version`, the base model's rows: whole records, never some versions.
        visible: the batches that count, as a condition on `version._batch_id`.

    Returns:
        _record_key, _batch_id, _payload_hash, _kind of the versions that count.
-#}
{% macro newest_version(base, only='true', visible=not_excluded()) -%}
    (
        select _record_key, _batch_id, _payload_hash, _kind
        from (
            select
                version._record_key,
                version._batch_id,
                version._payload_hash,
                version._kind,
                version._source_updated_at,
                version._fetched_at
            from {{ base }} as version
            where {{ only }} and {{ visible }}
            qualify row_number() over (
                partition by version._record_key, version._payload_hash, version._kind
                order by version._fetched_at, version._batch_id
            ) = 1
        ) as payload
        qualify row_number() over (
            partition by _record_key
            order by _source_updated_at desc nulls last, _fetched_at desc, _payload_hash desc, _kind
        ) = 1
    )
{%- endmacro %}

{#- Of each report and its days the batch that was taken last, whole: a row that it lacks has been withdrawn.

    Args:
        base: the base model.
        only: an optional condition on `version`, the base model's rows: whole reports and days.
        visible: the batches that count, as a condition on `version._batch_id`.

    Returns:
        _report_key, _batch_id.
-#}
{% macro newest_edition(base, only='true', visible=not_excluded()) -%}
    (
        select
            version._report_key,
            version._batch_id
        from {{ base }} as version
        where {{ only }} and {{ visible }}
        group by version._report_key, version._batch_id
        qualify row_number() over (
            partition by version._report_key
            order by
                max(version._source_updated_at) desc nulls last, max(version._fetched_at) desc, version._batch_id desc
        ) = 1
    )
{%- endmacro %}

{#- The batches that this build's results rest on. -#}
{% macro not_excluded() -%}
    version._batch_id not in (select batch_id from {{ source('build', 'excluded_batches') }})
{%- endmacro %}
{#- In a staging model: the versions that count of a base model, of the touched records only where the rest stands. -#}
{% macro counted_versions(base) -%}
    {%- set only = is_touched('version._record_key', ref('stg_touched_records')) -%}
    (
        select version.*
        from {{ base }} as version
        inner join {{ newest_version(base, only) }} as newest
            on
                version._record_key = newest._record_key
                and version._batch_id = newest._batch_id
                and version._payload_hash = newest._payload_hash
                and version._kind = newest._kind
        where {{ only }}
    )
{%- endmacro %}
