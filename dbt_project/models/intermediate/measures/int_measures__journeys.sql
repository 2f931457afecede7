with units as (
    {{ spread_over_breakdowns(
        ref('int_measures__journey_units'), ['measure', 'service_id', 'cluster_id', 'is_pending', 'is_seen']
    ) | indent }}
),

persons as (
    select
        measure,
        quarter_start,
        breakdown,
        member,
        cluster_id,
        min(organization_id) as first_organization_id,
        max(organization_id) as last_organization_id,
        count(*) filter (where not is_pending) as unit_count,
        count(*) filter (where not is_pending and is_seen) as seen_count,
        count(*) filter (where is_pending) as pending_count
    from units
    group by measure, quarter_start, breakdown, member, cluster_id
),

counted as (
    select
        measure,
        quarter_start,
        breakdown,
        member,
        min(first_organization_id) as first_organization_id,
        max(last_organization_id) as last_organization_id,
        sum(unit_count) as n,
        sum(seen_count) as seen_count,
        sum(pending_count) as pending_count,
        count(*) filter (where unit_count > 0) as person_count,
        count(*) filter (where seen_count > 0) as seen_person_count,
        sum(seen_count * seen_count) as seen_seen,
        sum(seen_count * unit_count) as seen_units,
        sum(unit_count * unit_count) as units_units
    from persons
    group by measure, quarter_start, breakdown, member
),

contacts as (
    select
        {{ fiscal_quarter_start('facts.started_local_date') }} as quarter_start,
        facts.organization_id,
        facts.service_id,
        facts.channel,
        case
            when {{ is_web_visit('facts.channel') }}
                then facts.customer_id is not null and facts.service_id is not null and facts.started_at is not null
            else judged.unit_id is not null
        end as is_known,
        {{ is_web_visit('facts.channel') }} as is_visit,
        coalesce(channels.channel_group = 'phone', false) as is_call
    from {{ ref('fct_interactions') }} as facts
    left join {{ ref('channels') }} as channels
        on facts.channel = channels.channel
    -- every contact of whom it could be seen that they come again is one of these, pending or not
    left join {{ ref('int_measures__journey_units') }} as judged
        on
            facts.interaction_id = judged.unit_id
            and judged.measure = 'first_contact_resolution_share'
    where
        facts.direction = 'inbound'
        and {{ is_in_touched_quarter('facts.started_local_date', ref('int_journey_years')) }}
),

matched as (
    select
        quarter_start,
        organization_id,
        service_id,
        channel,
        count(*) filter (where not is_visit) as contact_count,
        count(*) filter (where not is_visit and is_known) as known_contact_count,
        count(*) filter (where is_call) as call_count,
        count(*) filter (where is_call and is_known) as known_call_count,
        count(*) filter (where is_visit) as visit_count,
        count(*) filter (where is_visit and is_known) as known_visit_count
    from contacts
    group by quarter_start, organization_id, service_id, channel
),

matched_cells as (
    {{ spread_over_breakdowns('matched', [
        'contact_count', 'known_contact_count', 'call_count', 'known_call_count', 'visit_count', 'known_visit_count',
    ]) | indent }}
),

counted_contacts as (
    select
        quarter_start,
        breakdown,
        member,
        sum(contact_count) as contact_count,
        sum(known_contact_count) as known_contact_count,
        sum(call_count) as call_count,
        sum(known_call_count) as known_call_count,
        sum(visit_count) as visit_count,
        sum(known_visit_count) as known_visit_count
    from matched_cells
    group by quarter_start, breakdown, member
),

-- web_performance counts the same visits, and has withheld what would tell of few: what it tells, tells no more here
visits_told as (
    select
        period_start as quarter_start,
        breakdown,
        member,
        sum(visits) as visit_count
    from {{ ref('web_performance') }}
    where
        period_type = 'quarter'
        and basis = 'visits'
    group by period_start, breakdown, member
    having not bool_or(suppressed)
),

coverage as (
    select
        counted.*,
        counted.visit_count = coalesce(told.visit_count, 0) as are_visits_told
    from counted_contacts as counted
    left join visits_told as told
        on {{ same('counted', 'told', ['quarter_start', 'breakdown', 'member']) }}
),

-- How much is seen at least of what a share may have missed: another contact about the service, in whatever channel.
matched_services as (
    select
        quarter_start,
        member as service_id,
        {{ wilson_low('known_contact_count', 'contact_count') }} as contacts_at_least,
        {{ wilson_low('known_visit_count', 'visit_count') }} as visits_at_least,
        are_visits_told
    from coverage
    where breakdown = 'service'
),

by_service as (
    select
        measure,
        quarter_start,
        breakdown,
        member,
        service_id,
        count(*) filter (where not is_pending) as n,
        count(*) filter (where not is_pending and is_seen) as seen_count
    from units
    where measure <> 'survey_linked_share'
    group by measure, quarter_start, breakdown, member, service_id
),

