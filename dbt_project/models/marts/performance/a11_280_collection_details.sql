{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_touched_quarters'
) }}

with surveys as (
    select distinct
        surveys.survey_id,
        surveys.survey_version,
        surveys.survey_name,
        surveys.instrument,
        surveys.omb_control_number,
        filed.transaction_point,
        filed.service_stage,
        trust.statement as trust_question_text,
        case when trust.scale = 'thumbs' then 'thumbs_up_down' else 'likert_scale' end as survey_type
    from {{ ref('a11_280_surveys') }} as filed
    inner join {{ ref('dim_surveys') }} as surveys
        on filed.survey_id = surveys.survey_id
    inner join {{ ref('question_crosswalk') }} as trust
        on surveys.instrument = trust.instrument and trust.driver = 'trust'
),

answered as (
    select
        service_id,
        fiscal_quarter,
        {{ fiscal_quarter_start('answered_local_date') }} as quarter_start,
        survey_id,
        survey_version,
        channel,
        count(*) as respondents,
        sum(case when collected_without_clearance then 1 else 0 end) as without_clearance_count,
        -- a date without a time counts from its beginning
        min(coalesce(answered_at, cast(answered_date as timestamp))) as first_answered_at,
        max(coalesce(answered_at, cast(answered_date as timestamp))) as last_answered_at
    from {{ ref('fct_survey_responses') }}
    where
        is_counted
        and {{ is_touched(fiscal_quarter_start('answered_local_date'), ref('int_touched_quarters'), 'quarter_start') }}
    group by all
),

-- one count that nobody knows leaves the quarter's unknown: the others would be taken for all
offered as (
    select
        service_id,
        fiscal_quarter,
        quarter_start,
        survey_id,
        survey_version,
        channel,
        case when count(customer_count) = count(*) then sum(customer_count) end as customers,
        case when count(offered_count) = count(*) then sum(offered_count) end as offers
    from {{ ref('int_survey_offers') }}
    where
        survey_id is not null
        and {{ is_touched('quarter_start', ref('int_touched_quarters')) }}
    group by all
),

-- not a full join: a channel may be null on either side
counted as (
    select
        service_id,
        fiscal_quarter,
        quarter_start,
        survey_id,
        survey_version,
        channel,
        coalesce(max(respondents), 0) as respondents,
        coalesce(max(without_clearance_count), 0) as without_clearance_count,
        max(first_answered_at) as first_answered_at,
        max(last_answered_at) as last_answered_at,
        max(customers) as customers,
        max(offers) as offers
    from (
        select
            *,
            null as customers,
            null as offers
        from answered
        union all
        select
            service_id,
            fiscal_quarter,
            quarter_start,
            survey_id,
            survey_version,
            channel,
            null as respondents,
            null as without_clearance_count,
            null as first_answered_at,
            null as last_answered_at,
            customers,
            offers
        from offered
    ) as sides
    group by service_id, fiscal_quarter, quarter_start, survey_id, survey_version, channel
),

agency as (
    select
        organization_id,
        organization_name,
        organization_abbreviation
    from {{ ref('organizations') }}
    where parent_organization_id is null
),

placed as (
    select
        counted.*,
        surveys.survey_name,
        surveys.omb_control_number,
        surveys.transaction_point,
        surveys.trust_question_text,
        surveys.survey_type,
        surveys.service_stage,
        services.service_name,
        services.stages,
        services.organization_id,
        -- where the stage begins in `|stages|`
        position(concat('|', surveys.service_stage, '|') in concat('|', services.stages, '|')) as stage_starts
    from counted
    inner join surveys
        on counted.survey_id = surveys.survey_id and counted.survey_version = surveys.survey_version
    inner join {{ ref('services') }} as services
        on counted.service_id = services.service_id
)

select
    cast({{ a11_280_detail_id(
        'placed.service_id', 'placed.fiscal_quarter', 'placed.survey_id', 'placed.survey_version', 'placed.channel'
    ) }} as string) as id,
    cast(agency.organization_id as string) as organization_id,
    cast(agency.organization_abbreviation as string) as organization_abbreviation,
    cast(agency.organization_name as string) as organization_name,
    cast({{ a11_280_collection_id('placed.service_id', 'placed.fiscal_quarter') }} as string) as cx_collection_id,
    cast(substr(placed.fiscal_quarter, 1, 4) as string) as cx_collection_fiscal_year,
    cast(substr(placed.fiscal_quarter, 6, 1) as string) as cx_collection_quarter,
    cast(concat(placed.service_name, ' ', placed.fiscal_quarter) as string) as cx_collection_name,
    cast(providers.service_provider_id as string) as cx_collection_service_provider_id,
    cast(providers.service_provider_name as string) as cx_collection_service_provider_name,
    cast(providers.service_provider_slug as string) as cx_collection_service_provider_slug,
    cast(placed.service_id as string) as service_id,
    cast(placed.service_name as string) as service_name,
    cast(placed.transaction_point as string) as transaction_point,
    cast(placed.channel as string) as channel,
    cast(
        case when placed.stage_starts > 0 then concat(placed.service_id, '/', placed.service_stage) end as string
    ) as service_stage_id,
    cast(case when placed.stage_starts > 0 then placed.service_stage end as string) as service_stage_name,
    cast(
        case
            when placed.stage_starts > 0
                then {{ a11_280_bars("substr(concat('|', placed.stages), 1, placed.stage_starts)") }}
        end as integer
    ) as service_stage_position,
    cast({{ a11_280_bars('placed.stages') }} + 1 as integer) as service_stage_count,
    cast(placed.customers as bigint) as volume_of_customers,
    cast(placed.offers as bigint) as volume_of_customers_provided_survey_opportunity,
    cast(placed.respondents as bigint) as volume_of_respondents,
    cast(placed.omb_control_number as string) as omb_control_number,
    cast(placed.survey_type as string) as survey_type,
    cast(placed.survey_name as string) as survey_title,
    cast(placed.trust_question_text as string) as trust_question_text,
    cast(placed.first_answered_at as timestamp) as created_at,
    cast(placed.last_answered_at as timestamp) as updated_at,
    cast(placed.survey_id as string) as survey_id,
    cast(placed.survey_version as integer) as survey_version,
    cast(placed.without_clearance_count as bigint) as without_clearance_count,
    cast(placed.quarter_start as date) as quarter_start
from placed
cross join agency
left join {{ ref('service_providers') }} as providers
    on placed.organization_id = providers.organization_id
