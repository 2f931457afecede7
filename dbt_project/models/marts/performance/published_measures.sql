{%- set survey = ['publisher', 'organization', 'service', 'touchpoint'] -%}
{%- set panel = survey + ['period_label', 'edition', 'edition_date'] -%}
{%- set asked_together = ['publisher', 'organization', 'service', 'period_label', 'edition', 'edition_date'] -%}
{%- set index_item = "case when measure = 'mean' and scale = 'likert_5' and occurrence = 1 then value end" -%}
{%- set volumes = ['universe', 'offered', 'responses'] -%}

with figures as (
    select * from {{ ref('int_published_figures') }}
),

-- what one edition says of one period of a survey; a survey's questions are asked together, so they break together
panels as (
    select
        {{ panel | join(', ') }},
        period_type,
        period_start,
        {%- for volume in volumes %}
        max(case when measure = '{{ volume }}' then value end) as {{ volume }},
        {%- endfor %}
        {{ sorted_list("case when measure = 'mean' and value is not null then driver end") }} as drivers,
        count({{ index_item }}) as index_driver_count,
        {{ exact_sum('(' ~ index_item ~ ' - 1) / 4 * 100') }} as index_sum
    from figures
    group by all
),

answers as (
    select
        {{ panel | join(', ') }},
        driver,
        max(case when measure = 'answers' then value end) as answers,
        {%- for score in range(1, 6) %}
        max(case when measure = 'answers_{{ score }}' then value end) as answers_{{ score }},
        {%- endfor %}
        answers_1 + answers_2 + answers_3 + answers_4 + answers_5 as total,
        answers_1 + 2 * answers_2 + 3 * answers_3 + 4 * answers_4 + 5 * answers_5 as points
    from figures
    where measure in ('answers', 'answers_1', 'answers_2', 'answers_3', 'answers_4', 'answers_5')
    group by all
),

counted as (
    select
        figures.*,
        coalesce(answers.answers, answers.total, panels.responses) as n,
        case figures.measure
            when 'response_rate' then panels.responses / nullif(panels.offered, 0)
            when 'mean' then answers.points / nullif(answers.total, 0)
            when 'top_box' then answers.answers_5 / nullif(answers.total, 0)
            when 'top_two' then (answers.answers_4 + answers.answers_5) / nullif(answers.total, 0)
            when 'bottom_two' then (answers.answers_1 + answers.answers_2) / nullif(answers.total, 0)
        end as counted_value
    from figures
    inner join panels on {{ same('figures', 'panels', panel) }}
    left join answers
        on
            {{ same('figures', 'answers', panel) }}
            and figures.driver = answers.driver
),

-- a later edition restates a period where it says another figure of it; over the same people that is another method
restated as (
    select
        *,
        lag(edition) over editions as edition_before,
        lag(value) over editions as value_before,
        lag(n) over editions as n_before,
        lead(edition) over editions as edition_after,
        lead(value) over editions as value_after,
        {{ published_tolerance('least(decimals, coalesce(lag(decimals) over editions, decimals))') }}
            as tolerance_before,
        {{ published_tolerance('least(decimals, coalesce(lead(decimals) over editions, decimals))') }}
            as tolerance_after
    from counted
    window editions as (
        partition by {{ survey | join(', ') }}, period_label, measure, driver, occurrence
        order by edition_date, edition
    )
),

methods as (
    select
        *,
        sum(is_other_method) over (
            partition by {{ survey | join(', ') }}
            order by edition_date, edition
        ) as method_number
    from (
        select
            {{ survey | join(', ') }},
            edition,
            edition_date,
            max(case
                when abs(value - value_before) > tolerance_before and n = n_before and driver <> 'all' then 1
                else 0
            end) as is_other_method
        from restated
        group by all
    ) as editions
),

