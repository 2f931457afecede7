{{ config(
    materialized='incremental',
    unique_key='node',
    touched='int_identity__touched_nodes'
) }}

with seen as (
    select
        node,
        identifier_type,
        token,
        tier,
        is_pair,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at,
        count(distinct _record_key) as record_count
    from {{ ref('int_identity__record_tokens') }}
    where
        tier in ('strong', 'medium')
        and {{ is_touched('node', ref('int_identity__touched_nodes')) }}
    group by node, identifier_type, token, tier, is_pair
),

degrees as (
    select
        node,
        count(*) as degree
    from {{ ref('int_identity__neighbors') }}
    where
        neighbor_tier in ('strong', 'medium')
        and {{ is_touched('node', ref('int_identity__touched_nodes')) }}
    group by node
)

select
    cast(seen.node as string) as node,
    {{ short_hash('seen.node') }} as node_hash,
    cast(seen.identifier_type as string) as identifier_type,
    cast(seen.token as string) as token,
    cast(seen.tier as string) as tier,
    seen.is_pair,
    cast(seen.first_seen_at as timestamp) as first_seen_at,
    cast(seen.last_seen_at as timestamp) as last_seen_at,
    cast(seen.record_count as bigint) as record_count,
    cast(coalesce(degrees.degree, 0) as bigint) as degree,
    coalesce(degrees.degree > rules.degree_cap, false) as is_capped
from seen
inner join {{ ref('identity_rules') }} as rules
    on split_part(seen.identifier_type, '+', 1) = rules.identifier_type
left join degrees on seen.node = degrees.node
