with votes as (
    select
        source_system,
        report,
        member as page,
        vote,
        event_count as vote_count,
        first_date,
        last_date,
        first_date = last_date as is_of_a_day,
        {{ month_start('first_date') }} as month_start,
        {{ fiscal_quarter_start('first_date') }} as quarter_start
    from {{ ref('int_web_aggregates') }}
    where
        not_counted_reason is null
        and breakdown = 'vote'
        and {{ fiscal_quarter_start('record_date') }}
        in (select touched.quarter_start from {{ ref('int_touched_quarters') }} as touched)
),

placed as (
    select
        'days' as basis,
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
