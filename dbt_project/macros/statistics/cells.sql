{#- The cells that a measure is published for: every row of `relation` counted once for each period and breakdown it belongs to.

    `relation` holds one row per whatever is counted, with answered or started `month_start`, `quarter_start`,
    `fiscal_quarter`, `organization_id`, `service_id`, `channel` (and `segment` where that is a breakdown). Each row comes
    back once per period type and breakdown with period_type, period_start, period_label, breakdown, member and the named
    `columns`; not for a breakdown in which it has no member.
    Both grow with the number of rows, so count first and spread the counts.

    Args:
        relation: what is counted.
        columns: those of its columns that come back.
        periods: period types: month, quarter, year (of the fiscal year).
        breakdowns: those beside all: organization, service, channel, segment.
-#}
{% macro spread_over_cells(
    relation, columns, periods=['month', 'quarter'], breakdowns=['organization', 'service', 'channel']
) -%}
    select
        period_types.period_type,
        case period_types.period_type
            when 'month' then counted.month_start
            when 'quarter' then counted.quarter_start
            else {{ fiscal_year_start('counted.quarter_start') }}
        end as period_start,
        case period_types.period_type
            when 'month' then substr(cast(counted.month_start as string), 1, 7)
            when 'quarter' then counted.fiscal_quarter
            else {{ fiscal_year_label('counted.quarter_start') }}
        end as period_label,
        breakdowns.breakdown,
        {{ member_of_breakdown(breakdowns) }} as member,
        {%- for column in columns %}
        counted.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }} as counted
    cross join (values {% for period in periods %}('{{ period }}'){{ ', ' if not loop.last }}{% endfor %})
        as period_types (period_type)
    cross join (values ('all'){% for breakdown in breakdowns %}, ('{{ breakdown }}'){% endfor %}) as breakdowns (breakdown)
    where {{ member_of_breakdown(breakdowns) }} is not null
{%- endmacro %}


{#- The member that a row `counted` has in `breakdowns.breakdown`; null where it has none. -#}
{% macro member_of_breakdown(breakdowns) -%}
    {%- set members = {
        'organization': 'organization_id', 'service': 'service_id', 'channel': 'channel', 'segment': 'segment'
    } -%}
    case breakdowns.breakdown
        when 'all' then 'all'
        {%- for breakdown in breakdowns %}
        when '{{ breakdown }}' then counted.{{ members[breakdown] }}
        {%- endfor %}
    end
{%- endmacro %}
