{#- What this build changes. Models that replace partitions take the touched ones from here.

    A batch that an unfinished build had taken in touches all of its records: some tables hold it, some don't.
    A version without a key is kept, so that this table's test finds it for all base models.
-#}
{% set bases = {
    'responses': ref('base_touchpoints__responses'),
    'conversations': ref('base_genesys__conversations'),
    'reports': ref('base_dap__rows'),
    'report_files': ref('base_dap__files'),
    'web_aggregates': ref('base_file_drop__web_aggregates'),
    'interactions': ref('base_file_drop__interactions'),
    'survey_responses': ref('base_file_drop__survey_responses'),
    'survey_offers': ref('base_file_drop__survey_offers'),
    'events': ref('base_ga4__tables'),
    'published_measures': ref('base_file_drop__published_measures'),
    'priority_goal_values': ref('base_file_drop__priority_goal_values')
} %}
{% set in_pending %}
    version._record_key in (select _record_key from pending_records)
{% endset %}
{% set of_pending %}
    version._report_key in (select _report_key from pending_reports)
{% endset %}
{% set built %}
    version._batch_id in (select batch_id from {{ source('build', 'built_batches') }} where state = 'built')
{% endset %}

with versions as (
    {% for stream, base in bases.items() %}
    select
        _record_key,
        source_system,
        split_part(_record_key, '/', 2) as stream,
        record_id,
        record_date,
        _batch_id,
        _payload_hash,
        _kind,
        _source_updated_at,
        _fetched_at
    from {{ base }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

pending_records as (
    select
        version._record_key,
        bool_or(batch.is_unsettled) as is_unsettled
    from versions as version
    inner join {{ source('build', 'pending_batches') }} as batch on version._batch_id = batch.batch_id
    group by version._record_key
),

touched as (
    select pending._record_key
    from pending_records as pending
    left join {{ newest_version('versions', in_pending, built) }} as earlier
        on pending._record_key = earlier._record_key
    left join {{ newest_version('versions', in_pending) }} as later
        on pending._record_key = later._record_key
    where
        pending.is_unsettled
        or pending._record_key is null
        or earlier._batch_id is distinct from later._batch_id
        or earlier._payload_hash is distinct from later._payload_hash
),

-- of reports and days that were sent again: rows that one of the two editions lacks
pending_reports as (
    select
        version._report_key,
        bool_or(batch.is_unsettled) as is_unsettled
    from {{ ref('base_dap__rows') }} as version
    inner join {{ source('build', 'pending_batches') }} as batch on version._batch_id = batch.batch_id
    group by version._report_key
),

reports_anew as (
    select
        pending._report_key,
        pending.is_unsettled,
        earlier._batch_id as earlier_batch_id,
        later._batch_id as later_batch_id
    from pending_reports as pending
    left join {{ newest_edition(ref('base_dap__rows'), of_pending, built) }} as earlier
        on pending._report_key = earlier._report_key
    left join {{ newest_edition(ref('base_dap__rows'), of_pending) }} as later
        on pending._report_key = later._report_key
    where
        pending.is_unsettled
        or earlier._batch_id is distinct from later._batch_id
),

withdrawn_or_back as (
    select version._record_key
    from {{ ref('base_dap__rows') }} as version
    inner join reports_anew on version._report_key = reports_anew._report_key
    group by version._record_key
    having
        bool_or(reports_anew.is_unsettled)
        or bool_or(coalesce(version._batch_id = reports_anew.earlier_batch_id, false))
        <> bool_or(coalesce(version._batch_id = reports_anew.later_batch_id, false))
),

every_touched as (
    select _record_key from touched
    union
    select _record_key from withdrawn_or_back
)

select distinct
    version._record_key,
    version.source_system,
    version.stream,
    version.record_id,
    version.record_date
from versions as version
inner join every_touched on version._record_key is not distinct from every_touched._record_key
-- what a report says of itself counts on no day: earlier editions of it would touch theirs for nothing
where
    version._kind is distinct from 'report'
    or version._batch_id in (select pending.batch_id from {{ source('build', 'pending_batches') }} as pending)
