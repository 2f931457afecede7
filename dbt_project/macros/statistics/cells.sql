{#- The cells that a measure is published for: every row of `relation` counted once for each period and breakdown it belongs to.

    `relation` holds one row per whatever is counted, with answered or started `month_start`, `quarter_start`,
    `fiscal_quarter`, `organization_id`, `service_id`, `channel`. Each row comes back once per period type
    (month, quarter) and breakdown (all, organization, service, channel) with period_type, period_start, period_label,
    breakdown, member and the named `columns`; not for a breakdown in which it has no member.
    Both grow with the number of rows, so count first and spread the counts.
-#}
{% macro spread_over_cells(relation, columns) -%}
    select
        period_types.period_type,
        case period_types.period_type
            when 'month' then counted.month_start
            else counted.quarter_start
        end as period_start,
        case period_types.period_type
            when 'month' then substr(cast(counted.month_start as string), 1, 7)
            else counted.fiscal_quarter
        end as period_label,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'organization' then counted.organization_id
            when 'service' then counted.service_id
            else counted.channel
        end as member,
        {%- for column in columns %}
        counted.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }} as counted
    cross join (values ('month'), ('quarter')) as period_types (period_type)
    cross join (values ('all'), ('organization'), ('service'), ('channel')) as breakdowns (breakdown)
    where
        breakdowns.breakdown = 'all'
        or (breakdowns.breakdown = 'organization' and counted.organization_id is not null)
        or (breakdowns.breakdown = 'service' and counted.service_id is not null)
        or (breakdowns.breakdown = 'channel' and counted.channel is not null)
{%- endmacro %}
