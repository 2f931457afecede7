{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    on_schema_change='append_new_columns'
) }}

with moves as (
    select distinct
        _former_customer_id as old_id,
        customer_id as new_id,
        _moved_run_id as _run_id,
        _moved_cause as cause
    from {{ ref('int_customer_tokens') }}
    where _former_customer_id is not null and customer_id is not null
)

select
    cast(moves.old_id as string) as old_id,
    cast(moves.new_id as string) as new_id,
    cast(moves._run_id as string) as _run_id,
    cast(moves.cause as string) as cause
from moves
{% if is_incremental() %}
left join {{ this }} as told
    on
        moves.old_id = told.old_id
        and moves.new_id = told.new_id
        and moves._run_id = told._run_id
where told.old_id is null
{% endif %}
