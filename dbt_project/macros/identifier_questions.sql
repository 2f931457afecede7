{#- The questions of each form that ask who a person is: their answers are tokens already, and stay out.

    Returns:
        A relation: source_system, form_id, question_ids (an array). Forms that ask none are not in it.
-#}
{% macro identifier_questions() -%}
    (
        select
            survey.source_system,
            survey.source_form_id as form_id,
            array_agg(distinct question.question_id) as question_ids
        from {{ ref('surveys') }} as survey
        inner join {{ ref('question_crosswalk') }} as question on survey.instrument = question.instrument
        where question.role = 'identifier'
        group by survey.source_system, survey.source_form_id
    )
{%- endmacro %}