-- the period before, by the same edition where it says that too, else by the newest edition of that time
before as (
    select
        {{ prefixed('later', panel) }},
        earlier.period_label as period_before,
        earlier.edition as edition_of_before,
        earlier.edition_date as edition_date_of_before
    from panels as later
    inner join panels as earlier
        on
            {{ same('later', 'earlier', survey) }}
            and later.period_type = earlier.period_type
            and {{ previous_period_start('later.period_start', 'later.period_type') }} = earlier.period_start
            and (
                later.edition_date > earlier.edition_date
                or (later.edition_date = earlier.edition_date and later.edition >= earlier.edition)
            )
    qualify row_number() over (
        partition by {{ prefixed('later', panel) }}
        order by earlier.edition = later.edition desc, earlier.edition_date desc, earlier.edition desc
    ) = 1
),

reworded as (
    select
        {{ prefixed('later', panel) }},
        {{ sorted_list('later.driver') }} as reworded_drivers
    from figures as later
    inner join before on {{ same('later', 'before', panel) }}
    inner join figures as earlier
        on
            {{ same('later', 'earlier', survey) }}
            and before.period_before = earlier.period_label
            and before.edition_of_before = earlier.edition
            and before.edition_date_of_before = earlier.edition_date
            and later.measure = earlier.measure
            and later.driver = earlier.driver
            and later.occurrence = earlier.occurrence
    where
        later.value is not null
        and earlier.value is not null
        and later.wording <> earlier.wording
    group by all
),

breaks as (
    select
        {{ prefixed('panels', panel) }},
        before.period_before,
        before.edition_of_before,
        before.edition_date_of_before,
        nullif(concat_ws(
            ' and ',
            case when reworded.reworded_drivers is not null then 'wording changed: ' || reworded.reworded_drivers end,
            case
                when panels.drivers <> earlier.drivers and panels.drivers <> '' and earlier.drivers <> ''
                    then 'question set changed: ' || earlier.drivers || ' to ' || panels.drivers
            end,
            case when method.method_number <> earlier_method.method_number then 'restated by another method' end
        ), '') as break_reason,
        coalesce(panels.universe = earlier.universe, true)
        and coalesce(panels.offered = earlier.offered, true)
        and coalesce(panels.responses = earlier.responses, true)
        and (
            case when panels.universe = earlier.universe then 1 else 0 end
            + case when panels.offered = earlier.offered then 1 else 0 end
            + case when panels.responses = earlier.responses then 1 else 0 end
        ) >= 2 as has_volumes_of_period_before
    from panels
    inner join methods as method
        on
            {{ same('panels', 'method', survey) }}
            and panels.edition = method.edition
            and panels.edition_date = method.edition_date
    left join before on {{ same('panels', 'before', panel) }}
    left join panels as earlier
        on
            {{ same('before', 'earlier', survey) }}
            and before.period_before = earlier.period_label
            and before.edition_of_before = earlier.edition
            and before.edition_date_of_before = earlier.edition_date
    left join methods as earlier_method
        on
            {{ same('earlier', 'earlier_method', survey) }}
            and earlier.edition = earlier_method.edition
            and earlier.edition_date = earlier_method.edition_date
    left join reworded on {{ same('panels', 'reworded', panel) }}
),

-- indexes compare on the questions that all touchpoints asked
shared_drivers as (
    select
        {{ asked_together | join(', ') }},
        driver
    from (
        select
            *,
            count(*) over (partition by {{ asked_together | join(', ') }}, driver) as asked_by,
            count(distinct touchpoint) over (partition by {{ asked_together | join(', ') }}) as touchpoint_count
        from figures
        where measure = 'mean' and scale = 'likert_5' and value is not null and occurrence = 1
    ) as asked
    where asked_by = touchpoint_count
    group by all
),

shared_indexes as (
    select
        {{ prefixed('figures', panel) }},
        {{ sorted_list('figures.driver') }} as shared_drivers,
        {{ exact_sum('(figures.value - 1) / 4 * 100') }} / count(*) as shared_value
    from figures
    inner join shared_drivers
        on {{ same('figures', 'shared_drivers', asked_together + ['driver']) }}
    where
        figures.measure = 'mean'
        and figures.scale = 'likert_5'
        and figures.value is not null
        and figures.occurrence = 1
    group by all
),

