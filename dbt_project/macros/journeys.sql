{#- What belongs to one journey. -#}

{#- For how many seconds at most a customer's next contact about a service still belongs to the journey. -#}
{% macro journey_gap_seconds() -%}
    {{ policy('journey_gap_days') }} * 86400
{%- endmacro %}

{#- Whether a contact may still come that belongs to the journey: what was to come before `complete_until_at` has landed. -#}
{% macro is_journey_open(last_touch_at, complete_until_at) -%}
    ({{ seconds_between(last_touch_at, complete_until_at) }} <= {{ journey_gap_seconds() }})
{%- endmacro %}

{#- Whether the journey may have begun before contacts are known. -#}
{% macro is_journey_truncated(started_at, history_starts_at) -%}
    ({{ seconds_between(history_starts_at, started_at) }} <= {{ journey_gap_seconds() }})
{%- endmacro %}

{#- How many steps of a journey its path shows; what comes after them is `...`. -#}
{% macro path_steps_at_most() -%}
    5
{%- endmacro %}

{#- For how many days something may follow a contact: another of its journey, or one that repeats it. -#}
{% macro follow_up_days() -%}
    cast(greatest({{ policy('journey_gap_days') }}, {{ policy('repeat_contact_days') }}) as integer)
{%- endmacro %}

{#- Whether what began in a quarter is settled; where there are no contacts, nothing can follow. -#}
{% macro is_settled(quarter_start) -%}
    coalesce(
        {{ quarter_start }} < (select history.unsettled_from from {{ ref('int_contact_history') }} as history), true
    )
{%- endmacro %}

{#- Whether what began in a fiscal year is settled, by the first quarter that isn't. -#}
{% macro is_year_settled(year_start, unsettled_from) -%}
    ({{ unsettled_from }} >= {{ year_start }} + interval 1 year)
{%- endmacro %}
