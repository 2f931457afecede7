{#- What published reports say of themselves, one statement a row, of each file's newest edition. -#}
{%- set named = {
    'file_name': 'file',
    'report_name': 'report_name',
    'title': 'title',
    'description': 'description',
} -%}
{%- set sums = {
    'visits': 'sum(visits)',
    'users': 'sum(users)',
    'pageviews': 'sum(pageviews)',
    'total_events': 'sum(event_count)',
} -%}

with files as (
    select *
    from {{ ref('stg_dap__files') }}
),

file_rows as (
    select
        files.source_system,
        files.report,
        files.file,
        files.taken_at,
        files._batch_id,
        report_row.first_date,
        report_row.last_date,
        coalesce(report_row.vote, report_row.member) as member,
        report_row.visits,
        report_row.users,
        report_row.pageviews,
        report_row.event_count
    from files
    inner join {{ ref('base_dap__rows') }} as report_row
        on
            files._batch_id = report_row._batch_id
            and files.source_system = report_row.source_system
            and files.file = report_row.file
),

-- rows that are of a day each, in a report of days
dated as (
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        count(distinct first_date) as day_count,
        min(first_date) as first_day,
        max(first_date) as last_day
    from file_rows
    group by source_system, report, file, taken_at, _batch_id
    having bool_and(coalesce(first_date = last_date, false))
),

totals as (
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        {{ exploded('files.totals') }} as total
    from files
),

stated_totals as (
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        total.measure || coalesce(' of ' || total.member, '') as subject,
        total.value as stated
    from totals
),

row_sums as (
    {%- for measure, total in sums.items() %}
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        '{{ measure }}' as subject,
        {{ total }} as stated
    from file_rows
    group by source_system, report, file, taken_at, _batch_id
    union all
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        '{{ measure }} of ' || member as subject,
        {{ total }} as stated
    from file_rows
    group by source_system, report, file, taken_at, _batch_id, member
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

statements as (
    {%- for stated_by, text in named.items() %}
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        'days' as subject,
        '{{ stated_by }}' as stated_by,
        nullif(regexp_extract(lower({{ text }}), '([0-9]+)[ _-]days', 1), '') as stated
    from files
    union all
    {%- endfor %}
    {%- for subject, date in {'first_day': 'first_date', 'last_day': 'last_date'}.items() %}
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        '{{ subject }}' as subject,
        'query' as stated_by,
        cast({{ date }} as string) as stated
    from files
    union all
    {%- endfor %}
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        'days' as subject,
        'query' as stated_by,
        cast({{ days_between('first_date', 'last_date') }} + 1 as string) as stated
    from files
    union all
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        'taken_at' as subject,
        'file' as stated_by,
        cast(taken_at as string) as stated
    from files
    union all
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        'rows of ' || file as subject,
        'file' as stated_by,
        cast(file_rows as string) as stated
    from files
    union all
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        'rows of ' || file as subject,
        'rows' as stated_by,
        cast(count(*) as string) as stated
    from file_rows
    group by source_system, report, file, taken_at, _batch_id
    {%- for subject, value in {'days': 'day_count', 'first_day': 'first_day', 'last_day': 'last_day'}.items() %}
    union all
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        '{{ subject }}' as subject,
        'rows' as stated_by,
        cast({{ value }} as string) as stated
    from dated
    {%- endfor %}
    union all
    select
        source_system,
        report,
        file,
        taken_at,
        _batch_id,
        subject,
        'totals' as stated_by,
        stated
    from stated_totals
    union all
    select
        row_sums.source_system,
        row_sums.report,
        row_sums.file,
        row_sums.taken_at,
        row_sums._batch_id,
        row_sums.subject,
        'rows' as stated_by,
        cast(row_sums.stated as string) as stated
    from row_sums
    where exists (
        select 1
        from stated_totals
        where
            stated_totals.source_system = row_sums.source_system
            and stated_totals.report = row_sums.report
            and stated_totals.subject = row_sums.subject
    )
)

select
    cast(source_system as string) as source_system,
    cast(report as string) as report,
    cast(file as string) as file,
    cast(subject as string) as subject,
    cast(stated_by as string) as stated_by,
    cast(stated as string) as stated,
    cast(taken_at as timestamp) as taken_at,
    cast(_batch_id as string) as _batch_id
from statements
where stated is not null
