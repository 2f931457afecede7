{#-
  The customers as they were are read from the facts of the build before, by relation, and those as they are from identity:
  a contact that is gone, or another's by now, leaves a journey too. So this is built before the facts are.

  A build that stopped half-way left facts that show already what it came for: what it listed stays listed until its batches
  are settled.
-#}
{%- set pending = source('build', 'pending_batches') -%}
-- depends_on: {{ ref('int_contact_history') }}, {{ ref('policy') }}

with days as (
    select record_date
    from {{ ref('int_touched_days') }}
),

renamed as (
    select _record_key
    from {{ ref('int_renamed_records') }}
),

-- contacts and answers that this build changes, as they are
contacts as (
    select
        customers.customer_id,
        contacts.record_date,
        contacts.source_record_id
    from {{ ref('int_interactions') }} as contacts
    left join {{ ref('int_record_customers') }} as customers
        on contacts._record_key = customers._record_key
    where
        contacts.record_date in (select days.record_date from days)
        or contacts._record_key in (select renamed._record_key from renamed)
),

answers as (
    select
        answers.response_id,
        customers.customer_id,
        answers.record_date,
        answers.source_interaction
    from {{ ref('int_survey_responses') }} as answers
    left join {{ ref('int_record_customers') }} as customers
        on answers._record_key = customers._record_key
    where
        answers.record_date in (select days.record_date from days)
        or answers._record_key in (select renamed._record_key from renamed)
),

-- an answer names its contact by an id: who else has a contact of that id may lose or gain the answer
named as (
    select source_interaction as source_record_id
    from answers
    where source_interaction is not null
    union distinct
    select contacts.source_record_id
    from contacts
    where
        contacts.source_record_id in (
            select answers.source_interaction
            from {{ ref('int_survey_responses') }} as answers
            where answers.source_interaction is not null
        )
),

customers as (
    select
        customer_id,
        record_date
    from contacts
    union distinct
    select
        customer_id,
        record_date
    from answers
    union distinct
    select
        customers.customer_id,
        contacts.record_date
    from {{ ref('int_interactions') }} as contacts
    inner join named on contacts.source_record_id = named.source_record_id
    inner join {{ ref('int_record_customers') }} as customers
        on contacts._record_key = customers._record_key
    {%- for fact in models_built(['fct_interactions'], 'marts') %}
    union distinct
    select
        facts.customer_id,
        facts.started_date as record_date
    from {{ fact }} as facts
    where facts.started_date in (select days.record_date from days)
    union distinct
    select
        facts.customer_id,
        facts.started_date as record_date
    from {{ fact }} as facts
    inner join {{ ref('int_interactions') }} as contacts
        on facts.interaction_id = contacts.interaction_id
    inner join renamed on contacts._record_key = renamed._record_key
    {%- for tie in models_built(['int_survey_ties'], 'intermediate') %}
    {%- for answer in models_built(['fct_survey_responses'], 'marts') %}
    union distinct
    select
        facts.customer_id,
        facts.started_date as record_date
    from {{ tie }} as ties
    inner join {{ fact }} as facts
        on ties.interaction_id = facts.interaction_id
    inner join {{ answer }} as answers_before
        on ties.response_id = answers_before.response_id
    where
        answers_before.answered_date in (select days.record_date from days)
        or ties.response_id in (select answers.response_id from answers)
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}
    {%- for fact in models_built(['customer_journeys'], 'marts') %}
    -- time alone closes a journey; and older history, or a batch left out, opens one
    union distinct
    select
        journeys.customer_id,
        cast(journeys.last_touch_at as date) as record_date
    from {{ fact }} as journeys
    cross join {{ ref('int_contact_history') }} as history
    where
        journeys.is_open <> {{ is_journey_open('journeys.last_touch_at', 'history.complete_until_at') }}
        or journeys.is_left_truncated <> {{ is_journey_truncated('journeys.started_at', 'history.history_starts_at') }}
    {%- endfor %}
    {%- if has_been_built() %}
    union distinct
    select
        earlier.customer_id,
        earlier.record_date
    from {{ this }} as earlier
    where
        exists (
            select pending.batch_id
            from {{ pending }} as pending
            where pending.is_unsettled
        )
    {%- endif %}
)

select
    cast(customer_id as string) as customer_id,
    cast(record_date as date) as record_date
from customers
where customer_id is not null
