with touched as (
    select records._record_key
    from {{ ref('int_identity__touched_records') }} as records
    union distinct
    select tokens._record_key
    from {{ ref('int_identity__record_tokens') }} as tokens
    where
        tokens.tier in ('strong', 'medium')
        and tokens.node in (select nodes.node from {{ ref('int_identity__touched_nodes') }} as nodes)
)

select cast(_record_key as string) as _record_key
from touched
