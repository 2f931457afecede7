with aggregates as (
    select
        source_system,
        report,
        member as page,
        vote,
        event_count as vote_count,
        first_date,
        last_date
    from {{ ref('int_web_aggregates') }}
    where
        not_counted_reason is null
        and breakdown = 'vote'
        and {{ is_in_touched_quarter('record_date', ref('int_touched_quarters')) }}
),

agency as (
    select min(organization_id) as organization_id
    from {{ ref('organizations') }}
    where parent_organization_id is null
),

-- one day more on either side: a daily table is of the property's day, and a vote counts by the agency's
given as {{ materialized() }} (
    select
        events.source_system,
        events.site || events.page_path as page,
        case known.meaning when 'helpful_yes' then 'yes' else 'no' end as vote,
        events.event_at
    from {{ ref('stg_ga4__events') }} as events
    inner join {{ ref('web_events') }} as known
        on
            events.event_name = known.event_name
            and (known.value is null or events.parameter_value = lower(known.value))
    where
        known.meaning in ('helpful_yes', 'helpful_no')
        and events.event_at is not null
        and events.page_path is not null
        and events.record_date between (
            select min(touched.quarter_start) - interval 1 day
            from {{ ref('int_touched_quarters') }} as touched
        ) and (
            select max(touched.quarter_start) + interval 4 months
            from {{ ref('int_touched_quarters') }} as touched
        )
),

-- a step later, for days by a time zone take long, and few events are votes
events as (
    select
        given.source_system,
        given.page,
        given.vote,
        {{ local_date('given.event_at', 'zones.time_zone') }} as voted_on
    from given
    cross join agency
    inner join {{ ref('int_organization_zones') }} as zones
        on
            agency.organization_id = zones.organization_id
            and given.event_at >= zones.starts_at
            and given.event_at < zones.ends_at
),

counted as (
    select
        source_system,
        report,
        page,
        vote,
        vote_count,
        first_date,
        last_date
    from aggregates
    union all
    select
        source_system,
        'visits' as report,
        page,
        vote,
        count(*) as vote_count,
        voted_on as first_date,
        voted_on as last_date
    from events
    where
        {{ is_in_touched_quarter('voted_on', ref('int_touched_quarters')) }}
    group by source_system, page, vote, voted_on
),

votes as (
    select
        *,
        first_date = last_date as is_of_a_day,
        {{ month_start('first_date') }} as month_start,
        {{ fiscal_quarter_start('first_date') }} as quarter_start
    from counted
),

placed as (
    select
        case votes.report when 'visits' then 'visits' else 'days' end as basis,
        period_types.period_type,
        case period_types.period_type when 'month' then votes.month_start else votes.quarter_start end as period_start,
        votes.*
    from votes
    cross join (values ('month'), ('quarter')) as period_types (period_type)
    where votes.is_of_a_day
    union all
    select
        'source' as basis,
        case
            when first_date = month_start and last_date = {{ month_end('first_date') }} then 'month'
            when first_date = quarter_start and last_date = {{ quarter_end('first_date') }} then 'quarter'
            else 'span'
        end as period_type,
        first_date as period_start,
        votes.*
    from votes
    where not is_of_a_day
),

spread as (
    select
        placed.*,
        case pages.name when 'page' then placed.page else 'all' end as of_page,
        split_part(placed.page, '/', 1) as site
    from placed
    cross join (values ('page'), ('all')) as pages (name)
)

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
    cast(site as string) as site,
    cast(of_page as string) as page,
    source_system,
    report,
    cast(basis as string) as basis,
    cast(coalesce(sum(vote_count) filter (where vote = 'yes'), 0) as bigint) as yes_count,
    cast(coalesce(sum(vote_count) filter (where vote = 'no'), 0) as bigint) as no_count
from spread
group by
    period_type, period_start, site, of_page, source_system, report, basis,
    case when period_type = 'span' then last_date end
having sum(vote_count) > 0
