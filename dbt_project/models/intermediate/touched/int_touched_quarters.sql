{#-
  For measures that don't ask who it was. Only the intervals of weighted surveys' figures do: where no cluster says who was
  drawn together, they take a person's answers together. A span of a report is withheld for another that reaches into it,
  whenever that comes.
-#}
with days as (
    select record_date
    from {{ ref('int_touched_days') }}
    union distinct
    select renamed.record_date
    from {{ ref('int_renamed_records') }} as renamed
    inner join {{ ref('int_survey_responses') }} as responses
        on renamed._record_key = responses._record_key
    inner join {{ ref('surveys') }} as surveys
        on responses.survey_id = surveys.survey_id
    where
        surveys.is_weighted
        and responses.cluster_id is null
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
