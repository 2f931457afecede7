{{ config(
    materialized='incremental',
    unique_key='_record_key',
    touched='int_identity__touched_matches'
) }}

with owners as (
    select
        records._record_key,
        count(distinct tokens.customer_id) filter (where tokens.tier = 'strong') as strong_count,
        min(tokens.customer_id) filter (where tokens.tier = 'strong') as strong_customer_id,
        count(distinct tokens.customer_id) filter (where tokens.tier = 'medium') as medium_count,
        min(tokens.customer_id) filter (where tokens.tier = 'medium') as medium_customer_id
    from {{ ref('int_identity__record_tokens') }} as records
    inner join {{ ref('int_customer_tokens') }} as tokens
        on records.node = tokens.node
    where {{ is_touched('records._record_key', ref('int_identity__touched_matches')) }}
    group by records._record_key
),

known as (
    select
        _record_key,
        case when strong_count = 1 then strong_customer_id else medium_customer_id end as customer_id
    from owners
    where strong_count = 1 or (strong_count = 0 and medium_count = 1)
)

select
    cast(known._record_key as string) as _record_key,
    cast(known.customer_id as string) as customer_id,
    cast(customers.customer_tier as string) as customer_tier
from known
inner join {{ ref('int_customers') }} as customers
    on known.customer_id = customers.customer_id
