{#- Tests of differences: two-sided p-values of a standard normal and of Student's t, and Benjamini and Hochberg's adjustment.

    An argument is a column or an expression in parentheses.
-#}

{#- The chance that a standard normal is further from 0 than z, to 1e-14.

    J. F. Hart's rational approximation of the normal's tail (Computer Approximations, 1968, algorithm 5666), and from 7.07 on
    a continued fraction; as given by G. West, Better approximations to cumulative normal functions, Wilmott (2005).
-#}
{% macro two_sided_normal_p(z) -%}
    {%- set x = 'abs(' ~ z ~ ')' -%}
    {%- set above = [0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931, 220.206867912376] -%}
    {%- set below = [0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831, 793.826512519948, 440.413735824752] -%}
    case
        when {{ x }} < 7.07106781186547e0
            then 2 * exp(-{{ x }} * {{ x }} / 2) * {{ _horner(above, x) }} / {{ _horner(below, x) }}
        when {{ x }} < 37
            then
                2 * exp(-{{ x }} * {{ x }} / 2)
                / ({{ x }} + 1 / ({{ x }} + 2 / ({{ x }} + 3 / ({{ x }} + 4 / ({{ x }} + 0.65e0)))))
                / 2.506628274631e0
        when {{ x }} >= 37 then 0e0
    end
{%- endmacro %}


{% macro _horner(coefficients, x) -%}
    {{ '(' * (coefficients | length - 1) }}{{ coefficients[0] }}e0
    {%- for coefficient in coefficients[1:] %} * {{ x }} + {{ coefficient }}e0){% endfor %}
{%- endmacro %}


{#- The z whose two-sided normal p is that of `t` at `df` degrees of freedom (a double): off by less than 3e-4 of p at 9 degrees
    and p = .001, and by less with more of them.

    G. W. Hill, Algorithm 395: Student's t-distribution, Communications of the ACM 13 (1970).
-#}
{% macro normal_of_t(t, df) -%}
    {%- set a, b = '(' ~ df ~ ' - 0.5e0)', '(48 * (' ~ df ~ ' - 0.5e0) * (' ~ df ~ ' - 0.5e0))' -%}
    {%- set y = '(' ~ a ~ ' * ln(1 + ' ~ t ~ ' * ' ~ t ~ ' / ' ~ df ~ '))' -%}
    (
        (
            (((-0.4e0 * {{ y }} - 3.3e0) * {{ y }} - 24e0) * {{ y }} - 85.5e0)
            / (0.8e0 * {{ y }} * {{ y }} + 100e0 + {{ b }})
            + {{ y }} + 3e0
        ) / {{ b }} + 1e0
    ) * sqrt({{ y }})
{%- endmacro %}


{#- Degrees of freedom of the difference of two means by Welch: B. L. Welch, Biometrika 34 (1947). Null where neither varies. -#}
{% macro welch_df(error_1, df_1, error_2, df_2) -%}
    (
        power({{ error_1 }} * {{ error_1 }} + {{ error_2 }} * {{ error_2 }}, 2)
        / nullif(power({{ error_1 }}, 4) / {{ df_1 }} + power({{ error_2 }}, 4) / {{ df_2 }}, 0)
    )
{%- endmacro %}


{#- The standard error of the difference of two means as if all answers came from one population: its variance is over all of
    them less one, the difference itself included, as if who is on which side had been drawn (E. J. G. Pitman, Significance
    tests which may be applied to samples from any populations, Supplement to the JRSS 4, 1937). Of shares it is the "N - 1"
    test of two proportions (I. Campbell, Chi-squared and Fisher-Irwin tests of two-by-two tables with small sample
    recommendations, Statistics in Medicine 26, 2007). `squares` are those about each side's own mean.
-#}
{% macro pooled_error(n_1, squares_1, n_2, squares_2, difference) -%}
    sqrt(
        ({{ squares_1 }} + {{ squares_2 }} + {{ difference }} * {{ difference }} * {{ n_1 }} * {{ n_2 }} / ({{ n_1 }} + {{ n_2 }}))
        * ({{ n_1 }} + {{ n_2 }}) / (1e0 * {{ n_1 }} * {{ n_2 }} * ({{ n_1 }} + {{ n_2 }} - 1))
    )
{%- endmacro %}


{#- How far a difference is from 0, as a z: the nearer of two, by the pooled variance and by Welch's t at `df` degrees of freedom.

    Where sides differ in size, a z by the pooled variance finds too much in shares of which few are expected, and Welch's t in
    skewed answers; what both find is found no more often than their p says. Of sides of the same size the two say the same.
    Where nobody differs on either side there is no t, and `least` passes over it; null where the sides don't differ either.
-#}
{% macro difference_z(difference, pooled_error, own_error, df) -%}
    least(
        abs({{ difference }}) / nullif({{ pooled_error }}, 0),
        {{ normal_of_t('(abs(' ~ difference ~ ') / nullif(' ~ own_error ~ ', 0))', df) }}
    )
{%- endmacro %}


{#- Benjamini and Hochberg's adjusted p within a family: the least of p m / rank over this p and all larger ones, at most 1.

    Benjamini and Hochberg, Controlling the false discovery rate, JRSS B 57 (1995). Rows with a null p
    come last.

    Args:
        p: the column of p-values.
        family: columns that name the family.
        size: the column with the number of tests in it; of those without a p-value here it is as if theirs were 1.
        place: the column with the rank of p in the family, from 1, ties in any order.
-#}
{% macro adjusted_p(p, family, size, place) -%}
    least(1e0, min({{ p }} * {{ size }} / {{ place }}) over (
        partition by {{ family }}
        order by {{ place }}
        rows between current row and unbounded following
    ))
{%- endmacro %}
