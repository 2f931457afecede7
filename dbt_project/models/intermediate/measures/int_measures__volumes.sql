with

-- a survey that is offered to everybody whom its service serves says how many these are
offers as (
    select
        service_id,
        cast(date_trunc('month', offered_date) as date) as month_start,
        cast(date_trunc('month', last_offered_date) as date) as last_month_start,
        quarter_start,
        customer_count
    from {{ ref('int_survey_offers') }}
    where
        survey_id is not null
        and service_id is not null
        and {{ is_in_touched_quarter('quarter_start', ref('int_touched_years')) }}
),

-- a count over several months is known of the quarter and of none of its months
of_periods as (
    select
        service_id,
        'month' as period_type,
        month_start as period_start,
        case when month_start = last_month_start then customer_count end as customer_count
    from offers
    union all
    select
        service_id,
        'quarter' as period_type,
        quarter_start as period_start,
        customer_count
    from offers
),

months_and_quarters as (
    select
        service_id,
        period_type,
        period_start,
        case when count(*) = count(customer_count) then sum(customer_count) end as volume
    from of_periods
    group by service_id, period_type, period_start
),

-- of a year only if it is known of each quarter in which somebody answered
answered as (
    select distinct
        service_id,
        quarter_start
    from {{ ref('int_measures__answers') }}
    where service_id is not null
),

years as (
    select
        answered.service_id,
        'year' as period_type,
        {{ fiscal_year_start('answered.quarter_start') }} as period_start,
        case when count(*) = count(quarters.volume) then sum(quarters.volume) end as volume
    from answered
    left join months_and_quarters as quarters
        on
            answered.service_id = quarters.service_id
            and answered.quarter_start = quarters.period_start
            and quarters.period_type = 'quarter'
    group by answered.service_id, {{ fiscal_year_start('answered.quarter_start') }}
)

select
    service_id,
    period_type,
    period_start,
    cast(volume as bigint) as volume
from months_and_quarters
where volume > 0
union all
select
    service_id,
    period_type,
    period_start,
    cast(volume as bigint) as volume
from years
where volume > 0
