{#- The last day to which a build is complete, a scalar: a period that ends later is not over in the data.

    As the release's manifest says it: of an agency that has files alone, the newest day in them.
-#}
{% macro complete_day() -%}
(
    select
        coalesce(
            (select build.day from {{ source('build', 'complete_to') }} as build),
            greatest(
                (select max(facts.answered_local_date) from {{ ref('fct_survey_responses') }} as facts),
                (select max(facts.started_local_date) from {{ ref('fct_interactions') }} as facts)
            )
        )
)
{%- endmacro %}
