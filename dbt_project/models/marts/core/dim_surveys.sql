select
    cast(survey_id as varchar) as survey_id,
    cast(survey_version as integer) as survey_version,
    cast(survey_name as varchar) as survey_name,
    cast(instrument as varchar) as instrument,
    cast(organization_id as varchar) as organization_id,
    cast(service_id as varchar) as service_id,
    cast(default_channel as varchar) as default_channel,
    cast(sampling_design as varchar) as sampling_design,
    cast(is_weighted as boolean) as is_weighted,
    cast(omb_control_number as varchar) as omb_control_number,
    cast(omb_expires_on as date) as omb_expires_on,
    cast(source_system as varchar) as source_system,
    cast(source_form_id as varchar) as source_form_id,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to
from {{ ref('surveys') }}
