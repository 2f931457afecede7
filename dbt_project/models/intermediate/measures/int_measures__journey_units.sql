{#- Contacts beyond the touched quarters are read too: across a quarter's end one may follow another. -#}
{%- set window = '(' ~ policy('repeat_contact_days') ~ ' * 86400)' -%}
{%- set reach = 'cast(' ~ policy('repeat_contact_days') ~ ' as integer) + 1' -%}

with contacts as (
    select
        facts.interaction_id,
        facts.customer_id,
        facts.customer_tier,
        facts.service_id,
        facts.organization_id,
        facts.channel,
        facts.started_at,
        facts.started_local_date
    from {{ ref('fct_interactions') }} as facts
    where
        facts.direction = 'inbound'
        and not {{ is_web_visit('facts.channel') }}
        and facts.customer_id is not null
        and facts.service_id is not null
        and facts.started_at is not null
        and facts.started_local_date >= (
            select min(touched.quarter_start) - ({{ reach }}) from {{ ref('int_journey_years') }} as touched
        )
        and facts.started_local_date <= (
            select max({{ quarter_end('touched.quarter_start') }}) + {{ reach }}
            from {{ ref('int_journey_years') }} as touched
        )
),

neighbors as (
    select
        *,
        lag(started_at) over (
            partition by customer_id, service_id order by started_at, interaction_id
        ) as contact_before_at,
        lead(started_at) over (
            partition by customer_id, service_id order by started_at, interaction_id
        ) as contact_after_at
    from contacts
),

judged as (
    select
        neighbors.*,
        {{ fiscal_quarter_start('neighbors.started_local_date') }} as quarter_start,
        coalesce(
            {{ seconds_between('neighbors.contact_before_at', 'neighbors.started_at') }} <= {{ window }}, false
        ) as is_repeat,
        coalesce(
            {{ seconds_between('neighbors.started_at', 'neighbors.contact_after_at') }} <= {{ window }}, false
        ) as is_followed,
        {{ seconds_between('neighbors.started_at', 'history.complete_until_at') }} <= {{ window }} as is_window_open,
        {{ seconds_between('history.history_starts_at', 'neighbors.started_at') }} <= {{ window }} as is_truncated
    from neighbors
    cross join {{ ref('int_contact_history') }} as history
    where {{ is_in_touched_quarter('neighbors.started_local_date', ref('int_journey_years')) }}
),

-- Whom an account names and whom an address alone does are never one customer: each is followed by its like alone.
-- Of the fewer too little would be seen to say that nobody came again.
tiers as (
    select
        *,
        sum(case when customer_tier = 'strong' then 1 else -1 end) over (partition by quarter_start, service_id)
            as strong_lead
    from judged
),

recognized as (
    select *
    from tiers
    where (customer_tier = 'strong') = (strong_lead >= 0)
),

journeys as (
    select *
    from {{ ref('customer_journeys') }}
    where
        not is_left_truncated
        and quarter_start in (select touched.quarter_start from {{ ref('int_journey_years') }} as touched)
),

responses as (
    select
        responses.response_id,
        responses.organization_id,
        responses.service_id,
        responses.channel,
        {{ fiscal_quarter_start('responses.answered_local_date') }} as quarter_start,
        ties.interaction_id is not null as is_tied
    from {{ ref('fct_survey_responses') }} as responses
    inner join {{ ref('int_survey_ties') }} as ties
        on responses.response_id = ties.response_id
    where {{ is_in_touched_quarter('responses.answered_local_date', ref('int_journey_years')) }}
),

units as (
    select
        'first_contact_resolution_share' as measure,
        interaction_id as unit_id,
        quarter_start,
        organization_id,
        service_id,
        channel,
        customer_id,
        is_window_open as is_pending,
        is_followed as is_seen,
        cast(null as string) as page
    from recognized
    union all
    select
        'repeat_contact_share' as measure,
        interaction_id as unit_id,
        quarter_start,
        organization_id,
        service_id,
        channel,
        customer_id,
        false as is_pending,
        is_repeat as is_seen,
        cast(null as string) as page
    from recognized
    where not is_truncated
    union all
    select
        measures.measure,
        journeys.journey_id as unit_id,
        journeys.quarter_start,
        journeys.organization_id,
        journeys.service_id,
        cast(null as string) as channel,
        journeys.customer_id,
        journeys.is_open as is_pending,
        case measures.measure
            when 'website_before_call_share' then journeys.has_website_before_call
            when 'channel_shift_share' then journeys.channel_shift_count > 0
            else journeys.division_change_count > 0
        end as is_seen,
        case when measures.measure = 'website_before_call_share' then journeys.page_before_call end as page
    from journeys
    cross join (
        values ('website_before_call_share'), ('channel_shift_share'), ('division_change_share')
    ) as measures (measure)
    -- a journey without a call had nothing to be before
    where measures.measure <> 'website_before_call_share' or journeys.has_website_before_call is not null
    union all
    select
        'survey_linked_share' as measure,
        response_id as unit_id,
        quarter_start,
        organization_id,
        service_id,
        channel,
        response_id as customer_id,
        false as is_pending,
        is_tied as is_seen,
        cast(null as string) as page
    from responses
)

select
    cast(measure as string) as measure,
    cast(unit_id as string) as unit_id,
    cast(quarter_start as date) as quarter_start,
    cast(organization_id as string) as organization_id,
    cast(service_id as string) as service_id,
    cast(channel as string) as channel,
    cast(customer_id as string) as cluster_id,
    is_pending,
    is_seen,
    cast(case when is_seen then page end as string) as page
from units
