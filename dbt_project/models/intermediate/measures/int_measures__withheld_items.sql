{%- set cells -%}
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
) as items
{%- endset -%}

select
    withheld.period_type,
    withheld.period_start,
    withheld.breakdown,
    withheld.member,
    split_part(withheld.item, '/', 1) as scale,
    split_part(withheld.item, '/', 2) as driver,
    withheld.reason
from (
    {{ withheld_cells(
        cells,
        breakdowns=['organization', 'service', 'channel', 'segment'],
        told_gaps=['segment'],
        periods=['month', 'quarter', 'year'],
        is_alike_secret=true
    ) | indent }}
) as withheld
