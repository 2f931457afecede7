{#-
  What int_web_sessions makes anew: the moments of events in the touched tables, in every version of them, and the
  stored sessions that lie less than half an hour from one. Nothing else can change: two stored sessions are half an
  hour apart at least, so only a touched event can have joined or parted what lies around it. The stored sessions are
  read by their relation, since they are built after this; a build from nothing needs none of it.
-#}
{%- set stored = models_built(['int_web_sessions'], 'intermediate') -%}

with events as (
    select distinct
        source_system,
        visitor_token,
        event_at
    from {{ ref('base_ga4__events') }}
    where
        visitor_token is not null
        and _record_key in (select touched._record_key from {{ ref('stg_touched_records') }} as touched)
        and {{ 'true' if stored else 'false' }}
)

select
    cast(source_system as string) as source_system,
    cast(visitor_token as string) as visitor_token,
    cast(event_at as timestamp) as from_at,
    cast(event_at as timestamp) as to_at,
    cast(null as string) as session_id
from events
{% for sessions in stored %}
union distinct
select
    sessions.source_system,
    sessions.visitor_token,
    sessions.started_at,
    sessions.ended_at,
    sessions.session_id
from {{ sessions }} as sessions
inner join events
    on
        sessions.source_system = events.source_system
        and sessions.visitor_token = events.visitor_token
        and events.event_at > sessions.started_at - {{ session_gap() }}
        and events.event_at < sessions.ended_at + {{ session_gap() }}
{% endfor %}
