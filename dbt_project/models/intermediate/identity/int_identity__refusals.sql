{{ config(
    materialized='incremental',
    unique_key='node',
    touched='int_identity__touched_nodes'
) }}
{#-
  What a token's own records say of it, and those of its neighbors: nothing here looks at a whole component, so a record
  that comes or goes changes the tokens at most two steps away from its own.
-#}
with neighbors as (
    select
        neighbors.*,
        tokens.record_count as neighbor_count
    from {{ ref('int_identity__neighbors') }} as neighbors
    left join {{ ref('int_identity__tokens') }} as tokens
        on neighbors.neighbor = tokens.node
),

denied as (
    {{ denied_nodes() | indent }}
),

-- Two strong tokens of one type beside one phone number with one name, of which one was seen once, and one again.
pairs_of_strong as (
    select
        node,
        neighbor_type,
        max(neighbor) filter (where neighbor_count = 1) as seen_once
    from neighbors
    where is_pair and neighbor_tier = 'strong'
    group by node, neighbor_type
    having count(*) = 2 and count(*) filter (where neighbor_count = 1) = 1
),

slips as (
    select distinct pairs_of_strong.seen_once as node
    from pairs_of_strong
    inner join {{ ref('int_identity__tokens') }} as tokens
        on pairs_of_strong.node = tokens.node
    where not tokens.is_capped
),

strong as (
    select
        neighbors.node,
        neighbors.neighbor,
        neighbors.neighbor_type,
        neighbors.second_attribute,
        neighbors.is_pair
    from neighbors
    left join slips on neighbors.neighbor = slips.node
    where
        neighbors.tier = 'medium'
        and neighbors.neighbor_tier = 'strong'
        and slips.node is null
        and {{ is_touched('neighbors.node', ref('int_identity__touched_nodes')) }}
),

of_two_strong as (
    select node
    from strong
    group by node, neighbor_type
    having count(*) > 1
),

-- Names of those whose account or case number it is, and names beside it that none of them ever gave.
strong_names as (
    select distinct
        strong.node,
        names.neighbor as name_node
    from strong
    inner join {{ ref('int_identity__neighbors') }} as names
        on
            strong.neighbor = names.node
            and strong.second_attribute = names.neighbor_type
    where not strong.is_pair
),

other_names as (
    select
        neighbors.node,
        count(*) as name_count
    from neighbors
    left join strong_names
        on
            neighbors.node = strong_names.node
            and neighbors.neighbor = strong_names.name_node
    where
        neighbors.tier = 'medium'
        and neighbors.neighbor_type = neighbors.second_attribute
        and strong_names.name_node is null
        and {{ is_touched('neighbors.node', ref('int_identity__touched_nodes')) }}
    group by neighbors.node
),

owned as (
    select distinct node
    from strong_names
),

of_two_names as (
    select other_names.node
    from other_names
    left join owned
        on other_names.node = owned.node
    where other_names.name_count + case when owned.node is null then 0 else 1 end > 1
),

of_denied as (
    select distinct near.node
    from denied
    inner join {{ ref('int_identity__neighbors') }} as near on denied.node = near.neighbor
    inner join {{ ref('int_identity__neighbors') }} as far on denied.other_node = far.neighbor
    where near.node = far.node and near.tier = 'medium'
),

reasons as (
    select
        node,
        'capped' as reason
    from {{ ref('int_identity__tokens') }}
    where is_capped
    union all
    select
        node,
        'slip' as reason
    from slips
    union all
    select
        node,
        'shared' as reason
    from of_two_strong
    union all
    select
        node,
        'shared' as reason
    from of_two_names
    union all
    select
        node,
        'denied' as reason
    from of_denied
)

select
    cast(node as string) as node,
    cast(min(reason) as string) as reason
from reasons
where {{ is_touched('node', ref('int_identity__touched_nodes')) }}
group by node
