with aggregates as (
    select
        *,
        first_date = last_date as is_of_a_day,
        {{ month_start('first_date') }} as month_start,
        {{ fiscal_quarter_start('first_date') }} as quarter_start
    from {{ ref('int_web_aggregates') }}
    where
        not_counted_reason is null
        and breakdown <> 'vote'
        and {{ is_in_touched_quarter('record_date', ref('int_touched_quarters')) }}
),

-- a visit may be in two rows of one member and the same days (a page with and without its last slash): not to be added.
given as (
    select
        source_system,
        report,
        site,
        breakdown,
        member,
        first_date,
        last_date,
        is_of_a_day,
        month_start,
        quarter_start,
        max(coalesce(visits, pageviews)) as least_visits,
        case when count(*) = 1 then max(visits) end as visits,
        case when count(*) = 1 then max(users) end as users,
        case when count(pageviews) = count(*) then sum(pageviews) end as pageviews,
        case when count(*) = 1 then max(engaged_share) end as engaged_share,
        case when count(*) = 1 then max(bounce_share) end as bounce_share
    from aggregates
    group by
        source_system, report, site, breakdown, member, first_date, last_date, is_of_a_day, month_start, quarter_start
),

-- of days a month and a quarter are made; what counts more than a day stands as its source gives it.
placed as (
    select
        'days' as basis,
        period_types.period_type,
        case period_types.period_type when 'month' then given.month_start else given.quarter_start end as period_start,
        given.*
    from given
    cross join (values ('month'), ('quarter')) as period_types (period_type)
    where given.is_of_a_day
    union all
    select
        'source' as basis,
        case
            when first_date = month_start and last_date = {{ month_end('first_date') }} then 'month'
            when first_date = quarter_start and last_date = {{ quarter_end('first_date') }} then 'quarter'
            else 'span'
        end as period_type,
        first_date as period_start,
        given.*
    from given
    where not is_of_a_day
),

counted_by_the_source as (
    select
        cast(period_type as string) as period_type,
        cast(period_start as date) as period_start,
        cast(case period_type
            when 'month' then {{ month_end('period_start') }}
            when 'quarter' then {{ quarter_end('period_start') }}
            else max(last_date)
        end as date) as period_end_date,
        cast(case period_type
            when 'month' then substr(cast(period_start as string), 1, 7)
            when 'quarter' then {{ fiscal_quarter('period_start') }}
            else cast(period_start as string) || '/' || cast(max(last_date) as string)
        end as string) as period_label,
        {{ fiscal_quarter_start('max(last_date)') }} as quarter_start,
        breakdown,
        member,
        source_system,
        site,
        report,
        basis,
        cast(null as string) as service_organization_id,
        cast(null as string) as page_site,
        cast(case basis
            when 'days' then count(*)
            else max({{ days_between('first_date', 'last_date') }}) + 1
        end as bigint) as day_count,
        cast(sum(least_visits) as bigint) as least_visits,
        cast(case when count(visits) = count(*) then sum(visits) end as bigint) as visits,
        cast(case when basis = 'source' then max(users) end as bigint) as users,
        cast(case when count(pageviews) = count(*) then sum(pageviews) end as bigint) as pageviews,
        cast(coalesce(sum(visits) filter (where engaged_share is not null), 0) as bigint) as engaged_base,
        cast(sum(visits * engaged_share) as decimal(38, 12)) as engaged_visits,
        cast(coalesce(sum(visits) filter (where bounce_share is not null), 0) as bigint) as bounce_base,
        cast(sum(visits * bounce_share) as decimal(38, 12)) as bounced_visits,
        cast(0 as bigint) as task_count,
        cast(0 as bigint) as tasks_done,
        cast(0 as bigint) as vote_count,
        cast(0 as bigint) as yes_count
    from placed
    group by
        period_type, period_start, breakdown, member, source_system, site, report, basis,
        case when period_type = 'span' then last_date end
),

sessions as (
    select
        source_system,
        organization_id,
        service_id,
        site,
        device,
        site || landing_page as page,
        {{ month_start('started_local_date') }} as month_start,
        {{ fiscal_quarter_start('started_local_date') }} as quarter_start,
        started_local_date,
        visitor_token,
        count(*) as visits,
        sum(pageview_count) as pageviews,
        count(*) filter (where is_engaged) as engaged_visits,
        count(*) filter (where is_bounce) as bounced_visits,
        count(*) filter (where is_task_started) as task_count,
        count(*) filter (where is_task_started and is_task_done) as tasks_done,
        sum(helpful_yes_count) as yes_count,
        sum(helpful_yes_count + helpful_no_count) as vote_count
    from {{ ref('fct_web_sessions') }}
    where
        not is_suspected_bot
        and {{ is_in_touched_quarter('started_local_date', ref('int_touched_quarters')) }}
    group by
        source_system, organization_id, service_id, site, device, landing_page, started_local_date, visitor_token
),

