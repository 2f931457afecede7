{#-
  A journey may have begun long before the contact that a build changes; and what is pending, and whether a quarter is
  settled, time alone decides. What the build before made is read by relation: journey_measures knows what was pending then,
  and identity_quality has each quarter that was settled, even if nobody in it was known. Paths add up to fiscal years, what
  is withheld of them hangs together over a year, and so does what the index withholds: all quarters of a year are listed.
-#}
{%- set reach = 'cast(' ~ policy('journey_gap_days') ~ ' as integer) + 1' -%}
-- depends_on: {{ ref('int_contact_history') }}, {{ ref('fct_interactions') }}, {{ ref('fct_survey_responses') }}
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
    {%- for measures in models_built(['journey_measures'], 'marts') %}
    union distinct
    select earlier.quarter_start
    from {{ measures }} as earlier
    where earlier.is_provisional
    {%- endfor %}
    {%- for quality in models_built(['identity_quality'], 'marts') %}
    union distinct
    select begun.quarter_start
    from (
        select {{ fiscal_quarter_start('facts.started_local_date') }} as quarter_start
        from {{ ref('fct_interactions') }} as facts
        where facts.direction = 'inbound'
        union distinct
        select {{ fiscal_quarter_start('facts.answered_local_date') }} as quarter_start
        from {{ ref('fct_survey_responses') }} as facts
        where facts.is_counted
        union distinct
        select quarter_start
        from {{ ref('customer_journeys') }}
    ) as begun
    cross join {{ ref('int_contact_history') }} as history
    where
        (begun.quarter_start < history.unsettled_from)
        <> (begun.quarter_start in (select told.quarter_start from {{ quality }} as told))
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
