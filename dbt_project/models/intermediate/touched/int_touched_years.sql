{#-
  For measures whose longest period is the fiscal year. Beside what int_touched_quarters lists, a renamed person's answer
  moves to another segment, and so do a person's answers when a contact that names one is somebody else's.
-#}
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
)

select
    years.year_start,
    cast(years.year_start + quarters.month_count * interval 1 month as date) as quarter_start
from years
cross join (values (0), (3), (6), (9)) as quarters (month_count)
