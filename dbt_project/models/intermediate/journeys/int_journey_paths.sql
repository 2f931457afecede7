{#-
  Counts by path, of the journeys whose beginning and end are known. There are hundreds of paths, most of them gone by few:
  were each a row, most would be withheld, and with them what adds up to them. So in a fiscal year a path has a name where at
  least nine of ten of its journeys of the first quarter lie in cells that are shown: `item` is a path that has one in the
  services, else `other`; over all services the paths of `other` that have one in the agency have rows of their own, and
  `rest` is what then is left. The names are the same in all cells of a year, so that all of them add up, and no later
  quarter changes them: what a release told under a name, another would tell within `other`.
-#}
with journeys as (
    select
        organization_id,
        service_id,
        quarter_start,
        {{ fiscal_year_start('quarter_start') }} as year_start,
        customer_id,
        path,
        duration_days,
        cast(satisfaction_score as bigint) as score,
        channel_shift_count > 0 as is_shifted,
        has_website_before_call is not null as has_call,
        coalesce(has_website_before_call, false) as is_website_before,
        quarter_start = min(quarter_start) over (partition by {{ fiscal_year_start('quarter_start') }})
            as is_of_first_quarter
    from {{ ref('customer_journeys') }}
    where
        not is_open
        and not is_left_truncated
        and {{ is_settled('quarter_start') }}
        and {{ fiscal_year_start('quarter_start') }} in (
            select touched.year_start from {{ ref('int_journey_years') }} as touched
        )
),

-- a year that is under way would show how few have come since its last quarter
spread as (
    select
        period_types.period_type,
        case period_types.period_type
            when 'quarter' then journeys.quarter_start
            else journeys.year_start
        end as period_start,
        journeys.year_start,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'organization' then journeys.organization_id
            else journeys.service_id
        end as member,
        journeys.organization_id,
        journeys.customer_id,
        journeys.path,
        journeys.duration_days,
        journeys.score,
        journeys.is_shifted,
        journeys.has_call,
        journeys.is_website_before
    from journeys
    cross join {{ ref('int_contact_history') }} as history
    cross join (values ('quarter'), ('year')) as period_types (period_type)
    cross join (values ('all'), ('organization'), ('service')) as breakdowns (breakdown)
    where
        period_types.period_type = 'quarter'
        or {{ is_year_settled('journeys.year_start', 'history.unsettled_from') }}
),

{% for name, cell in {'named_by_service': 'quarter_start, service_id', 'named_by_quarter': 'quarter_start'}.items() %}
{{ name }} as (
    select
        year_start,
        path
    from (
        select
            year_start,
            path,
            count(*) as journey_count,
            count(distinct customer_id) as person_count
        from journeys
        where is_of_first_quarter
        group by year_start, path, {{ cell }}
    ) as cells
    group by year_start, path
    having
        sum(case when person_count >= {{ policy('suppression_min_n') }} then journey_count else 0 end)
        >= 0.9 * sum(journey_count)
),
{% endfor %}
named as (
    select
        spread.*,
        case when services.path is null then 'other' else spread.path end as item,
        case when quarters.path is null then 'rest' else spread.path end as item_of_other
    from spread
    left join named_by_service as services
        on
            spread.year_start = services.year_start
            and spread.path = services.path
    left join named_by_quarter as quarters
        on
            spread.year_start = quarters.year_start
            and spread.path = quarters.path
),

placed as (
    select
        named.*,
        case levels.level when 0 then 'all' when 1 then named.item else named.item_of_other end as level_item,
        case levels.level when 1 then 'all' when 2 then 'other' end as parent_item
    from named
    cross join (values (0), (1), (2)) as levels (level)
    where
        named.member is not null
        and case levels.level
            when 0 then true
            when 1 then named.breakdown <> 'organization'
            else named.breakdown = 'all' and named.item = 'other'
        end
),

grouped as (
    select
        period_type,
        period_start,
        year_start,
        breakdown,
        member,
        level_item as item,
        parent_item,
        case
            when breakdown = 'service' and min(organization_id) = max(organization_id) then min(organization_id)
        end as service_organization_id,
        count(*) as journey_count,
        count(distinct customer_id) as person_count,
        count(*) filter (where is_shifted) as shifted_count,
        count(*) filter (where has_call) as called_count,
        count(*) filter (where is_website_before) as website_before_count,
        count(score) as score_n,
        coalesce(sum(score), 0) as score_total,
        coalesce(sum(score * score), 0) as score_squares,
        {{ sorted_values('duration_days') }} as durations
    from placed
    group by period_type, period_start, year_start, breakdown, member, level_item, parent_item
)

select
    cast(period_type as string) as period_type,
    period_start,
    year_start,
    cast(breakdown as string) as breakdown,
    cast(member as string) as member,
    cast(item as string) as item,
    cast(parent_item as string) as parent_item,
    cast(service_organization_id as string) as service_organization_id,
    journey_count,
    person_count,
    shifted_count,
    called_count,
    website_before_count,
    score_n,
    cast(score_total as bigint) as score_total,
    cast(score_squares as bigint) as score_squares,
    {{ median_of_sorted('durations', 'journey_count') }} as median_days,
    {{ median_low_of_sorted('durations', 'journey_count') }} as median_days_low,
    {{ median_high_of_sorted('durations', 'journey_count') }} as median_days_high
from grouped
