with statements as (
    select
        *,
        min(stated) over (partition by source_system, report, subject) = max(stated) over (
            partition by source_system, report, subject
        ) as is_agreed,
        count(*) over (partition by source_system, report, subject) as statement_count
    from {{ ref('int_web_report_statements') }}
)

select
    source_system,
    report,
    subject,
    file,
    stated_by,
    stated,
    is_agreed,
    taken_at,
    _batch_id
from statements
where statement_count > 1
