{#-
  For measures that don't ask who it was. Only the intervals of design-based figures do: they take a person's answers
  together. So a renamed person's quarters count where a survey with weights or clusters asks on the same scale. A span of a
  report is withheld for another that reaches into it, whenever that comes.
-#}
with design_based as (
    select distinct questions.scale
    from {{ ref('question_crosswalk') }} as questions
    where
        questions.instrument in (
            select responses.instrument
            from {{ ref('int_survey_responses') }} as responses
            where
                responses.cluster_id is not null
                or responses.survey_id in (
                    select surveys.survey_id
                    from {{ ref('surveys') }} as surveys
                    where surveys.is_weighted
                )
        )
),

days as (
    select record_date
    from {{ ref('int_touched_days') }}
    union distinct
    select renamed.record_date
    from {{ ref('int_renamed_records') }} as renamed
    inner join {{ ref('int_survey_responses') }} as responses
        on renamed._record_key = responses._record_key
    inner join {{ ref('question_crosswalk') }} as questions
        on responses.instrument = questions.instrument
    inner join design_based
        on questions.scale = design_based.scale
    where responses.cluster_id is null
    union distinct
    select spans.record_date
    from {{ ref('int_web_overlaps') }} as spans
    inner join {{ ref('int_touched_days') }} as touched
        on spans.other_record_date = touched.record_date
),

by_days as (
    {{ touched_quarters('days') | indent }}
)

select quarter_start
from by_days