spread as (
    select
        period_types.period_type,
        case period_types.period_type
            when 'month' then sessions.month_start
            else sessions.quarter_start
        end as period_start,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'organization' then sessions.organization_id
            when 'service' then sessions.service_id
            when 'site' then sessions.site
            when 'device' then sessions.device
            else sessions.page
        end as member,
        sessions.*
    from sessions
    cross join (values ('month'), ('quarter')) as period_types (period_type)
    cross join (
        values ('all'), ('organization'), ('service'), ('site'), ('device'), ('page')
    ) as breakdowns (breakdown)
),

-- a few of a service's visits may be another organization's: beside that of most, what both count still tells of each
services as (
    select
        period_type,
        period_start,
        source_system,
        member,
        {{ latest('organization_id', 'visits') }} as organization_id
    from (
        select
            period_type,
            period_start,
            source_system,
            member,
            organization_id,
            sum(visits) as visits
        from spread
        where breakdown = 'service'
        group by period_type, period_start, source_system, member, organization_id
    ) as of_organizations
    group by period_type, period_start, source_system, member
),

counted_here as (
    select
        period_type,
        period_start,
        cast(
            case period_type
                when 'month' then {{ month_end('period_start') }}
                else {{ quarter_end('period_start') }}
            end as date
        ) as period_end_date,
        case period_type
            when 'month' then substr(cast(period_start as string), 1, 7)
            else {{ fiscal_quarter('period_start') }}
        end as period_label,
        {{ fiscal_quarter_start('period_start') }} as quarter_start,
        breakdown,
        member,
        source_system,
        'all' as site,
        'visits' as report,
        'visits' as basis,
        case when breakdown = 'page' then min(spread.site) end as page_site,
        count(distinct started_local_date) as day_count,
        sum(visits) as visits,
        count(distinct visitor_token) as users,
        sum(pageviews) as pageviews,
        sum(engaged_visits) as engaged_visits,
        sum(bounced_visits) as bounced_visits,
        sum(task_count) as task_count,
        sum(tasks_done) as tasks_done,
        sum(vote_count) as vote_count,
        sum(yes_count) as yes_count
    from spread
    where member is not null
    group by period_type, period_start, breakdown, member, source_system
),

with_organizations as (
    select
        counted_here.*,
        services.organization_id as service_organization_id
    from counted_here
    left join services
        on
            counted_here.breakdown = 'service'
            and {{ same('counted_here', 'services', ['period_type', 'period_start', 'source_system', 'member']) }}
)

select
    cast(period_type as string) as period_type,
    cast(period_start as date) as period_start,
    period_end_date,
    cast(period_label as string) as period_label,
    cast(quarter_start as date) as quarter_start,
    cast(breakdown as string) as breakdown,
    cast(member as string) as member,
    cast(source_system as string) as source_system,
    cast(site as string) as site,
    cast(report as string) as report,
    cast(basis as string) as basis,
    cast(service_organization_id as string) as service_organization_id,
    cast(page_site as string) as page_site,
    cast(day_count as bigint) as day_count,
    cast(visits as bigint) as least_visits,
    cast(visits as bigint) as visits,
    cast(users as bigint) as users,
    cast(pageviews as bigint) as pageviews,
    cast(visits as bigint) as engaged_base,
    cast(engaged_visits as decimal(38, 12)) as engaged_visits,
    cast(visits as bigint) as bounce_base,
    cast(bounced_visits as decimal(38, 12)) as bounced_visits,
    -- which page a visit began on says little of its task, and a vote is of another page: page_helpfulness has those
    cast(case when breakdown = 'page' then 0 else task_count end as bigint) as task_count,
    cast(case when breakdown = 'page' then 0 else tasks_done end as bigint) as tasks_done,
    cast(case when breakdown = 'page' then 0 else vote_count end as bigint) as vote_count,
    cast(case when breakdown = 'page' then 0 else yes_count end as bigint) as yes_count
from with_organizations
union all
select *
from counted_by_the_source
