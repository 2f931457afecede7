{#- Aggregates: the value at the earliest (latest) time. Of a tie the smallest (largest) value, so that the rows'
    order never matters; rows where either is null don't count.

    Args:
        value: an expression.
        at: the time it stands at.
        only: a condition on the rows.
-#}
{% macro earliest(value, at, only='true') -%}
    {{ return(adapter.dispatch('value_at')('min_by', value, at, only)) }}
{%- endmacro %}

{% macro latest(value, at, only='true') -%}
    {{ return(adapter.dispatch('value_at')('max_by', value, at, only)) }}
{%- endmacro %}

{% macro duckdb__value_at(by, value, at, only) -%}
    {{ by }}({{ value }}, row({{ at }}, {{ value }}))
        filter (where {{ at }} is not null and {{ value }} is not null and {{ only }})
{%- endmacro %}

{% macro spark__value_at(by, value, at, only) -%}
    {{ by }}({{ value }}, struct({{ at }}, {{ value }}))
        filter (where {{ at }} is not null and {{ value }} is not null and {{ only }})
{%- endmacro %}
