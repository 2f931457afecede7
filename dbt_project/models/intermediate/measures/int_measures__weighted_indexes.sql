with

answers as (
    select *
    from {{ ref('int_measures__weighted_answers') }}
    where {{ is_in_an_index('scale', 'driver') }}
),

drivers as (
    select
        cell_number,
        scale,
        driver,
        n,
        value,
        adjusted_value,
        weight
    from {{ ref('int_measures__weighted_items') }}
    where {{ is_in_an_index('scale', 'driver') }} and measure = 'mean'
),

levels as (
    select
        cell_number,
        scale,
        count(*) as driver_count,
        {{ exact_sum('value') }} / count(*) as mean,
        {{ exact_sum('adjusted_value') }} / count(*) as adjusted_mean,
        {{ exact_sum('1e0 / (n + 1)') }} as added_slope,
        {{ exact_sum('adjusted_value / (n + 1)') }} as added_center
    from drivers
    group by cell_number, scale
    having scale = 'likert_5' or count(*) = 3
),

-- how far one respondent moves the index, in index points
influences as (
    select
        answers.cell_number,
        answers.scale,
        answers.respondent_number,
        answers.sampling_unit_number,
        answers.weight,
        100 / {{ scale_width('answers.scale') }} * {{ exact_sum(
            'answers.weight * (answers.points - drivers.value) / drivers.weight'
        ) }} as influence,
        100 / {{ scale_width('answers.scale') }} * {{ exact_sum(
            'answers.weight * (answers.points - drivers.adjusted_value) / (drivers.weight * (1 + 1e0 / drivers.n))'
        ) }} as adjusted_influence
    from answers
    inner join drivers
        on {{ same('answers', 'drivers', ['cell_number', 'scale', 'driver']) }}
    group by
        answers.cell_number, answers.scale, answers.respondent_number, answers.sampling_unit_number, answers.weight
),

units as (
    select
        cell_number,
        scale,
        sampling_unit_number,
        count(*) as n,
        {{ exact_sum('weight') }} as weight,
        {{ exact_sum('weight * weight') }} as weight_squares,
        {{ exact_sum('influence') }} as influence,
        {{ exact_sum('adjusted_influence') }} as adjusted_influence,
        {{ exact_sum('influence * influence / weight') }} as spread_by_weight
    from influences
    group by cell_number, scale, sampling_unit_number
),

sums as (
    select
        cell_number,
        scale,
        cast(sum(n) as bigint) as n,
        count(*) as unit_count,
        {{ exact_sum('weight') }} as weight,
        {{ exact_sum('weight_squares') }} as weight_squares,
        {{ exact_sum('influence * influence') }} as squares,
        {{ exact_sum('adjusted_influence * adjusted_influence') }} as adjusted_squares,
        {{ exact_sum('spread_by_weight') }} as spread_by_weight
    from units
    group by cell_number, scale
)

select
    levels.cell_number,
    levels.scale,
    {{ index_of_scale('levels.scale') }} as measure,
    'all' as driver,
    sums.n,
    sums.weight,
    sums.unit_count,
    sums.n * sums.weight_squares / (sums.weight * sums.weight) as weights_effect,
    100 * (levels.mean - 1) / {{ scale_width('levels.scale') }} as value,
    sums.squares / (levels.driver_count * levels.driver_count) as squares,
    sums.weight * sums.spread_by_weight / (levels.driver_count * levels.driver_count) as spread,
    100 * (levels.adjusted_mean - 1) / {{ scale_width('levels.scale') }} as adjusted_value,
    (
        sums.adjusted_squares
        + 10000 / {{ scale_width('levels.scale') }} / {{ scale_width('levels.scale') }}
        * {{ added_answers_squares('levels.added_slope', 'levels.added_center', 'levels.scale') }}
    ) / (levels.driver_count * levels.driver_count) as adjusted_squares
from levels
inner join sums
    on {{ same('levels', 'sums', ['cell_number', 'scale']) }}
