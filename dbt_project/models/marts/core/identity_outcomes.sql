with outcomes as (
    select
        tokens.identifier_type,
        tokens.tier,
        tokens.record_count,
        coalesce(
            tokens.refusal,
            tokens.conflict_reason,
            case when customers.token_count > 1 then 'joined' else 'alone' end
        ) as outcome
    from {{ ref('int_customer_tokens') }} as tokens
    left join {{ ref('int_customers') }} as customers
        on tokens.customer_id = customers.customer_id
)

select
    cast(identifier_type as string) as identifier_type,
    cast(outcome as string) as outcome,
    cast(tier as string) as tier,
    cast(count(*) as bigint) as token_count,
    cast(max(record_count) as bigint) as largest_record_count
from outcomes
group by identifier_type, outcome, tier
