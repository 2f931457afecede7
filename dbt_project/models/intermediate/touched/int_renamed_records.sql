{#-
  The facts themselves are asked, not a log of renamings, so that a build that stopped half-way is made good by the
  next; they are read by their relation, since a ref would turn the graph in a ring.
-#}
{%- set customers = ref('int_record_customers') -%}
{%- set facts = {
    'fct_interactions': ['started_date', ref('int_interactions'), 'interaction_id'],
    'fct_survey_responses': ['answered_date', ref('int_survey_responses'), 'response_id'],
    'fct_comments': ['commented_date', ref('int_comments'), 'comment_id'],
    'fct_web_sessions': ['started_date', ref('int_web_sessions'), 'session_id']
} -%}

with renamed as (
    select
        cast(null as string) as _record_key,
        cast(null as date) as record_date
    where false
    {% for fact in models_built(facts, 'marts') -%}
    {%- set day, records, key = facts[fact.identifier] -%}
    union distinct
    select
        records._record_key,
        facts.{{ day }}
    from {{ fact }} as facts
    inner join {{ records }} as records on facts.{{ key }} = records.{{ key }}
    left join {{ customers }} as customers on records._record_key = customers._record_key
    where
        facts.customer_id is distinct from customers.customer_id
        {%- if fact.identifier == 'fct_interactions' %}
        or facts.customer_tier is distinct from customers.customer_tier
        {%- endif %}
    {% endfor -%}
)

select
    cast(_record_key as string) as _record_key,
    cast(record_date as date) as record_date
from renamed
