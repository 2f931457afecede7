{#- What names this run of the build, as a scalar expression. -#}
{% macro run_id() -%}
    (select run.run_id from {{ source('build', 'run') }} as run)
{%- endmacro %}
