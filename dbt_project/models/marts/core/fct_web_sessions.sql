{{ config(
    materialized='incremental',
    partition_by='started_date',
    unique_key='session_id',
    touched='int_touched_days'
) }}
-- reads this table as the build before left it: depends_on: {{ ref('int_touched_customers') }}

select
    cast(sessions.session_id as string) as session_id,
    cast(customers.customer_id as string) as customer_id,
    cast(sessions.organization_id as string) as organization_id,
    cast(sessions.service_id as string) as service_id,
    cast(sessions.channel as string) as channel,
    cast(sessions.source_system as string) as source_system,
    cast(sessions.site as string) as site,
    cast(sessions.device as string) as device,
    cast(sessions.landing_page as string) as landing_page,
    cast(sessions.exit_page as string) as exit_page,
    cast(sessions.started_at as timestamp) as started_at,
    cast(sessions.ended_at as timestamp) as ended_at,
    cast(sessions.started_date as date) as started_date,
    cast(sessions.started_local_date as date) as started_local_date,
    cast(sessions.fiscal_quarter as string) as fiscal_quarter,
    cast(sessions.event_count as bigint) as event_count,
    cast(sessions.pageview_count as bigint) as pageview_count,
    cast(sessions.engaged_seconds as decimal(18, 3)) as engaged_seconds,
    cast(sessions.is_engaged as boolean) as is_engaged,
    cast(sessions.is_bounce as boolean) as is_bounce,
    cast(sessions.is_task_started as boolean) as is_task_started,
    cast(sessions.is_task_done as boolean) as is_task_done,
    cast(sessions.helpful_yes_count as bigint) as helpful_yes_count,
    cast(sessions.helpful_no_count as bigint) as helpful_no_count,
    cast(sessions.is_suspected_bot as boolean) as is_suspected_bot,
    cast(sessions.ga_session_count as bigint) as ga_session_count,
    cast(sessions.visitor_token as string) as visitor_token,
    cast(sessions._batch_id as string) as _batch_id
from {{ ref('int_web_sessions') }} as sessions
left join {{ ref('int_record_customers') }} as customers
    on sessions._record_key = customers._record_key
where {{ is_touched_or_renamed('sessions.started_date', 'sessions._record_key') }}
