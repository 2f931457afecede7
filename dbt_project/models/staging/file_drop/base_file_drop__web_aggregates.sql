{#- Every version of every row of web aggregates that came in a file, typed: the only place that parses its payload. -#}
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
            'first_date': 'varchar',
            'last_date': 'varchar',
            'report': 'varchar',
            'site': 'varchar',
            'page': 'varchar',
            'dimension': 'varchar',
            'member': 'varchar',
            'vote': 'varchar',
            'visits': 'varchar',
            'users': 'varchar',
            'pageviews': 'varchar',
            'event_count': 'varchar',
            'engaged_share': 'varchar',
            'bounce_share': 'varchar',
            'updated_at': 'varchar'
        }) }} as payload
    from {{ read_raw('file_drop', 'web_aggregates') }} as raw
),

typed as (
    select
        *,
        try_cast(payload.first_date as date) as first_date,
        try_cast(payload.last_date as date) as last_date,
        lower(nullif(trim(payload.site), '')) as host,
        {{ url_without_query('payload.page') }} as url,
        lower(nullif(trim(payload.vote), '')) as vote,
        try_cast(payload.visits as bigint) as visits,
        try_cast(payload.users as bigint) as users,
        try_cast(payload.pageviews as bigint) as pageviews,
        try_cast(payload.event_count as bigint) as event_count,
        try_cast(payload.engaged_share as decimal(18, 12)) as engaged_share,
        try_cast(payload.bounce_share as decimal(18, 12)) as bounce_share
    from parsed
),

paged as (
    select
        typed.*,
        {{ page_of_site('host', 'url') }} as page,
        case
            when url is not null then case when vote is null then 'page' else 'vote' end
            when payload.dimension is not null then lower(trim(payload.dimension))
            when host is not null then 'site'
            else 'all'
        end as dimension
    from typed
)

select
    {{ record_key('web_aggregates') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(last_date, first_date, cast(_fetched_at as date)) as date) as record_date,
    coalesce(nullif(trim(payload.report), ''), source_system) as report,
    first_date,
    coalesce(last_date, first_date) as last_date,
    dimension,
    case
        when dimension in ('page', 'vote') then {{ scrub('page') }}
        when payload.dimension is not null then nullif(trim(payload.member), '')
        when dimension = 'site' then host
        else 'all'
    end as member,
    vote,
    case when payload.dimension is not null then host end as site,
    visits,
    users,
    pageviews,
    event_count,
    engaged_share,
    bounce_share,
    {{ uncast({
        'first_date': ['payload.first_date', 'first_date'],
        'last_date': ['payload.last_date', 'last_date'],
        'visits': ['payload.visits', 'visits'],
        'users': ['payload.users', 'users'],
        'pageviews': ['payload.pageviews', 'pageviews'],
        'event_count': ['payload.event_count', 'event_count'],
        'engaged_share': ['payload.engaged_share', 'engaged_share'],
        'bounce_share': ['payload.bounce_share', 'bounce_share']
    }) }} as _uncast,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from paged
