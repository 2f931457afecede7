{{ config(
    materialized='incremental',
    partition_by='node',
    touched='int_identity__touched_nodes'
) }}

with joining as (
    select
        records._record_key,
        records.node
    from {{ ref('int_identity__record_tokens') }} as records
    inner join {{ ref('int_identity__tokens') }} as tokens
        on records.node = tokens.node
    where
        not tokens.is_capped
        and {{ is_touched('records.node', ref('int_identity__touched_nodes')) }}
)

select distinct
    near.node,
    far.node as neighbor
from joining as near
inner join joining as far
    on near._record_key = far._record_key
where near.node < far.node
