{#- Means of answers from 1 to 5, or to 10 (scale ten), by how many there are (`n`), their sum, the sum of squares:
    whole numbers, but of an effective n.

    The interval adds 0.2 to each of the five counts (so n grows by 1, the sum by 3, the sum of squares by 11), or 0.1 to each of
    ten (5.5 and 38.5), takes the logit of (mean - 1) / 4 or / 9 with its delta standard error and t at n - 1 degrees of freedom, and goes back. At a mean of 4.8
    and n = 10 it covers .91 to .98 where mean plus or minus t standard errors covers as little as .40.
-#}

{#- What the added answers add to the sum, and to the sum of squares; `scale` is a column. -#}
{% macro added_total(scale=none) -%}
    {%- if scale -%}(case {{ scale }} when 'ten' then 5.5e0 else 3e0 end){%- else -%}3e0{%- endif -%}
{%- endmacro %}


{% macro added_squares(scale=none) -%}
    {%- if scale -%}(case {{ scale }} when 'ten' then 38.5e0 else 11e0 end){%- else -%}11e0{%- endif -%}
{%- endmacro %}


{#- How far apart the ends of a scale are. -#}
{% macro scale_width(scale) -%}
    (case {{ scale }} when 'ten' then 9e0 else 4e0 end)
{%- endmacro %}


{#- The mean of the counts with the added answers. -#}
{% macro five_point_adjusted_mean(n, total, scale=none) -%}
    (({{ total }} + {{ added_total(scale) }}) / ({{ n }} + 1))
{%- endmacro %}


{#- Its standard error: with N = n + 1 counted, the sum of squared deviations / (N (N - 1)). -#}
{% macro five_point_adjusted_standard_error(n, total, squares, scale=none) -%}
    {%- set sum = '(' ~ total ~ ' + ' ~ added_total(scale) ~ ')' -%}
    sqrt(
        ({{ squares }} + {{ added_squares(scale) }} - {{ sum }} * {{ sum }} / ({{ n }} + 1))
        / nullif(cast({{ n }} as double) * ({{ n }} + 1), 0)
    )
{%- endmacro %}


{#- One bound of a figure that lies between `floor` and `ceiling`, by the logit of where it lies between them.

    `adjusted` and `standard_error` are of the adjusted counts, `quantile` is t's. The bound is never on the wrong side of
    the published `value`, which is not adjusted: where all answer 5 the interval ends at 5. Null where the quantile is.
-#}
{% macro logit_low(value, adjusted, standard_error, quantile, floor, ceiling) -%}
    case
        when {{ quantile }} is not null
            then least({{ value }}, {{ _logit_bound(adjusted, standard_error, quantile, floor, ceiling, '-') }})
    end
{%- endmacro %}


{% macro logit_high(value, adjusted, standard_error, quantile, floor, ceiling) -%}
    case
        when {{ quantile }} is not null
            then greatest({{ value }}, {{ _logit_bound(adjusted, standard_error, quantile, floor, ceiling, '+') }})
    end
{%- endmacro %}


{#- logit(p) +- t se / (p (1 - p)) with p = (adjusted - floor) / (ceiling - floor), and back. -#}
{% macro _logit_bound(adjusted, standard_error, quantile, floor, ceiling, sign) -%}
    {{ floor }} + {{ ceiling - floor }}e0 / (
        1 + exp(
            -(
                ln(({{ adjusted }} - {{ floor }}) / ({{ ceiling }} - {{ adjusted }}))
                {{ sign }} ({{ quantile }}) * {{ standard_error }} * {{ ceiling - floor }}
                / (({{ adjusted }} - {{ floor }}) * ({{ ceiling }} - {{ adjusted }}))
            )
        )
    )
{%- endmacro %}


{#- What the five added answers add to the sum of squared influences: they count as five respondents of weight 0.2 who
    answer 1, 2, 3, 4, 5 on every item, so each moves the sum of the means by k * slope - center, with slope the sum over
    the items of 1 / (n + 1) and center that of adjusted mean / (n + 1). Sums over k = 1 to 5 of 0.2, 0.2 k, 0.2 k squared: 1, 3, 11;
    of ten answers of weight 0.1: 1, 5.5, 38.5.
-#}
{% macro added_answers_squares(slope, center, scale=none) -%}
    (
        {{ added_squares(scale) }} * {{ slope }} * {{ slope }} - 2 * {{ added_total(scale) }} * {{ slope }} * {{ center }}
        + {{ center }} * {{ center }}
    )
{%- endmacro %}
