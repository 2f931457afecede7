{#- A share's 95% interval: E. B. Wilson's score interval, by `x` people of `n` (numbers; need not be whole, so that an effective n fits).

    Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927). Between 0 and 1;
    null where n is 0 or null.
-#}
{% macro wilson_low(x, n) -%}
    case
        when {{ x }} <= 0 and {{ n }} > 0 then 0e0
        else {{ _wilson_bound(x, n, '-') }}
    end
{%- endmacro %}


{% macro wilson_high(x, n) -%}
    case
        when {{ x }} >= {{ n }} and {{ n }} > 0 then 1e0
        else {{ _wilson_bound(x, n, '+') }}
    end
{%- endmacro %}


{% macro _wilson_bound(x, n, sign) -%}
    {%- set z = normal_quantile_975() -%}
    (
        {{ x }} + {{ z }} * {{ z }} / 2
        {{ sign }} {{ z }} * sqrt({{ x }} * (1 - {{ x }} / nullif(cast({{ n }} as double), 0)) + {{ z }} * {{ z }} / 4)
    ) / ({{ n }} + {{ z }} * {{ z }})
{%- endmacro %}


{#- A share's standard error, sqrt(p(1 - p) / n). 0 where everybody or nobody is counted: the interval is Wilson's. -#}
{% macro share_standard_error(x, n) -%}
    (sqrt(cast({{ x }} as double) * ({{ n }} - {{ x }}) / nullif(cast({{ n }} as double), 0)) / nullif({{ n }}, 0))
{%- endmacro %}


{#- The net promoter score, 100 times (promoters minus detractors) of n, from -100 to 100. -#}
{% macro net_promoter_score(promoters, detractors, n) -%}
    (100e0 * ({{ promoters }} - {{ detractors }}) / nullif({{ n }}, 0))
{%- endmacro %}


{#- Its standard error: the variance is 100 squared times [p + d - (p - d) squared] / n. -#}
{% macro net_promoter_standard_error(promoters, detractors, n) -%}
    (100e0 * sqrt(
        cast({{ promoters }} + {{ detractors }} as double) * {{ n }}
        - cast({{ promoters }} - {{ detractors }} as double) * ({{ promoters }} - {{ detractors }})
    ) / nullif({{ n }} * sqrt(cast({{ n }} as double)), 0))
{%- endmacro %}


{#- Its 95% interval, the score plus or minus `half_width` (t at n - 1 degrees of freedom times the standard error), inside -100 and
    100. Null where no answers differ: a width of 0 would claim that the score is known.
-#}
{% macro net_promoter_low(value, half_width) -%}
    case when {{ half_width }} > 0 then greatest(-100e0, {{ value }} - {{ half_width }}) end
{%- endmacro %}


{% macro net_promoter_high(value, half_width) -%}
    case when {{ half_width }} > 0 then least(100e0, {{ value }} + {{ half_width }}) end
{%- endmacro %}
