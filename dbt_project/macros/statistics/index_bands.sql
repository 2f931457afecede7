{#- The band of an index from 0 to 100, half-open on the figure as it is stored. -#}
{% macro index_band(value) -%}
    case
        when {{ value }} >= 85 then '85+'
        when {{ value }} >= 75 then '75-85'
        when {{ value }} >= 65 then '65-75'
        when {{ value }} >= 55 then '55-65'
        when {{ value }} < 55 then '<55'
    end
{%- endmacro %}
