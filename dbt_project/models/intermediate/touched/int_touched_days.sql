{#-
  Days (UTC) of the records that this build changes. A web session is made of events, which have no day of their own
  here: a session's first event may be of the day before or after the touched one.
-#}
with days as (
    select record_date
    from {{ ref('stg_touched_records') }}
    where stream not in ('events', 'published_measures', 'priority_goal_values')
    union distinct
    select cast(from_at as date) as record_date
    from {{ ref('int_web__touched_stretches') }}
    union distinct
    select cast(from_at - {{ session_gap() }} as date) as record_date
    from {{ ref('int_web__touched_stretches') }}
    where session_id is null
    union distinct
    select cast(from_at + {{ session_gap() }} as date) as record_date
    from {{ ref('int_web__touched_stretches') }}
    where session_id is null
)

select
    cast(record_date as date) as record_date,
    cast(record_date as date) as started_date,
    cast(record_date as date) as answered_date,
    cast(record_date as date) as commented_date
from days
