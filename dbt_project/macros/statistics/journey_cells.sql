{#- The cells of the measures of journeys. -#}

{#- Every row of `relation` once for each breakdown that it has a member in: all, organization, service, channel.

    Args:
        relation: rows with quarter_start, organization_id, service_id, channel.
        columns: those to come along.

    Returns:
        A query of quarter_start, breakdown, member, organization_id and the columns.
-#}
{% macro spread_over_breakdowns(relation, columns) -%}
    {%- set breakdowns = ['organization', 'service', 'channel'] -%}
    select
        counted.quarter_start,
        breakdowns.breakdown,
        {{ member_of_breakdown(breakdowns) }} as member,
        counted.organization_id,
        {%- for column in columns %}
        counted.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }} as counted
    cross join (values ('all'){% for breakdown in breakdowns %}, ('{{ breakdown }}'){% endfor %}) as breakdowns (breakdown)
    where {{ member_of_breakdown(breakdowns) }} is not null
{%- endmacro %}


{#- Of how many contacts, and visits, of a cell one knows whose they were, by fiscal quarter and by fiscal year.

    Args:
        journeys: `int_measures__journeys`.

    Returns:
        A query of period_type, period_start, breakdown, member, contact_count, known_contact_count, visit_count,
        known_visit_count and are_visits_told.
-#}
{% macro matched_by_period(journeys) -%}
    {%- set period_start -%}
        case period_types.period_type
            when 'quarter' then quarters.quarter_start
            else {{ fiscal_year_start('quarters.quarter_start') }}
        end
    {%- endset -%}
    select
        period_types.period_type,
        {{ period_start }} as period_start,
        quarters.breakdown,
        quarters.member,
        sum(quarters.contact_count) as contact_count,
        sum(quarters.known_contact_count) as known_contact_count,
        sum(quarters.visit_count) as visit_count,
        sum(quarters.known_visit_count) as known_visit_count,
        -- a year less the quarters that are told would tell the one that isn't
        bool_and(quarters.are_visits_told) as are_visits_told
    from (
        select
            period_start as quarter_start,
            breakdown,
            member,
            max(contact_count) as contact_count,
            max(known_contact_count) as known_contact_count,
            max(visit_count) as visit_count,
            max(known_visit_count) as known_visit_count,
            bool_and(are_visits_told) as are_visits_told
        from {{ journeys }}
        where measure in ('first_contact_resolution_share', 'channel_shift_share')
        group by period_start, breakdown, member
    ) as quarters
    cross join (values ('quarter'), ('year')) as period_types (period_type)
    group by period_types.period_type, {{ period_start }}, quarters.breakdown, quarters.member
{%- endmacro %}


{#- Whether a contact is a visit to the website or the app: nobody of the agency took part. -#}
{% macro is_web_visit(channel) -%}
    (coalesce({{ channel }} in ('website', 'mobile_app'), false))
{%- endmacro %}


{#- A number of people (not whole) that tells as much of a share as `n` do of whom some are the same person: n divided by the design
    effect, by the sums over persons of seen · seen, seen · units and units · units (linearised, with k / (k - 1) for k persons).

    Source: Kish, Survey Sampling (1965), 5.4 and 8.2. No more than n: what varies less by chance claims nothing.
-#}
{% macro effective_units(n, seen, persons, seen_seen, seen_units, units_units) -%}
    (
        {{ n }} / greatest(1e0, coalesce(
            (
                {{ seen_seen }}
                - 2 * (cast({{ seen }} as double) / nullif({{ n }}, 0)) * {{ seen_units }}
                + (cast({{ seen }} as double) / nullif({{ n }}, 0)) * (cast({{ seen }} as double) / nullif({{ n }}, 0)) * {{ units_units }}
            )
            * {{ persons }} / nullif({{ persons }} - 1, 0)
            / nullif(cast({{ seen }} as double) * ({{ n }} - {{ seen }}) / nullif({{ n }}, 0), 0)
        , 1e0))
    )
{%- endmacro %}


{#- A sum of doubles over the rows up to each, that doesn't depend on how an engine adds them: as `exact_sum` does it. -#}
{% macro running_sum(term, partition, sort) -%}
    {{ return(adapter.dispatch('running_sum')(term, partition, sort)) }}
{%- endmacro %}


{% macro duckdb__running_sum(term, partition, sort) -%}
    (cast(sum(cast(({{ term }}) * 1e20 as hugeint)) over (
        partition by {{ partition }} order by {{ sort }} rows between unbounded preceding and current row
    ) as double) / 1e20)
{%- endmacro %}


{% macro spark__running_sum(term, partition, sort) -%}
    cast(sum(cast(({{ term }}) as decimal(38, 20))) over (
        partition by {{ partition }} order by {{ sort }} rows between unbounded preceding and current row
    ) as double)
{%- endmacro %}
