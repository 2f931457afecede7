{{ config(
    materialized='incremental',
    partition_by='year_start',
    touched='int_touched_years'
) }}
-- depends_on: {{ ref('int_touched_years') }}
{% set cell = ['period_type', 'period_start', 'breakdown', 'member'] -%}

with

-- by its number alone, of which DuckDB knows how many there are: by more it would expect as many cells as
-- groups count in them, and so many rows in the end that it divides each of fifty windows into a thousand parts
index_cells as (
    select
        cell_number,
        min(period_type) as period_type,
        min(period_start) as period_start,
        min(breakdown) as breakdown,
        min(member) as member,
        case
            when min(breakdown) = 'service' and count(distinct organization_id) = 1 then min(organization_id)
        end as service_organization_id
    from {{ ref('int_measures__cells') }}
    group by cell_number
),

answered as (
    select
        scale,
        driver,
        {{ cell | join(',\n        ') }},
        service_organization_id,
        n,
        points_total as total,
        points_squares as squares,
        case
            when n < {{ policy('suppression_min_n') }} then 'small_n'
            when breakdown <> 'all' and is_unanimous then 'unanimous'
        end as reason
    from {{ ref('int_measures__items') }}
    union all
    -- whoever answered an item of an index is in its n, and in the number of respondents that other tables tell
    select
        indexes.scale,
        'all' as driver,
        {{ prefixed('cells', cell) }},
        cells.service_organization_id,
        indexes.n,
        -- whether they answered alike is asked of each item: these sums are of answers that aren't
        0 as total,
        indexes.n as squares,
        case when indexes.n < {{ policy('suppression_min_n') }} then 'small_n' end as reason
    from {{ ref('int_measures__indexes') }} as indexes
    inner join index_cells as cells
        on indexes.cell_number = cells.cell_number
),

members as (
    select
        {{ cell | join(',\n        ') }},
        scale,
        max(service_organization_id) as service_organization_id,
        max(n) as asked_n
    from answered
    group by {{ cell | join(', ') }}, scale
),

asked as (
    select distinct
        period_type,
        period_start,
        scale,
        driver
    from answered
),

items as (
    select
        concat_ws('/', asked.scale, asked.driver) as item,
        asked.scale,
        {{ prefixed('members', cell) }},
        members.service_organization_id,
        coalesce(answered.n, 0) as n,
        members.asked_n,
        coalesce(answered.total, 0) as total,
        coalesce(answered.squares, 0) as squares,
        answered.reason
    from members
    inner join asked
        on {{ same('members', 'asked', ['period_type', 'period_start', 'scale']) }}
    left join answered
        on
            {{ same('members', 'answered', cell + ['scale']) }}
            and asked.driver = answered.driver
)

select
    cast(withheld.period_type as string) as period_type,
    cast(withheld.period_start as date) as period_start,
    {{ fiscal_year_start('withheld.period_start') }} as year_start,
    cast(withheld.breakdown as string) as breakdown,
    cast(withheld.member as string) as member,
    cast(split_part(withheld.item, '/', 1) as string) as scale,
    cast(split_part(withheld.item, '/', 2) as string) as driver,
    cast(withheld.reason as string) as reason
from (
    {{ withheld_cells(
        'items',
        breakdowns=['organization', 'service', 'channel', 'segment'],
        told_gaps=['segment', 'channel', 'service'],
        periods=['month', 'quarter', 'year'],
        asked_together='scale',
        is_alike_secret=true
    ) | indent }}
) as withheld
