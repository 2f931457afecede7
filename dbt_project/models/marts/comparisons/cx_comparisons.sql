{%- set cell = ['period_type', 'period_start', 'breakdown', 'member'] -%}
{%- set key = cell + ['scale', 'measure', 'driver'] -%}
{%- set compared = key + ['comparison'] -%}
{%- set shares = "('top_box', 'top_two', 'bottom_two', 'thumbs_up')" -%}
{%- set indexes = "('cx_index', 'acsi_equal_weight')" -%}

with

-- what is public, and nothing else: whoever reads it could compare as well
figures as (
    select
        {{ key | join(', ') }},
        period_label,
        {{ period_number('period_start', 'period_type') }} as period_number,
        {{ period_end_of('period_start', 'period_type') }} as period_end,
        n,
        value,
        standard_error,
        -- a share's and a score's variance is over n, a mean's over n - 1
        case when measure = 'nps' or measure in {{ shares }} then n else n - 1 end as degrees,
        weighted_value,
        weighted_standard_error,
        sampling_unit_count,
        is_weighted as is_design_based,
        -- where its error by weights and sampling units isn't told, a design-based figure is tested by none
        is_weighted and weighted_value is null as lacks_weights,
        drivers,
        volume,
        volume_value,
        volume_value - volume_low as volume_below,
        volume_high - volume_value as volume_above,
        suppressed,
        -- a release makes this model once more of the rows that it publishes, and some of these an earlier one made
        held_from is not null and not suppressed as is_held
    from {{ ref('cx_index') }}
    -- one figure under two names is one test
    where measure not in ('ces', 'csat')
),

-- what each is compared with: an earlier period of its own, or the whole that holds it
wanted as (
    select
        figures.*,
        comparisons.comparison,
        case when comparisons.comparison = 'rest' then 'all' else figures.breakdown end as other_breakdown,
        case when comparisons.comparison = 'rest' then 'all' else figures.member end as other_member,
        figures.period_number
        - case comparisons.comparison
            when 'rest' then 0
            when 'previous_period' then 1
            else cast(12 / {{ months_in_period('figures.period_type') }} as integer)
        end as other_number
    from figures
    cross join (values ('previous_period'), ('year_before'), ('rest')) as comparisons (comparison)
    where not (
        (comparisons.comparison = 'rest' and figures.breakdown = 'all')
        or (comparisons.comparison = 'year_before' and figures.period_type = 'year')
    )
),

paired as (
    select
        {{ prefixed('part', compared) }},
        part.period_label,
        part.period_end,
        part.n,
        part.value,
        part.standard_error,
        part.degrees,
        part.weighted_value,
        part.weighted_standard_error,
        part.sampling_unit_count,
        part.drivers,
        other.period_start as other_period_start,
        other.n as other_n,
        other.value as other_value,
        other.standard_error as other_error,
        other.degrees as other_degrees,
        other.weighted_value as other_weighted_value,
        other.weighted_standard_error as other_weighted_error,
        other.sampling_unit_count as other_unit_count,
        other.drivers as other_drivers,
        part.suppressed or other.suppressed as is_withheld,
        part.is_held or other.is_held as is_held,
        part.is_design_based or other.is_design_based as is_design_based,
        part.lacks_weights or other.lacks_weights as lacks_weights
    from wanted as part
    inner join figures as other
        on
            {{ same('part', 'other', ['period_type', 'scale', 'measure', 'driver']) }}
            and part.other_breakdown = other.breakdown
            and part.other_member = other.member
            and part.other_number = other.period_number
),

-- the rest is the whole less the part, by their exact sums: of means and scores those behind value and error
summed as (
    select
        *,
        other_n - n as rest_n,
        other_degrees - n as rest_degrees,
        round(other_n * other_value) - round(n * value) as rest_total,
        round(other_n * (other_error * other_error * other_degrees + other_value * other_value))
        - round(n * (standard_error * standard_error * degrees + value * value)) as rest_squares
    from paired
    -- who is the whole agency has no rest; the sums behind a score of three items together are not kept
    where comparison <> 'rest' or ((n < other_n or is_withheld) and measure <> 'acsi_equal_weight')
),

