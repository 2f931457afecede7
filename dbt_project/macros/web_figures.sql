{#- A query: figures of the web, what adds up only with itself as `item`, and whether they are of a stretch of days of which
    others have some.

    Args:
        measured: relation with source_system, report, site, basis, period_type, period_start, period_end_date and
            period_label.
-#}
{% macro web_figures(measured) -%}
select
    measured.*,
    -- a stretch of days adds up with nothing
    concat_ws(
        '|',
        measured.source_system,
        measured.report,
        measured.site,
        measured.basis,
        case when measured.period_type = 'span' then measured.period_label else '' end
    ) as item,
    -- less a shorter stretch, or a month, it would tell of the days that it has more, few or withheld
    overlapping.source_system is not null as is_overlapping
from {{ measured }} as measured
left join (
    select distinct
        source_system,
        report,
        site,
        first_date,
        last_date
    from {{ ref('int_web_overlaps') }}
) as overlapping
    on
        measured.period_type = 'span'
        and measured.period_start = overlapping.first_date
        and measured.period_end_date = overlapping.last_date
        and {{ same('measured', 'overlapping', ['source_system', 'report', 'site']) }}
{%- endmacro %}
