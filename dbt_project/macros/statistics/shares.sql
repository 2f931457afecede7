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


{#- Its 95% interval by `promoters` and `detractors` of n (numbers; need not be whole): Wilson's of both shares, put together with
    the correlation of two shares of the same people, -sqrt(p d / ((1 - p) (1 - d))), or 0 where all are of one kind.

    G. Y. Zou and A. Donner, Construction of confidence limits about effect measures: a general approach, Statistics in
    Medicine 27 (2008); 0 as R. G. Newcombe has it, Improved confidence intervals for the difference between binomial proportions
    based on paired data, Statistics in Medicine 17 (1998), method 10. Between -100 and 100; null where n is 0 or null.
-#}
{% macro net_promoter_low(promoters, detractors, n) -%}
    {{ _net_promoter_bound(promoters, detractors, n, wilson_low, wilson_high, '-') }}
{%- endmacro %}


{% macro net_promoter_high(promoters, detractors, n) -%}
    {{ _net_promoter_bound(promoters, detractors, n, wilson_high, wilson_low, '+') }}
{%- endmacro %}


{% macro _net_promoter_bound(promoters, detractors, n, wilson, other_wilson, sign) -%}
    {%- set p, d = '(' ~ promoters ~ ' / nullif(cast(' ~ n ~ ' as double), 0))', '(' ~ detractors ~ ' / nullif(cast(' ~ n ~ ' as double), 0))' -%}
    {%- set p_arm = '(' ~ p ~ ' - ' ~ wilson(promoters, n) ~ ')' -%}
    {%- set d_arm = '(' ~ d ~ ' - ' ~ other_wilson(detractors, n) ~ ')' -%}
    100e0 * (
        {{ p }} - {{ d }} {{ sign }} sqrt(
            {{ p_arm }} * {{ p_arm }} + {{ d_arm }} * {{ d_arm }}
            - 2 * coalesce(sqrt({{ p }} * {{ d }} / nullif((1 - {{ p }}) * (1 - {{ d }}), 0)), 0) * {{ p_arm }} * {{ d_arm }}
        )
    )
{%- endmacro %}


{#- The share of promoters (sign +) or detractors (-) that a score tells together with the `spread` (variance) of what it is the mean
    of, 100, 0 and -100: the mean square tells the sum of both. At 12 decimals, so that nobody is nobody.
-#}
{% macro net_promoter_share(value, spread, sign) -%}
    least(1e0, greatest(0e0, round(({{ spread }} / 100 + {{ value }} * {{ value }} / 100 {{ sign }} {{ value }}) / 200, 12)))
{%- endmacro %}
