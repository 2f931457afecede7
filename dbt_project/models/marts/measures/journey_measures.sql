{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_journey_years'
) }}
-- depends_on: {{ ref('int_journey_years') }}
{%- set pages -%}
(
    select
        pages.member as item,
        pages.period_type,
        pages.period_start,
        case when pages.page = 'all' then 'all' else 'page' end as breakdown,
        pages.page as member,
        cast(null as string) as service_organization_id,
        pages.seen_count as n,
        case
            when pages.person_count < {{ policy('suppression_min_n') }} or withheld.reason is not null then 'small_n'
        end as reason
    from pages_and_all as pages
    left join {{ ref('int_withheld_journeys') }} as withheld
        on
            withheld.measure = 'website_before_call_share'
            and withheld.breakdown = 'service'
            and {{ same('pages', 'withheld', ['period_type', 'period_start', 'member']) }}
) as pages
{%- endset %}

with shares as (
    select
        period_type,
        period_start,
        period_label,
        breakdown,
        member,
        measure,
        page,
        service_organization_id,
        n,
        seen_count,
        seen_person_count,
        pending_count,
        pending_count > 0 as is_provisional,
        contact_count - known_contact_count as unknown_count,
        cast(known_contact_count as double) / nullif(contact_count, 0) as contact_coverage,
        case when are_visits_told and visit_count > 0 then visit_count end as visit_count,
        -- where visits aren't told nobody knows how many are matched
        case
            when are_visits_told then cast(known_visit_count as double) / nullif(visit_count, 0)
            when visit_count > 0 then 0
        end as claimed_web_coverage,
        seen_at_least,
        {{ effective_units('n', 'seen_count', 'person_count', 'seen_seen', 'seen_units', 'units_units') }}
            as effective_n,
        cast(null as double) as median_days,
        cast(null as double) as median_low,
        cast(null as double) as median_high
    from {{ ref('int_measures__journeys') }}
    where {{ is_settled('period_start') }}
),

coverage as (
    select
        period_start,
        breakdown,
        member,
        unknown_count,
        contact_coverage,
        visit_count,
        claimed_web_coverage
    from shares
    where measure = 'channel_shift_share'
),

cells as (
    select * from shares
    union all
    select
        cast('quarter' as string) as period_type,
        times.quarter_start as period_start,
        {{ fiscal_quarter('times.quarter_start') }} as period_label,
        times.breakdown,
        times.member,
        cast('median_resolution_days' as string) as measure,
        cast('all' as string) as page,
        times.service_organization_id,
        times.n,
        times.resolved_count as seen_count,
        cast(null as bigint) as seen_person_count,
        times.pending_count,
        times.is_provisional,
        coverage.unknown_count,
        coverage.contact_coverage,
        coverage.visit_count,
        coverage.claimed_web_coverage,
        cast(1 as double) as seen_at_least,
        cast(times.n as double) as effective_n,
        -- a median is somebody's: to the tenth of a day it is nobody's any more
        round(times.median_seconds / 86400e0, 1) as median_days,
        round(times.low_seconds / 86400e0, 1) as median_low,
        round(times.high_seconds / 86400e0, 1) as median_high
    from {{ ref('int_measures__resolution_times') }} as times
    left join coverage
        on
            times.quarter_start = coverage.period_start
            and {{ same('times', 'coverage', ['breakdown', 'member']) }}
    where {{ is_settled('times.quarter_start') }}
),

pages_and_all as (
    select
        period_type,
        period_start,
        member,
        page,
        seen_count,
        seen_person_count as person_count
    from cells
    where measure = 'page_before_call_share'
    union all
    select
        period_type,
        period_start,
        member,
        'all' as page,
        max(n) as seen_count,
        max(n) as person_count
    from cells
    where measure = 'page_before_call_share'
    group by period_type, period_start, member
),

withheld_pages as (
    {{ withheld_cells(pages, breakdowns=['page']) | indent }}
),

