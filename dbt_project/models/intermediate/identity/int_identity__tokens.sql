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
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at,
        count(distinct _record_key) as record_count
    from {{ ref('int_identity__record_tokens') }}
    where {{ is_touched('node', ref('int_identity__touched_nodes')) }}
    group by node, identifier_type, token, tier
),

degrees as (
    select
        near.node,
        count(distinct far.node) as degree
    from {{ ref('int_identity__record_tokens') }} as near
    inner join {{ ref('int_identity__record_tokens') }} as far
        on near._record_key = far._record_key
    where
        near.node <> far.node
        and {{ is_touched('near.node', ref('int_identity__touched_nodes')) }}
    group by near.node
)

select
    cast(seen.node as string) as node,
    cast(seen.identifier_type as string) as identifier_type,
    cast(seen.token as string) as token,
    cast(seen.tier as string) as tier,
    cast(seen.first_seen_at as timestamp) as first_seen_at,
    cast(seen.last_seen_at as timestamp) as last_seen_at,
    cast(seen.record_count as bigint) as record_count,
    cast(coalesce(degrees.degree, 0) as bigint) as degree,
    coalesce(degrees.degree > rules.degree_cap, false) as is_capped
from seen
inner join {{ ref('identity_rules') }} as rules
    on seen.identifier_type = rules.identifier_type
left join degrees on seen.node = degrees.node
