{{ config(
    materialized='incremental',
    partition_by='year_start',
    touched='int_touched_years'
) }}
-- depends_on: {{ ref('int_touched_years') }}

with

counted as (
    select
        one.group_number,
        one.driver as driver_a,
        other.driver as driver_b,
        count(*) as n,
        sum(one.points) as total_a,
        sum(other.points) as total_b,
        sum(one.points * other.points) as products
    from {{ ref('int_measures__answers') }} as one
    inner join {{ ref('int_measures__answers') }} as other
        on
            one.respondent_number = other.respondent_number
            and one.driver <= other.driver
    where
        one.scale = 'likert_5'
        and other.scale = 'likert_5'
    group by one.group_number, one.driver, other.driver
)

select
    cells.period_type,
    cells.period_start,
    {{ fiscal_year_start('cells.period_start') }} as year_start,
    cells.breakdown,
    cells.member,
    counted.driver_a,
    counted.driver_b,
    cast(sum(counted.n) as bigint) as n,
    cast(sum(counted.total_a) as bigint) as total_a,
    cast(sum(counted.total_b) as bigint) as total_b,
    cast(sum(counted.products) as bigint) as products
from counted
inner join {{ ref('int_measures__cells') }} as cells
    on counted.group_number = cells.group_number
group by
    cells.period_type, cells.period_start, cells.breakdown, cells.member, counted.driver_a, counted.driver_b
