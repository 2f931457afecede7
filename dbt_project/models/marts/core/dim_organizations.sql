select
    cast(organization_id as varchar) as organization_id,
    cast(organization_name as varchar) as organization_name,
    cast(organization_abbreviation as varchar) as organization_abbreviation,
    cast(parent_organization_id as varchar) as parent_organization_id,
    cast(level as varchar) as level,
    cast(time_zone as varchar) as time_zone
from {{ ref('organizations') }}
