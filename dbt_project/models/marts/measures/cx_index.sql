{{ config(
    materialized='incremental',
    partition_by='year_start',
    touched='int_touched_years'
) }}
-- depends_on: {{ ref('int_touched_years') }}
{% set cell = ['period_type', 'period_start', 'breakdown', 'member'] -%}
{%- set item = ['scale', 'measure', 'driver'] -%}
{%- set key = cell + item -%}
{%- set figures = ['n', 'value', 'low', 'high', 'standard_error'] -%}
{%- set weighted_figures = [
    'weighted_value', 'weighted_low', 'weighted_high', 'weighted_standard_error', 'sampling_unit_count',
    'design_effect', 'effective_n',
] -%}
{%- set index_figures = ['driver_count', 'drivers', 'band', 'band_uncertain'] -%}
{%- set volume_figures = ['volume_value', 'volume_low', 'volume_high'] -%}

with

-- an index less the other drivers' means is the one mean that is withheld, so it goes with it; or its own n does
withheld_indexes as (
    select distinct
        period_type,
        period_start,
        breakdown,
        member,
        scale
    from {{ ref('int_withheld_items') }}
    where driver = 'all' or {{ is_in_an_index('scale', 'driver') }}
),

judged as (
    select
        {{ prefixed('estimates', key) }},
        estimates.period_label,
        estimates.is_opt_in,
        estimates.is_weighted,
        estimates.weighted_n,
        {%- for name in figures + weighted_figures %}
        estimates.{{ name }},
        {%- endfor %}
        estimates.driver_count,
        estimates.drivers,
        case
            when estimates.measure in ('cx_index', 'acsi_equal_weight') then withheld_indexes.member is not null
            else withheld_items.reason is not null
        end as suppressed,
        case
            when estimates.measure = 'cx_index' then {{ index_band('estimates.value') }}
        end as band,
        case
            when estimates.measure = 'cx_index'
                then
                    {{ index_band('estimates.low') }} <> {{ index_band('estimates.value') }}
                    or {{ index_band('estimates.high') }} <> {{ index_band('estimates.value') }}
                    -- an interval that allows for no weights and stays within the band doesn't tell
                    or nullif(estimates.is_weighted, true)
        end as band_uncertain
    from {{ ref('int_measures__estimates') }} as estimates
    left join {{ ref('int_withheld_items') }} as withheld_items
        on {{ same('estimates', 'withheld_items', cell + ['scale', 'driver']) }}
    left join withheld_indexes
        on {{ same('estimates', 'withheld_indexes', cell + ['scale']) }}
),

answered as (
    select
        period_type,
        period_start,
        {{ item | join(',\n        ') }},
        period_label,
        bool_or(is_opt_in) as is_opt_in,
        bool_or(is_weighted) as is_weighted
    from judged
    group by period_type, period_start, {{ item | join(', ') }}, period_label
),

withheld_scales as (
    select distinct {{ (cell + ['scale']) | join(', ') }}
    from judged
    where suppressed
),

-- where something of a scale is withheld, in a period or in a shorter one of it
withheld_periods as (
    select distinct
        longer.period_type,
        case longer.period_type
            when 'year' then {{ fiscal_year_start('withheld.period_start') }}
            when 'quarter' then {{ fiscal_quarter_start('withheld.period_start') }}
            else withheld.period_start
        end as period_start,
        withheld.breakdown,
        withheld.scale
    from withheld_scales as withheld
    inner join (
        values ('month', 'month'), ('month', 'quarter'), ('month', 'year'), ('quarter', 'quarter'), ('quarter', 'year'),
        ('year', 'year')
    ) as longer (of_period_type, period_type)
        on withheld.period_type = longer.of_period_type
),

-- a service has surveys of its own and so may have weights of its own, which tell it apart in any figure that it is in
untold_weights as (
    select distinct
        periods.period_type,
        periods.period_start,
        breakdowns.breakdown,
        periods.scale
    from withheld_periods as periods
    cross join (values ('all'), ('organization'), ('service'), ('channel'), ('segment')) as breakdowns (breakdown)
    where periods.breakdown in ('organization', 'service', breakdowns.breakdown)
),

-- Beside the same people's figures without weights those with them tell how many have which weight, and what these
-- said. So they are of all who answered or of nobody, and stand where there is nothing that they could give away.
told as (
    select
        {%- for name in weighted_figures %}
        case when judged.weighted_n = judged.n and untold_weights.scale is null then judged.{{ name }} end
            as {{ name }},
        {%- endfor %}
        {{ prefixed('judged', key + ['period_label', 'is_opt_in', 'is_weighted'] + figures + index_figures) }}
    from judged
    left join untold_weights
        on {{ same('judged', 'untold_weights', ['period_type', 'period_start', 'breakdown', 'scale']) }}
    where not judged.suppressed
),

-- A withheld row says no more of a member than that it is withheld: it is there for each item that anybody answered,
-- for a missing one would say that this member's few left it out, and what describes the figure is that of everybody's.
estimates as (
    select
        {{ (key + ['period_label', 'is_opt_in', 'is_weighted'] + figures + weighted_figures + index_figures)
            | join(',\n        ') }},
        false as suppressed
    from told
    union all
    select
        withheld.period_type,
        withheld.period_start,
        withheld.breakdown,
        withheld.member,
        {{ prefixed('answered', item + ['period_label', 'is_opt_in', 'is_weighted']) }},
        {%- for name in figures + weighted_figures + index_figures %}
        null as {{ name }},
        {%- endfor %}
        true as suppressed
    from withheld_scales as withheld
    inner join answered
        on {{ same('withheld', 'answered', ['period_type', 'period_start', 'scale']) }}
    left join judged as shown
        on
            not shown.suppressed
            and {{ same('withheld', 'shown', cell + ['scale']) }}
            and {{ same('answered', 'shown', ['measure', 'driver']) }}
    where shown.member is null
),

