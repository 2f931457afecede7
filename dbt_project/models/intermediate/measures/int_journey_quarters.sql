{#-
  A journey may have begun long before the contact that a build changes; and what is pending, time alone decides. The
  measures of the build before are read by relation: they know what was pending then.
-#}
{%- set reach = 'cast(' ~ policy('journey_gap_days') ~ ' as integer) + 1' -%}

with quarters as (
    select quarter_start
    from {{ ref('int_customer_quarters') }}
    union distinct
    select journeys.quarter_start
    from {{ ref('customer_journeys') }} as journeys
    inner join {{ ref('int_touched_customers') }} as touched
        on
            journeys.customer_id = touched.customer_id
            and touched.record_date >= cast(journeys.started_at as date) - ({{ reach }})
            and touched.record_date <= cast(journeys.last_touch_at as date) + ({{ reach }})
    {%- for relation in models_built(['journey_measures'], 'marts') %}
    union distinct
    select earlier.quarter_start
    from {{ relation }} as earlier
    where earlier.is_provisional
    {%- endfor %}
)

select cast(quarter_start as date) as quarter_start
from quarters
