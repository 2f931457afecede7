{#- The 95% interval of the difference of two independent shares, x1 of n1 less x2 of n2: by their Wilson intervals.

    Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17 (1998),
    method 10. Null where either n is 0.
-#}
{% macro share_difference_low(x1, n1, x2, n2) -%}
    {%- set p1, p2 = '(cast(' ~ x1 ~ ' as double) / nullif(' ~ n1 ~ ', 0))', '(cast(' ~ x2 ~ ' as double) / nullif(' ~ n2 ~ ', 0))' -%}
    (
        {{ p1 }} - {{ p2 }} - sqrt(
            power({{ p1 }} - ({{ wilson_low(x1, n1) }}), 2) + power(({{ wilson_high(x2, n2) }}) - {{ p2 }}, 2)
        )
    )
{%- endmacro %}


{% macro share_difference_high(x1, n1, x2, n2) -%}
    {%- set p1, p2 = '(cast(' ~ x1 ~ ' as double) / nullif(' ~ n1 ~ ', 0))', '(cast(' ~ x2 ~ ' as double) / nullif(' ~ n2 ~ ', 0))' -%}
    (
        {{ p1 }} - {{ p2 }} + sqrt(
            power(({{ wilson_high(x1, n1) }}) - {{ p1 }}, 2) + power({{ p2 }} - ({{ wilson_low(x2, n2) }}), 2)
        )
    )
{%- endmacro %}


{#- Aggregates over the parts of a roll-up: what their own changes make of its change, at the mean of their weights in both periods;
    and what their weights do, at the mean of their values. A part that is there once has no change of its own. They add up to the change.

    Args:
        weight, total: a part's weight and that of all, in the later period; other_…: in the earlier.
        value, other_value: the part's figures.
-#}
{% macro within_change(weight, total, other_weight, other_total, value, other_value) -%}
    {{ exact_sum(
        "(coalesce(" ~ weight ~ ", 0) * 1e0 / " ~ total ~ " + coalesce(" ~ other_weight ~ ", 0) * 1e0 / " ~ other_total ~ ") / 2"
        " * (coalesce(" ~ value ~ ", " ~ other_value ~ ") - coalesce(" ~ other_value ~ ", " ~ value ~ "))"
    ) }}
{%- endmacro %}


{% macro mix_change(weight, total, other_weight, other_total, value, other_value) -%}
    {{ exact_sum(
        "(coalesce(" ~ weight ~ ", 0) * 1e0 / " ~ total ~ " - coalesce(" ~ other_weight ~ ", 0) * 1e0 / " ~ other_total ~ ")"
        " * (coalesce(" ~ value ~ ", " ~ other_value ~ ") + coalesce(" ~ other_value ~ ", " ~ value ~ ")) / 2"
    ) }}
{%- endmacro %}
