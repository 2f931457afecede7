{#- The segment of each customer in each fiscal quarter: the one that their newest contact of that quarter names.

    A query of customer_id, quarter_start and segment, of the quarters that `quarters` (a ref) lists. What a person is in one
    quarter is so decided by that quarter alone, and a contact of today changes no figure of a year that is over.
-#}
{% macro segments_of_customers(quarters) -%}
    select
        facts.customer_id,
        {{ fiscal_quarter_start('facts.started_local_date') }} as quarter_start,
        facts.segment
    from {{ ref('fct_interactions') }} as facts
    where
        facts.customer_id is not null
        and facts.segment is not null
        and {{ is_in_touched_quarter('facts.started_local_date', quarters) }}
    qualify row_number() over (
        partition by facts.customer_id, {{ fiscal_quarter_start('facts.started_local_date') }}
        order by facts.started_at desc nulls last, facts.interaction_id asc
    ) = 1
{%- endmacro %}
