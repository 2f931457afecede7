{#-
  The tokens whose edges this build may change, those at the other ends of these, and whatever was in one component with one of
  them: no edge leads out of this list, neither before nor after. So components are made anew in it, and nowhere else.
  Neighbors, caps and components before this build are read by their relation. Tokens are looked up by their short hashes:
  two of one hash make the list longer.

  Two whom a person parts, or joins again, are listed as if a record had lost them: what comes beside both may join
  nobody from now on, or somebody again.
-#}
{%- set died = last_build_died() -%}
{%- set before = models_built(['int_identity__neighbors'], 'intermediate') -%}

with fresh as (
    select distinct tokens.node
    from {{ ref('int_identity__record_tokens') }} as tokens
    where
        tokens.tier in ('strong', 'medium')
        and tokens._record_key in (
            select records._record_key
            from {{ ref('int_identity__touched_records') }} as records
        )
),

denied as (
    {{ denied_nodes() | indent }}
),

denied_before as (
    {{ denied_nodes(source('build', 'denied_pairs')) | indent }}
),

parted_anew as ( -- noqa: ST03
    select coalesce(denied.node, denied_before.node) as node
    from denied
    full outer join denied_before
        on
            denied.node = denied_before.node
            and denied.other_node = denied_before.other_node
    where denied.node is null or denied_before.node is null
),

carried as (
    select records.node
    from {{ ref('int_identity__touched_records') }} as records
    where records.node is not null
    {%- if before %}
    union distinct
    select parted_anew.node
    from parted_anew
    {%- endif %}
),

changed as (
    select {{ short_hash('carried.node') }} as node_hash
    from carried
    union distinct
    select {{ short_hash('fresh.node') }} as node_hash
    from fresh
),

-- Joins nobody, before and after: where no record loses it, it comes beside as many others as before, or more.
capped as ( -- noqa: ST03
    {% for tokens in models_built(['int_identity__tokens'], 'intermediate') -%}
    select tokens.node_hash
    from {{ tokens }} as tokens
    where
        tokens.is_capped
        and tokens.node not in (select carried.node from carried)
    {%- else -%}
    select cast(null as bigint) as node_hash
    where false
    {%- endfor %}
),

-- An account that comes again, or beside another pair, may make one beside the same pair a slip, or no slip any more.
strong as (
    select changed.node_hash
    from changed
    {% for pairs in before -%}
    union distinct
    select far.neighbor_hash as node_hash
    from {{ pairs }} as far
    where
        far.is_pair
        and far.neighbor_tier = 'strong'
        and far.node_hash not in (select capped.node_hash from capped)
        and far.node_hash in (
            select changed.node_hash
            from changed
            union all
            select near.node_hash
            from {{ pairs }} as near
            where
                near.is_pair
                and near.neighbor_tier = 'strong'
                and near.neighbor_hash in (select changed.node_hash from changed)
        )
    {%- endfor %}
),

-- What is beside it is shared, or not, by that account and its names.
judged as (
    select strong.node_hash
    from strong
    {% for pairs in before -%}
    union distinct
    select pairs.node_hash
    from {{ pairs }} as pairs
    where
        pairs.tier = 'medium'
        and pairs.neighbor_tier = 'strong'
        and pairs.neighbor_hash in (select strong.node_hash from strong)
    {%- endfor %}
),

ends as ( -- noqa: ST03
    select judged.node_hash
    from judged
    {% for pairs in before -%}
    union distinct
    select pairs.neighbor_hash as node_hash
    from {{ pairs }} as pairs
    where
        pairs.neighbor_tier in ('strong', 'medium')
        and pairs.node_hash in (
            select judged.node_hash
            from judged
            where judged.node_hash not in (select capped.node_hash from capped)
        )
    {%- endfor %}
    {% for earlier in models_built([this.identifier], this.schema) -%}
    union distinct
    select earlier.node_hash
    from {{ earlier }} as earlier
    where {{ died }}
    {%- endfor %}
),

listed as (
    select
        fresh.node,
        cast(null as bigint) as component_hash
    from fresh
    union all
    select
        carried.node,
        cast(null as bigint) as component_hash
    from carried
    {% for components in models_built(['int_identity__components'], 'intermediate') -%}
    union all
    select
        members.node,
        members.component_hash
    from {{ components }} as members
    where
        members.component_hash in (
            select one.component_hash
            from {{ components }} as one
            where one.node_hash in (select ends.node_hash from ends)
        )
    {%- endfor %}
    {% for earlier in models_built([this.identifier], this.schema) -%}
    union all
    select
        earlier.node,
        cast(null as bigint) as component_hash
    from {{ earlier }} as earlier
    where {{ died }}
    {%- endfor %}
)

select
    cast(node as string) as node,
    {{ short_hash('node') }} as node_hash,
    max(component_hash) as component_hash,
    cast({{ hash_id(["split_part(node, ':', 1)", "split_part(node, ':', 2)"]) }} as string) as customer_id
from listed
group by node
