{#- Who comes with a phone number, or with an email that is several people's; a pair with a name is one person's. -#}
with shared as (
    select
        customers.customer_id,
        min(customers.customer_id) over (partition by records.node) as first_customer_id
    from {{ ref('int_identity__record_tokens') }} as records
    inner join {{ ref('int_record_customers') }} as customers
        on records._record_key = customers._record_key
    left join {{ ref('int_identity__refusals') }} as refusals
        on records.node = refusals.node
    where
        not records.is_pair
        and (records.tier = 'weak' or refusals.reason = 'shared')
    group by records.node, customers.customer_id
    qualify count(*) over (partition by records.node) between 2 and {{ policy('identity_household_max_customers') }}
)

select distinct
    cast(first_customer_id as string) as node,
    cast(customer_id as string) as neighbor,
    {{ short_hash('first_customer_id') }} as node_hash,
    {{ short_hash('customer_id') }} as neighbor_hash
from shared
where first_customer_id <> customer_id
