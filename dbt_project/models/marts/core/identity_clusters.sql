with sizes as (
    select
        customer_id,
        count(*) as token_count,
        bool_or(is_in_conflict) as is_in_conflict
    from {{ ref('int_customer_tokens') }}
    where customer_id is not null
    group by customer_id
),

classes as (
    select
        sizes.*,
        households.household_id,
        case
            when sizes.token_count = 1 then '1'
            when sizes.token_count <= 5 then '2-5'
            when sizes.token_count <= 20 then '6-20'
            else '>20'
        end as size_class
    from sizes
    left join {{ ref('int_households') }} as households on sizes.customer_id = households.customer_id
)

select
    cast(size_class as string) as size_class,
    cast(count(*) as bigint) as customer_count,
    cast(sum(token_count) as bigint) as token_count,
    cast(max(token_count) as bigint) as largest_token_count,
    cast(count(*) filter (where is_in_conflict) as bigint) as conflict_count,
    cast(count(household_id) as bigint) as household_customer_count
from classes
group by size_class
