{#- Breakdown → the columns of versions and of offers that name its members, and the model that lists them. A tool may
    say itself by which channel somebody answered, so a version's is one of them. -#}
{% set members_of = {
    'organization': ('organization_id', 'organization_id', 'dim_organizations'),
    'service': ('service_id', 'service_id', 'dim_services'),
    'channel': ('default_channel', 'channel', 'dim_channels'),
} %}
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

-- Whose figures a survey's answers are in, as its versions and offers say: a row for each member in which somebody
-- answered would tell of the first one who did.
said as (
    {% for name, (of_surveys, of_offers, _) in members_of.items() %}
    select
        '{{ name }}' as breakdown,
        survey_id,
        {{ of_surveys }} as member,
        {{ (of_surveys == of_offers) | string | lower }} as is_all
    from {{ ref('dim_surveys') }}
    where {{ of_surveys }} is not null
    union all
    select
        '{{ name }}' as breakdown,
        survey_id,
        {{ of_offers }} as member,
        true as is_all
    from {{ ref('int_survey_offers') }}
    where {{ of_offers }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

every as (
    {% for name, (_, column, table) in members_of.items() %}
    select
        '{{ name }}' as breakdown,
        {{ column }} as member
    from {{ ref(table) }}
    union all
    {% endfor %}
    select
        'segment' as breakdown,
        segment as member
    from {{ ref('segments') }}
),

changed as (
    select distinct survey_id
    from changes
),

members as (
    select
        survey_id,
        'all' as breakdown,
        'all' as member
    from changed
    union distinct
    select
        survey_id,
        breakdown,
        member
    from said
    union distinct
    -- where nobody says so, a survey is taken to reach every member; and every segment, for who a person is may change
    -- with the next contact
    select
        changed.survey_id,
        every.breakdown,
        every.member
    from changed
    cross join every
    left join said
        on
            said.is_all
            and {{ same('changed', 'said', ['survey_id']) }}
            and {{ same('every', 'said', ['breakdown']) }}
    where said.survey_id is null
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
