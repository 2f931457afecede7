{#-
  The customers as they were are read from the facts of the build before, by relation, and those as they are from identity:
  a contact that is gone, or another's by now, leaves a journey too. So this is built before the facts are.

  A build that stopped half-way left facts that show already what it came for: what it listed stays listed until its batches
  are settled.
-#}
{%- set died = last_build_died() -%}
-- depends_on: {{ ref('int_contact_history') }}, {{ ref('policy') }}

with records as (
    select
        _record_key,
        source_system,
        record_id
    from {{ ref('stg_touched_records') }}
),

stretches as (
    select
        source_system,
        visitor_token,
        from_at,
        to_at
    from {{ ref('int_web__touched_stretches') }}
),

renamed as (
    select _record_key
    from {{ ref('int_renamed_records') }}
),

changed as (
    select _record_key
    from records
    union distinct
    select _record_key
    from renamed
    union distinct
    select sessions._record_key
    from {{ ref('int_web_sessions') }} as sessions
    inner join stretches
        on
            sessions.source_system = stretches.source_system
            and sessions.visitor_token = stretches.visitor_token
            and sessions.started_at between stretches.from_at and stretches.to_at
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
    where contacts._record_key in (select changed._record_key from changed)
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
    where answers._record_key in (select changed._record_key from changed)
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
    inner join records
        on
            facts.source_system = records.source_system
            and facts.source_record_id = records.record_id
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
    left join records
        on
            answers_before.source_system = records.source_system
            and answers_before.source_record_id = records.record_id
    where
        records.record_id is not null
        or ties.response_id in (select answers.response_id from answers)
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}
    {%- for fact in models_built(['fct_web_sessions'], 'marts') %}
    union distinct
    select
        sessions.customer_id,
        sessions.started_date as record_date
    from {{ fact }} as sessions
    inner join stretches
        on
            sessions.source_system = stretches.source_system
            and sessions.visitor_token = stretches.visitor_token
            and sessions.started_at between stretches.from_at and stretches.to_at
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
    where {{ died }}
    {%- endif %}
)

select
    cast(customer_id as string) as customer_id,
    cast(record_date as date) as record_date
from customers
where customer_id is not null
