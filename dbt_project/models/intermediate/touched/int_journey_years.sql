{#- A partition of figures that add up over the quarters of a fiscal year holds all of them. -#}
-- depends_on: {{ ref('int_contact_history') }}

with years as (
    select {{ fiscal_year_start('touched.quarter_start') }} as year_start
    from {{ ref('int_journey_quarters') }} as touched
    {%- for paths in models_built(['journey_paths'], 'marts') %}
    -- a year has a row of its own as soon as it is over
    union distinct
    select published.year_start
    from (
        select
            stored.year_start,
            bool_or(stored.period_type = 'year') as has_year
        from {{ paths }} as stored
        group by stored.year_start
    ) as published
    cross join {{ ref('int_contact_history') }} as history
    where published.has_year <> {{ is_year_over('published.year_start', 'history.complete_until_at') }}
    {%- endfor %}
)

select distinct cast(year_start as date) as year_start
from years
