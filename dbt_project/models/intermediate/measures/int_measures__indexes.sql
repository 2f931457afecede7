with

drivers as (
    select
        cell_number,
        scale,
        driver,
        n,
        is_opt_in,
        is_weighted,
        {{ mean_of_sums('n', 'points_total') }} as mean,
        {{ five_point_adjusted_mean('n', 'points_total', 'scale') }} as adjusted_mean
    from {{ ref('int_measures__items') }}
    where {{ is_in_an_index('scale', 'driver') }}
),

levels as (
    select
        cell_number,
        scale,
        count(*) as driver_count,
        {{ sorted_list('driver') }} as drivers,
        bool_or(is_opt_in) as is_opt_in,
        bool_or(is_weighted) as is_weighted,
        {{ exact_sum('mean') }} / count(*) as mean,
        {{ exact_sum('adjusted_mean') }} / count(*) as adjusted_mean,
        {{ exact_sum('1e0 / (n + 1)') }} as added_slope,
        {{ exact_sum('adjusted_mean / (n + 1)') }} as added_center
    from drivers
    group by cell_number, scale
    -- ACSI's is of all three items or isn't there
    having scale = 'likert_5' or count(*) = 3
),

-- how far one respondent moves the sum of the drivers' means: their answers together, so with their covariance
influences as (
    select
        drivers.cell_number,
        drivers.scale,
        answers.respondent_number,
        {{ exact_sum('(answers.points - drivers.mean) / drivers.n') }} as influence,
        {{ exact_sum('(answers.points - drivers.adjusted_mean) / (drivers.n + 1)') }} as adjusted_influence
    from {{ ref('int_measures__answers') }} as answers
    inner join {{ ref('int_measures__cells') }} as cells
        on answers.group_number = cells.group_number
    inner join drivers
        on
            cells.cell_number = drivers.cell_number
            and answers.scale = drivers.scale
            and answers.driver = drivers.driver
    group by drivers.cell_number, drivers.scale, answers.respondent_number
),

respondents as (
    select
        cell_number,
        scale,
        count(*) as n,
        {{ exact_sum('influence * influence') }} as squares,
        {{ exact_sum('adjusted_influence * adjusted_influence') }} as adjusted_squares
    from influences
    group by cell_number, scale
)

select
    levels.cell_number,
    levels.scale,
    respondents.n,
    cast(levels.driver_count as integer) as driver_count,
    levels.drivers,
    levels.is_opt_in,
    levels.is_weighted,
    {{ figure('100 * (levels.mean - 1) / ' ~ scale_width('levels.scale')) }} as value,
    100 * sqrt(respondents.squares * respondents.n / nullif(respondents.n - 1, 0)) / levels.driver_count
    / {{ scale_width('levels.scale') }}
        as standard_error,
    100 * (levels.adjusted_mean - 1) / {{ scale_width('levels.scale') }} as adjusted_value,
    100 * sqrt(
        (
            respondents.adjusted_squares
            + {{ added_answers_squares('levels.added_slope', 'levels.added_center', 'levels.scale') }}
        )
        * (respondents.n + 1) / respondents.n
    ) / levels.driver_count / {{ scale_width('levels.scale') }} as adjusted_standard_error
from levels
inner join respondents
    on {{ same('levels', 'respondents', ['cell_number', 'scale']) }}
