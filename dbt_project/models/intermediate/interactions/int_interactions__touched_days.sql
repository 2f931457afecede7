{#-
  Days of contacts that this build makes anew. A web session is made of events, which have no day of their own here: a
  session's first event may be of the day before or after the touched one.
-#}
with web_days as (
    select distinct cast(from_at as date) as started_date
    from {{ ref('int_web__touched_stretches') }}
    union distinct
    select distinct cast(from_at - {{ session_gap() }} as date)
    from {{ ref('int_web__touched_stretches') }}
    where session_id is null
    union distinct
    select distinct cast(from_at + {{ session_gap() }} as date)
    from {{ ref('int_web__touched_stretches') }}
    where session_id is null
)

select distinct
    cast(record_date as date) as record_date,
    cast(null as date) as started_date
from {{ ref('stg_touched_records') }}
where
    stream not in ('events', 'published_measures', 'priority_goal_values')
    and record_date not in (select web_days.started_date from web_days)
union all
select
    cast(started_date as date) as record_date,
    cast(started_date as date) as started_date
from web_days
