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
