{{ config(
    materialized='incremental',
    partition_by='component_hash',
    touched='int_identity__touched_nodes'
) }}

{%- set touched, tokens = ref('int_identity__touched_nodes'), ref('int_identity__tokens') -%}
{%- set listed = touched if is_incremental() else tokens -%}
{#- Of what is listed, the tokens that are still there. An edge that leads to no listed token falls away by itself. -#}
{%- set nodes -%}
(
    select
        listed.node,
        listed.node_hash
    from {{ listed }} as listed
    where {{ is_touched('listed.node_hash', tokens) }}
)
{%- endset %}

with components as (
    {{ connected_components(nodes, ref('int_identity__edges')) | indent }}
)

select
    node,
    component,
    {{ short_hash('node') }} as node_hash,
    {{ short_hash('component') }} as component_hash
from components
