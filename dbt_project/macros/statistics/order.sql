{#- Figures by the order of values: of a sorted array, `sorted`, of `n` numbers. Null where the array has no such place. -#}

{#- The median: the middle value, or half-way between the two. -#}
{% macro median_of_sorted(sorted, n) -%}
    ({{ element(sorted, 'cast(floor((' ~ n ~ ' + 1) / 2e0) as integer)') }}
    + {{ element(sorted, 'cast(floor(' ~ n ~ ' / 2e0) as integer) + 1') }}) / 2e0
{%- endmacro %}

{#- The median's 95% interval: the values at the places n / 2 -+ z sqrt(n) / 2, the upper one further by 1, to the nearest whole
    place. Campbell and Gardner, Calculating confidence intervals for some non-parametric analyses, BMJ 296 (1988). By the
    binomial it covers .95 or more at every n from 6 on; null below 6, where no two places do.
-#}
{% macro median_low_of_sorted(sorted, n) -%}
    case when {{ n }} >= 6 then {{ element(sorted, _median_place(n)) }} end
{%- endmacro %}

{% macro median_high_of_sorted(sorted, n) -%}
    case when {{ n }} >= 6 then {{ element(sorted, n ~ ' + 1 - ' ~ _median_place(n)) }} end
{%- endmacro %}

{% macro _median_place(n) -%}
    cast(floor({{ n }} / 2e0 - {{ normal_quantile_975() }} * sqrt({{ n }}) / 2 + 0.5e0) as integer)
{%- endmacro %}

{#- An aggregate: the values that are not null, in their order. -#}
{% macro sorted_values(value) -%}
    {{ return(adapter.dispatch('sorted_values')(value)) }}
{%- endmacro %}

{% macro duckdb__sorted_values(value) -%}
    list_sort(list({{ value }}) filter (where {{ value }} is not null))
{%- endmacro %}

{% macro spark__sorted_values(value) -%}
    sort_array(collect_list({{ value }}))
{%- endmacro %}

{#- An array's element at a place, counted from 1. -#}
{% macro element(array, place) -%}
    {{ return(adapter.dispatch('element')(array, place)) }}
{%- endmacro %}

{% macro duckdb__element(array, place) -%}
    {{ array }}[{{ place }}]
{%- endmacro %}

{% macro spark__element(array, place) -%}
    element_at({{ array }}, {{ place }})
{%- endmacro %}
