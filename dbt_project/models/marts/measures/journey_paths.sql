{{ config(
    materialized='incremental',
    partition_by='year_start',
    touched='int_journey_years'
) }}
-- depends_on: {{ ref('int_journey_years') }}
{%- set cell = ['period_type', 'period_start', 'breakdown', 'member'] %}
{%- set scores -%}
(
    select
        item,
        parent_item,
        period_type,
        period_start,
        breakdown,
        member,
        cast(null as string) as service_organization_id,
        score_n as n,
        score_total as total,
        score_squares as squares,
        case
            when suppressed or is_score_withheld_there then 'withheld'
            when score_n > 0 and score_n < {{ policy('suppression_min_n') }} then 'small_n'
            when (breakdown <> 'all' or item <> 'all') and score_n * score_squares = score_total * score_total and score_n > 0
                then 'unanimous'
        end as reason
    from judged
) as cells
{%- endset %}

with paths as (
    select *
    from {{ ref('int_journey_paths') }}
    where breakdown <> 'organization'
),

-- most answers are about a journey: the score of all paths would be nearly the one that the index withholds
withheld_satisfaction as (
    select
        period_type,
        period_start,
        breakdown,
        member
    from {{ ref('cx_index') }}
    where scale = 'likert_5' and measure = 'mean' and driver = 'satisfaction' and suppressed
),

judged as (
    select
        paths.*,
        withheld.reason is not null as suppressed,
        satisfaction.member is not null as is_score_withheld_there
    from paths
    left join {{ ref('int_withheld_journeys') }} as withheld
        on
            withheld.measure = 'journeys'
            and paths.item = withheld.path
            and {{ same('paths', 'withheld', cell) }}
    left join withheld_satisfaction as satisfaction
        on {{ same('paths', 'satisfaction', cell) }}
),

withheld_scores as (
    {{ withheld_cells(
        scores, breakdowns=['service'], periods=['quarter', 'year'], parents='parent_item', is_alike_secret=true
    ) | indent }}
),

-- of how many contacts, and visits, one knows whose they were: as it stands beside the shares of the same journeys
coverage as (
    {{ matched_by_period(ref('int_measures__journeys')) | indent }}
),

-- with the number of contacts, a share of them would tell how many are known; a year's also of its other quarters
withheld_coverage as (
    select distinct
        period_types.period_type,
        case period_types.period_type
            when 'quarter' then withheld.period_start
            else {{ fiscal_year_start('withheld.period_start') }}
        end as period_start,
        withheld.breakdown,
        withheld.member
    from {{ ref('int_withheld_journeys') }} as withheld
    cross join (values ('quarter'), ('year')) as period_types (period_type)
    where withheld.measure = 'first_contact_resolution_share'
),

figures as (
    select
        judged.*,
        -- a share of a whole that is withheld would tell it
        case when not judged.suppressed and not wholes.suppressed then wholes.journey_count end as whole_count,
        scores.reason is null as has_score,
        {{ mean_of_sums('judged.score_n', 'judged.score_total') }} as mean_score,
        {{ five_point_adjusted_mean('judged.score_n', 'judged.score_total') }} as adjusted_score,
        {{ five_point_adjusted_standard_error('judged.score_n', 'judged.score_total', 'judged.score_squares') }}
            as adjusted_standard_error,
        {{ t_quantile_975('(judged.score_n - 1)') }} as t,
        -- a withheld row isn't held from an earlier release, so it would tell what the held ones beside it don't
        case
            when
                not judged.suppressed
                and not wholes.suppressed
                and withheld_coverage.member is null
                and coverage.contact_count > 0
                then coverage.contact_count
        end as contact_count,
        coverage.known_contact_count,
        case
            when
                not judged.suppressed
                and not wholes.suppressed
                and coverage.are_visits_told
                and coverage.visit_count > 0
                then coverage.visit_count
        end as visit_count,
        coverage.known_visit_count
    from judged
    inner join judged as wholes
        on
            wholes.item = 'all'
            and {{ same('judged', 'wholes', cell) }}
    left join withheld_scores as scores
        on
            judged.item = scores.item
            and {{ same('judged', 'scores', cell) }}
    left join coverage
        on {{ same('judged', 'coverage', cell) }}
    left join withheld_coverage
        on {{ same('judged', 'withheld_coverage', cell) }}
)

select
    period_type,
    cast(period_start as date) as period_start,
    cast(
        case period_type
            when 'quarter' then {{ fiscal_quarter('period_start') }}
            else {{ fiscal_year_label('period_start') }}
        end as string
    ) as period_label,
    cast(year_start as date) as year_start,
    breakdown,
    member,
    case item when 'rest' then 'other' else item end as path,
    cast(case when not suppressed then journey_count end as bigint) as journey_count,
    {{ figure('cast(journey_count as double) / whole_count') }} as share,
    case when item <> 'all' then {{ figure(wilson_low('journey_count', 'whole_count')) }} end as low,
    case when item <> 'all' then {{ figure(wilson_high('journey_count', 'whole_count')) }} end as high,
    cast(case when has_score then score_n end as bigint) as score_n,
    case when has_score then {{ figure('mean_score') }} end as mean_score,
    case
        when has_score and score_n > 1
            then {{ figure(logit_low('mean_score', 'adjusted_score', 'adjusted_standard_error', 't', 1, 5)) }}
    end as mean_score_low,
    case
        when has_score and score_n > 1
            then {{ figure(logit_high('mean_score', 'adjusted_score', 'adjusted_standard_error', 't', 1, 5)) }}
    end as mean_score_high,
    -- a median is somebody's: to the tenth of a day it is nobody's any more
    case when not suppressed then round(median_days, 1) end as median_days,
    case when not suppressed then round(median_days_low, 1) end as median_days_low,
    case when not suppressed then round(median_days_high, 1) end as median_days_high,
    cast(contact_count as bigint) as contact_count,
    {{ figure('cast(known_contact_count as double) / contact_count') }} as match_coverage,
    cast(visit_count as bigint) as visit_count,
    {{ figure('cast(known_visit_count as double) / visit_count') }} as website_match_coverage,
    suppressed,
    not suppressed and journey_count < {{ policy('low_n_below') }} as low_n,
    cast(null as string) as held_from
from figures
where breakdown <> 'all' or item <> 'other'
