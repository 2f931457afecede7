with

items as (
    select
        *,
        {{ t_quantile_975('(n - 1)') }} as t
    from {{ ref('int_measures__items') }}
),

means as (
    select
        *,
        'mean' as measure,
        {{ mean_of_sums('n', 'points_total') }} as value,
        {{ mean_standard_error('n', 'points_total', 'points_squares') }} as standard_error,
        {{ five_point_adjusted_mean('n', 'points_total', 'scale') }} as adjusted_value,
        {{ five_point_adjusted_standard_error('n', 'points_total', 'points_squares', 'scale') }}
            as adjusted_standard_error
    from items
    where scale in ('likert_5', 'radio_5', 'csat_5', 'ten')
),

shares as (
    select
        items.*,
        measures.measure,
        case measures.measure
            when 'top_box' then items.top_count
            when 'top_two' then items.top_two_count
            when 'bottom_two' then items.bottom_two_count
            when 'thumbs_up' then items.up_count
        end as x
    from items
    inner join {{ measures_of_scales('measures') }}
        on items.scale = measures.scale
    where measures.measure in ('top_box', 'top_two', 'bottom_two', 'thumbs_up')
),

scores as (
    select
        *,
        {{ net_promoter_score('promoter_count', 'detractor_count', 'n') }} as value,
        {{ net_promoter_standard_error('promoter_count', 'detractor_count', 'n') }} as standard_error
    from items
    where scale = 'nps_11'
),

indexes as (
    select
        *,
        {{ t_quantile_975('(n - 1)') }} as t
    from {{ ref('int_measures__indexes') }}
),

estimates as (
    select
        cell_number,
        scale,
        measure,
        driver,
        n,
        value,
        case scale
            when 'ten' then {{ logit_low('value', 'adjusted_value', 'adjusted_standard_error', 't', 1, 10) }}
            else {{ logit_low('value', 'adjusted_value', 'adjusted_standard_error', 't', 1, 5) }}
        end as low,
        case scale
            when 'ten' then {{ logit_high('value', 'adjusted_value', 'adjusted_standard_error', 't', 1, 10) }}
            else {{ logit_high('value', 'adjusted_value', 'adjusted_standard_error', 't', 1, 5) }}
        end as high,
        standard_error,
        is_opt_in,
        is_weighted,
        cast(null as integer) as driver_count,
        cast(null as string) as drivers
    from means
    union all
    select
        cell_number,
        scale,
        measure,
        driver,
        n,
        cast(x as double) / n as value,
        {{ wilson_low('x', 'n') }} as low,
        {{ wilson_high('x', 'n') }} as high,
        {{ share_standard_error('x', 'n') }} as standard_error,
        is_opt_in,
        is_weighted,
        cast(null as integer) as driver_count,
        cast(null as string) as drivers
    from shares
    union all
    select
        cell_number,
        scale,
        'nps' as measure,
        driver,
        n,
        value,
        {{ net_promoter_low('promoter_count', 'detractor_count', 'n') }} as low,
        {{ net_promoter_high('promoter_count', 'detractor_count', 'n') }} as high,
        standard_error,
        is_opt_in,
        is_weighted,
        cast(null as integer) as driver_count,
        cast(null as string) as drivers
    from scores
    union all
    select
        cell_number,
        scale,
        {{ index_of_scale('scale') }} as measure,
        'all' as driver,
        n,
        value,
        {{ logit_low('value', 'adjusted_value', 'adjusted_standard_error', 't', 0, 100) }} as low,
        {{ logit_high('value', 'adjusted_value', 'adjusted_standard_error', 't', 0, 100) }} as high,
        standard_error,
        is_opt_in,
        is_weighted,
        driver_count,
        drivers
    from indexes
),

cells as (
    select distinct
        cell_number,
        period_type,
        period_start,
        period_label,
        breakdown,
        member
    from {{ ref('int_measures__cells') }}
)

select
    cells.period_type,
    cells.period_start,
    cells.period_label,
    cells.breakdown,
    cells.member,
    estimates.scale,
    case
        when names.is_other then {{ other_name('estimates.scale', 'estimates.measure', 'estimates.driver') }}
        else estimates.measure
    end as measure,
    estimates.driver,
    cast(estimates.n as bigint) as n,
    {{ figure('estimates.value') }} as value,
    {{ figure('estimates.low') }} as low,
    {{ figure('estimates.high') }} as high,
    {{ figure('estimates.standard_error') }} as standard_error,
    estimates.is_opt_in,
    estimates.is_weighted,
    weighted.n as weighted_n,
    weighted.value as weighted_value,
    weighted.low as weighted_low,
    weighted.high as weighted_high,
    weighted.standard_error as weighted_standard_error,
    cast(weighted.unit_count as integer) as sampling_unit_count,
    weighted.design_effect,
    weighted.effective_n,
    estimates.driver_count,
    estimates.drivers
from estimates
inner join cells
    on estimates.cell_number = cells.cell_number
left join {{ ref('int_measures__weighted_estimates') }} as weighted
    on {{ same('estimates', 'weighted', ['cell_number', 'scale', 'measure', 'driver']) }}
-- two figures have a name of their own in the field
cross join (values (false), (true)) as names (is_other)
where
    not names.is_other
    or {{ other_name('estimates.scale', 'estimates.measure', 'estimates.driver') }} is not null
