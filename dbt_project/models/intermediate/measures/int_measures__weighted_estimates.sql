with

figures as (
    select
        cell_number,
        scale,
        measure,
        driver,
        n,
        unit_count,
        weights_effect,
        value,
        squares,
        spread,
        adjusted_value,
        adjusted_squares
    from {{ ref('int_measures__weighted_items') }}
    union all
    select
        cell_number,
        scale,
        measure,
        driver,
        n,
        unit_count,
        weights_effect,
        value,
        squares,
        spread,
        adjusted_value,
        adjusted_squares
    from {{ ref('int_measures__weighted_indexes') }}
),

errors as (
    select
        *,
        sqrt(squares * unit_count / nullif(unit_count - 1, 0)) as standard_error,
        sqrt(adjusted_squares * (unit_count + 1) / unit_count) as adjusted_standard_error,
        -- against a simple random sample of as many; of the weights alone where no answers differ
        coalesce(
            squares * unit_count / nullif(unit_count - 1, 0) * (n - 1) / nullif(spread, 0),
            weights_effect
        ) as design_effect,
        {{ t_quantile_975('(unit_count - 1)') }} as t,
        {{ t_quantile_975('(n - 1)') }} as simple_t
    from figures
),

samples as (
    select
        *,
        n / nullif(design_effect, 0) as effective_n,
        -- fewer still where few units were drawn
        n / nullif(design_effect, 0) * (simple_t / t) * (simple_t / t) as interval_n,
        {{ net_promoter_share('value', 'spread', '+') }} as promoter_share,
        {{ net_promoter_share('value', 'spread', '-') }} as detractor_share
    from errors
),

bounds as (
    select
        *,
        {{ measure_low() }} as low,
        {{ measure_high() }} as high
    from samples
)

select
    cell_number,
    scale,
    measure,
    driver,
    n,
    unit_count,
    {{ figure('value') }} as value,
    {{ figure('low') }} as low,
    {{ figure('high') }} as high,
    {{ figure('standard_error') }} as standard_error,
    {{ figure('design_effect') }} as design_effect,
    {{ figure('effective_n') }} as effective_n
from bounds
