{#- In an incremental model's `where`: the rows of the partitions that this build replaces, or all where it builds all.

    Args:
        column: the rows' partition; an expression where `name` is given.
        touched: the relation that lists the touched ones, a ref, so that dbt builds it before.
        name: its column, where it isn't called as the rows' own.
-#}
{% macro is_touched(column, touched, name=none) -%}
    {%- if is_incremental() -%}
        {{ column }} in (select touched.{{ name or column.split('.')[-1] }} from {{ touched }} as touched)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
