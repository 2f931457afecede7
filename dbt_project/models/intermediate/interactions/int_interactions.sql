{{ config(
    materialized='incremental',
    partition_by='record_date',
    touched='int_touched_days'
) }}

with genesys as (
    select
        conversations._record_key,
        conversations.source_system,
        conversations.record_id,
        conversations.record_date,
        conversations.started_at,
        conversations.ended_at,
        conversations.media_type as source_channel,
        queues.service_id,
        queues.organization_id as known_organization_id,
        conversations.direction,
        conversations.wait_seconds,
        conversations.talk_seconds,
        conversations.hold_seconds,
        conversations.wrap_seconds,
        conversations.handled_by,
        conversations.is_abandoned,
        conversations.is_transferred,
        conversations.is_resolved,
        conversations.is_survey_offered,
        cast(null as string) as journey_stage,
        conversations.segment,
        conversations._batch_id
    from {{ ref('stg_genesys__conversations') }} as conversations
    left join {{ ref('contact_queues') }} as queues
        on conversations.queue_id = queues.queue_id
),

file_drop as (
    select
        contacts._record_key,
        contacts.source_system,
        contacts.record_id,
        contacts.record_date,
        contacts.started_at,
        contacts.ended_at,
        contacts.source_channel,
        services.service_id,
        coalesce(organizations.organization_id, services.organization_id) as known_organization_id,
        contacts.direction,
        contacts.wait_seconds,
        contacts.talk_seconds,
        contacts.hold_seconds,
        contacts.wrap_seconds,
        -- Who it was is the employee's matter; that it was a person is what measures ask.
        case when contacts.handled_by is not null then 'agent' end as handled_by,
        contacts.is_abandoned,
        contacts.is_transferred,
        contacts.is_resolved,
        contacts.is_survey_offered,
        contacts.journey_stage,
        contacts.segment,
        contacts._batch_id
    from {{ ref('stg_file_drop__interactions') }} as contacts
    left join {{ ref('services') }} as services
        on contacts.source_service = services.service_id
    left join {{ ref('organizations') }} as organizations
        on contacts.source_organization = organizations.organization_id
),

contacts as (
    select * from genesys
    union all
    select * from file_drop
),

agency as (
    select min(organization_id) as organization_id
    from {{ ref('organizations') }}
    where parent_organization_id is null
),

placed as (
    select
        contacts.*,
        coalesce(contacts.known_organization_id, agency.organization_id) as organization_id,
        aliases.channel
    from contacts
    cross join agency
    left join {{ ref('channel_aliases') }} as aliases
        on
            contacts.source_system = aliases.source_system
            and contacts.source_channel = aliases.source_value
    where {{ is_touched('contacts.record_date', ref('int_touched_days')) }}
),

dated as (
    select
        placed.*,
        coalesce(
            {{ local_date('placed.started_at', 'zones.time_zone') }}, placed.record_date
        ) as started_local_date
    from placed
    left join {{ ref('int_organization_zones') }} as zones
        on
            placed.organization_id = zones.organization_id
            and placed.started_at >= zones.starts_at
            and placed.started_at < zones.ends_at
)

select
    cast({{ hash_id(['source_system', 'record_id']) }} as string) as interaction_id,
    cast(organization_id as string) as organization_id,
    cast(service_id as string) as service_id,
    cast(channel as string) as channel,
    cast(direction as string) as direction,
    cast(started_at as timestamp) as started_at,
    cast(ended_at as timestamp) as ended_at,
    cast(record_date as date) as record_date,
    cast(started_local_date as date) as started_local_date,
    cast({{ fiscal_quarter('started_local_date') }} as string) as fiscal_quarter,
    cast(wait_seconds as decimal(18, 3)) as wait_seconds,
    cast(talk_seconds as decimal(18, 3)) as talk_seconds,
    cast(hold_seconds as decimal(18, 3)) as hold_seconds,
    cast(wrap_seconds as decimal(18, 3)) as wrap_seconds,
    cast(handled_by as string) as handled_by,
    cast(is_abandoned as boolean) as is_abandoned,
    cast(is_transferred as boolean) as is_transferred,
    cast(is_resolved as boolean) as is_resolved,
    cast(is_survey_offered as boolean) as is_survey_offered,
    cast(journey_stage as string) as journey_stage,
    cast(segment as string) as segment,
    cast(source_system as string) as source_system,
    cast(record_id as string) as source_record_id,
    cast(_record_key as string) as _record_key,
    cast(_batch_id as string) as _batch_id
from dated

union all

-- What a program did on the website is no contact of a person.
select
    cast({{ hash_id(['sessions.source_system', 'sessions.session_id']) }} as string) as interaction_id,
    sessions.organization_id,
    sessions.service_id,
    sessions.channel,
    cast('inbound' as string) as direction,
    sessions.started_at,
    sessions.ended_at,
    sessions.started_date as record_date,
    sessions.started_local_date,
    sessions.fiscal_quarter,
    cast(null as decimal(18, 3)) as wait_seconds,
    cast(null as decimal(18, 3)) as talk_seconds,
    cast(null as decimal(18, 3)) as hold_seconds,
    cast(null as decimal(18, 3)) as wrap_seconds,
    cast(null as string) as handled_by,
    cast(null as boolean) as is_abandoned,
    cast(null as boolean) as is_transferred,
    cast(null as boolean) as is_resolved,
    cast(null as boolean) as is_survey_offered,
    sessions.journey_stage,
    cast(null as string) as segment,
    sessions.source_system,
    sessions.session_id as source_record_id,
    sessions._record_key,
    sessions._batch_id
from {{ ref('int_web_sessions') }} as sessions
where
    not sessions.is_suspected_bot
    and {{ is_touched('sessions.started_date', ref('int_touched_days')) }}
