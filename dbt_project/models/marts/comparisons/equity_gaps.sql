with

-- The row may stand without its share: where that would tell of few, and in a release, which makes this model once more
-- of the rows that it publishes and may hold the share, with its row or alone.
shares as (
    select
        period_type,
        period_start,
        respondent_count,
        case when held_from is null then known_segment_share end as known_segment_share,
        not suppressed and (held_from is not null or is_segment_claim_allowed is null) as is_untold
    from {{ ref('survey_quality') }}
    where breakdown = 'all'
),

known_segments as (
    select
        period_type,
        period_start,
        known_segment_share,
        is_untold
    from shares
    union all
    -- a fiscal year's by its quarters as they are published, so that it tells nothing that they don't
    select
        'year' as period_type,
        year_start as period_start,
        {{ figure('known_count / nullif(respondent_count, 0)') }} as known_segment_share,
        is_untold
    from (
        select
            {{ fiscal_year_start('period_start') }} as year_start,
            case when count(*) = count(known_segment_share) then sum(round(known_segment_share * respondent_count)) end
                as known_count,
            sum(respondent_count) as respondent_count,
            bool_or(is_untold) as is_untold
        from shares
        where period_type = 'quarter'
        group by {{ fiscal_year_start('period_start') }}
    ) as quarters
),

claims as (
    select
        *,
        case
            when not is_untold
                then coalesce(known_segment_share >= {{ policy('segment_claim_min_share') }}, false)
        end as is_claim_allowed
    from known_segments
)

select
    compared.period_type,
    compared.period_start,
    'all' as breakdown,
    'all' as member,
    compared.member as segment,
    segments.segment_name,
    compared.scale,
    compared.measure,
    compared.driver,
    compared.period_label,
    compared.n,
    compared.value,
    compared.other_n as rest_n,
    compared.other_value as rest_value,
    compared.difference as gap,
    compared.low,
    compared.high,
    compared.p_value,
    compared.adjusted_p,
    compared.family,
    compared.family_size,
    compared.minimum_difference,
    quality.known_segment_share,
    case when quality.period_start is null then false else quality.is_claim_allowed end as is_claim_allowed,
    case when quality.is_claim_allowed then compared.verdict end as verdict,
    compared.not_compared,
    compared.drivers,
    compared.suppressed,
    compared.low_n,
    cast(null as string) as held_from
from {{ ref('cx_comparisons') }} as compared
inner join {{ ref('segments') }} as segments
    on compared.member = segments.segment
left join claims as quality
    on
        compared.period_type = quality.period_type
        and compared.period_start = quality.period_start
where
    compared.breakdown = 'segment'
    and compared.comparison = 'rest'
