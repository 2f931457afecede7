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
