{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_customer_quarters'
) }}

select
    cast(response_id as string) as response_id,
    cast(interaction_id as string) as interaction_id,
    cast(tie_method as string) as tie_method,
    is_ambiguous,
    cast(quarter_start as date) as quarter_start
from {{ ref('int_survey_ties') }}
where {{ is_touched('quarter_start', ref('int_customer_quarters')) }}
