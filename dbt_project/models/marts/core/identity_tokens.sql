select
    cast(tokens.identifier_type as string) as identifier_type,
    cast(tokens.token as string) as token,
    cast(tokens.tier as string) as tier,
    cast(tokens.customer_id as string) as customer_id,
    cast(coalesce(tokens.refusal, tokens.conflict_reason) as string) as reason,
    cast(tokens.first_seen_at as timestamp) as first_seen_at,
    cast(tokens.last_seen_at as timestamp) as last_seen_at,
    cast(tokens.record_count as bigint) as record_count
from {{ ref('int_customer_tokens') }} as tokens
