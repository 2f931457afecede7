{%- set people -%}
(
    select
        customers.customer_id as node,
        {{ short_hash('customers.customer_id') }} as node_hash
    from {{ ref('int_customers') }} as customers
)
{%- endset -%}

with components as (
    {{ connected_components(people, ref('int_household_ties')) }}
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
where customer_count between 2 and {{ policy('identity_household_max_customers') }}
