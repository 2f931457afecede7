{#-
  The versions of each daily table. An event has no id of its own and may vanish from its table, so the table is the
  record: the one that landed last counts, whole.
-#}
{{ config(
    materialized='incremental',
    partition_by='_batch_id'
) }}

select
    _record_key,
    source_system,
    record_id,
    record_date,
    count(*) as event_count,
    cast(null as timestamp) as _source_updated_at,
    min(_fetched_at) as _fetched_at,
    -- Of tables with the same content the last one counts as well: what was between them is not what there is.
    _batch_id as _payload_hash,
    _kind,
    _batch_id
from {{ ref('base_ga4__events') }}
{% if is_incremental() %}
where _batch_id in (select pending.batch_id from {{ source('build', 'pending_batches') }} as pending)
{% endif %}
group by _record_key, source_system, record_id, record_date, _kind, _batch_id
