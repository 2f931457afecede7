{{ config(
    materialized='incremental',
    partition_by='year_start',
    touched='int_touched_years'
) }}
-- depends_on: {{ ref('int_touched_years') }}
{% set cells -%}
(
    select
        concat_ws('/', scale, driver) as item,
        period_type,
        period_start,
        breakdown,
        member,
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
        concat_ws('/', indexes.scale, 'all') as item,
        cells.period_type,
        cells.period_start,
        cells.breakdown,
        cells.member,
        cells.service_organization_id,
        indexes.n,
        -- whether they answered alike is asked of each item: these sums are of answers that aren't
        0 as total,
        indexes.n as squares,
        case when indexes.n < {{ policy('suppression_min_n') }} then 'small_n' end as reason
    from {{ ref('int_measures__indexes') }} as indexes
    inner join (
        select
            cell_number,
            period_type,
            period_start,
            breakdown,
            member,
            case
                when breakdown = 'service' and count(distinct organization_id) = 1 then min(organization_id)
            end as service_organization_id
        from {{ ref('int_measures__cells') }}
        group by cell_number, period_type, period_start, breakdown, member
    ) as cells
        on indexes.cell_number = cells.cell_number
) as items
{%- endset -%}

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
        cells,
        breakdowns=['organization', 'service', 'channel', 'segment'],
        told_gaps=['segment'],
        periods=['month', 'quarter', 'year'],
        is_alike_secret=true
    ) | indent }}
) as withheld
