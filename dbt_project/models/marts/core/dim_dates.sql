with recorded as (
    select started_local_date as date_day
    from {{ ref('int_interactions') }}
    union all
    select answered_local_date as date_day
    from {{ ref('int_survey_responses') }}
),

bounds as (
    select
        {{ fiscal_year('min(date_day)') }} as first_fiscal_year,
        {{ fiscal_year('max(date_day)') }} as last_fiscal_year
    from recorded
    having min(date_day) is not null
),

days as (
    select
        {{ exploded(days_from_to(
            'make_date(first_fiscal_year - 1, 10, 1)', 'make_date(last_fiscal_year, 9, 30)'
        )) }} as date_day
    from bounds
)

select
    cast(date_day as date) as date_day,
    cast(date_trunc('month', date_day) as date) as month_start,
    cast({{ fiscal_quarter_start('date_day') }} as date) as quarter_start,
    cast({{ fiscal_year('date_day') }} as integer) as fiscal_year,
    cast({{ fiscal_quarter('date_day') }} as string) as fiscal_quarter,
    {{ is_weekend('date_day') }} as is_weekend
from days
