-- What its own records refuse stands for itself; what a whole component refuses goes with it.
select
    cast({{ hash_id(["case when refusal is null then component else node end"]) }} as string) as conflict_id,
    cast(coalesce(refusal, conflict_reason) as string) as reason,
    cast(customer_id as string) as customer_id,
    cast(identifier_type as string) as identifier_type,
    cast(token as string) as token,
    cast(tier as string) as tier,
    cast(first_seen_at as timestamp) as first_seen_at,
    cast(last_seen_at as timestamp) as last_seen_at,
    cast(record_count as bigint) as record_count
from {{ ref('int_customer_tokens') }}
where refusal is not null or is_in_conflict
