with

-- the few thousand distinct answers of all groups, counted, before they are spread over cells
counted as (
    select
        group_number,
        scale,
        driver,
        points,
        is_opt_in,
        is_weighted,
        count(*) as n
    from {{ ref('int_measures__answers') }}
    group by group_number, scale, driver, points, is_opt_in, is_weighted
)

select
    cells.cell_number,
    cells.period_type,
    cells.period_start,
    cells.period_label,
    cells.breakdown,
    cells.member,
    counted.scale,
    counted.driver,
    case
        when cells.breakdown = 'service' and count(distinct cells.organization_id) = 1 then min(cells.organization_id)
    end as service_organization_id,
    cast(sum(counted.n) as bigint) as n,
    cast(sum(counted.n * counted.points) as bigint) as points_total,
    cast(sum(counted.n * counted.points * counted.points) as bigint) as points_squares,
    cast(sum(case when counted.points = 5 then counted.n else 0 end) as bigint) as top_count,
    cast(sum(case when counted.points >= 4 then counted.n else 0 end) as bigint) as top_two_count,
    cast(sum(case when counted.points <= 2 then counted.n else 0 end) as bigint) as bottom_two_count,
    cast(sum(case when counted.points = 1 then counted.n else 0 end) as bigint) as up_count,
    cast(sum(case when counted.points >= 9 then counted.n else 0 end) as bigint) as promoter_count,
    cast(sum(case when counted.points <= 6 then counted.n else 0 end) as bigint) as detractor_count,
    min(counted.points) = max(counted.points) as is_unanimous,
    bool_or(counted.is_opt_in) as is_opt_in,
    bool_or(counted.is_weighted) as is_weighted
from counted
inner join {{ ref('int_measures__cells') }} as cells
    on counted.group_number = cells.group_number
group by
    cells.cell_number, cells.period_type, cells.period_start, cells.period_label, cells.breakdown, cells.member,
    counted.scale, counted.driver