-- a roll-up by people served is of the services' published figures alone, so it tells nothing that they don't
services as (
    select
        estimates.period_type,
        estimates.period_start,
        estimates.scale,
        estimates.measure,
        estimates.driver,
        estimates.member as service_id,
        known.organization_id,
        volumes.volume,
        estimates.n,
        {{ figure('estimates.value') }} as value,
        {{ figure('estimates.standard_error') }} as standard_error
    from estimates
    inner join {{ ref('dim_services') }} as known
        on estimates.member = known.service_id
    left join {{ ref('int_measures__volumes') }} as volumes
        on
            estimates.member = volumes.service_id
            and estimates.period_type = volumes.period_type
            and estimates.period_start = volumes.period_start
    where estimates.breakdown = 'service'
),

parts as (
    select
        services.*,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'organization' then services.organization_id
            else services.service_id
        end as member
    from services
    cross join (values ('all'), ('organization'), ('service')) as breakdowns (breakdown)
),

weighed as (
    select
        *,
        volume * 1e0 / sum(volume) over (partition by {{ (cell + item) | join(', ') }}) as share,
        -- as many answers as the intervals themselves add
        case
            when measure in ('mean', 'ces', 'cx_index', 'acsi_equal_weight') then 1e0
            else {{ normal_quantile_975() }} * {{ normal_quantile_975() }}
        end as added_n
    from parts
),

-- a service's variance is of its own answers and of some added ones of the whole: that of few who are alike isn't 0
by_volume as (
    select
        {{ (cell + item) | join(',\n        ') }},
        count(*) = count(volume) and count(*) = count(value) as is_known,
        count(*) = count(standard_error) as is_error_known,
        sum(volume) as volume,
        {{ exact_sum('volume * value') }} / sum(volume) as value,
        max(standard_error) > 0 or max(value) > min(value) as is_varied,
        {{ exact_sum('share * (n * standard_error * standard_error + value * value)') }} as mean_square,
        {{ exact_sum('share * share * n * standard_error * standard_error / (n + added_n)') }} as own_squares,
        {{ exact_sum('share * share * added_n / (n * (n + added_n))') }} as added_weight,
        1 / {{ exact_sum('share * share / n') }} as n_if_alike,
        sum(n) as n,
        nullif({{ sorted_list('case when volume is null or value is null then service_id end') }}, '') as left_out
    from weighed
    group by {{ (cell + item) | join(', ') }}
),

variances as (
    select
        *,
        case when is_varied then mean_square - value * value else 0e0 end as variance
    from by_volume
),

samples as (
    select
        *,
        -- as many of all people served, drawn at random, would be as precise
        case
            when is_known and is_error_known and breakdown <> 'service'
                then coalesce(variance / nullif(own_squares + added_weight * variance, 0), n_if_alike)
        end as effective_n,
        -- how many of its scale's points a measure's unit is
        case
            when measure in ('mean', 'ces') then 1e0
            when measure in ('cx_index', 'acsi_equal_weight') then {{ scale_width('scale') }} / 100
        end as unit,
        case when measure in ('mean', 'ces') then 1e0 else 0e0 end as least_possible
    from variances
),

points as (
    select
        *,
        effective_n * (1 + (value - least_possible) * unit) as points_total,
        (effective_n - 1) * variance * unit * unit
        + effective_n * power(1 + (value - least_possible) * unit, 2) as points_squares,
        {{ t_quantile_975('(effective_n - 1)') }} as t,
        {{ t_quantile_975('(n - 1)') }} as simple_t
    from samples
),

adjusted as (
    select
        *,
        least_possible + ({{ five_point_adjusted_mean('effective_n', 'points_total', 'scale') }} - 1) / unit
            as adjusted_value,
        {{ five_point_adjusted_standard_error('effective_n', 'points_total', 'points_squares', 'scale') }} / unit
            as adjusted_standard_error,
        {{ net_promoter_share('value', 'variance', '+') }} as promoter_share,
        {{ net_promoter_share('value', 'variance', '-') }} as detractor_share,
        -- fewer still where few answered; and that a small service has none of a share's few isn't how services differ
        least(effective_n, 1.75e0 * n_if_alike) * (simple_t / t) * (simple_t / t) as interval_n
    from points
),

volume_figures as (
    select
        {{ (cell + item) | join(',\n        ') }},
        case when is_known and breakdown <> 'service' then value end as volume_value,
        {{ measure_low() }} as volume_low,
        {{ measure_high() }} as volume_high,
        case when is_known then volume end as volume,
        case when breakdown <> 'service' then left_out end as left_out
    from adjusted
),

beside_volume as (
    select
        estimates.*,
        by_volume.volume_value,
        by_volume.volume_low,
        by_volume.volume_high,
        by_volume.volume,
        by_volume.left_out
    from estimates
    left join volume_figures as by_volume
        on {{ same('estimates', 'by_volume', cell + item) }}
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
    {{ figures | join(',\n    ') }},
    case when is_opt_in then 'indicative' else 'sampling' end as interval_kind,
    is_weighted,
    {{ weighted_figures | join(',\n    ') }},
    {%- for name in volume_figures %}
    case when not suppressed then {{ figure(name) }} end as {{ name }},
    {%- endfor %}
    cast(case when not suppressed then volume end as bigint) as volume,
    case when not suppressed and volume is not null then 'people served' end as volume_unit,
    left_out as volume_left_out,
    {{ index_figures | join(',\n    ') }},
    suppressed,
    not suppressed and n < {{ policy('low_n_below') }} as low_n,
    cast(null as string) as held_from
from beside_volume
