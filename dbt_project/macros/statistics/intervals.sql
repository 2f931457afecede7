{#- One bound of the 95% interval of any measure whose answers don't count alike: five-point logit, Wilson, or both shares' of a score.

    From columns of the relation: measure, scale, value; of means and indexes adjusted_value, adjusted_standard_error and t; of a
    score promoter_share and detractor_share; of shares and scores interval_n, how many a simple random sample would need to be as precise (E. L. Korn and
    B. I. Graubard, Confidence intervals for proportions with small expected number of positive counts estimated from survey
    data, Survey Methodology 24, 1998).
-#}
{% macro measure_low() -%}
    {{ measure_bound(logit_low, net_promoter_low, wilson_low) }}
{%- endmacro %}


{% macro measure_high() -%}
    {{ measure_bound(logit_high, net_promoter_high, wilson_high) }}
{%- endmacro %}


{% macro measure_bound(logit, net_promoter, wilson) -%}
    case
        when measure in ('mean', 'ces') and scale = 'ten'
            then {{ logit('value', 'adjusted_value', 'adjusted_standard_error', 't', 1, 10) }}
        when measure in ('mean', 'ces')
            then {{ logit('value', 'adjusted_value', 'adjusted_standard_error', 't', 1, 5) }}
        when measure in ('cx_index', 'acsi_equal_weight')
            then {{ logit('value', 'adjusted_value', 'adjusted_standard_error', 't', 0, 100) }}
        when measure = 'nps'
            then {{ net_promoter('(promoter_share * interval_n)', '(detractor_share * interval_n)', 'interval_n') }}
        else {{ wilson('(value * interval_n)', 'interval_n') }}
    end
{%- endmacro %}
