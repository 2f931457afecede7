{{ config(
    materialized='incremental',
    unique_key='_record_key',
    touched='int_identity__touched_records'
) }}

with identifiers as (
    select
        _record_key,
        identifier_type,
        token,
        seen_at
    from {{ ref('stg_identifiers') }}
    union all
    -- Who signed in; the visitor's own token stays out: people share browsers, and lose their cookies.
    select
        _record_key,
        user_identifier_type,
        user_token,
        started_at
    from {{ ref('int_web_sessions') }}
    where user_token is not null
    union all
    -- Records that are linked carry one token; what agrees besides made the link.
    select
        _record_key,
        'link' as identifier_type,
        link as token,
        seen_at
    from {{ ref('int_identity__links') }}
),

known as (
    select
        identifiers._record_key,
        identifiers.identifier_type,
        identifiers.token,
        identifiers.seen_at,
        case when identifiers.identifier_type = 'link' then 'medium' else rules.tier end as tier,
        rules.second_attribute,
        false as is_pair
    from identifiers
    inner join {{ ref('identity_rules') }} as rules
        on identifiers.identifier_type = rules.identifier_type
    where {{ is_touched('identifiers._record_key', ref('int_identity__touched_records')) }}
),

-- A phone number and a name together are one token: they join where they agree, which a phone number alone doesn't.
pairs as (
    select
        firsts._record_key,
        firsts.identifier_type || '+' || seconds.identifier_type as identifier_type,
        {{ hash_id(['firsts.token', 'seconds.token']) }} as token,
        firsts.seen_at,
        'medium' as tier,
        cast(null as string) as second_attribute,
        true as is_pair
    from known as firsts
    inner join known as seconds
        on
            firsts._record_key = seconds._record_key
            and firsts.second_attribute = seconds.identifier_type
),

tokens as (
    select * from known
    union all
    select * from pairs
)

select
    cast(_record_key as string) as _record_key,
    cast(identifier_type || ':' || token as string) as node,
    cast(identifier_type as string) as identifier_type,
    cast(token as string) as token,
    cast(tier as string) as tier,
    cast(second_attribute as string) as second_attribute,
    is_pair,
    cast(seen_at as timestamp) as seen_at
from tokens
