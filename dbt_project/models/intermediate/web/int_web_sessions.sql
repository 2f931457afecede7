{#-
  A visitor's events with less than half an hour between neighbors, whatever the day and the tool's own session id.
  An incremental build takes the events of the touched stretches alone, and of the touched days the sessions that lie
  outside of them as they were.
-#}
{{ config(
    materialized='incremental',
    partition_by='started_date',
    touched='int_touched_days'
) }}
-- depends_on: {{ ref('int_touched_days') }}
-- depends_on: {{ ref('int_web__touched_stretches') }}

with events as (
    select
        source_system,
        visitor_token,
        event_at,
        event_name,
        user_identifier_type,
        user_token,
        ga_session_id,
        site,
        page_path,
        device,
        engaged_seconds,
        is_session_engaged,
        parameter_value,
        _batch_id
    from {{ ref('stg_ga4__events') }} as event
    where
        visitor_token is not null
        and event_at is not null
        and {{ is_in_touched_stretch('event', ref('int_web__touched_stretches')) }}
),

viewed as (
    select distinct
        site,
        page_path
    from events
    where page_path is not null
),

-- The row of the seed that says most of a page: the one with the most letters besides its stars.
pages as (
    select
        viewed.site,
        viewed.page_path,
        known.service_id,
        known.journey_stage,
        known.is_task_start,
        known.is_task_done
    from viewed
    inner join {{ ref('web_pages') }} as known
        on viewed.site = known.host and {{ path_matches('viewed.page_path', 'known.path_pattern') }}
    qualify row_number() over (
        partition by viewed.site, viewed.page_path
        order by length(replace(known.path_pattern, '*', '')) desc, known.path_pattern
    ) = 1
),

marked as (
    select
        events.*,
        pages.service_id,
        pages.journey_stage,
        coalesce(pages.is_task_start, false) or coalesce(known.meaning = 'task_start', false) as is_task_start,
        coalesce(pages.is_task_done, false) or coalesce(known.meaning = 'task_done', false) as is_task_done,
        coalesce(known.meaning = 'helpful_yes', false) as is_helpful_yes,
        coalesce(known.meaning = 'helpful_no', false) as is_helpful_no
    from events
    left join pages
        on events.site = pages.site and events.page_path = pages.page_path
    left join {{ ref('web_events') }} as known
        on
            events.event_name = known.event_name
            and (known.value is null or events.parameter_value = lower(known.value))
),

begun as (
    select
        *,
        case
            when
                event_at - lag(event_at) over (partition by source_system, visitor_token order by event_at)
                < {{ session_gap() }}
                then 0
            else 1
        end as is_first
    from marked
),

-- Events of one moment are peers in this order, so they share a number.
numbered as (
    select
        *,
        sum(is_first) over (partition by source_system, visitor_token order by event_at) as session_number
    from begun
),

counted as (
    select
        source_system,
        visitor_token,
        session_number,
        min(event_at) as started_at,
        max(event_at) as ended_at,
        count(*) as event_count,
        count(*) filter (where event_name = 'page_view') as pageview_count,
        coalesce(sum(engaged_seconds), 0) as engaged_seconds,
        bool_or(is_session_engaged) as is_session_engaged,
        {{ earliest('site', 'event_at') }} as site,
        {{ earliest('device', 'event_at') }} as device,
        {{ earliest('page_path', 'event_at', "event_name = 'page_view'") }} as landing_page,
        {{ latest('page_path', 'event_at', "event_name = 'page_view'") }} as exit_page,
        bool_or(is_task_start or is_task_done) as is_task_started,
        bool_or(is_task_done) as is_task_done,
        count(*) filter (where is_helpful_yes) as helpful_yes_count,
        count(*) filter (where is_helpful_no) as helpful_no_count,
        -- Where two people signed in, nobody can say whose session it is.
        case when min(user_token) = max(user_token) then min(user_token) end as user_token,
        min(user_identifier_type) as user_identifier_type,
        count(distinct ga_session_id) as ga_session_count,
        max(_batch_id) as _batch_id
    from numbered
    group by source_system, visitor_token, session_number
),

services_viewed as (
    select
        source_system,
        visitor_token,
        session_number,
        service_id,
        count(*) filter (where event_name = 'page_view') as pageview_count,
        max(event_at) as last_at,
        {{ latest('journey_stage', 'event_at') }} as journey_stage
    from numbered
    where service_id is not null
    group by source_system, visitor_token, session_number, service_id
),

main_services as (
    select *
    from services_viewed
    qualify row_number() over (
        partition by source_system, visitor_token, session_number
        order by pageview_count desc, last_at desc, service_id asc
    ) = 1
),

agency as (
    select min(organization_id) as organization_id
    from {{ ref('organizations') }}
    where parent_organization_id is null
),

placed as (
    select
        counted.*,
        main_services.service_id,
        main_services.journey_stage,
        coalesce(services.organization_id, agency.organization_id) as organization_id
    from counted
    cross join agency
    left join main_services
        on
            counted.source_system = main_services.source_system
            and counted.visitor_token = main_services.visitor_token
            and counted.session_number = main_services.session_number
    left join {{ ref('services') }} as services
        on main_services.service_id = services.service_id
),

dated as (
    select
        placed.*,
        {{ hash_id(['placed.source_system', 'placed.visitor_token', 'placed.started_at']) }} as session_id,
        {{ local_date('placed.started_at', 'zones.time_zone') }} as started_local_date,
        placed.is_session_engaged or placed.pageview_count >= 2 or placed.engaged_seconds >= 10 as is_engaged
    from placed
    inner join {{ ref('int_organization_zones') }} as zones
        on
            placed.organization_id = zones.organization_id
            and placed.started_at >= zones.starts_at
            and placed.started_at < zones.ends_at
),

sessions as (
    select
        cast(session_id as string) as session_id,
        cast(organization_id as string) as organization_id,
        cast(service_id as string) as service_id,
        cast(journey_stage as string) as journey_stage,
        cast('website' as string) as channel,
        cast(source_system as string) as source_system,
        cast(site as string) as site,
        cast(device as string) as device,
        cast(landing_page as string) as landing_page,
        cast(exit_page as string) as exit_page,
        cast(started_at as timestamp) as started_at,
        cast(ended_at as timestamp) as ended_at,
        cast(started_at as date) as started_date,
        cast(started_local_date as date) as started_local_date,
        cast({{ fiscal_quarter('started_local_date') }} as string) as fiscal_quarter,
        cast(event_count as bigint) as event_count,
        cast(pageview_count as bigint) as pageview_count,
        cast(engaged_seconds as decimal(18, 3)) as engaged_seconds,
        is_engaged,
        not is_engaged as is_bounce,
        is_task_started,
        is_task_done,
        cast(helpful_yes_count as bigint) as helpful_yes_count,
        cast(helpful_no_count as bigint) as helpful_no_count,
        event_count > {{ policy('web_session_max_events') }}
        or {{ epoch_seconds('ended_at') }} - {{ epoch_seconds('started_at') }}
        > {{ policy('web_session_max_seconds') }} as is_suspected_bot,
        cast(ga_session_count as bigint) as ga_session_count,
        cast(visitor_token as string) as visitor_token,
        cast(case when user_token is not null then user_identifier_type end as string) as user_identifier_type,
        cast(user_token as string) as user_token,
        cast(source_system || '/sessions/' || session_id as string) as _record_key,
        cast(_batch_id as string) as _batch_id
    from dated
)

select * from sessions
{% if is_incremental() %}
union all
select
    stored.session_id,
    stored.organization_id,
    stored.service_id,
    stored.journey_stage,
    stored.channel,
    stored.source_system,
    stored.site,
    stored.device,
    stored.landing_page,
    stored.exit_page,
    stored.started_at,
    stored.ended_at,
    stored.started_date,
    stored.started_local_date,
    stored.fiscal_quarter,
    stored.event_count,
    stored.pageview_count,
    stored.engaged_seconds,
    stored.is_engaged,
    stored.is_bounce,
    stored.is_task_started,
    stored.is_task_done,
    stored.helpful_yes_count,
    stored.helpful_no_count,
    stored.is_suspected_bot,
    stored.ga_session_count,
    stored.visitor_token,
    stored.user_identifier_type,
    stored.user_token,
    stored._record_key,
    stored._batch_id
from {{ this }} as stored
where
    stored.started_date in (select touched.started_date from {{ ref('int_touched_days') }} as touched)
    and stored.session_id not in (
        select stretch.session_id
        from {{ ref('int_web__touched_stretches') }} as stretch
        where stretch.session_id is not null
    )
{% endif %}
