with

-- each measure of an item is the weighted mean of one of these numbers
answers as (
    select
        cell_number,
        scale,
        driver,
        sampling_unit_number,
        weight,
        case
            when scale <> 'nps_11' then points
            when points >= 9 then 100
            when points <= 6 then -100
            else 0
        end as worth,
        case when points = 5 then 1 else 0 end as top,
        case when points >= 4 then 1 else 0 end as top_two,
        case when points <= 2 then 1 else 0 end as bottom_two
    from {{ ref('int_measures__weighted_answers') }}
),

totals as (
    select
        cell_number,
        scale,
        driver,
        count(*) as n,
        {{ exact_sum('weight') }} as weight,
        {{ exact_sum('weight * weight') }} as weight_squares,
        {{ exact_sum('weight * worth') }} as worth,
        {{ exact_sum('weight * worth * worth') }} as worth_squares,
        {{ exact_sum('weight * top') }} as top,
        {{ exact_sum('weight * top_two') }} as top_two,
        {{ exact_sum('weight * bottom_two') }} as bottom_two
    from answers
    group by cell_number, scale, driver
),

levels as (
    select
        cell_number,
        scale,
        driver,
        n,
        weight,
        n * weight_squares / (weight * weight) as weights_effect,
        worth / weight as worth,
        -- 0, and not what is left of two roundings, where all answers are alike
        {{ figure('worth_squares / weight - (worth / weight) * (worth / weight)') }} as worth_spread,
        top / weight as top,
        top_two / weight as top_two,
        bottom_two / weight as bottom_two,
        {{ five_point_adjusted_mean('n', '(n * worth / weight)', 'scale') }} as adjusted_worth
    from totals
),

shares as (
    select
        answers.cell_number,
        answers.scale,
        answers.driver,
        answers.sampling_unit_number,
        answers.weight / levels.weight as share,
        answers.worth - levels.worth as worth,
        answers.worth - levels.adjusted_worth as adjusted_worth,
        answers.top - levels.top as top,
        answers.top_two - levels.top_two as top_two,
        answers.bottom_two - levels.bottom_two as bottom_two
    from answers
    inner join levels
        on {{ same('answers', 'levels', ['cell_number', 'scale', 'driver']) }}
),

-- how far one sampling unit moves each figure, all its answers together
units as (
    select
        cell_number,
        scale,
        driver,
        sampling_unit_number,
        {{ exact_sum('share * worth') }} as worth,
        {{ exact_sum('share * adjusted_worth') }} as adjusted_worth,
        {{ exact_sum('share * top') }} as top,
        {{ exact_sum('share * top_two') }} as top_two,
        {{ exact_sum('share * bottom_two') }} as bottom_two
    from shares
    group by cell_number, scale, driver, sampling_unit_number
),

squares as (
    select
        cell_number,
        scale,
        driver,
        count(*) as unit_count,
        {{ exact_sum('worth * worth') }} as worth,
        {{ exact_sum('adjusted_worth * adjusted_worth') }} as adjusted_worth,
        {{ exact_sum('top * top') }} as top,
        {{ exact_sum('top_two * top_two') }} as top_two,
        {{ exact_sum('bottom_two * bottom_two') }} as bottom_two
    from units
    group by cell_number, scale, driver
)

select
    levels.cell_number,
    levels.scale,
    measures.measure,
    levels.driver,
    levels.n,
    levels.weight,
    squares.unit_count,
    levels.weights_effect,
    case measures.measure
        when 'top_box' then levels.top
        when 'top_two' then levels.top_two
        when 'bottom_two' then levels.bottom_two
        else levels.worth
    end as value,
    case measures.measure
        when 'top_box' then squares.top
        when 'top_two' then squares.top_two
        when 'bottom_two' then squares.bottom_two
        else squares.worth
    end as squares,
    case measures.measure
        when 'top_box' then levels.top * (1 - levels.top)
        when 'top_two' then levels.top_two * (1 - levels.top_two)
        when 'bottom_two' then levels.bottom_two * (1 - levels.bottom_two)
        else levels.worth_spread
    end as spread,
    levels.adjusted_worth as adjusted_value,
    -- n of the n + 1 that count with the five answers added
    squares.adjusted_worth * (1e0 * levels.n / (levels.n + 1)) * (1e0 * levels.n / (levels.n + 1))
    + {{ added_answers_squares('(1e0 / (levels.n + 1))', '(levels.adjusted_worth / (levels.n + 1))', 'levels.scale') }}
        as adjusted_squares
from levels
inner join squares
    on {{ same('levels', 'squares', ['cell_number', 'scale', 'driver']) }}
inner join {{ measures_of_scales('measures') }}
    on levels.scale = measures.scale