sided as (
    select
        {{ prefixed('summed', compared) }},
        summed.period_label,
        summed.period_end,
        summed.n,
        summed.drivers,
        summed.other_period_start,
        summed.other_drivers,
        summed.is_design_based,
        -- a part and its rest share sampling units, and the pairs of answers to two drivers have no weights
        summed.is_design_based
        and (
            summed.comparison = 'rest'
            or summed.lacks_weights
            or coalesce(summed.drivers <> summed.other_drivers, false)
        ) as is_untestable,
        case when summed.comparison = 'rest' then summed.value else coalesce(summed.weighted_value, summed.value) end
            as value,
        case when summed.weighted_value is null then summed.standard_error else summed.weighted_standard_error end
            as standard_error,
        summed.degrees,
        case when summed.comparison = 'rest' then summed.rest_degrees else summed.other_degrees end as other_degrees,
        coalesce(summed.sampling_unit_count, summed.n) - 1 as df,
        case
            when summed.comparison = 'rest' then summed.rest_n
            else coalesce(summed.other_unit_count, summed.other_n)
        end - 1 as other_df,
        summed.is_held,
        -- two releases' rows have no rest
        summed.is_withheld
        or (summed.comparison = 'rest' and not summed.is_held and summed.rest_n < {{ policy('suppression_min_n') }})
            as is_withheld,
        case when summed.comparison = 'rest' then summed.rest_n else summed.other_n end as other_n,
        case
            when summed.comparison <> 'rest' then coalesce(summed.other_weighted_value, summed.other_value)
            when summed.measure <> 'cx_index' then summed.rest_total / nullif(summed.rest_n, 0)
        end as other_value,
        case
            when summed.comparison <> 'rest' and summed.other_weighted_value is null then summed.other_error
            when summed.comparison <> 'rest' then summed.other_weighted_error
            when summed.measure <> 'cx_index'
                then
                    sqrt(
                        greatest(0, summed.rest_squares - power(summed.rest_total, 2) / nullif(summed.rest_n, 0))
                        / nullif(summed.rest_n * summed.rest_degrees, 0)
                    )
        end as other_error
    from summed
),

-- two indexes that rest on other drivers, or of which one is of the rest, are made of the pairs of answers
indexes as (
    select
        *,
        row_number() over (order by {{ prefixed('sided', compared) }}) as place
    from sided
    where
        measure = 'cx_index'
        and not is_withheld
        and not is_held
        and not is_design_based
        and (comparison = 'rest' or drivers <> other_drivers)
),

pairs_of_sides as (
    select
        indexes.place,
        sides.side,
        pairs.driver_a,
        pairs.driver_b,
        sum(sides.sign * pairs.n) as n,
        sum(sides.sign * pairs.total_a) as total_a,
        sum(sides.sign * pairs.total_b) as total_b,
        sum(sides.sign * pairs.products) as products
    from indexes
    cross join (
        values ('part', 'part', 1), ('other', 'earlier', 1), ('other', 'whole', 1), ('other', 'part', -1)
    ) as sides (side, of, sign)
    inner join {{ ref('int_index_pairs') }} as pairs
        on
            indexes.period_type = pairs.period_type
            and case when sides.of = 'earlier' then indexes.other_period_start else indexes.period_start end
            = pairs.period_start
            and case when sides.of = 'whole' then 'all' else indexes.breakdown end = pairs.breakdown
            and case when sides.of = 'whole' then 'all' else indexes.member end = pairs.member
    where
        sides.side = 'part'
        or (sides.of = 'earlier') = (indexes.comparison <> 'rest')
    group by indexes.place, sides.side, pairs.driver_a, pairs.driver_b
),

asked_by_both as (
    select
        place,
        driver_a as driver
    from pairs_of_sides
    where
        driver_a = driver_b
        and n > 0
    group by place, driver_a
    having count(*) = 2
),

means as (
    select
        pairs.place,
        pairs.side,
        pairs.driver_a as driver,
        pairs.n,
        1e0 * pairs.total_a / pairs.n as mean,
        count(*) over (partition by pairs.place, pairs.side) as driver_count
    from pairs_of_sides as pairs
    inner join asked_by_both
        on
            pairs.place = asked_by_both.place
            and pairs.driver_a = asked_by_both.driver
    where pairs.driver_a = pairs.driver_b
),

-- of the sum of the drivers' means: the sum of products of what each person adds to two of them
spreads as (
    select
        pairs.place,
        pairs.side,
        {{ exact_sum(
            "case when pairs.driver_a = pairs.driver_b then 1 else 2 end * ("
            "pairs.products - one.mean * pairs.total_b - other.mean * pairs.total_a + pairs.n * one.mean * other.mean"
            ") / one.n / other.n"
        ) }} as squares
    from pairs_of_sides as pairs
    inner join means as one
        on
            pairs.place = one.place
            and pairs.side = one.side
            and pairs.driver_a = one.driver
    inner join means as other
        on
            pairs.place = other.place
            and pairs.side = other.side
            and pairs.driver_b = other.driver
    group by pairs.place, pairs.side
),

