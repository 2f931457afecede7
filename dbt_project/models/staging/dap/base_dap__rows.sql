{#- Every version of every row of DAP's reports, from the API and from published files, typed: the only place that
    parses its payload. -#}
{{ config(
    materialized='incremental',
    partition_by='_batch_id'
) }}

with raw as (
    select *
    from {{ read_raw('dap', 'reports') }} as from_api
    union all
    select *
    from {{ read_raw('dap_files', 'reports') }} as from_files
),

parsed as (
    select
        raw.source_system,
        raw.record_id,
        raw._source_updated_at,
        raw._fetched_at,
        raw._payload_hash,
        raw._kind,
        raw._batch_id,
        {{ parse_payload('raw.payload', {
            'date': 'varchar',
            'report_name': 'varchar',
            'report_agency': 'varchar',
            'domain': 'varchar',
            'page': 'varchar',
            'pagePath': 'varchar',
            'device': 'varchar',
            'os': 'varchar',
            'browser': 'varchar',
            'language': 'varchar',
            'country': 'varchar',
            'hour': 'varchar',
            'event_label': 'varchar',
            'customEvent:event_label': 'varchar',
            'visits': 'varchar',
            'users': 'varchar',
            'pageviews': 'varchar',
            'total_events': 'varchar',
            'bounce_rate': 'varchar',
            '_report': 'varchar',
            '_site': 'varchar',
            '_file': 'varchar',
            '_row': 'varchar',
            '_first_date': 'varchar',
            '_last_date': 'varchar'
        }) }} as payload
    from raw
    where raw._kind <> 'report'
),

typed as (
    select
        *,
        try_cast(coalesce(substr(payload.date, 1, 10), payload._first_date) as date) as first_date,
        try_cast(coalesce(substr(payload.date, 1, 10), payload._last_date) as date) as last_date,
        coalesce(payload._report, payload.report_agency || '/' || payload.report_name, payload.report_name) as report,
        lower(nullif(trim(coalesce(payload.domain, payload._site)), '')) as host,
        {{ url_without_query('coalesce(payload.page, payload."pagePath")') }} as url,
        case _kind
            when 'row:' then 'all'
            when 'row:domain' then 'site'
            {%- for kind in ['page', 'domain+page', 'page+page_title', 'domain+page+page_title', 'pagePath'] %}
            when 'row:{{ kind }}' then 'page'
            {%- endfor %}
            {%- for name in ['device', 'os', 'browser', 'language', 'country', 'hour'] %}
            when 'row:{{ name }}' then '{{ name }}'
            {%- endfor %}
            {%- for kind in ['event_label+page', 'domain+event_label+page', 'customEvent:event_label+pagePath'] %}
            when 'row:{{ kind }}' then 'vote'
            {%- endfor %}
        end as dimension,
        try_cast(payload.visits as bigint) as visits,
        try_cast(payload.users as bigint) as users,
        try_cast(payload.pageviews as bigint) as pageviews,
        try_cast(payload.total_events as bigint) as event_count,
        try_cast(payload.bounce_rate as decimal(18, 12)) as bounce_share
    from parsed
),

paged as (
    select
        typed.*,
        {{ page_of_site('host', 'url') }} as page
    from typed
)

select
    {{ record_key('reports') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(last_date, cast(_source_updated_at as date), cast(_fetched_at as date)) as date) as record_date,
    concat_ws(
        '/', source_system, report, coalesce(cast(first_date as string), ''), coalesce(cast(last_date as string), '')
    ) as _report_key,
    report,
    payload._file as file,
    cast(payload._row as integer) as file_row,
    first_date,
    last_date,
    dimension,
    case
        when dimension = 'all' then 'all'
        when dimension = 'site' then host
        when dimension in ('page', 'vote') then {{ scrub('page') }}
        when dimension = 'device' then payload.device
        when dimension = 'os' then payload.os
        when dimension = 'browser' then payload.browser
        when dimension = 'language' then payload.language
        when dimension = 'country' then payload.country
        when dimension = 'hour' then payload.hour
    end as member,
    case
        when dimension = 'vote' then lower(coalesce(payload.event_label, payload."customEvent:event_label"))
    end as vote,
    case when dimension not in ('site', 'page', 'vote') then host end as site,
    visits,
    users,
    pageviews,
    event_count,
    bounce_share,
    {{ uncast({
        'visits': ['payload.visits', 'visits'],
        'users': ['payload.users', 'users'],
        'pageviews': ['payload.pageviews', 'pageviews'],
        'total_events': ['payload.total_events', 'event_count'],
        'bounce_rate': ['payload.bounce_rate', 'bounce_share']
    }) }} as _uncast,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from paged