looked_for as (
    select
        by_service.measure,
        by_service.quarter_start,
        by_service.breakdown,
        by_service.member,
        by_service.n,
        by_service.seen_count,
        greatest(1e-9, coalesce(
            case
                when by_service.measure in ('first_contact_resolution_share', 'repeat_contact_share')
                    then matched.contacts_at_least
                -- the interval would tell them: then each may have had what a share is of
                when not matched.are_visits_told then cast(by_service.seen_count as double) / nullif(by_service.n, 0)
                when by_service.measure = 'website_before_call_share' then matched.visits_at_least
                else least(matched.contacts_at_least, matched.visits_at_least)
            end, 0e0
        )) as at_least
    from by_service
    left join matched_services as matched
        on
            by_service.quarter_start = matched.quarter_start
            and by_service.service_id = matched.service_id
),

-- over services the seen ones count each by what it stands for; where none is seen, all do
seen_exactly as (
    select
        measure,
        quarter_start,
        breakdown,
        member,
        coalesce(
            sum(seen_count) / nullif({{ exact_sum('seen_count / at_least') }}, 0),
            sum(n) / nullif({{ exact_sum('n / at_least') }}, 0)
        ) as seen_at_least
    from looked_for
    group by measure, quarter_start, breakdown, member
),

-- an interval over services would tell the coverage of one that isn't told: rounded down, to the hundredth, it doesn't
seen_at_least as (
    select
        measure,
        quarter_start,
        breakdown,
        member,
        case
            when breakdown = 'service' then seen_at_least
            else floor(100 * seen_at_least) / 100
        end as seen_at_least
    from seen_exactly
),

cells as (
    select
        counted.*,
        coalesce(seen.seen_at_least, 1e0) as seen_at_least,
        case
            when counted.measure = 'survey_linked_share' then 'survey'
            when counted.measure = 'website_before_call_share' then 'call'
            when counted.measure in ('first_contact_resolution_share', 'repeat_contact_share') then 'contact'
            else 'any'
        end as of_kind,
        coverage.contact_count,
        coverage.known_contact_count,
        coverage.call_count,
        coverage.known_call_count,
        coverage.visit_count,
        coverage.known_visit_count,
        coverage.are_visits_told
    from counted
    left join coverage
        on {{ same('counted', 'coverage', ['quarter_start', 'breakdown', 'member']) }}
    left join seen_at_least as seen
        on {{ same('counted', 'seen', ['measure', 'quarter_start', 'breakdown', 'member']) }}
),

pages as (
    select
        quarter_start,
        service_id,
        page,
        min(organization_id) as organization_id,
        count(*) as page_count,
        count(distinct cluster_id) as seen_person_count,
        sum(count(*)) over (partition by quarter_start, service_id) as n
    from {{ ref('int_measures__journey_units') }}
    where
        measure = 'website_before_call_share'
        and not is_pending
        and page is not null
        and service_id is not null
    group by quarter_start, service_id, page
),

figures as (
    select
        quarter_start,
        breakdown,
        member,
        measure,
        'all' as page,
        case
            when breakdown = 'service' and first_organization_id = last_organization_id then first_organization_id
        end as service_organization_id,
        n,
        seen_count,
        pending_count,
        person_count,
        seen_person_count,
        seen_seen,
        seen_units,
        units_units,
        seen_at_least,
        case of_kind
            when 'survey' then null
            when 'call' then call_count
            else contact_count
        end as contact_count,
        case of_kind
            when 'survey' then null
            when 'call' then known_call_count
            else known_contact_count
        end as known_contact_count,
        case when of_kind in ('call', 'any') then visit_count end as visit_count,
        case when of_kind in ('call', 'any') then known_visit_count end as known_visit_count,
        case when of_kind in ('call', 'any') then are_visits_told end as are_visits_told
    from cells
    union all
    -- pages of a service, of those visits alone that came before a call; a person's count as different people's
    select
        quarter_start,
        'service' as breakdown,
        service_id as member,
        'page_before_call_share' as measure,
        page,
        organization_id as service_organization_id,
        n,
        page_count as seen_count,
        0 as pending_count,
        n as person_count,
        seen_person_count,
        page_count as seen_seen,
        page_count as seen_units,
        n as units_units,
        1e0 as seen_at_least,
        cast(null as bigint) as contact_count,
        cast(null as bigint) as known_contact_count,
        cast(null as bigint) as visit_count,
        cast(null as bigint) as known_visit_count,
        cast(null as boolean) as are_visits_told
    from pages
)

select
    cast('quarter' as string) as period_type,
    cast(quarter_start as date) as period_start,
    {{ fiscal_quarter('quarter_start') }} as period_label,
    cast(breakdown as string) as breakdown,
    cast(member as string) as member,
    cast(measure as string) as measure,
    cast(page as string) as page,
    cast(service_organization_id as string) as service_organization_id,
    cast(n as bigint) as n,
    cast(seen_count as bigint) as seen_count,
    cast(pending_count as bigint) as pending_count,
    cast(person_count as bigint) as person_count,
    cast(seen_person_count as bigint) as seen_person_count,
    cast(seen_seen as bigint) as seen_seen,
    cast(seen_units as bigint) as seen_units,
    cast(units_units as bigint) as units_units,
    cast({{ figure('seen_at_least') }} as double) as seen_at_least,
    cast(contact_count as bigint) as contact_count,
    cast(known_contact_count as bigint) as known_contact_count,
    cast(visit_count as bigint) as visit_count,
    cast(known_visit_count as bigint) as known_visit_count,
    are_visits_told
from figures