judged as (
    select
        cells.*,
        case when cells.visit_count > 0 then cells.claimed_web_coverage end as web_coverage,
        cells.seen_count * cells.effective_n / nullif(cells.n, 0) as effective_seen,
        -- of none, as where all are pending, there is no share
        coalesce(withheld.reason, withheld_pages.reason) is not null or cells.n = 0 as suppressed
    from cells
    left join {{ ref('int_withheld_journeys') }} as withheld
        on
            cells.page = 'all'
            and cells.measure = withheld.measure
            and {{ same('cells', 'withheld', ['period_type', 'period_start', 'breakdown', 'member']) }}
    left join withheld_pages
        on
            cells.page <> 'all'
            and cells.member = withheld_pages.item
            and cells.page = withheld_pages.member
            and {{ same('cells', 'withheld_pages', ['period_type', 'period_start']) }}
),

-- Pages are of the visits before a call that are seen, so of them no more can be said than of these.
visits as (
    select
        period_start,
        breakdown,
        member,
        contact_coverage,
        claimed_web_coverage
    from judged
    where measure = 'website_before_call_share' and not suppressed
),

claimed as (
    select
        judged.*,
        case
            when judged.page = 'all' then least(judged.contact_coverage, judged.claimed_web_coverage)
            else coalesce(least(visits.contact_coverage, visits.claimed_web_coverage), 0)
        end as claimed_coverage
    from judged
    left join visits
        on
            judged.period_start = visits.period_start
            and {{ same('judged', 'visits', ['breakdown', 'member']) }}
),

ranged as (
    select
        *,
        measure = 'first_contact_resolution_share' as is_complement,
        cast(seen_count as double) / nullif(n, 0) as seen_share,
        {{ wilson_low('effective_seen', 'effective_n') }} as seen_low,
        least(1e0, {{ wilson_high('effective_seen', 'effective_n') }} / nullif(seen_at_least, 0)) as seen_high,
        case when is_complement then n - seen_count else seen_count end as event_count
    from claimed
)
{% set is_median = "measure = 'median_resolution_days'" %}
{% set of_share = "not (measure in ('median_resolution_days', 'survey_linked_share', 'page_before_call_share'))" %}
{% set figures = {
    'value': 'case when ' ~ is_median ~ ' then median_days when is_complement then 1 - seen_share else seen_share end',
    'low': 'case when ' ~ is_median ~ ' then median_low when is_complement then 1 - seen_high else seen_low end',
    'high': 'case when ' ~ is_median ~ ' then median_high when is_complement then 1 - seen_low else seen_high end',
    'match_coverage': 'least(contact_coverage, web_coverage)',
    'contact_coverage': 'contact_coverage',
    'web_coverage': 'web_coverage',
    'bound_low': 'case when ' ~ of_share ~ ' then cast(event_count as double) / (n + unknown_count) end',
    'bound_high': 'case when ' ~ of_share ~ ' then cast(event_count + unknown_count as double) / (n + unknown_count) end',
} %}
select
    period_type,
    period_start,
    period_label,
    period_start as quarter_start,
    breakdown,
    member,
    measure,
    page,
    case when not suppressed then n end as n,
    {%- for name, value in figures.items() %}
    case when not suppressed then {{ figure(value) }} end as {{ name }},
    {%- endfor %}
    case when not suppressed then pending_count end as pending_count,
    case when not suppressed then unknown_count end as unknown_count,
    case when not suppressed then visit_count end as visit_count,
    -- of few it would say that some are pending, or none
    case when suppressed then bool_or(is_provisional) over (partition by period_start, measure) else is_provisional end
        as is_provisional,
    not suppressed
    and coalesce(claimed_coverage >= {{ policy('match_claim_min_share') }}, true) as is_claim_allowed,
    suppressed,
    not suppressed and n < {{ policy('low_n_below') }} as low_n,
    cast(null as string) as held_from
from ranged
-- of 12 visits, 12 pages that are there and withheld would each tell of one
where page = 'all' or not suppressed
