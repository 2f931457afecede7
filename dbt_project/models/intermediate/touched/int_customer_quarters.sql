{#- For measures that ask who it was: which answer belongs to which contact, and how many people there were. -#}
with days as (
    select record_date
    from {{ ref('int_touched_days') }}
    union distinct
    select record_date
    from {{ ref('int_renamed_records') }}
),

by_days as (
    {{ touched_quarters('days') | indent }}
)

select quarter_start
from by_days
