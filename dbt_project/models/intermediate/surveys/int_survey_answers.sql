{{ config(
    materialized='incremental',
    partition_by='record_date',
    touched='stg_touched_records'
) }}

with responses as (
    select
        response_id,
        record_date,
        survey_id,
        survey_version,
        instrument,
        answers,
        _batch_id
    from {{ ref('int_survey_responses') }}
    where
        survey_id is not null
        and {{ is_touched('record_date', ref('stg_touched_records')) }}
),

entries as (
    select
        response_id,
        instrument,
        {{ exploded('map_entries(answers)') }} as entry
    from responses
),

given as (
    select
        response_id,
        instrument,
        entry.key as question_id,
        entry.value as answer
    from entries
),

asked as (
    select
        responses.response_id,
        questions.question_id,
        questions.role,
        questions.driver,
        questions.scale,
        questions.valid_min,
        questions.valid_max,
        questions.positive_min,
        questions.not_answered,
        given.answer
    from responses
    inner join {{ ref('question_crosswalk') }} as questions
        on responses.instrument = questions.instrument
    left join given
        on
            responses.response_id = given.response_id
            and questions.question_id = given.question_id
    where questions.role not in ('identifier', 'ignore')
),

unmapped as (
    select
        given.response_id,
        given.question_id
    from given
    left join {{ ref('question_crosswalk') }} as questions
        on
            given.instrument = questions.instrument
            and given.question_id = questions.question_id
    where questions.question_id is null
),

-- A number is read whole or not at all: "4" and "4.0" are 4, "4.5" and "four" are no answer that the item knows.
read_as_numbers as (
    select
        *,
        case
            when role = 'core' and try_cast(answer as double) = floor(try_cast(answer as double))
                then try_cast(answer as double)
        end as number_given
    from asked
),

judged as (
    select
        *,
        case
            when answer is null then 'blank'
            when role <> 'core' then 'valid'
            when
                contains(
                    concat('|', not_answered, '|'),
                    concat('|', coalesce(cast(try_cast(number_given as bigint) as string), answer), '|')
                )
                then 'not_answered'
            when number_given between valid_min and valid_max then 'valid'
            else 'out_of_range'
        end as status
    from read_as_numbers
),

questions as (
    select
        response_id,
        question_id,
        role,
        driver,
        scale,
        -- What people wrote stays in the comments.
        case when role <> 'comment' then answer end as raw_value,
        case when role = 'core' and status = 'valid' then number_given end as number_value,
        case when role = 'core' and status = 'valid' then number_given >= positive_min end as is_positive,
        status
    from judged
    union all
    select
        response_id,
        question_id,
        null as role,
        null as driver,
        null as scale,
        null as raw_value,
        null as number_value,
        null as is_positive,
        'unmapped' as status
    from unmapped
)

select
    cast(questions.response_id as string) as response_id,
    cast(questions.question_id as string) as question_id,
    cast(responses.record_date as date) as record_date,
    cast(responses.survey_id as string) as survey_id,
    cast(responses.survey_version as integer) as survey_version,
    cast(questions.role as string) as role,
    cast(questions.driver as string) as driver,
    cast(questions.scale as string) as scale,
    cast(questions.raw_value as string) as raw_value,
    cast(questions.number_value as double) as number_value,
    cast(questions.is_positive as boolean) as is_positive,
    cast(questions.status as string) as status,
    cast(responses._batch_id as string) as _batch_id
from questions
inner join responses on questions.response_id = responses.response_id
