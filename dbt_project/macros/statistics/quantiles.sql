{#- The standard normal distribution's 97.5th percentile, 1.959963984540054. A double, not a DECIMAL, because of the exponent. -#}
{% macro normal_quantile_975() -%}
    1.959963984540054e0
{%- endmacro %}


{#- Student's t distribution's 97.5th percentile at `df` degrees of freedom (a number; what is behind its point is cut off
    below 10). Null where df < 1.

    df 1 to 9: from the table, to 1e-14. From 10 on: the Cornish-Fisher expansion in 1/df to its fourth term (Abramowitz and
    Stegun, Handbook of Mathematical Functions, 26.7.5), off by less than 8.0e-6 at df = 10, 1.1e-6 at 15, 3.2e-8 at 30.
-#}
{% macro t_quantile_975(df) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set terms = [
        (z ** 3 + z) / 4,
        (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
        (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
        (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
    ] -%}
    {%- set table = [
        12.706204736174694, 4.302652729749462, 3.1824463052837078, 2.7764451051977934, 2.5705818356363146,
        2.4469118511449786, 2.364624251592784, 2.306004135204166, 2.262157162798205,
    ] -%}
    case
        when {{ df }} < 1 then null
        {%- for quantile in table %}
        when {{ df }} < {{ loop.index + 1 }} then {{ quantile }}e0
        {%- endfor %}
        -- no power of df: of 55,000 whole numbers the fourth is beyond bigint
        else {{ z }}e0 + ({{ terms[0] }}e0 + ({{ terms[1] }}e0 + ({{ terms[2] }}e0 + {{ terms[3] }}e0 / ({{ df }})) / ({{ df }})) / ({{ df }})) / ({{ df }})
    end
{%- endmacro %}
