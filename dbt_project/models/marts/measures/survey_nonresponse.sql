{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_journey_years'
) }}
-- depends_on: {{ ref('int_journey_years') }}
{% set cells -%}
(
    select
        breakdown as item,
        'quarter' as period_type,
        quarter_start as period_start,
        case when is_whole then 'all' else 'channel' end as breakdown,
        member,
        cast(null as string) as service_organization_id,
        offered_count as n,
        respondent_count,
        silent_count,
        others_count,
        case
            when
                is_withheld_there
                or least(offered_count, nullif(respondent_count, 0), nullif(silent_count, 0), nullif(others_count, 0))
                < {{ policy('suppression_min_n') }}
                then 'small_n'
        end as reason
    from members
) as compared
{%- endset %}
{#- The end of the gap's interval → the end of the shares that count for it, and of those that count against it. -#}
{% set ends = {'below': ('low', 'high'), 'above': ('high', 'low')} %}

with classes as (
    select
        *,
        greatest(offered_count - respondent_count, 0) as silent_count
    from {{ ref('int_measures__nonresponse') }}
    where member <> 'unknown'
),

strata as (
    select
        quarter_start,
        breakdown,
        stratum,
        sum(offered_count) as offered_count,
        sum(respondent_count) as respondent_count,
        coalesce(sum(offered_count) filter (where member <> 'unknown'), 0) as known_offered,
        coalesce(sum(respondent_count) filter (where member <> 'unknown'), 0) as known_respondents,
        -- of each class by itself: one may have more answers than offers
        sum(case when member <> 'unknown' then greatest(offered_count - respondent_count, 0) else 0 end) as known_silent
    from {{ ref('int_measures__nonresponse') }}
    group by quarter_start, breakdown, stratum
),

-- Of a stratum whose respondents, or whose offered, are all of no known class nothing can be compared.
weights as (
    select
        *,
        cast(respondent_count as double)
        / sum(respondent_count) over (partition by quarter_start, breakdown) as respondent_weight,
        cast(offered_count as double)
        / sum(offered_count) over (partition by quarter_start, breakdown) as offered_weight
    from strata
    where known_respondents > 0 and known_offered > 0
),

shares as (
    select
        classes.quarter_start,
        classes.breakdown,
        classes.member,
        weights.respondent_weight,
        weights.offered_weight,
        cast(weights.respondent_count as double) / weights.known_respondents * classes.rated_count as rated,
        cast(weights.respondent_count as double) / weights.known_respondents * classes.points_total as points,
        cast(classes.offered_count as double) / weights.known_offered as offered,
        -- the offered are those who answered and those who didn't, so a gap is of the two, and those are independent
        weights.respondent_weight
        - weights.offered_weight * weights.known_respondents / weights.known_offered as answered_factor,
        weights.offered_weight * weights.known_silent / weights.known_offered as silent_factor,
        cast(classes.respondent_count as double) / weights.known_respondents as answered,
        {{ wilson_low('classes.respondent_count', 'weights.known_respondents') }} as answered_low,
        {{ wilson_high('classes.respondent_count', 'weights.known_respondents') }} as answered_high,
        coalesce(cast(classes.silent_count as double) / nullif(weights.known_silent, 0), 0) as silent,
        coalesce({{ wilson_low('classes.silent_count', 'nullif(weights.known_silent, 0)') }}, 0) as silent_low,
        coalesce({{ wilson_high('classes.silent_count', 'nullif(weights.known_silent, 0)') }}, 0) as silent_high
    from classes
    inner join weights
        on {{ same('classes', 'weights', ['quarter_start', 'breakdown', 'stratum']) }}
),

figures_of_classes as (
    select
        quarter_start,
        breakdown,
        member,
        {{ exact_sum('respondent_weight * answered') }} as respondent_share,
        {{ exact_sum('offered_weight * offered') }} as offered_share,
        {%- for side, (end, other) in ends.items() %}
        -- the squares of how far each share lets the gap reach to this side
        {%- set of_answered -%}
        answered_factor * (answered - case when answered_factor >= 0 then answered_{{ end }} else answered_{{ other }} end)
        {%- endset %}
        {%- set of_silent = 'silent_factor * (silent_' ~ other ~ ' - silent)' %}
        sqrt({{ exact_sum('power(' ~ of_answered ~ ', 2) + power(' ~ of_silent ~ ', 2)') }}) as {{ side }},
        {%- endfor %}
        {{ exact_sum('rated') }} as rated,
        {{ exact_sum('points') }} as points
    from shares
    group by quarter_start, breakdown, member
),

sensitivities as (
    select
        quarter_start,
        breakdown,
        {{ exact_sum('points') }} / nullif({{ exact_sum('rated') }}, 0) as satisfaction,
        -- as if of each class as many had answered as were offered the survey
        {{ exact_sum('case when rated > 0 then offered_share * points / rated else 0 end') }}
        / nullif({{ exact_sum('case when rated > 0 then offered_share else 0 end') }}, 0) as weighted_satisfaction,
        nullif({{ sorted_list('case when rated = 0 then member end') }}, '') as classes_without_score
    from figures_of_classes
    group by quarter_start, breakdown
),

wholes as (
    select
        quarter_start,
        breakdown,
        fiscal_quarter,
        sum(offered_count) as all_offered,
        sum(respondent_count) as all_respondents,
        sum(offered_count) filter (where member <> 'unknown') as offered_count,
        sum(respondent_count) filter (where member <> 'unknown') as respondent_count,
        sum(rated_count) filter (where member <> 'unknown') as rated_count,
        coalesce(sum(rated_count) filter (where member = 'unknown'), 0) as rated_outside_count,
        sum(others_count) as others_count,
        bool_or(member <> 'unknown' and respondent_count > offered_count) as is_misfit,
        min(surveys_left_out) as surveys_left_out,
        min(respondent_apart_count) as respondent_apart_count,
        min(rated_apart_count) as rated_apart_count
    from {{ ref('int_measures__nonresponse') }}
    group by quarter_start, breakdown, fiscal_quarter
    having sum(offered_count) filter (where member <> 'unknown') > 0
),

-- What survey_quality withholds of a survey must not be told by its service, nor by all without the surveys left out.
withheld_surveys as (
    select distinct
        quality.period_start as quarter_start,
        quality.member as survey_id,
        surveys.service_id
    from {{ ref('survey_quality') }} as quality
    inner join {{ ref('dim_surveys') }} as surveys
        on quality.member = surveys.survey_id
    where quality.period_type = 'quarter' and quality.breakdown = 'survey' and quality.suppressed
),

withheld_services as (
    select distinct
        quarter_start,
        'service' as breakdown,
        service_id as member
    from withheld_surveys
),

withheld_respondents as (
    {{ withheld_respondents() | indent }}
),

left_out as (
    select distinct
        wholes.quarter_start,
        wholes.breakdown
    from wholes
    inner join withheld_surveys
        on
            wholes.quarter_start = withheld_surveys.quarter_start
            and ',' || wholes.surveys_left_out || ',' like '%,' || withheld_surveys.survey_id || ',%'
    union distinct
    -- nor by what the known share is of
    select
        wholes.quarter_start,
        wholes.breakdown
    from wholes
    inner join {{ ref('survey_quality') }} as quality
        on wholes.quarter_start = quality.period_start
    where
        quality.period_type = 'quarter'
        and quality.breakdown = 'all'
        and quality.suppressed
    union distinct
    -- of contacts that is all who answered in their channels: where the index withholds some of these and some of the
    -- others, each of the two sums would be told; else it is what all are less the others, whom the index tells
    select
        wholes.quarter_start,
        wholes.breakdown
    from wholes
    inner join withheld_respondents
        on
            wholes.quarter_start = withheld_respondents.period_start
            and withheld_respondents.period_type = 'quarter'
            and withheld_respondents.breakdown = 'channel'
    left join strata
        on
            {{ same('wholes', 'strata', ['quarter_start', 'breakdown']) }}
            and withheld_respondents.member = strata.stratum
    group by wholes.quarter_start, wholes.breakdown
    having count(strata.stratum) between 1 and count(*) - 1
    union distinct
    -- nor those few who are in one whole and in no other
    select
        quarter_start,
        breakdown
    from wholes
    where
        breakdown in ('channel', 'service')
        and respondent_apart_count < {{ policy('suppression_min_n') }}
),

totals as (
    select
        quarter_start,
        breakdown,
        member,
        sum(offered_count) as offered_count,
        sum(respondent_count) as respondent_count,
        sum(rated_count) as rated_count,
        max(others_count) as others_count
    from classes
    group by quarter_start, breakdown, member
),

-- A weighted mean is a sum of what its classes offer and say.
of_few as (
    select distinct
        quarter_start,
        breakdown
    from totals
    where least(nullif(offered_count, 0), nullif(rated_count, 0)) < {{ policy('suppression_min_n') }}
),

members as (
    select
        totals.quarter_start,
        totals.breakdown,
        totals.member,
        false as is_whole,
        totals.offered_count,
        totals.respondent_count,
        totals.offered_count - totals.respondent_count as silent_count,
        totals.others_count,
        withheld_services.member is not null or withheld_respondents.member is not null as is_withheld_there
    from totals
    left join withheld_services
        on {{ same('totals', 'withheld_services', ['quarter_start', 'breakdown', 'member']) }}
    -- those of a segment, a wait and a resolution are of tied answers alone
    left join withheld_respondents
        on
            totals.breakdown in ('channel', 'service')
            and withheld_respondents.period_type = 'quarter'
            and totals.quarter_start = withheld_respondents.period_start
            and {{ same('totals', 'withheld_respondents', ['breakdown', 'member']) }}
    union all
    select
        wholes.quarter_start,
        wholes.breakdown,
        'all' as member,
        true as is_whole,
        wholes.offered_count,
        wholes.respondent_count,
        wholes.offered_count - wholes.respondent_count as silent_count,
        wholes.others_count,
        left_out.breakdown is not null or withheld_respondents.member is not null as is_withheld_there
    from wholes
    left join left_out
        on {{ same('wholes', 'left_out', ['quarter_start', 'breakdown']) }}
    left join withheld_respondents
        on
            withheld_respondents.period_type = 'quarter'
            and wholes.quarter_start = withheld_respondents.period_start
            and withheld_respondents.breakdown = 'all'
),

withheld as (
    {{ withheld_cells(cells, ['respondent_count', 'silent_count', 'others_count']) | indent }}
),

compared as (
    select
        members.*,
        wholes.fiscal_quarter,
        -- what shares of a class are of is its whole
        withheld.reason is not null
        or bool_or(members.is_whole and withheld.reason is not null) over (
            partition by members.quarter_start, members.breakdown
        ) as suppressed,
        figures_of_classes.offered_share,
        figures_of_classes.respondent_share,
        figures_of_classes.respondent_share - figures_of_classes.offered_share as gap,
        figures_of_classes.below,
        figures_of_classes.above,
        cast(wholes.offered_count as double) / wholes.all_offered as known_offered_share,
        coalesce(cast(wholes.respondent_count as double) / nullif(wholes.all_respondents, 0), 0)
            as known_respondent_share,
        wholes.is_misfit,
        wholes.rated_count,
        wholes.rated_outside_count,
        wholes.rated_apart_count,
        of_few.breakdown is not null as is_of_few,
        wholes.surveys_left_out,
        sensitivities.satisfaction,
        sensitivities.weighted_satisfaction,
        sensitivities.classes_without_score
    from members
    inner join wholes
        on {{ same('members', 'wholes', ['quarter_start', 'breakdown']) }}
    left join figures_of_classes
        on {{ same('members', 'figures_of_classes', ['quarter_start', 'breakdown', 'member']) }}
    left join of_few
        on {{ same('members', 'of_few', ['quarter_start', 'breakdown']) }}
    left join sensitivities
        on {{ same('members', 'sensitivities', ['quarter_start', 'breakdown']) }}
    left join withheld
        on
            members.quarter_start = withheld.period_start
            and members.breakdown = withheld.item
            and members.member = withheld.member
),

judged as (
    select
        *,
        not is_misfit
        and least(known_offered_share, known_respondent_share) >= {{ policy('segment_claim_min_share') }}
            as is_claim_allowed
    from compared
),

shown as (
    select
        *,
        not suppressed and is_claim_allowed and not is_whole as is_compared,
        -- those outside are what is left of the satisfaction of all
        not suppressed and is_claim_allowed and is_whole
        and rated_count >= {{ policy('suppression_min_n') }}
        and (rated_outside_count = 0 or rated_outside_count >= {{ policy('suppression_min_n') }})
        and coalesce(rated_apart_count >= {{ policy('suppression_min_n') }}, true)
        and not is_of_few
        -- where all of some services are inside, they are who rated these in cx_index
        and not exists (
            select 1
            from {{ ref('int_withheld_items') }} as items
            where
                items.period_type = 'quarter'
                and items.period_start = judged.quarter_start
                and items.breakdown in ('all', 'service', judged.breakdown)
                and items.scale = 'likert_5'
                and items.driver = 'satisfaction'
        ) as is_rated
    from judged
)
{% set of_classes = {
    'offered_share': 'offered_share',
    'respondent_share': 'respondent_share',
    'gap': 'gap',
    'gap_low': 'gap - below',
    'gap_high': 'gap + above',
} %}
{% set of_all = {
    'satisfaction': 'satisfaction',
    'weighted_satisfaction': 'weighted_satisfaction',
    'satisfaction_difference': 'weighted_satisfaction - satisfaction',
} %}
select
    cast('quarter' as string) as period_type,
    quarter_start as period_start,
    fiscal_quarter as period_label,
    quarter_start,
    breakdown,
    member,
    cast(case when not suppressed then offered_count end as bigint) as offered_count,
    cast(case when not suppressed and (is_whole or is_claim_allowed) then respondent_count end as bigint)
        as respondent_count,
    case when not suppressed then {{ figure('known_offered_share') }} end as known_offered_share,
    case when not suppressed then {{ figure('known_respondent_share') }} end as known_respondent_share,
    case when not suppressed then is_claim_allowed end as is_claim_allowed,
    {%- for name, value in of_classes.items() %}
    case when is_compared then {{ figure(value) }} end as {{ name }},
    {%- endfor %}
    cast(case when is_rated then rated_count end as bigint) as rated_count,
    {%- for name, value in of_all.items() %}
    case when is_rated then {{ figure(value) }} end as {{ name }},
    {%- endfor %}
    case when is_whole then surveys_left_out end as surveys_left_out,
    case when is_rated then classes_without_score end as classes_without_score,
    suppressed,
    is_compared and respondent_count < {{ policy('low_n_below') }} as low_n,
    cast(null as string) as held_from
from shown
