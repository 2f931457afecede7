{{ config(
    materialized='incremental',
    partition_by='answered_date',
    touched='int_touched_days'
) }}

select
    cast(answers.response_id as string) as response_id,
    cast(answers.survey_id as string) as survey_id,
    cast(answers.survey_version as integer) as survey_version,
    cast(answers.driver as string) as driver,
    cast(answers.scale as string) as scale,
    cast(answers.raw_value as string) as raw_value,
    cast(case when answers.scale in ('likert_5', 'radio_5', 'csat_5') then answers.number_value end as double) as score,
    cast(answers.is_positive as boolean) as is_positive,
    cast(responses.weight as decimal(18, 9)) as weight,
    cast(answers.record_date as date) as answered_date,
    cast(answers._batch_id as string) as _batch_id
from {{ ref('int_survey_answers') }} as answers
inner join {{ ref('int_survey_responses') }} as responses
    on answers.response_id = responses.response_id
where
    answers.role = 'core'
    and answers.status = 'valid'
    and {{ is_touched('answers.record_date', ref('int_touched_days')) }}
