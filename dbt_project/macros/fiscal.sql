{#- The federal fiscal year: it begins on October 1 of the calendar year before, so October to December is its Q1. -#}

{#- The fiscal year of a date, an integer. -#}
{% macro fiscal_year(day) -%}
    cast(extract(year from {{ day }}) + case when extract(month from {{ day }}) >= 10 then 1 else 0 end as integer)
{%- endmacro %}

{#- The fiscal quarter of a date, as '2026Q1'; null of null. -#}
{% macro fiscal_quarter(day) -%}
    cast({{ fiscal_year(day) }} as string) || 'Q' || cast(extract(quarter from {{ day }}) % 4 + 1 as string)
{%- endmacro %}

{#- The first day of a date's fiscal quarter, a date: fiscal quarters begin when calendar quarters do. -#}
{% macro fiscal_quarter_start(day) -%}
    cast(date_trunc('quarter', {{ day }}) as date)
{%- endmacro %}

{#- The last day of a date's fiscal quarter, a date. -#}
{% macro quarter_end(day) -%}
    cast(date_trunc('quarter', {{ day }}) + interval 3 months - interval 1 day as date)
{%- endmacro %}

{#- The first day of a date's fiscal year, a date. -#}
{% macro fiscal_year_start(day) -%}
    cast(date_trunc('year', {{ day }} + interval 3 months) - interval 3 months as date)
{%- endmacro %}

{#- The fiscal year of a date, as 'FY2026'. -#}
{% macro fiscal_year_label(day) -%}
    'FY' || cast({{ fiscal_year(day) }} as string)
{%- endmacro %}
