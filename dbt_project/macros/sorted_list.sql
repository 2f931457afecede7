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


{#- The texts of a group, ordered by another expression (no ties), with a separator between them. -#}
{% macro joined_by(text, place, separator) -%}
    {{ return(adapter.dispatch('joined_by')(text, place, separator)) }}
{%- endmacro %}


{% macro duckdb__joined_by(text, place, separator) -%}
    string_agg({{ text }}, '{{ separator }}' order by {{ place }})
{%- endmacro %}


{% macro spark__joined_by(text, place, separator) -%}
    array_join(transform(array_sort(collect_list(struct({{ place }} as place, {{ text }} as text))), x -> x.text), '{{ separator }}')
{%- endmacro %}
