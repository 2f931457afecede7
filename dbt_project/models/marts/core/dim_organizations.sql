{{ config(tags=['of_seeds']) }}

select
    cast(organization_id as string) as organization_id,
    cast(organization_name as string) as organization_name,
    cast(organization_abbreviation as string) as organization_abbreviation,
    cast(parent_organization_id as string) as parent_organization_id,
    cast(level as string) as level,
    cast(time_zone as string) as time_zone
from {{ ref('organizations') }}
