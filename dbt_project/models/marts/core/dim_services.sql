select
    cast(service_id as varchar) as service_id,
    cast(service_name as varchar) as service_name,
    cast(organization_id as varchar) as organization_id,
    cast(stages as varchar) as stages,
    cast(is_high_impact as boolean) as is_high_impact
from {{ ref('services') }}
