{#- What web analytics tools counted themselves, whatever they are: a row of theirs is a row here. -#}
{{ config(
    materialized='incremental',
    partition_by='record_date',
    touched='stg_touched_records'
) }}
-- depends_on: {{ ref('stg_touched_records') }}

with aggregates as (
    select
        _record_key,
        source_system,
        record_id,
        record_date,
        report,
        site,
        dimension,
        member,
        vote,
        first_date,
        last_date,
        visits,
        users,
        pageviews,
        event_count,
        cast(null as decimal(18, 12)) as engaged_share,
        bounce_share,
        is_withdrawn,
        _batch_id
    from {{ ref('stg_dap__rows') }}
    union all
    select
        _record_key,
        source_system,
        record_id,
        record_date,
        report,
        site,
        dimension,
        member,
        vote,
        first_date,
        last_date,
        visits,
        users,
        pageviews,
        event_count,
        engaged_share,
        bounce_share,
        false as is_withdrawn,
        _batch_id
    from {{ ref('stg_file_drop__web_aggregates') }}
)

select
    cast(_record_key as string) as _record_key,
    cast(source_system as string) as source_system,
    cast(record_id as string) as record_id,
    cast(record_date as date) as record_date,
    cast(report as string) as report,
    cast(coalesce(site, 'all') as string) as site,
    cast(dimension as string) as breakdown,
    cast(member as string) as member,
    cast(vote as string) as vote,
    cast(first_date as date) as first_date,
    cast(last_date as date) as last_date,
    cast(visits as bigint) as visits,
    cast(users as bigint) as users,
    cast(pageviews as bigint) as pageviews,
    cast(event_count as bigint) as event_count,
    cast(engaged_share as decimal(18, 12)) as engaged_share,
    cast(bounce_share as decimal(18, 12)) as bounce_share,
    cast(case
        when is_withdrawn then 'withdrawn'
        when dimension is null then 'other_dimensions'
        when member is null or report is null then 'no_name'
        when first_date is null or last_date is null or first_date > last_date then 'no_days'
        when dimension = 'vote' and coalesce(vote, '') not in ('yes', 'no') then 'no_vote'
        when dimension = 'vote' and event_count is null then 'no_count'
        when dimension <> 'vote' and coalesce(visits, pageviews) is null then 'no_count'
        when least(visits, users, pageviews, event_count) < 0 then 'no_count'
    end as string) as not_counted_reason,
    cast(_batch_id as string) as _batch_id
from aggregates
where {{ is_touched('record_date', ref('stg_touched_records')) }}
