{#-
  The tokens of touched records, those that come up to three steps beside them (what refuses one is theirs too), and whatever
  was in one component with one of these: no edge leads out of this list, neither before nor after. So components are
  made anew in it, and nowhere else. The components before this build are read by their relation.
-#}
{%- set died = last_build_died() -%}

with changed as (
    select records.node
    from {{ ref('int_identity__touched_records') }} as records
    where records.node is not null
    union distinct
    select tokens.node
    from {{ ref('int_identity__record_tokens') }} as tokens
    where
        tokens.tier in ('strong', 'medium')
        and tokens._record_key in (
            select records._record_key
            from {{ ref('int_identity__touched_records') }} as records
        )
),

{# What refuses a token may lie two steps away (int_identity__refusals), and an edge's other end is one step more. -#}
{%- for step in range(1, 4) -%}
{%- set nearer = ['changed', 'one_step', 'two_steps'][step - 1] -%}
{{ ['one_step', 'two_steps', 'beside'][step - 1] }} as (
    select {{ nearer }}.node
    from {{ nearer }}
    union distinct
    select far.node
    from {{ ref('int_identity__record_tokens') }} as near
    inner join {{ ref('int_identity__record_tokens') }} as far
        on near._record_key = far._record_key
    where
        near.node in (select {{ nearer }}.node from {{ nearer }})
        and near.tier in ('strong', 'medium')
        and far.tier in ('strong', 'medium')
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
