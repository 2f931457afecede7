select
    compared.period_type,
    compared.period_start,
    'all' as breakdown,
    'all' as member,
    compared.member as segment,
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
    coalesce(quality.is_segment_claim_allowed, false) as is_claim_allowed,
    case when quality.is_segment_claim_allowed then compared.verdict end as verdict,
    compared.not_compared,
    compared.drivers,
    compared.suppressed,
    compared.low_n,
    cast(null as string) as held_from
from {{ ref('cx_comparisons') }} as compared
left join {{ ref('survey_quality') }} as quality
    on
        compared.period_type = quality.period_type
        and compared.period_start = quality.period_start
        and quality.breakdown = 'all'
where
    compared.breakdown = 'segment'
    and compared.comparison = 'rest'
    and compared.period_type <> 'year'
