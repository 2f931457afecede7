{#- In an incremental model's `where`: the rows of the partitions that this build replaces, or all where it builds all.

    Args:
        column: the rows' partition; an expression where `name` is given.
        touched: the relation that lists the touched ones, a ref, so that dbt builds it before.
        name: its column, where it isn't called as the rows' own.
-#}
{% macro is_touched(column, touched, name=none) -%}
    {%- if is_incremental() -%}
        {{ column }} in (select touched.{{ name or column.split('.')[-1] }} from {{ touched }} as touched)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- In a fact's `where`: the rows of the days that this build replaces, and those whose customer is another by now. -#}
{% macro is_touched_or_renamed(day, record_key) -%}
    (
        {{ is_touched(day, ref('int_touched_days'), 'record_date') }}
        or {{ is_touched(record_key, ref('int_renamed_records')) }}
    )
{%- endmacro %}

{#- In the `where` of a table that a build works on: the rows of the fiscal quarters that its measures replace.

    Args:
        day: the rows' date.
        quarters: the model that lists the quarters, a ref.
-#}
{% macro is_in_touched_quarter(day, quarters) -%}
    {{ fiscal_quarter_start(day) }} in (select touched.quarter_start from {{ quarters }} as touched)
{%- endmacro %}

{#- A model's query: the fiscal quarters that a build replaces by the days (UTC) that it touches.

    A day in UTC may be a day earlier or later where people live; so it can belong to two quarters. An answer, or a further
    contact, may follow the contact that it is about by some days more: it is counted in its quarter, and who answered, or
    came again, in the first contact's. A contact joins two journeys, or parts them: the later one's quarter has one less, or more.
    Where a build stopped half-way, what it had touched counts still: the facts that it left may show by now what it
    came for, and then nothing else tells.

    Should a measure's periods be longer than a quarter (a fiscal year), list here every quarter of each touched one: a
    partition has to hold whatever adds up, and is withheld, together.

    Args:
        days: a relation with the days, `record_date`.
-#}
{% macro touched_quarters(days) -%}
{%- set last_build_died = last_build_died() -%}
with reached as (
    select
        record_date,
        1 + cast(
            greatest(
                {{ policy('survey_answer_days') }}, {{ policy('repeat_contact_days') }}, {{ policy('journey_gap_days') }}
            ) as integer
        ) as reach
    from {{ days }}
),

reached_days as (
    select {{ exploded(days_from_to('record_date - reach', 'record_date + reach')) }} as date_day
    from reached
),

quarters as (
    select distinct {{ fiscal_quarter_start('date_day') }} as quarter_start
    from reached_days
    {%- if has_been_built() %}
    union distinct
    select earlier.quarter_start
    from {{ this }} as earlier
    where {{ last_build_died }}
    {%- endif %}
)

select cast(quarter_start as date) as quarter_start
from quarters
{%- endmacro %}

{#- A condition: whether this build takes up what one that died had begun, so that nobody knows which tables show it. -#}
{% macro last_build_died() -%}
    exists (
            select run.run_id
            from {{ source('build', 'run') }} as run
            where run.takes_over
        )
{%- endmacro %}

{#- The fiscal years whose figures of the whole year came, or went, by time alone since a table was built.

    Args:
        relation: the table as the build before left it: year_start and period_type.
        is_over: whether a year is over, an expression of `published.year_start` and the relations of `beside`.
        beside: what `is_over` reads besides, a relation of one row with its alias; none: nothing.
-#}
{% macro years_over_by_now(relation, is_over, beside=none) -%}
    select published.year_start
    from (
        select
            stored.year_start,
            bool_or(stored.period_type = 'year') as has_year
        from {{ relation }} as stored
        group by stored.year_start
    ) as published
    {%- if beside %}
    cross join {{ beside }}
    {%- endif %}
    where published.has_year <> {{ is_over }}
{%- endmacro %}

{#- The four quarters of each fiscal year: year_start and quarter_start.

    Args:
        years: a relation with year_start.
-#}
{% macro quarters_of_years(years) -%}
    select
        cast(years.year_start as date) as year_start,
        cast(years.year_start + months.month_count * interval 1 month as date) as quarter_start
    from {{ years }} as years
    cross join (values (0), (3), (6), (9)) as months (month_count)
{%- endmacro %}
