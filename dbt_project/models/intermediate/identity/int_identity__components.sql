{{ config(
    materialized='incremental',
    unique_key='node',
    touched='int_identity__touched_nodes'
) }}

{%- set nodes -%}
(
    select tokens.node
    from {{ ref('int_identity__tokens') }} as tokens
    where {{ is_touched('tokens.node', ref('int_identity__touched_nodes')) }}
)
{%- endset -%}
{%- set edges -%}
(
    select
        edges.node,
        edges.neighbor
    from {{ ref('int_identity__edges') }} as edges
    where {{ is_touched('edges.node', ref('int_identity__touched_nodes')) }}
)
{%- endset %}

with components as (
    {{ connected_components(nodes, edges) | indent }}
)

select
    node,
    component,
    {{ short_hash('node') }} as node_hash,
    {{ short_hash('component') }} as component_hash
from components
