with interactions as (
    select
        facts.customer_id,
        count(*) as interaction_count
    from {{ ref('fct_interactions') }} as facts
    where facts.customer_id is not null
    group by facts.customer_id
),

responses as (
    select
        facts.customer_id,
        count(*) as response_count
    from {{ ref('fct_survey_responses') }} as facts
    where facts.customer_id is not null
    group by facts.customer_id
),

-- The segment that the customer's newest contact names, among those that the agency knows.
segments as (
    select
        facts.customer_id,
        facts.segment
    from {{ ref('fct_interactions') }} as facts
    where facts.customer_id is not null and facts.segment is not null
    qualify row_number() over (
        partition by facts.customer_id
        order by facts.started_at desc nulls last, facts.interaction_id asc
    ) = 1
)

select
    cast(customers.customer_id as string) as customer_id,
    cast(customers.first_seen_at as timestamp) as first_seen_at,
    cast(customers.last_seen_at as timestamp) as last_seen_at,
    cast(customers.token_count as bigint) as token_count,
    cast(coalesce(interactions.interaction_count, 0) as bigint) as interaction_count,
    cast(coalesce(responses.response_count, 0) as bigint) as response_count,
    cast(segments.segment as string) as segment,
    cast(households.household_id as string) as household_id
from {{ ref('int_customers') }} as customers
left join interactions on customers.customer_id = interactions.customer_id
left join responses on customers.customer_id = responses.customer_id
left join segments on customers.customer_id = segments.customer_id
left join {{ ref('int_households') }} as households on customers.customer_id = households.customer_id
