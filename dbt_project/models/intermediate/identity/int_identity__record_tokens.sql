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
)

select
    cast(identifiers._record_key as string) as _record_key,
    cast(identifiers.identifier_type || ':' || identifiers.token as string) as node,
    cast(identifiers.identifier_type as string) as identifier_type,
    cast(identifiers.token as string) as token,
    cast(case when identifiers.identifier_type = 'link' then 'medium' else rules.tier end as string) as tier,
    cast(identifiers.seen_at as timestamp) as seen_at
from identifiers
inner join {{ ref('identity_rules') }} as rules
    on identifiers.identifier_type = rules.identifier_type
where
    (rules.tier in ('strong', 'medium') or identifiers.identifier_type = 'link')
    and {{ is_touched('identifiers._record_key', ref('int_identity__touched_records')) }}
