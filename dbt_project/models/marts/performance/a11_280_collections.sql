{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_touched_quarters'
) }}

with details as (
    select *
    from {{ ref('a11_280_collection_details') }}
    where {{ is_touched('quarter_start', ref('int_touched_quarters')) }}
),

-- what the integrity hash is over: a text for each response, and one for each detail
parts as (
    select
        details.cx_collection_id,
        {{ hash_id(a11_280_upload_columns()) }} as part
    from {{ ref('a11_280_responses') }} as responses
    inner join details on responses.cx_collection_detail_id = details.id
    union all
    select
        cx_collection_id,
        {{ hash_id(a11_280_volumes()) }} as part
    from details
),

sealed as (
    select
        cx_collection_id,
        {{ a11_280_integrity_hash('part') }} as integrity_hash
    from parts
    group by cx_collection_id
),

collections as (
    select
        cx_collection_id,
        organization_id,
        organization_name,
        organization_abbreviation,
        service_id,
        service_name,
        cx_collection_name,
        cx_collection_fiscal_year,
        cx_collection_quarter,
        quarter_start,
        min(created_at) as created_at,
        max(updated_at) as updated_at,
        sum(volume_of_respondents) as respondents,
        bool_or(
            volume_of_customers is null
            or volume_of_customers_provided_survey_opportunity is null
            or volume_of_respondents = 0
            or channel is null
            or omb_control_number is null
            or without_clearance_count > 0
        ) as is_lacking,
        count(*) as details_count
    from details
    group by all
)

select
    cast(collections.cx_collection_id as string) as id,
    cast(collections.cx_collection_name as string) as name,
    cast(collections.organization_id as string) as organization_id,
    cast(collections.organization_name as string) as organization_name,
    cast(collections.organization_abbreviation as string) as organization_abbreviation,
    cast(providers.service_provider_id as string) as service_provider_id,
    cast(providers.service_provider_name as string) as service_provider_name,
    cast(organizations.organization_id as string) as service_provider_organization_id,
    cast(organizations.organization_name as string) as service_provider_organization_name,
    cast(organizations.organization_abbreviation as string) as service_provider_organization_abbreviation,
    cast(collections.service_id as string) as service_id,
    cast(collections.service_name as string) as service_name,
    cast(providers.contact_email as string) as user_email,
    cast(collections.cx_collection_fiscal_year as string) as fiscal_year,
    cast(collections.cx_collection_quarter as string) as quarter,
    cast(collections.created_at as timestamp) as created_at,
    cast(collections.updated_at as timestamp) as updated_at,
    cast(null as timestamp) as submitted_at,
    cast(
        case
            when collections.respondents = 0 then 'FALSE'
            when collections.is_lacking or providers.service_provider_id is null then 'PARTIAL'
            else 'TRUE'
        end as string
    ) as rating,
    cast('draft' as string) as aasm_state,
    cast(sealed.integrity_hash as string) as integrity_hash,
    cast(collections.details_count as integer) as cx_collection_details_count,
    cast(collections.quarter_start as date) as quarter_start
from collections
inner join sealed on collections.cx_collection_id = sealed.cx_collection_id
inner join {{ ref('services') }} as services
    on collections.service_id = services.service_id
inner join {{ ref('organizations') }} as organizations
    on services.organization_id = organizations.organization_id
left join {{ ref('service_providers') }} as providers
    on services.organization_id = providers.organization_id
