{#-
  What a journey's ends are judged by: whether something may have come before, or may still come. By its clock a day is over
  somewhere up to a day after it is over in Greenwich.
-#}
with day_ends as (
    select
        zones.starts_at,
        zones.ends_at,
        {{ local_day_end('build.day', 'zones.time_zone') }} as day_ends_at
    from {{ source('build', 'complete_to') }} as build
    cross join {{ ref('int_organization_zones') }} as zones
),

complete as (
    select max(day_ends_at) as until_at
    from day_ends
    where day_ends_at > starts_at and day_ends_at <= ends_at
),

contacts as (
    select
        min(started_at) as first_at,
        max(started_at) as last_at
    from {{ ref('int_interactions') }}
)

{% set complete_until_at = 'coalesce(complete.until_at, contacts.last_at)' -%}
{%- set settled_by = 'cast(' ~ complete_until_at ~ ' as date) - (' ~ follow_up_days() ~ ' + 1)' %}
select
    contacts.first_at as history_starts_at,
    {{ complete_until_at }} as complete_until_at,
    {{ fiscal_quarter_start(settled_by) }} as unsettled_from
from contacts
cross join complete
where contacts.first_at is not null
