{#-
  A journey may have begun long before the contact that a build changes; and what is pending, and whether a quarter is settled, time
  alone decides. The measures of the build before are read by relation: they know what was pending then, and which quarters they have. Paths add up to fiscal years, what is
  withheld of them hangs together over a year, and so does what the index withholds: all quarters of a year are listed.
-#}
{%- set reach = 'cast(' ~ policy('journey_gap_days') ~ ' as integer) + 1' -%}
-- depends_on: {{ ref('int_contact_history') }}
with quarters as (
    select quarter_start
    from {{ ref('int_customer_quarters') }}
    union distinct
    select quarter_start
    from {{ ref('int_touched_years') }}
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
    cross join {{ ref('int_contact_history') }} as history
    where earlier.is_provisional or earlier.quarter_start >= history.unsettled_from
    union distinct
    select journeys.quarter_start
    from {{ ref('customer_journeys') }} as journeys
    cross join {{ ref('int_contact_history') }} as history
    where
        journeys.quarter_start < history.unsettled_from
        and journeys.quarter_start not in (select earlier.quarter_start from {{ relation }} as earlier)
    {%- endfor %}
),

years as (
    select distinct {{ fiscal_year_start('quarter_start') }} as year_start
    from quarters
    {%- for paths in models_built(['journey_paths'], 'marts') %}
    -- a year has rows of its own as soon as it is settled
    union distinct
    {{ years_over_by_now(
        paths,
        is_year_settled('published.year_start', 'history.unsettled_from'),
        beside=ref('int_contact_history') ~ ' as history'
    ) | indent }}
    {%- endfor %}
)

select
    year_start,
    quarter_start
from ({{ quarters_of_years('years') }}) as quarters_of_years
