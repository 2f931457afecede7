with

answers as (
    select *
    from {{ ref('int_measures__weighted_answers') }}
    where scale = 'likert_5'
),

drivers as (
    select
        cell_number,
        driver,
        n,
        value,
        adjusted_value,
        weight
    from {{ ref('int_measures__weighted_items') }}
    where scale = 'likert_5' and measure = 'mean'
),

levels as (
    select
        cell_number,
        count(*) as driver_count,
        {{ exact_sum('value') }} / count(*) as mean,
        {{ exact_sum('adjusted_value') }} / count(*) as adjusted_mean,
        {{ exact_sum('1e0 / (n + 1)') }} as added_slope,
        {{ exact_sum('adjusted_value / (n + 1)') }} as added_center
    from drivers
    group by cell_number
),

-- how far one respondent moves the index, in index points
influences as (
    select
        answers.cell_number,
        answers.respondent_number,
        answers.sampling_unit_number,
        answers.weight,
        25 * {{ exact_sum('answers.weight * (answers.points - drivers.value) / drivers.weight') }} as influence,
        25 * {{ exact_sum(
            'answers.weight * (answers.points - drivers.adjusted_value) / (drivers.weight * (1 + 1e0 / drivers.n))'
        ) }} as adjusted_influence
    from answers
    inner join drivers
        on {{ same('answers', 'drivers', ['cell_number', 'driver']) }}
    group by answers.cell_number, answers.respondent_number, answers.sampling_unit_number, answers.weight
),

units as (
    select
        cell_number,
        sampling_unit_number,
        count(*) as n,
        {{ exact_sum('weight') }} as weight,
        {{ exact_sum('weight * weight') }} as weight_squares,
        {{ exact_sum('influence') }} as influence,
        {{ exact_sum('adjusted_influence') }} as adjusted_influence,
        {{ exact_sum('influence * influence / weight') }} as spread_by_weight
    from influences
    group by cell_number, sampling_unit_number
),

sums as (
    select
        cell_number,
        cast(sum(n) as bigint) as n,
        count(*) as unit_count,
        {{ exact_sum('weight') }} as weight,
        {{ exact_sum('weight_squares') }} as weight_squares,
        {{ exact_sum('influence * influence') }} as squares,
        {{ exact_sum('adjusted_influence * adjusted_influence') }} as adjusted_squares,
        {{ exact_sum('spread_by_weight') }} as spread_by_weight
    from units
    group by cell_number
)

select
    levels.cell_number,
    'likert_5' as scale,
    'cx_index' as measure,
    'all' as driver,
    sums.n,
    sums.weight,
    sums.unit_count,
    sums.n * sums.weight_squares / (sums.weight * sums.weight) as weights_effect,
    25 * (levels.mean - 1) as value,
    sums.squares / (levels.driver_count * levels.driver_count) as squares,
    sums.weight * sums.spread_by_weight / (levels.driver_count * levels.driver_count) as spread,
    25 * (levels.adjusted_mean - 1) as adjusted_value,
    (
        sums.adjusted_squares
        + 625 * {{ added_answers_squares('levels.added_slope', 'levels.added_center') }}
    ) / (levels.driver_count * levels.driver_count) as adjusted_squares
from levels
inner join sums
    on levels.cell_number = sums.cell_number