own_values as (
    select
        restated.*,
        own.value as own_value,
        own.n as own_n
    from restated
    left join {{ ref('cx_index') }} as own
        on
            own.breakdown = 'service'
            and restated.service = own.member
            and restated.touchpoint = 'all'
            and restated.period_type = own.period_type
            and restated.period_label = own.period_label
            and restated.scale = own.scale
            and restated.measure = own.measure
            and restated.driver = own.driver
),

together as (
    select
        {{ panel | join(', ') }},
        period_type,
        period_start,
        measure,
        driver,
        occurrence,
        scale,
        unit,
        wording,
        value,
        decimals,
        missing_reason,
        n,
        case
            when counted_value is not null then 'published_counts'
            when own_value is not null then 'own_measures'
        end as our_source,
        coalesce(counted_value, own_value) as our_value,
        case when counted_value is not null then n else own_n end as our_n,
        cast(null as string) as drivers,
        cast(null as double) as shared_value,
        cast(null as string) as shared_drivers,
        abs(value - value_before) > tolerance_before as is_restated,
        case when abs(value - value_before) > tolerance_before then edition_before end as restates,
        case when abs(value_after - value) > tolerance_after then edition_after end as restated_by
    from own_values
    union all
    select
        {{ prefixed('panels', panel) }},
        panels.period_type,
        panels.period_start,
        'cx_index' as measure,
        'all' as driver,
        1 as occurrence,
        'likert_5' as scale,
        'index' as unit,
        null as wording,
        null as value,
        null as decimals,
        'not_published' as missing_reason,
        panels.responses as n,
        'published_means' as our_source,
        panels.index_sum / panels.index_driver_count as our_value,
        panels.responses as our_n,
        panels.drivers,
        shared_indexes.shared_value,
        shared_indexes.shared_drivers,
        null as is_restated,
        null as restates,
        null as restated_by
    from panels
    left join shared_indexes on {{ same('panels', 'shared_indexes', panel) }}
    where panels.index_driver_count > 0
),

changes as (
    select
        together.*,
        breaks.break_reason,
        breaks.has_volumes_of_period_before,
        breaks.period_before,
        case
            when breaks.break_reason is null and together.measure = 'cx_index'
                then together.our_value - earlier.our_value
            when breaks.break_reason is null then together.value - earlier.value
        end as change
    from together
    inner join breaks on {{ same('together', 'breaks', panel) }}
    left join together as earlier
        on
            {{ same('together', 'earlier', survey + ['measure', 'driver', 'occurrence']) }}
            and breaks.period_before = earlier.period_label
            and breaks.edition_of_before = earlier.edition
            and breaks.edition_date_of_before = earlier.edition_date
)

select
    publisher,
    organization,
    service,
    touchpoint,
    period_type,
    period_start,
    period_label,
    edition,
    edition_date,
    measure,
    driver,
    cast(occurrence as integer) as occurrence,
    scale,
    unit,
    wording,
    {{ figure('value') }} as value,
    missing_reason,
    cast(n as bigint) as n,
    {{ figure('our_value') }} as our_value,
    our_source,
    cast(our_n as bigint) as our_n,
    {{ figure('our_value - value') }} as difference,
    abs(our_value - value) <= {{ published_tolerance('decimals') }} as agrees_with_published,
    drivers,
    {{ figure('shared_value') }} as shared_value,
    shared_drivers,
    coalesce(is_restated, false) as is_restated,
    restates,
    restated_by,
    break_reason is not null as is_break,
    break_reason,
    period_before,
    {{ figure('change') }} as change,
    coalesce(has_volumes_of_period_before, false) as has_volumes_of_period_before,
    cast(null as string) as held_from
from changes
