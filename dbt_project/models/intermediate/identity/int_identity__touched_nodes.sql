{#-
  The tokens of touched records, those that come up to three steps beside them (what refuses one is theirs too), and whatever
  was in one component with one of these: no edge leads out of this list, neither before nor after. So components are
  made anew in it, and nowhere else. Neighbors and components before this build are read by their relation.
-#}
{%- set died = last_build_died() -%}

with fresh as (
    select
        tokens._record_key,
        tokens.node,
        {{ short_hash('tokens.node') }} as node_hash
    from {{ ref('int_identity__record_tokens') }} as tokens
    where
        tokens.tier in ('strong', 'medium')
        and tokens._record_key in (
            select records._record_key
            from {{ ref('int_identity__touched_records') }} as records
        )
),

changed as (
    select {{ short_hash('records.node') }} as node_hash
    from {{ ref('int_identity__touched_records') }} as records
    where records.node is not null
    union distinct
    select fresh.node_hash
    from fresh
),

{# What refuses a token may lie two steps away (int_identity__refusals), and an edge's other end is one step more. -#}
{%- for nearer, step in [('changed', 'one_step'), ('one_step', 'two_steps'), ('two_steps', 'beside')] -%}
{{ step }} as (
    select {{ nearer }}.node_hash
    from {{ nearer }}
    union distinct
    select far.node_hash
    from fresh as near
    inner join fresh as far on near._record_key = far._record_key
    where near.node_hash in (select {{ nearer }}.node_hash from {{ nearer }})
    {% for pairs in models_built(['int_identity__neighbors'], 'intermediate') -%}
    union distinct
    select pairs.neighbor_hash as node_hash
    from {{ pairs }} as pairs
    where
        pairs.node_hash in (select {{ nearer }}.node_hash from {{ nearer }})
        and pairs.neighbor_tier in ('strong', 'medium')
    {%- endfor %}
),

{% endfor -%}
{#- Two tokens of one hash would only make the list longer. -#}
closed as (
    select records.node
    from {{ ref('int_identity__touched_records') }} as records
    where records.node is not null
    union distinct
    select fresh.node
    from fresh
    {% for components in models_built(['int_identity__components'], 'intermediate') -%}
    union distinct
    select members.node
    from {{ components }} as members
    where
        members.component_hash in (
            select one.component_hash
            from {{ components }} as one
            where one.node_hash in (select beside.node_hash from beside)
        )
    {%- endfor %}
    {% for earlier in models_built([this.identifier], this.schema) -%}
    union distinct
    select earlier.node
    from {{ earlier }} as earlier
    where {{ died }}
    {%- endfor %}
)

select
    cast(node as string) as node,
    cast({{ hash_id(["split_part(node, ':', 1)", "split_part(node, ':', 2)"]) }} as string) as customer_id
from closed
