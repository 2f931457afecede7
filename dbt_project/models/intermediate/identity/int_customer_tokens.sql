{{ config(
    materialized='incremental',
    unique_key='node',
    touched='int_identity__touched_nodes'
) }}

{%- set is_rebuilt = has_been_built() -%}

with tokens as (
    select
        tokens.*,
        refusals.reason as refusal,
        components.component
    from {{ ref('int_identity__tokens') }} as tokens
    inner join {{ ref('int_identity__components') }} as components
        on tokens.node = components.node
    left join {{ ref('int_identity__refusals') }} as refusals
        on tokens.node = refusals.node
    where {{ is_touched('tokens.node', ref('int_identity__touched_nodes')) }}
),

denied as (
    {{ denied_nodes() | indent }}
),

-- Two account numbers, or two case numbers, are two people; so are two tokens that a person has parted, and a crowd.
reasons as (
    select
        component,
        'two_strong' as reason
    from tokens
    where tier = 'strong' and refusal is null
    group by component, identifier_type
    having count(*) > 1
    union all
    select
        near.component,
        'denied' as reason
    from denied
    inner join tokens as near on denied.node = near.node
    inner join tokens as far on denied.other_node = far.node
    where near.component = far.component
    union all
    select
        component,
        'too_large' as reason
    from tokens
    group by component
    having count(*) > {{ policy('identity_cluster_max_tokens') }}
),

conflicts as (
    select
        component,
        min(reason) as reason
    from reasons
    group by component
),

-- A token of a conflict stands for itself.
owned as (
    select
        tokens.*,
        conflicts.reason as conflict_reason,
        case when conflicts.component is null then tokens.component else tokens.node end as owner
    from tokens
    left join conflicts on tokens.component = conflicts.component
),

-- The earliest token by the source's own time, of two at the same time the smaller one, names the customer.
namers as (
    select
        owner,
        identifier_type,
        token
    from owned
    qualify row_number() over (partition by owner order by first_seen_at, token, identifier_type) = 1
),

named as (
    select
        owned.*,
        case
            when owned.refusal is null then {{ hash_id(['namers.identifier_type', 'namers.token']) }}
        end as customer_id
    from owned
    inner join namers on owned.owner = namers.owner
),

compared as (
    select
        named.*,
        {% if is_rebuilt -%}
        earlier.customer_id as earlier_customer_id,
        earlier._former_customer_id,
        earlier._moved_run_id,
        earlier._moved_cause
        {%- else -%}
        cast(null as string) as earlier_customer_id,
        cast(null as string) as _former_customer_id,
        cast(null as string) as _moved_run_id,
        cast(null as string) as _moved_cause
        {%- endif %}
    from named
    {% if is_rebuilt -%}
    left join {{ this }} as earlier on named.node = earlier.node
    {%- endif %}
),

explained as (
    select
        *,
        coalesce(earlier_customer_id <> customer_id, false) as is_moved,
        case
            when
                min(customer_id) over (partition by earlier_customer_id)
                <> max(customer_id) over (partition by earlier_customer_id)
                then 'split'
            when
                min(earlier_customer_id) over (partition by customer_id)
                <> max(earlier_customer_id) over (partition by customer_id)
                then 'merge'
            else 'earlier token'
        end as cause
    from compared
)

select
    cast(node as string) as node,
    cast(identifier_type as string) as identifier_type,
    cast(token as string) as token,
    cast(tier as string) as tier,
    is_pair,
    cast(first_seen_at as timestamp) as first_seen_at,
    cast(last_seen_at as timestamp) as last_seen_at,
    cast(record_count as bigint) as record_count,
    cast(degree as bigint) as degree,
    cast(refusal as string) as refusal,
    cast(component as string) as component,
    cast(conflict_reason as string) as conflict_reason,
    conflict_reason is not null as is_in_conflict,
    cast(customer_id as string) as customer_id,
    -- Whom the token stood for until a build moved it; kept until another build moves it again.
    cast(case when is_moved then earlier_customer_id else _former_customer_id end as string) as _former_customer_id,
    cast(case when is_moved then {{ run_id() }} else _moved_run_id end as string) as _moved_run_id,
    cast(case when is_moved then cause else _moved_cause end as string) as _moved_cause
from explained
