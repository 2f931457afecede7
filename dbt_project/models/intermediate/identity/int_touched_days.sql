{#-
  Which days the facts replace: those of the records that this build changed, and those on which a fact names a customer
  that identity has renamed since. The facts themselves are asked, not a log of renamings, so that a build that stopped
  half-way is made good by the next; they are read by their relation, since a ref would turn the graph in a ring.
-#}
{%- set customers = ref('int_record_customers') -%}
{%- set facts = {
    'fct_interactions': ['started_date', ref('int_interactions'), 'interaction_id'],
    'fct_survey_responses': ['answered_date', ref('int_survey_responses'), 'response_id'],
    'fct_comments': ['commented_date', ref('int_comments'), 'comment_id'],
    'fct_web_sessions': ['started_date', ref('int_web_sessions'), 'session_id']
} -%}

with days as (
    select record_date
    from {{ ref('int_interactions__touched_days') }}
    {% for fact in models_built(facts, 'marts') -%}
    {%- set day, records, key = facts[fact.identifier] -%}
    union distinct
    select facts.{{ day }}
    from {{ fact }} as facts
    inner join {{ records }} as records on facts.{{ key }} = records.{{ key }}
    left join {{ customers }} as customers on records._record_key = customers._record_key
    where facts.customer_id is distinct from customers.customer_id
    {% endfor -%}
)

select distinct
    cast(record_date as date) as record_date,
    cast(record_date as date) as started_date,
    cast(record_date as date) as answered_date,
    cast(record_date as date) as commented_date
from days
