{{ config(
    materialized='incremental',
    partition_by='started_date',
    unique_key='interaction_id',
    touched='int_touched_days'
) }}
-- reads this table as the build before left it: depends_on: {{ ref('int_touched_customers') }}

select
    cast(contacts.interaction_id as string) as interaction_id,
    cast(customers.customer_id as string) as customer_id,
    cast(customers.customer_tier as string) as customer_tier,
    cast(contacts.organization_id as string) as organization_id,
    cast(contacts.service_id as string) as service_id,
    cast(contacts.channel as string) as channel,
    cast(contacts.journey_stage as string) as journey_stage,
    cast(contacts.direction as string) as direction,
    cast(contacts.started_at as timestamp) as started_at,
    cast(contacts.ended_at as timestamp) as ended_at,
    cast(contacts.record_date as date) as started_date,
    cast(contacts.started_local_date as date) as started_local_date,
    cast(contacts.fiscal_quarter as string) as fiscal_quarter,
    cast(contacts.wait_seconds as decimal(18, 3)) as wait_seconds,
    cast(contacts.talk_seconds as decimal(18, 3)) as talk_seconds,
    cast(contacts.hold_seconds as decimal(18, 3)) as hold_seconds,
    cast(contacts.wrap_seconds as decimal(18, 3)) as wrap_seconds,
    cast(contacts.handled_by as string) as handled_by,
    cast(contacts.is_abandoned as boolean) as is_abandoned,
    cast(contacts.is_transferred as boolean) as is_transferred,
    cast(contacts.is_resolved as boolean) as is_resolved,
    cast(contacts.is_survey_offered as boolean) as is_survey_offered,
    cast(segments.segment as string) as segment,
    cast(contacts.source_system as string) as source_system,
    cast(contacts.source_record_id as string) as source_record_id,
    cast(contacts._batch_id as string) as _batch_id
from {{ ref('int_interactions') }} as contacts
left join {{ ref('int_record_customers') }} as customers
    on contacts._record_key = customers._record_key
left join {{ ref('segments') }} as segments
    on contacts.segment = segments.segment
where {{ is_touched_or_renamed('contacts.record_date', 'contacts._record_key') }}
