{{ config(
    materialized='incremental',
    partition_by='node',
    touched='int_identity__touched_nodes'
) }}

with denied as (
    {{ denied_nodes() | indent }}
)

select
    cast(pairs.node as string) as node,
    cast(pairs.neighbor as string) as neighbor,
    pairs.node_hash,
    pairs.neighbor_hash
from {{ ref('int_identity__neighbors') }} as pairs
left join {{ ref('int_identity__refusals') }} as near on pairs.node = near.node
left join {{ ref('int_identity__refusals') }} as far on pairs.neighbor = far.node
left join denied
    on
        pairs.node = denied.node
        and pairs.neighbor = denied.other_node
where
    pairs.node < pairs.neighbor
    and pairs.neighbor_tier in ('strong', 'medium')
    and near.node is null
    and far.node is null
    and denied.node is null
    and {{ is_touched('pairs.node', ref('int_identity__touched_nodes')) }}
