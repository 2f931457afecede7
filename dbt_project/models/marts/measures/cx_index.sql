{{ config(
    materialized='incremental',
    partition_by='year_start',
    touched='int_touched_years'
) }}
-- depends_on: {{ ref('int_touched_years') }}
{% set cell = ['period_type', 'period_start', 'breakdown', 'member'] -%}
{%- set withheld_figures = [
    'n', 'value', 'low', 'high', 'standard_error',
] -%}
{%- set weighted_figures = [
    'weighted_value', 'weighted_low', 'weighted_high', 'design_effect', 'effective_n',
] -%}

with

-- an index less the other drivers' means is the one mean that is withheld, so it goes with it
withheld_indexes as (
    select distinct
        period_type,
        period_start,
        breakdown,
        member
    from {{ ref('int_measures__withheld_items') }}
    where scale = 'likert_5'
),

estimates as (
    select
        estimates.*,
        case
            when estimates.measure = 'cx_index' then withheld_indexes.member is not null
            else withheld_items.reason is not null
        end as suppressed,
        -- of a weighted survey's people only those with a weight stand behind its weighted figures
        estimates.weighted_n >= {{ policy('suppression_min_n') }} as has_enough_weights,
        case
            when estimates.measure = 'cx_index' then {{ index_band('estimates.value') }}
        end as band,
        case
            when estimates.measure = 'cx_index'
                then
                    {{ index_band('estimates.low') }} <> {{ index_band('estimates.value') }}
                    or {{ index_band('estimates.high') }} <> {{ index_band('estimates.value') }}
        end as band_uncertain
    from {{ ref('int_measures__estimates') }} as estimates
    left join {{ ref('int_measures__withheld_items') }} as withheld_items
        on {{ same('estimates', 'withheld_items', cell + ['scale', 'driver']) }}
    left join withheld_indexes
        on {{ same('estimates', 'withheld_indexes', cell) }}
)

select
    period_type,
    period_start,
    period_label,
    {{ fiscal_year_start('period_start') }} as year_start,
    breakdown,
    member,
    scale,
    measure,
    driver,
    {%- for name in withheld_figures %}
    case when not suppressed then {{ name }} end as {{ name }},
    {%- endfor %}
    case when is_opt_in then 'indicative' else 'sampling' end as interval_kind,
    is_weighted,
    {%- for name in weighted_figures %}
    case when not suppressed and has_enough_weights then {{ name }} end as {{ name }},
    {%- endfor %}
    driver_count,
    drivers,
    case when not suppressed then band end as band,
    case when not suppressed then band_uncertain end as band_uncertain,
    suppressed,
    not suppressed and n < {{ policy('low_n_below') }} as low_n,
    cast(null as string) as held_from
from estimates
