{{ config(
    materialized='incremental',
    partition_by='record_date',
    touched='stg_touched_records'
) }}

with offers as (
    select *
    from {{ ref('stg_file_drop__survey_offers') }}
    where {{ is_touched('record_date', ref('stg_touched_records')) }}
),

agency as (
    select min(organization_id) as organization_id
    from {{ ref('organizations') }}
    where parent_organization_id is null
),

-- Of the versions that several forms collected on one day the newest is the one that was offered.
versions as (
    select
        offers._record_key,
        surveys.survey_id,
        surveys.survey_version,
        surveys.organization_id,
        surveys.service_id,
        surveys.default_channel
    from offers
    inner join {{ ref('surveys') }} as surveys
        on
            offers.survey_id = surveys.survey_id
            and offers.offered_on between surveys.valid_from and coalesce(surveys.valid_to, date '9999-12-31')
    qualify row_number() over (
        partition by offers._record_key
        order by surveys.survey_version desc, surveys.source_system asc, surveys.source_form_id asc
    ) = 1
),

placed as (
    select
        offers.*,
        versions.survey_id as known_survey_id,
        versions.survey_version,
        case when offers.source_channel is null then versions.default_channel else aliases.channel end as channel,
        coalesce(services.service_id, versions.service_id) as service_id,
        coalesce(services.organization_id, versions.organization_id, agency.organization_id) as organization_id
    from offers
    cross join agency
    left join versions on offers._record_key = versions._record_key
    left join {{ ref('services') }} as services
        on offers.source_service = services.service_id
    left join {{ ref('channel_aliases') }} as aliases
        on
            offers.source_system = aliases.source_system
            and offers.source_channel = aliases.source_value
)

select
    cast({{ hash_id(['source_system', 'record_id']) }} as string) as offer_id,
    cast(known_survey_id as string) as survey_id,
    cast(survey_version as integer) as survey_version,
    cast(organization_id as string) as organization_id,
    cast(service_id as string) as service_id,
    cast(channel as string) as channel,
    cast(record_date as date) as record_date,
    cast(offered_on as date) as offered_date,
    cast(offered_until as date) as last_offered_date,
    cast({{ fiscal_quarter('offered_on') }} as string) as fiscal_quarter,
    {{ fiscal_quarter_start('offered_on') }} as quarter_start,
    cast(customer_count as bigint) as customer_count,
    cast(offered_count as bigint) as offered_count,
    cast(complete_count as bigint) as complete_count,
    cast(partial_count as bigint) as partial_count,
    cast(refused_count as bigint) as refused_count,
    cast(not_reached_count as bigint) as not_reached_count,
    cast(other_count as bigint) as other_count,
    cast(unknown_eligibility_count as bigint) as unknown_eligibility_count,
    cast(source_system as string) as source_system,
    cast(record_id as string) as source_record_id,
    cast(_record_key as string) as _record_key,
    cast(_batch_id as string) as _batch_id
from placed
