{#- Means of numbers, by three exact sums: how many (`n`), their sum, the sum of their squares.

    Here and in the other statistics an argument is a column or an expression in parentheses.
-#}

{% macro mean_of_sums(n, total) -%}
    (cast({{ total }} as double) / nullif({{ n }}, 0))
{%- endmacro %}


{#- s / sqrt(n), by the exact n * sum of squares - sum squared. Null where n < 2. -#}
{% macro mean_standard_error(n, total, squares) -%}
    sqrt(
        cast({{ n }} * {{ squares }} - {{ total }} * {{ total }} as double)
        / nullif(cast({{ n }} as double) * {{ n }} * ({{ n }} - 1), 0)
    )
{%- endmacro %}


{#- The 95% interval of a mean of what can't be less than 0 (seconds, say): the mean plus or minus `half_width` (t at n - 1 degrees
    of freedom times the standard error), not below 0. Null where none differ: a width of 0 would claim that the mean is known.
    Of the skewed it is approximate, the more so the fewer they are. Source: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.2.
-#}
{% macro positive_mean_low(mean, half_width) -%}
    case when {{ half_width }} > 0 then greatest(0e0, {{ mean }} - {{ half_width }}) end
{%- endmacro %}


{% macro positive_mean_high(mean, half_width) -%}
    case when {{ half_width }} > 0 then {{ mean }} + {{ half_width }} end
{%- endmacro %}
