{#- One bound of the 95% interval of any measure whose answers don't count alike: five-point logit, Wilson, or t for a score.

    From columns of the relation: measure, scale, value; of means and indexes adjusted_value, adjusted_standard_error and t; of a
    score half_width; of shares `n`, how many a simple random sample would need to be as precise (E. L. Korn and B. I. Graubard,
    Confidence intervals for proportions with small expected number of positive counts estimated from survey data, Survey
    Methodology 24, 1998).
-#}
{% macro measure_low(n) -%}
    case
        when measure in ('mean', 'ces') and scale = 'ten'
            then {{ logit_low('value', 'adjusted_value', 'adjusted_standard_error', 't', 1, 10) }}
        when measure in ('mean', 'ces')
            then {{ logit_low('value', 'adjusted_value', 'adjusted_standard_error', 't', 1, 5) }}
        when measure in ('cx_index', 'acsi_equal_weight')
            then {{ logit_low('value', 'adjusted_value', 'adjusted_standard_error', 't', 0, 100) }}
        when measure = 'nps' then {{ net_promoter_low('value', 'half_width') }}
        else {{ wilson_low('(value * ' ~ n ~ ')', n) }}
    end
{%- endmacro %}


{% macro measure_high(n) -%}
    case
        when measure in ('mean', 'ces') and scale = 'ten'
            then {{ logit_high('value', 'adjusted_value', 'adjusted_standard_error', 't', 1, 10) }}
        when measure in ('mean', 'ces')
            then {{ logit_high('value', 'adjusted_value', 'adjusted_standard_error', 't', 1, 5) }}
        when measure in ('cx_index', 'acsi_equal_weight')
            then {{ logit_high('value', 'adjusted_value', 'adjusted_standard_error', 't', 0, 100) }}
        when measure = 'nps' then {{ net_promoter_high('value', 'half_width') }}
        else {{ wilson_high('(value * ' ~ n ~ ')', n) }}
    end
{%- endmacro %}
