{#- What others published, a figure a row: a row of a file holds any number of them, and the crosswalk says what each
    is. -#}

with figures as (
    select
        *,
        {{ exploded('map_entries(published.figures)') }} as figure
    from {{ ref('stg_file_drop__published_measures') }} as published
),

described as (
    select
        figures.*,
        figures.figure.value as said,
        coalesce(columns.measure, 'unmapped') as measure,
        case
            when figures.question is null then coalesce(columns.driver, 'all')
            else coalesce(questions.driver, 'unmapped')
        end as driver,
        columns.scale,
        columns.unit,
        columns.zero_means,
        columns.blank_means
    from figures
    left join {{ ref('published_measure_crosswalk') }} as columns
        on
            figures.source_system = columns.source_system
            and figures.figure.key = columns.figure
    left join {{ ref('published_measure_crosswalk') }} as questions
        on
            figures.source_system = questions.source_system
            and figures.question = questions.question
),

read as (
    select
        *,
        {{ published_number('said') }} as number,
        case
            when {{ published_missing_reason('said') }} = 'blank' then coalesce(blank_means, 'blank')
            when {{ published_number('said') }} = 0 then zero_means
            else {{ published_missing_reason('said') }}
        end as missing_reason
    from described
    where measure <> 'ignore'
)

select
    coalesce(publisher, 'unnamed') as publisher,
    coalesce(organization, 'all') as organization,
    coalesce(service, 'all') as service,
    coalesce(touchpoint, 'all') as touchpoint,
    {{ period_type_of('period') }} as period_type,
    {{ period_start_of('period') }} as period_start,
    coalesce(period, 'undated') as period_label,
    coalesce(edition, 'unnamed') as edition,
    coalesce(edition_date, record_date) as edition_date,
    measure,
    driver,
    -- rows that say the same of the same thing are kept apart, whatever order they came in
    cast(row_number() over (
        partition by
            publisher, organization, service, touchpoint, period, edition, edition_date, record_date, measure, driver
        order by number, missing_reason, wording, _record_key
    ) as integer) as occurrence,
    scale,
    unit,
    wording,
    case when missing_reason is null then number end as value,
    case when missing_reason is null then {{ published_decimals('said') }} end as decimals,
    missing_reason,
    source_system,
    record_id,
    figure.key as figure
from read
