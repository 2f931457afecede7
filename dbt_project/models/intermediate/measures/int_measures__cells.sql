with

response_groups as (
    select distinct
        group_number,
        month_start,
        quarter_start,
        fiscal_quarter,
        organization_id,
        service_id,
        channel,
        segment
    from {{ ref('int_measures__answers') }}
),

spread as (
    {{ spread_over_cells(
        'response_groups',
        ['group_number', 'organization_id'],
        periods=['month', 'quarter', 'year'],
        breakdowns=['organization', 'service', 'channel', 'segment']
    ) | indent }}
)

select
    group_number,
    dense_rank() over (order by period_type, period_start, breakdown, member) as cell_number,
    period_type,
    period_start,
    period_label,
    breakdown,
    member,
    organization_id
from spread
-- a year that is under way would tell how few have answered since its last quarter, or withhold an older one with them
where
    period_type <> 'year'
    or {{ period_end_of('period_start', 'period_type') }} <= {{ complete_day() }}
