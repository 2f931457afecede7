{#-
  The tokens of touched records, those that come up to three steps beside them (what refuses one is theirs too), and whatever
  was in one component with one of these: no edge leads out of this list, neither before nor after. So components are
  made anew in it, and nowhere else. Neighbors and components before this build are read by their relation.
-#}
{%- set died = last_build_died() -%}

with fresh as (
    select
        tokens._record_key,
        tokens.node
    from {{ ref('int_identity__record_tokens') }} as tokens
    where
        tokens.tier in ('strong', 'medium')
        and tokens._record_key in (
            select records._record_key
            from {{ ref('int_identity__touched_records') }} as records
        )
),

changed as (
    select records.node
    from {{ ref('int_identity__touched_records') }} as records
    where records.node is not null
    union distinct
    select fresh.node
    from fresh
),

{# What refuses a token may lie two steps away (int_identity__refusals), and an edge's other end is one step more. -#}
{%- for nearer, step in [('changed', 'one_step'), ('one_step', 'two_steps'), ('two_steps', 'beside')] -%}
{{ step }} as (
    select {{ nearer }}.node
    from {{ nearer }}
    union distinct
    select far.node
    from fresh as near
    inner join fresh as far on near._record_key = far._record_key
    where near.node in (select {{ nearer }}.node from {{ nearer }})
    {% for pairs in models_built(['int_identity__neighbors'], 'intermediate') -%}
    union distinct
    select pairs.neighbor as node
    from {{ pairs }} as pairs
    where
        pairs.node in (select {{ nearer }}.node from {{ nearer }})
        and pairs.neighbor_tier in ('strong', 'medium')
    {%- endfor %}
),

{% endfor -%}
closed as (
    select beside.node
    from beside
    {% for components in models_built(['int_identity__components'], 'intermediate') -%}
    union distinct
    select members.node
    from {{ components }} as members
    where
        members.component in (
            select one.component
            from {{ components }} as one
            inner join beside on one.node = beside.node
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
