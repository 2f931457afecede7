{{ config(
    materialized='incremental',
    unique_key='customer_id',
    touched='int_identity__touched_nodes'
) }}

select
    cast(customer_id as string) as customer_id,
    cast(min(first_seen_at) as timestamp) as first_seen_at,
    cast(max(last_seen_at) as timestamp) as last_seen_at,
    cast(count(*) as bigint) as token_count,
    cast(case when bool_or(tier = 'strong') then 'strong' else 'medium' end as string) as customer_tier,
    bool_or(is_in_conflict) as is_in_conflict
from {{ ref('int_customer_tokens') }}
where
    customer_id is not null
    and {{ is_touched('customer_id', ref('int_identity__touched_nodes')) }}
group by customer_id
