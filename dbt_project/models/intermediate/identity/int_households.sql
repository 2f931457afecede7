{%- set most = policy('identity_household_max_customers') -%}
{#- Who comes with a phone number, or with an email that is several people's; a pair with a name is one person's. -#}
{%- set sharing -%}
(
    select
        pairs.*,
        {{ short_hash('pairs.node') }} as node_hash,
        {{ short_hash('pairs.neighbor') }} as neighbor_hash
    from (
        select
            min(customers.customer_id) over (partition by records.node) as node,
            customers.customer_id as neighbor
        from {{ ref('int_identity__record_tokens') }} as records
        inner join {{ ref('int_record_customers') }} as customers
            on records._record_key = customers._record_key
        left join {{ ref('int_identity__refusals') }} as refusals
            on records.node = refusals.node
        where
            not records.is_pair
            and (records.tier = 'weak' or refusals.reason = 'shared')
        group by records.node, customers.customer_id
        qualify count(*) over (partition by records.node) between 2 and {{ most }}
    ) as pairs
)
{%- endset -%}
{%- set people -%}
(
    select
        customers.customer_id as node,
        {{ short_hash('customers.customer_id') }} as node_hash
    from {{ ref('int_customers') }} as customers
)
{%- endset -%}

with components as (
    {{ connected_components(people, sharing) }}
),

sized as (
    select
        node,
        component,
        count(*) over (partition by component) as customer_count
    from components
)

select
    cast(node as string) as customer_id,
    cast({{ hash_id(["'household'", 'component']) }} as string) as household_id
from sized
where customer_count between 2 and {{ most }}
