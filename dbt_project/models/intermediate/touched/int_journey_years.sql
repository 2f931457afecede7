{#- A partition of figures that add up over the quarters of a fiscal year holds all of them. -#}
-- depends_on: {{ ref('int_contact_history') }}

with years as (
    select {{ fiscal_year_start('touched.quarter_start') }} as year_start
    from {{ ref('int_journey_quarters') }} as touched
    {%- for paths in models_built(['journey_paths'], 'marts') %}
    -- a year has a row of its own as soon as it is over
    union distinct
    {{ years_over_by_now(
        paths,
        is_year_over('published.year_start', 'history.complete_until_at'),
        beside=ref('int_contact_history') ~ ' as history'
    ) | indent }}
    {%- endfor %}
)

select distinct cast(year_start as date) as year_start
from years
