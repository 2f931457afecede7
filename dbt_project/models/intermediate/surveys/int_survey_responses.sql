{{ config(
    materialized='incremental',
    partition_by='record_date',
    touched='stg_touched_records'
) }}

with touchpoints as (
    select
        _record_key,
        source_system,
        record_id,
        record_date,
        form_id,
        created_at as answered_at,
        cast(null as date) as answered_on,
        location_code as source_channel,
        cast(null as string) as source_service,
        language,
        cast(null as decimal(18, 9)) as weight,
        cast(null as string) as cluster_id,
        cast(null as string) as source_interaction,
        answers,
        is_flagged,
        is_archived,
        is_deleted,
        is_spam,
        _batch_id
    from {{ ref('stg_touchpoints__responses') }}
),

file_drop as (
    select
        _record_key,
        source_system,
        record_id,
        record_date,
        form_id,
        answered_at,
        case when is_date_only then answered_on end as answered_on,
        source_channel,
        source_service,
        language,
        weight,
        cluster_id,
        source_interaction,
        answers,
        false as is_flagged,
        false as is_archived,
        false as is_deleted,
        false as is_spam,
        _batch_id
    from {{ ref('stg_file_drop__survey_responses') }}
),

responses as (
    select * from touchpoints
    union all
    select * from file_drop
),

agency as (
    select min(organization_id) as organization_id
    from {{ ref('organizations') }}
    where parent_organization_id is null
),

-- A form's versions are told apart by the day on which its newest version's organization was when the person answered.
forms as (
    select
        surveys.source_system,
        surveys.source_form_id,
        max_by(
            surveys.organization_id,
            lpad(cast(surveys.survey_version as string), 9, '0') || surveys.survey_id
        ) as organization_id
    from {{ ref('surveys') }} as surveys
    group by surveys.source_system, surveys.source_form_id
),

placed as (
    select
        responses.*,
        surveys.survey_id,
        surveys.survey_version,
        surveys.instrument,
        surveys.default_channel,
        surveys.is_weighted,
        surveys.omb_expires_on,
        aliases.channel as named_channel,
        coalesce(services.service_id, surveys.service_id) as service_id,
        coalesce(services.organization_id, surveys.organization_id, agency.organization_id) as organization_id
    from responses
    cross join agency
    left join forms
        on
            responses.source_system = forms.source_system
            and responses.form_id = forms.source_form_id
    left join {{ ref('int_organization_zones') }} as form_zones
        on
            forms.organization_id = form_zones.organization_id
            and responses.answered_at >= form_zones.starts_at
            and responses.answered_at < form_zones.ends_at
    left join {{ ref('surveys') }} as surveys
        on
            responses.source_system = surveys.source_system
            and responses.form_id = surveys.source_form_id
            and coalesce(
                responses.answered_on,
                {{ local_date('responses.answered_at', 'form_zones.time_zone') }},
                responses.record_date
            ) between coalesce(surveys.valid_from, date '0001-01-01') and coalesce(surveys.valid_to, date '9999-12-31')
    left join {{ ref('services') }} as services
        on responses.source_service = services.service_id
    left join {{ ref('channel_aliases') }} as aliases
        on
            responses.source_system = aliases.source_system
            and responses.source_channel = aliases.source_value
    where {{ is_touched('responses.record_date', ref('stg_touched_records')) }}
),

dated as (
    select
        placed.*,
        coalesce(
            placed.answered_on, {{ local_date('placed.answered_at', 'zones.time_zone') }}
        ) as answered_local_date
    from placed
    left join {{ ref('int_organization_zones') }} as zones
        on
            placed.organization_id = zones.organization_id
            and placed.answered_at >= zones.starts_at
            and placed.answered_at < zones.ends_at
)

select
    cast({{ hash_id(['source_system', 'record_id']) }} as string) as response_id,
    cast(source_system as string) as source_system,
    cast(record_id as string) as source_record_id,
    cast(record_date as date) as record_date,
    cast(form_id as string) as form_id,
    cast(survey_id as string) as survey_id,
    cast(survey_version as integer) as survey_version,
    cast(instrument as string) as instrument,
    cast(organization_id as string) as organization_id,
    cast(service_id as string) as service_id,
    cast(case when source_channel is null then default_channel else named_channel end as string) as channel,
    cast(language as string) as language,
    cast(answered_at as timestamp) as answered_at,
    cast(answered_local_date as date) as answered_local_date,
    cast({{ fiscal_quarter('answered_local_date') }} as string) as fiscal_quarter,
    cast(is_flagged as boolean) as is_flagged,
    cast(is_archived as boolean) as is_archived,
    cast(is_deleted as boolean) as is_deleted,
    cast(is_spam as boolean) as is_spam,
    coalesce(answered_local_date > omb_expires_on, false) as collected_without_clearance,
    cast(cluster_id as string) as cluster_id,
    cast(source_interaction as string) as source_interaction,
    cast(case when is_weighted then weight else 1 end as decimal(18, 9)) as weight,
    answers,
    cast(_record_key as string) as _record_key,
    cast(_batch_id as string) as _batch_id
from dated
