{{ config(
    materialized='incremental',
    partition_by='year_start',
    touched='int_journey_years'
) }}
-- depends_on: {{ ref('int_journey_years') }}
with counted as (
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
        cast(null as bigint) as pending_count
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
        pending_count
    from {{ ref('int_measures__journeys') }}
    where n > 0
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
        cast(null as bigint) as pending_count
    from {{ ref('int_measures__resolution_times') }}
    union all
    select
        'journey_paths' as table_name,
        period_type,
        period_start,
        breakdown,
        member,
        case item when 'rest' then 'other' else item end as item,
        'all' as page,
        journey_count as n,
        cast(null as bigint) as part_count,
        cast(null as bigint) as pending_count
    from {{ ref('int_journey_paths') }}
    where breakdown <> 'all' or item <> 'other'
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
    cast(pending_count as bigint) as pending_count
from counted
