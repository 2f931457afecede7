{{ config(tags=['of_seeds']) }}

with zones as (
    select
        organization_id,
        time_zone,
        {{ local_day_end('valid_to', 'time_zone') }} as ends_at
    from {{ ref('earlier_time_zones') }}
    union all
    select
        organization_id,
        time_zone,
        timestamp '9999-12-31 00:00:00' as ends_at
    from {{ ref('organizations') }}
)

select
    cast(organization_id as string) as organization_id,
    cast(time_zone as string) as time_zone,
    coalesce(
        lag(ends_at) over (partition by organization_id order by ends_at), timestamp '0001-01-01 00:00:00'
    ) as starts_at,
    ends_at
from zones
