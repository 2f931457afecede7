{#- Means of answers from 1 to 5, by three whole numbers: how many answers (`n`), their sum, the sum of their squares.

    The interval adds 0.2 to each of the five counts (so n grows by 1, the sum by 3, the sum of squares by 11), takes the
    logit of (mean - 1) / 4 with its delta standard error and t at n - 1 degrees of freedom, and goes back. At a mean of 4.8
    and n = 10 it covers .91 to .98 where mean plus or minus t standard errors covers as little as .40.
-#}

{#- The mean of the five counts with 0.2 added to each. -#}
{% macro five_point_adjusted_mean(n, total) -%}
    (({{ total }} + 3e0) / ({{ n }} + 1))
{%- endmacro %}


{#- Its standard error: with N = n + 1 counted, the sum of squared deviations / (N (N - 1)). -#}
{% macro five_point_adjusted_standard_error(n, total, squares) -%}
    sqrt(
        ({{ squares }} + 11e0 - ({{ total }} + 3e0) * ({{ total }} + 3e0) / ({{ n }} + 1))
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
    the items of 1 / (n + 1) and center that of adjusted mean / (n + 1). Sums over k = 1 to 5 of 0.2, 0.2 k, 0.2 k squared: 1, 3, 11.
-#}
{% macro added_answers_squares(slope, center) -%}
    (11 * {{ slope }} * {{ slope }} - 6 * {{ slope }} * {{ center }} + {{ center }} * {{ center }})
{%- endmacro %}
