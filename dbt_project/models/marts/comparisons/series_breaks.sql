with

-- a version that several forms collect is one version
versions as (
    select
        survey_id,
        survey_version,
        min(valid_from) as valid_from,
        {{ sorted_list('instrument') }} as instruments,
        {{ sorted_list('default_channel') }} as channels,
        {{ sorted_list("sampling_design || case when is_weighted then ' weighted' else '' end") }} as designs
    from {{ ref('dim_surveys') }}
    group by survey_id, survey_version
),

ordered as (
    select
        *,
        lag(survey_version) over by_day as version_before,
        lag(instruments) over by_day as instruments_before,
        lag(channels) over by_day as channels_before,
        lag(designs) over by_day as designs_before,
        lead(valid_from) over by_day as next_from
    from versions
    window by_day as (
        partition by survey_id
        order by valid_from, survey_version
    )
),

questions as (
    select
        surveys.survey_id,
        surveys.survey_version,
        asked.scale,
        concat_ws(
            ' ', asked.role, asked.driver, asked.scale, cast(asked.valid_min as string), cast(asked.valid_max as string)
        ) as question,
        asked.statement
    from {{ ref('dim_surveys') }} as surveys
    inner join {{ ref('dim_questions') }} as asked
        on surveys.instrument = asked.instrument
    where asked.role in ('core', 'reason_positive', 'reason_negative')
),

question_sets as (
    select
        survey_id,
        survey_version,
        {{ sorted_list('question') }} as question_set
    from questions
    group by survey_id, survey_version
),

wordings as (
    select
        survey_id,
        survey_version,
        question,
        {{ sorted_list('statement') }} as wording
    from questions
    group by survey_id, survey_version, question
),

reworded as (
    select distinct
        ordered.survey_id,
        ordered.survey_version
    from ordered
    inner join wordings as before
        on
            ordered.survey_id = before.survey_id
            and ordered.version_before = before.survey_version
    inner join wordings as after
        on
            ordered.survey_id = after.survey_id
            and ordered.survey_version = after.survey_version
            and before.question = after.question
    where before.wording <> after.wording
),

-- what two versions show, and what an agency says besides
changes as (
    select
        ordered.survey_id,
        ordered.valid_from as break_date,
        kinds.kind,
        ordered.version_before,
        ordered.survey_version as version_after,
        ordered.instruments_before as instrument_before,
        ordered.instruments as instrument_after
    from ordered
    left join question_sets as before
        on
            ordered.survey_id = before.survey_id
            and ordered.version_before = before.survey_version
    left join question_sets as after
        on
            ordered.survey_id = after.survey_id
            and ordered.survey_version = after.survey_version
    left join reworded
        on
            ordered.survey_id = reworded.survey_id
            and ordered.survey_version = reworded.survey_version
    cross join (values ('wording'), ('question_set'), ('mode'), ('sampling')) as kinds (kind)
    where
        ordered.version_before is not null
        and case kinds.kind
            when 'wording' then reworded.survey_id is not null
            when 'question_set' then coalesce(before.question_set, '') <> coalesce(after.question_set, '')
            when 'mode' then ordered.channels_before <> ordered.channels
            when 'sampling' then ordered.designs_before <> ordered.designs
        end
    union distinct
    select
        said.survey_id,
        said.changed_on as break_date,
        said.kind,
        case when ordered.valid_from = said.changed_on then ordered.version_before else ordered.survey_version end
            as version_before,
        ordered.survey_version as version_after,
        case when ordered.valid_from = said.changed_on then ordered.instruments_before else ordered.instruments end
            as instrument_before,
        ordered.instruments as instrument_after
    from {{ ref('survey_changes') }} as said
    inner join ordered
        on
            said.survey_id = ordered.survey_id
            and said.changed_on >= ordered.valid_from
            and (ordered.next_from is null or said.changed_on < ordered.next_from)
),

asked_scales as (
    select distinct
        survey_id,
        survey_version,
        scale
    from questions
    where scale is not null
),

-- a survey's questions are asked together, so they break together
broken as (
    select distinct
        changes.*,
        asked_scales.scale
    from changes
    inner join asked_scales
        on
            changes.survey_id = asked_scales.survey_id
            and asked_scales.survey_version in (changes.version_before, changes.version_after)
),

-- whose figures a survey's answers are in
contributions as (
    select distinct
        survey_id,
        organization_id,
        service_id,
        channel
    from {{ ref('fct_survey_responses') }}
    where
        is_counted
        and survey_id in (select changes.survey_id from changes)
),

members as (
    select distinct
        contributions.survey_id,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'organization' then contributions.organization_id
            when 'service' then contributions.service_id
            when 'channel' then contributions.channel
        end as member
    from contributions
    cross join (values ('all'), ('organization'), ('service'), ('channel')) as breakdowns (breakdown)
    union all
    -- who a person is may change with the next contact, so a survey is taken to reach every segment
    select
        contributions.survey_id,
        'segment' as breakdown,
        segments.segment as member
    from (select distinct contributions.survey_id from contributions) as contributions
    cross join {{ ref('segments') }} as segments
)

select
    cast(members.breakdown as string) as breakdown,
    cast(members.member as string) as member,
    cast(broken.scale as string) as scale,
    cast(broken.survey_id as string) as survey_id,
    cast(broken.break_date as date) as break_date,
    cast(broken.kind as string) as kind,
    cast(broken.version_before as integer) as version_before,
    cast(broken.version_after as integer) as version_after,
    cast(broken.instrument_before as string) as instrument_before,
    cast(broken.instrument_after as string) as instrument_after,
    substr(cast(broken.break_date as string), 1, 7) as month_label,
    {{ fiscal_quarter('broken.break_date') }} as quarter_label,
    {{ fiscal_year_label('broken.break_date') }} as year_label
from broken
inner join members
    on broken.survey_id = members.survey_id
where members.member is not null