index_sides as (
    select
        means.place,
        means.side,
        {{ sorted_list('means.driver') }} as drivers,
        25 * ({{ exact_sum('means.mean') }} / max(means.driver_count) - 1) as value,
        25 * sqrt(greatest(0, max(spreads.squares))) / max(means.driver_count) as plain_error
    from means
    inner join spreads
        on
            means.place = spreads.place
            and means.side = spreads.side
    group by means.place, means.side
),

shared_indexes as (
    select
        indexes.*,
        part.drivers as shared_drivers,
        part.value as shared_value,
        other.value as shared_other_value,
        part.plain_error * sqrt(1e0 * indexes.n / nullif(indexes.n - 1, 0)) as shared_error,
        other.plain_error * sqrt(1e0 * indexes.other_n / nullif(indexes.other_n - 1, 0)) as shared_other_error
    from indexes
    left join index_sides as part
        on
            indexes.place = part.place
            and part.side = 'part'
    left join index_sides as other
        on
            indexes.place = other.place
            and other.side = 'other'
),

history as (
    select min(answered_local_date) as first_day
    from {{ ref('fct_survey_responses') }}
    where is_counted
),

crossed as (
    select distinct
        {{ prefixed('sided', compared) }}
    from sided
    inner join {{ ref('series_breaks') }} as breaks
        on
            {{ same('sided', 'breaks', ['breakdown', 'member', 'scale']) }}
            and sided.other_period_start < breaks.break_date
            and sided.period_end >= breaks.break_date
    where sided.comparison <> 'rest'
),

judged as (
    select
        {{ prefixed('sided', compared) }},
        sided.period_label,
        sided.other_period_start,
        sided.is_withheld,
        not sided.is_withheld and not sided.is_held as is_shown,
        sided.n,
        sided.other_n,
        case when not sided.is_held then coalesce(shared.shared_drivers, sided.drivers) end as drivers,
        {{ figure('coalesce(shared.shared_value, sided.value)') }} as value,
        {{ figure('coalesce(shared.shared_other_value, sided.other_value)') }} as other_value,
        coalesce(shared.shared_error, sided.standard_error) as error,
        coalesce(shared.shared_other_error, sided.other_error) as other_error,
        sided.degrees,
        sided.other_degrees,
        sided.is_design_based,
        sided.df as part_df,
        sided.other_df,
        sided.measure in {{ shares }} as is_share,
        case
            when sided.is_withheld then 'withheld'
            when not coalesce(sided.period_end <= {{ complete_day() }}, false) then 'open period'
            when crossed.member is not null then 'break'
            when sided.comparison <> 'rest' and sided.other_period_start < history.first_day then 'partial period'
            when sided.is_untestable then 'weights'
            when sided.is_held then 'held'
            when shared.place is not null and shared.shared_drivers is null then 'other drivers'
        end as reason
    from sided
    cross join history
    left join shared_indexes as shared
        on {{ same('sided', 'shared', compared) }}
    left join crossed
        on {{ same('sided', 'crossed', compared) }}
),

-- the squares about each side's own figure, and the variance of either by them
squared as (
    select
        *,
        round(n * value) as x,
        round(other_n * other_value) as other_x,
        case when reason is null then {{ figure('value - other_value') }} end as difference,
        n * degrees * error * error as squares,
        other_n * other_degrees * other_error * other_error as other_squares,
        case when is_design_based then error else error * sqrt(1e0 * degrees / nullif(n - 1, 0)) end as own_error,
        case
            when is_design_based then other_error else other_error * sqrt(1e0 * other_degrees / nullif(other_n - 1, 0))
        end as other_own_error
    from judged
),

tested as (
    select
        *,
        sqrt(own_error * own_error + other_own_error * other_own_error) as difference_error,
        {{ welch_df('own_error', 'part_df', 'other_own_error', 'other_df') }} as df,
        -- as if all came from one population; how weighted answers would spread about its figure is not kept
        case
            when not is_design_based
                then {{ pooled_error('n', 'squares', 'other_n', 'other_squares', 'difference') }}
        end as pooled_error,
        is_share and not is_design_based as is_by_counts
    from squared
),

