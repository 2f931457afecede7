{#-
  A report's row has no clock of its own, and a correction may drop it: then the report's day is sent again without it.
  So a row is withdrawn where what was sent last of its report and days lacks it.
-#}
{{ config(
    materialized='incremental',
    unique_key='_record_key',
    touched='stg_touched_records'
) }}
{%- set touched = is_touched('asked._record_key', ref('stg_touched_records')) %}
{%- set asked = 'select asked._report_key from ' ~ ref('base_dap__rows') ~ ' as asked where ' ~ touched %}
{%- set only = 'version._report_key in (' ~ asked ~ ')' %}

with sent_last as (
    select distinct sent._record_key
    from {{ ref('base_dap__rows') }} as sent
    inner join {{ newest_edition(ref('base_dap__rows'), only) }} as edition
        on
            sent._report_key = edition._report_key
            and sent._batch_id = edition._batch_id
)

select
    report_row._record_key,
    report_row.source_system,
    report_row.record_id,
    report_row.record_date,
    report_row.report,
    report_row.file,
    report_row.file_row,
    report_row.first_date,
    report_row.last_date,
    report_row.dimension,
    report_row.member,
    report_row.vote,
    report_row.site,
    report_row.visits,
    report_row.users,
    report_row.pageviews,
    report_row.event_count,
    report_row.bounce_share,
    sent_last._record_key is null as is_withdrawn,
    report_row._source_updated_at,
    report_row._fetched_at,
    report_row._payload_hash,
    report_row._batch_id
from {{ counted_versions(ref('base_dap__rows')) }} as report_row
left join sent_last
    on report_row._record_key = sent_last._record_key
