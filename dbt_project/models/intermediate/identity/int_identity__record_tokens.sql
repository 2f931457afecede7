select
    cast(identifiers._record_key as string) as _record_key,
    cast(identifiers.identifier_type || ':' || identifiers.token as string) as node,
    cast(identifiers.identifier_type as string) as identifier_type,
    cast(identifiers.token as string) as token,
    cast(rules.tier as string) as tier,
    cast(identifiers.seen_at as timestamp) as seen_at
from {{ ref('stg_identifiers') }} as identifiers
inner join {{ ref('identity_rules') }} as rules
    on identifiers.identifier_type = rules.identifier_type
where rules.tier in ('strong', 'medium')
