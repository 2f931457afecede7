{{ config(
    materialized='incremental',
    partition_by='node',
    touched='int_identity__touched_nodes'
) }}

select
    near.node,
    far.node as neighbor,
    near.tier,
    far.tier as neighbor_tier,
    far.identifier_type as neighbor_type,
    near.is_pair,
    near.second_attribute,
    {{ short_hash('near.node') }} as node_hash,
    {{ short_hash('far.node') }} as neighbor_hash
from {{ ref('int_identity__record_tokens') }} as near
inner join {{ ref('int_identity__record_tokens') }} as far
    on near._record_key = far._record_key
where
    near.node <> far.node
    and near.tier in ('strong', 'medium')
    and {{ is_touched('near.node', ref('int_identity__touched_nodes')) }}
group by all
