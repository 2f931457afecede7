{#-
  The tokens of touched records, those that come beside them (what caps or shares a token is theirs too), and whatever
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
    where tokens._record_key in (select records._record_key from {{ ref('int_identity__touched_records') }} as records)
),

beside as (
    select changed.node
    from changed
    union distinct
    select far.node
    from {{ ref('int_identity__record_tokens') }} as near
    inner join {{ ref('int_identity__record_tokens') }} as far
        on near._record_key = far._record_key
    where near.node in (select changed.node from changed)
),

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
