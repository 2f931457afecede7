{{ config(tags=['of_seeds']) }}

select
    cast(service_id as string) as service_id,
    cast(service_name as string) as service_name,
    cast(organization_id as string) as organization_id,
    cast(stages as string) as stages,
    cast(is_high_impact as boolean) as is_high_impact
from {{ ref('services') }}
