select
    cast({{ hash_id(['component']) }} as string) as conflict_id,
    cast(customer_id as string) as customer_id,
    cast(identifier_type as string) as identifier_type,
    cast(tier as string) as tier,
    cast(first_seen_at as timestamp) as first_seen_at,
    cast(last_seen_at as timestamp) as last_seen_at,
    cast(record_count as bigint) as record_count
from {{ ref('int_customer_tokens') }}
where is_in_conflict