-- a roll-up's change: what its services' own changes make of it, and what their shares of the answers do
parts as (
    select
        {{ prefixed('tested', compared) }},
        tested.n,
        tested.other_n,
        services.service_id,
        max(case when parts.period_start = tested.period_start then parts.n end) as part_n,
        max(case when parts.period_start = tested.period_start then parts.value end) as part_value,
        max(case when parts.period_start <> tested.period_start then parts.n end) as part_other_n,
        max(case when parts.period_start <> tested.period_start then parts.value end) as part_other_value,
        max(case when parts.period_start = tested.period_start then parts.volume end) as part_volume,
        max(case when parts.period_start <> tested.period_start then parts.volume end) as part_other_volume,
        count(distinct parts.drivers) <= 1 as is_asked_alike
    from tested
    inner join figures as parts
        on
            {{ same('tested', 'parts', ['period_type', 'scale', 'measure', 'driver']) }}
            and parts.period_start in (tested.period_start, tested.other_period_start)
    inner join {{ ref('dim_services') }} as services
        on
            parts.member = services.service_id
            and (tested.breakdown = 'all' or tested.member = services.organization_id)
    where
        parts.breakdown = 'service'
        and not parts.is_held
        and tested.breakdown in ('all', 'organization')
        and tested.comparison <> 'rest'
        and tested.reason is null
        -- weighted services don't add up to the roll-up by their responses
        and not tested.is_design_based
    group by {{ prefixed('tested', compared) }}, tested.n, tested.other_n, services.service_id
),

splits as (
    select
        {{ compared | join(', ') }},
        -- a withheld service has no n, a held one is left out, what names no service is in none: then there is no split
        measure not in {{ indexes }} and sum(part_n) = n and sum(part_other_n) = other_n as is_whole,
        {{ within_change('part_n', 'n', 'part_other_n', 'other_n', 'part_value', 'part_other_value') }}
            as within_change,
        {{ mix_change('part_n', 'n', 'part_other_n', 'other_n', 'part_value', 'part_other_value') }} as mix_change,
        {{ within_change(
            'part_volume', 'volume', 'part_other_volume', 'other_volume', 'part_value', 'part_other_value'
        ) }} as volume_within_change,
        {{ mix_change(
            'part_volume', 'volume', 'part_other_volume', 'other_volume', 'part_value', 'part_other_value'
        ) }} as volume_mix_change,
        bool_and(is_asked_alike) as is_asked_alike
    from (
        select
            *,
            sum(part_volume) over (partition by {{ compared | join(', ') }}) as volume,
            sum(part_other_volume) over (partition by {{ compared | join(', ') }}) as other_volume
        from parts
    ) as weighed
    group by {{ compared | join(', ') }}, n, other_n, volume, other_volume
),

index_splits as (
    select
        {{ prefixed('tested', compared) }},
        25 * {{ exact_sum('splits.within_change') }} / count(*) as within_change,
        25 * {{ exact_sum('splits.mix_change') }} / count(*) as mix_change
    from tested
    inner join splits
        on
            {{ same('tested', 'splits', cell + ['scale', 'comparison']) }}
            and splits.measure = 'mean'
            and splits.is_whole
            and instr(',' || tested.drivers || ',', ',' || splits.driver || ',') > 0
    where tested.measure = 'cx_index'
    group by {{ prefixed('tested', compared) }}, tested.drivers
    having count(*) = length(tested.drivers) - length(replace(tested.drivers, ',', '')) + 1
),

-- a roll-up by people served is of its services' figures, so its change is; of an index if each asked the same before
by_volume as (
    select
        {{ prefixed('splits', compared) }},
        part.volume_value - other.volume_value as difference,
        sqrt(power(part.volume_below, 2) + power(other.volume_above, 2)) as below,
        sqrt(power(part.volume_above, 2) + power(other.volume_below, 2)) as above,
        splits.volume_within_change as within_change,
        splits.volume_mix_change as mix_change
    from splits
    inner join tested
        on {{ same('splits', 'tested', compared) }}
    inner join figures as part
        on {{ same('splits', 'part', key) }}
    inner join figures as other
        on
            {{ same('splits', 'other', ['period_type', 'breakdown', 'member', 'scale', 'measure', 'driver']) }}
            and tested.other_period_start = other.period_start
    where
        splits.is_asked_alike
        and part.volume_value is not null
        and other.volume_value is not null
),

