{{ config(tags=['of_seeds']) }}

select
    cast(survey_id as string) as survey_id,
    cast(survey_version as integer) as survey_version,
    cast(survey_name as string) as survey_name,
    cast(instrument as string) as instrument,
    cast(organization_id as string) as organization_id,
    cast(service_id as string) as service_id,
    cast(default_channel as string) as default_channel,
    cast(sampling_design as string) as sampling_design,
    cast(is_weighted as boolean) as is_weighted,
    cast(omb_control_number as string) as omb_control_number,
    cast(omb_expires_on as date) as omb_expires_on,
    cast(source_system as string) as source_system,
    cast(source_form_id as string) as source_form_id,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
    survey_id in (select filed.survey_id from {{ ref('a11_280_surveys') }} as filed) as is_filed
from {{ ref('surveys') }}
