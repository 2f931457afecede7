{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_touched_quarters'
) }}

with responses as (
    select
        responses.*,
        filed.reasons_offered
    from {{ ref('fct_survey_responses') }} as responses
    inner join {{ ref('a11_280_surveys') }} as filed
        on responses.survey_id = filed.survey_id
    where
        responses.is_counted
        and {{ is_touched(
            fiscal_quarter_start('responses.answered_local_date'), ref('int_touched_quarters'), 'quarter_start'
        ) }}
),

trust as (
    select
        response_id,
        scale,
        case
            when scale = 'thumbs' then cast(cast(is_positive as integer) as string)
            else cast(cast(score as integer) as string)
        end as answer
    from {{ ref('fct_survey_answers') }}
    where
        driver = 'trust'
        and response_id in (select responses.response_id from responses)
),

comments as (
    select
        response_id,
        {{ joined_by('comment_text', 'question_id', ' / ') }} as comment_text
    from {{ ref('fct_comments') }}
    where response_id in (select responses.response_id from responses)
    group by response_id
)

select
    cast(responses.response_id as string) as external_id,
    cast(coalesce(trust.answer, 'null') as string) as question_1,
    {%- for kind in ['positive', 'negative'] %}
    {%- for reason in a11_280_reasons() %}
    cast(
        {{ a11_280_box('responses.' ~ kind ~ '_reasons', 'responses.reasons_offered', reason) | indent(8) }} as string
    ) as {{ kind }}_{{ reason }},
    {%- endfor %}
    {%- endfor %}
    cast(coalesce(comments.comment_text, '') as string) as question_4,
    cast({{ a11_280_detail_id(
        'responses.service_id', 'responses.fiscal_quarter', 'responses.survey_id', 'responses.survey_version',
        'responses.channel'
    ) }} as string) as cx_collection_detail_id,
    cast(trust.scale as string) as trust_scale,
    {{ fiscal_quarter_start('responses.answered_local_date') }} as quarter_start,
    cast(responses._batch_id as string) as _batch_id
from responses
left join trust on responses.response_id = trust.response_id
left join comments on responses.response_id = comments.response_id
