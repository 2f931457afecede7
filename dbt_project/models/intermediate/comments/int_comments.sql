{{ config(
    materialized='incremental',
    partition_by='record_date',
    touched='stg_touched_records'
) }}

with responses as (
    select *
    from {{ ref('int_survey_responses') }}
    where
        survey_id is not null
        -- What the tool deleted was taken back.
        and not is_deleted
        and {{ is_touched('record_date', ref('stg_touched_records')) }}
),

comments as (
    select
        responses.*,
        questions.question_id,
        {{ map_value('responses.answers', 'questions.question_id') }} as comment_text
    from responses
    inner join {{ ref('question_crosswalk') }} as questions
        on responses.instrument = questions.instrument
    where questions.role = 'comment'
)

select
    cast({{ hash_id(['source_system', 'source_record_id', 'question_id']) }} as string) as comment_id,
    cast(response_id as string) as response_id,
    cast(record_date as date) as record_date,
    cast(organization_id as string) as organization_id,
    cast(service_id as string) as service_id,
    cast(channel as string) as channel,
    cast(answered_at as timestamp) as commented_at,
    cast(question_id as string) as question_id,
    cast(comment_text as string) as comment_text,
    {% for kind in scrub_kinds() -%}
    {{ redaction_count('comment_text', kind) }} as {{ kind | lower }}_count,
    {% endfor -%}
    cast(source_system as string) as source_system,
    cast(_record_key as string) as _record_key,
    cast(_batch_id as string) as _batch_id
from comments
where comment_text is not null
