{{ config(
    materialized='incremental',
    partition_by='year_start',
    touched='int_journey_years'
) }}
-- depends_on: {{ ref('int_journey_years') }}
with visits as (
    {{ matched_by_period(ref('int_measures__journeys')) | indent }}
),

counted as (
    select
        'survey_quality' as table_name,
        period_type,
        period_start,
        breakdown,
        member,
        'surveys' as item,
        'all' as page,
        respondent_count as n,
        known_segment_count as part_count,
        cast(null as bigint) as pending_count,
        cast(null as bigint) as visit_count,
        cast(null as bigint) as known_visit_count
    from {{ ref('int_measures__surveys') }}
    where respondent_count > 0
    union all
    select
        'journey_measures' as table_name,
        period_type,
        period_start,
        breakdown,
        member,
        measure as item,
        page,
        n,
        case measure when 'first_contact_resolution_share' then n - seen_count else seen_count end as part_count,
        pending_count,
        visit_count,
        known_visit_count
    from {{ ref('int_measures__journeys') }}
    where
        n > 0
        -- until it is settled a quarter isn't withheld but not there
        and {{ is_settled('period_start') }}
    union all
    select
        'journey_measures' as table_name,
        'quarter' as period_type,
        quarter_start as period_start,
        breakdown,
        member,
        'median_resolution_days' as item,
        'all' as page,
        n,
        cast(null as bigint) as part_count,
        cast(null as bigint) as pending_count,
        cast(null as bigint) as visit_count,
        cast(null as bigint) as known_visit_count
    from {{ ref('int_measures__resolution_times') }}
    where {{ is_settled('quarter_start') }}
    union all
    select
        'journey_paths' as table_name,
        paths.period_type,
        paths.period_start,
        paths.breakdown,
        paths.member,
        case paths.item when 'rest' then 'other' else paths.item end as item,
        'all' as page,
        paths.journey_count as n,
        cast(null as bigint) as part_count,
        cast(null as bigint) as pending_count,
        visits.visit_count,
        visits.known_visit_count
    from {{ ref('int_journey_paths') }} as paths
    left join visits
        on
            paths.item = 'all'
            and {{ same('paths', 'visits', ['period_type', 'period_start', 'breakdown', 'member']) }}
    where paths.breakdown <> 'all' or paths.item <> 'other'
)

select
    cast(table_name as string) as table_name,
    cast(period_type as string) as period_type,
    cast(period_start as date) as period_start,
    {{ fiscal_year_start('period_start') }} as year_start,
    cast(breakdown as string) as breakdown,
    cast(member as string) as member,
    cast(item as string) as item,
    cast(page as string) as page,
    cast(n as bigint) as n,
    cast(part_count as bigint) as part_count,
    cast(pending_count as bigint) as pending_count,
    cast(visit_count as bigint) as visit_count,
    cast(known_visit_count as bigint) as known_visit_count
from counted
