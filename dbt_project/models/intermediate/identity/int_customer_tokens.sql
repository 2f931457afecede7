{{ config(
    materialized='incremental',
    unique_key='node',
    touched='int_identity__touched_nodes'
) }}

{%- set is_rebuilt = has_been_built() -%}

with tokens as (
    select
        tokens.*,
        components.component
    from {{ ref('int_identity__tokens') }} as tokens
    inner join {{ ref('int_identity__components') }} as components
        on tokens.node = components.node
    where {{ is_touched('tokens.node', ref('int_identity__touched_nodes')) }}
),

-- Two account numbers, or two case numbers, are two people: whatever joins them is not theirs alone.
strong_tokens as (
    select
        component,
        identifier_type,
        count(*) as token_count
    from tokens
    where tier = 'strong'
    group by component, identifier_type
),

conflicts as (
    select distinct component
    from strong_tokens
    where token_count > 1
),

-- A token of a conflict stands for itself.
owned as (
    select
        tokens.*,
        conflicts.component is not null as is_in_conflict,
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
        -- A medium token beyond its cap is a shared one: nobody's.
        case
            when not owned.is_capped then {{ hash_id(['namers.identifier_type', 'namers.token']) }}
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
    cast(first_seen_at as timestamp) as first_seen_at,
    cast(last_seen_at as timestamp) as last_seen_at,
    cast(record_count as bigint) as record_count,
    cast(degree as bigint) as degree,
    is_capped,
    cast(component as string) as component,
    is_in_conflict,
    cast(customer_id as string) as customer_id,
    -- Whom the token stood for until a build moved it; kept until another build moves it again.
    cast(case when is_moved then earlier_customer_id else _former_customer_id end as string) as _former_customer_id,
    cast(case when is_moved then {{ run_id() }} else _moved_run_id end as string) as _moved_run_id,
    cast(case when is_moved then cause else _moved_cause end as string) as _moved_cause
from explained
