{#-
  For measures whose longest period is the fiscal year. Beside what int_touched_quarters lists, a renamed person's answer
  moves to another segment, and so do a person's answers when a contact that names one is somebody else's. And a year has
  rows of its own once it is over, which time alone decides.
-#}
-- depends_on: {{ ref('fct_survey_responses') }}, {{ ref('fct_interactions') }}, {{ source('build', 'complete_to') }}
with days as (
    select renamed.record_date
    from {{ ref('int_renamed_records') }} as renamed
    inner join {{ ref('int_survey_responses') }} as responses
        on renamed._record_key = responses._record_key
    where exists (select known.segment from {{ ref('segments') }} as known)
    union distinct
    select renamed.record_date
    from {{ ref('int_renamed_records') }} as renamed
    inner join {{ ref('int_interactions') }} as contacts
        on renamed._record_key = contacts._record_key
    inner join {{ ref('segments') }} as known
        on contacts.segment = known.segment
),

by_days as (
    {{ touched_quarters('days') | indent }}
),

years as (
    select {{ fiscal_year_start('quarter_start') }} as year_start
    from by_days
    union distinct
    select {{ fiscal_year_start('quarter_start') }} as year_start
    from {{ ref('int_touched_quarters') }}
    {%- for index in models_built(['cx_index'], 'marts') %}
    union distinct
    {{ years_over_by_now(index, '(' ~ period_end_of('published.year_start', "'year'") ~ ' <= ' ~ complete_day() ~ ')') }}
    {%- endfor %}
)

select
    year_start,
    quarter_start
from ({{ quarters_of_years('years') }}) as quarters_of_years