scored as (
    select
        *,
        {{ difference_z('difference', 'pooled_error', 'difference_error', 'df') }} as z,
        {{ t_quantile_975('df') }} as t
    from tested
),

chances as (
    select
        *,
        {{ figure(two_sided_normal_p('z')) }} as p_value,
        concat_ws('|', 'cx_index', measure, breakdown, comparison, period_label) as family
    from scored
),

ranked as (
    select
        *,
        -- what is held is tested as well, and nothing here is to rest on its p: it counts as 1
        count(case when p_value is not null or reason = 'held' then 1 end) over (partition by family) as family_size,
        row_number() over (
            partition by family
            order by p_value nulls last, {{ prefixed('chances', key) }}
        ) as place
    from chances
),

adjusted as (
    select
        *,
        case when p_value is not null then {{ figure(adjusted_p('p_value', 'family', 'family_size', 'place')) }} end
            as adjusted_p,
        case
            when is_share then {{ policy('minimum_difference_share') }}
            when measure = 'nps' then 100 * {{ policy('minimum_difference_share') }}
            when measure in {{ indexes }} then {{ policy('minimum_difference_index') }}
            else {{ policy('minimum_difference_points') }}
        end as minimum_difference
    from ranked
)

select
    {{ prefixed('adjusted', cell + ['scale']) }},
    case
        when names.is_other then {{ other_name('adjusted.scale', 'adjusted.measure', 'adjusted.driver') }}
        else adjusted.measure
    end as measure,
    adjusted.driver,
    adjusted.period_label,
    adjusted.comparison,
    cast(case when adjusted.is_shown then adjusted.n end as bigint) as n,
    case when adjusted.is_shown then adjusted.value end as value,
    adjusted.other_period_start,
    cast(case when adjusted.is_shown then adjusted.other_n end as bigint) as other_n,
    case when adjusted.is_shown then adjusted.other_value end as other_value,
    adjusted.difference,
    {{ figure(
        "case when adjusted.p_value is null then null when adjusted.is_by_counts then "
        ~ share_difference_low('adjusted.x', 'adjusted.n', 'adjusted.other_x', 'adjusted.other_n')
        ~ " else adjusted.difference - adjusted.t * adjusted.difference_error end"
    ) }} as low,
    {{ figure(
        "case when adjusted.p_value is null then null when adjusted.is_by_counts then "
        ~ share_difference_high('adjusted.x', 'adjusted.n', 'adjusted.other_x', 'adjusted.other_n')
        ~ " else adjusted.difference + adjusted.t * adjusted.difference_error end"
    ) }} as high,
    adjusted.p_value,
    adjusted.adjusted_p,
    adjusted.family,
    cast(adjusted.family_size as integer) as family_size,
    adjusted.minimum_difference,
    case
        when adjusted.p_value is null then null
        when adjusted.adjusted_p > 0.05 or abs(adjusted.difference) < adjusted.minimum_difference then 'no evidence'
        when adjusted.difference > 0 then 'up'
        else 'down'
    end as verdict,
    case
        when adjusted.reason is not null then adjusted.reason
        when adjusted.p_value is null then 'no variance'
    end as not_compared,
    adjusted.drivers,
    adjusted.is_design_based,
    {{ figure('coalesce(index_splits.within_change, case when splits.is_whole then splits.within_change end)') }}
        as within_change,
    {{ figure('coalesce(index_splits.mix_change, case when splits.is_whole then splits.mix_change end)') }}
        as mix_change,
    {{ figure('by_volume.difference') }} as volume_difference,
    {{ figure('by_volume.difference - by_volume.below') }} as volume_low,
    {{ figure('by_volume.difference + by_volume.above') }} as volume_high,
    {{ figure('by_volume.within_change') }} as volume_within_change,
    {{ figure('by_volume.mix_change') }} as volume_mix_change,
    adjusted.is_withheld as suppressed,
    adjusted.is_shown and least(adjusted.n, adjusted.other_n) < {{ policy('low_n_below') }} as low_n,
    cast(null as string) as held_from
from adjusted
left join splits
    on {{ same('adjusted', 'splits', compared) }}
left join index_splits
    on {{ same('adjusted', 'index_splits', compared) }}
left join by_volume
    on {{ same('adjusted', 'by_volume', compared) }}
cross join (values (false), (true)) as names (is_other)
where
    not names.is_other
    or {{ other_name('adjusted.scale', 'adjusted.measure', 'adjusted.driver') }} is not null
