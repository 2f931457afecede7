{#- The distinct values of a group in their order, divided by commas: text. -#}
{% macro sorted_list(value) -%}
    {{ return(adapter.dispatch('sorted_list')(value)) }}
{%- endmacro %}


{% macro duckdb__sorted_list(value) -%}
    array_to_string(list_sort(list(distinct {{ value }})), ',')
{%- endmacro %}


{% macro spark__sorted_list(value) -%}
    array_join(array_sort(collect_set({{ value }})), ',')
{%- endmacro %}
