{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_journey_years'
) }}
-- depends_on: {{ ref('int_journey_years') }}
{% set reasons = ['flagged_count', 'archived_count', 'no_valid_answer_count'] %}
{% set counts = ['response_count', 'respondent_count', 'deleted_count', 'spam_count'] + reasons %}
{% do counts.append('unknown_channel_count') %}
{#- response_count less respondent_count are those who don't count -#}
{% set told_if = dict.fromkeys(reasons, 'is_reason_told') %}
{% do told_if.update(dict.fromkeys(['response_count', 'deleted_count', 'spam_count'], 'is_response_count_told')) %}
{% set cells -%}
(
    select
        'responses' as item,
        period_type,
        period_start,
        case breakdown when 'survey' then 'service' else breakdown end as breakdown,
        member,
        survey_organization_id as service_organization_id,
        response_count as n,
        respondent_count,
        offered_respondent_count,
        case
            when
                least(
                    nullif(response_count, 0), nullif(respondent_count, 0), nullif(offered_count, 0),
                    nullif(offered_respondent_count, 0)
                )
                < {{ policy('suppression_min_n') }}
                then 'small_n'
            when is_withheld_there then 'elsewhere'
        end as reason
    from surveys
) as surveys
{%- endset %}
{#- What a sum hides is not to be few of any of these. -#}
{% set parts_of_n = ['respondent_count', 'offered_respondent_count'] %}
{#- Who answered and doesn't count: fewer than others of the row. -#}
{% set uncounted = ['deleted_count', 'spam_count', 'other_count'] %}
{% set not_counted -%}
(
    select
        'not counted' as item,
        period_type,
        period_start,
        case breakdown when 'survey' then 'service' else breakdown end as breakdown,
        member,
        survey_organization_id as service_organization_id,
        not_counted_count as n,
        deleted_count,
        spam_count,
        not_counted_count - deleted_count - spam_count as other_count,
        case
            when
                suppressed
                or least(
                    nullif(not_counted_count, 0), nullif(deleted_count, 0), nullif(spam_count, 0),
                    nullif(not_counted_count - deleted_count - spam_count, 0)
                )
                < {{ policy('suppression_min_n') }}
                then 'small_n'
        end as reason
    from figures
) as not_counted
{%- endset %}
{% set cell = ['period_type', 'period_start', 'breakdown', 'member'] %}

with services as (
    select
        survey_id,
        max_by(service_id, survey_version) as service_id
    from {{ ref('dim_surveys') }}
    group by survey_id
),

withheld_answers as (
    select distinct {{ cell | join(', ') }}
    from {{ ref('int_withheld_items') }}
),

withheld_respondents as (
    {{ withheld_respondents() | indent }}
),

-- cx_index tells of a service how many answered: it is what its surveys' respondents are, together
surveys as (
    select
        counted.*,
        services.service_id,
        count(services.service_id) over (
            partition by services.service_id, {{ fiscal_quarter_start('counted.period_start') }}
        ) > count(services.service_id) over (
            partition by services.service_id, counted.member, {{ fiscal_quarter_start('counted.period_start') }}
        ) as is_beside_others,
        respondents.member is not null as is_withheld_there,
        answers.member is not null as is_item_withheld_there
    from {{ ref('int_measures__surveys') }} as counted
    left join services
        on
            counted.breakdown = 'survey'
            and counted.member = services.survey_id
    left join withheld_respondents as respondents
        on
            {{ same('counted', 'respondents', ['period_type', 'period_start']) }}
            and case counted.breakdown when 'survey' then 'service' else counted.breakdown end = respondents.breakdown
            and coalesce(services.service_id, counted.member) = respondents.member
    left join withheld_answers as answers
        on
            {{ same('counted', 'answers', ['period_type', 'period_start']) }}
            and answers.breakdown = 'service'
            and services.service_id = answers.member
),

withheld as (
    {{ withheld_cells(cells, parts_of_n) | indent }}
),

-- A survey's declarations are those of the version that was in force when the period ended, or of the last one before.
versions as (
    select
        counted.period_type,
        counted.period_start,
        counted.member,
        surveys.sampling_design,
        surveys.omb_control_number,
        surveys.omb_expires_on
    from {{ ref('int_measures__surveys') }} as counted
    inner join {{ ref('dim_surveys') }} as surveys
        on
            counted.member = surveys.survey_id
            and surveys.valid_from < case counted.period_type
                when 'month' then counted.period_start + interval 1 month
                else counted.period_start + interval 3 month
            end
    where counted.breakdown = 'survey'
    qualify row_number() over (
        partition by counted.period_type, counted.period_start, counted.member
        order by surveys.survey_version desc, surveys.source_system asc, surveys.source_form_id asc
    ) = 1
),

figures as (
    select
        counted.*,
        versions.sampling_design,
        versions.omb_control_number,
        versions.omb_expires_on,
        -- a service's respondents less one survey's are another's
        withheld.reason is not null
        or (
            counted.is_beside_others
            and bool_or(withheld.reason is not null) over (
                partition by counted.service_id, counted.period_type, counted.period_start
            )
        ) as suppressed,
        counted.response_count - counted.respondent_count as not_counted_count,
        cast(counted.offered_respondent_count as double) / nullif(counted.offered_count, 0) as response_rate,
        case
            when counted.breakdown = 'survey'
                then
                    cast(counted.complete_count as double) / nullif(
                        counted.complete_count + counted.partial_count + counted.refused_count
                        + counted.not_reached_count + counted.other_count + counted.unknown_eligibility_count, 0
                    )
        end as aapor_rr1,
        cast(counted.known_segment_count as double) / nullif(counted.respondent_count, 0) as known_segment_share,
        cast(counted.tied_count as double) / nullif(counted.respondent_count, 0) as tied_share
    from surveys as counted
    left join versions
        on
            counted.breakdown = 'survey'
            and {{ same('counted', 'versions', ['period_type', 'period_start', 'member']) }}
    left join withheld
        on
            {{ same('counted', 'withheld', ['period_type', 'period_start', 'member']) }}
            and case counted.breakdown when 'survey' then 'service' else counted.breakdown end = withheld.breakdown
),

untold as (
    {{ withheld_cells(not_counted, uncounted) | indent }}
),

-- A clearance ends for all of a survey at once: what a whole counts without one is what those of its surveys have.
unsafe_clearances as (
    select distinct {{ fiscal_quarter_start('period_start') }} as quarter_start
    from figures
    where
        collected_without_clearance_count > 0
        and (suppressed or collected_without_clearance_count < {{ policy('suppression_min_n') }})
),

unsafe_reasons as (
    select distinct {{ fiscal_quarter_start('period_start') }} as quarter_start
    from figures
    where
        (suppressed and greatest({{ reasons | join(', ') }}) > 0)
        or least(nullif({{ reasons | join(', 0), nullif(') }}, 0)) < {{ policy('suppression_min_n') }}
),

-- A sum of members, or of months, would tell of how many of a withheld row one knows the segment, or several sums
-- together: where these are few only all's is told, and of months of few only their quarter's.
unsafe_segments as (
    select
        {{ fiscal_quarter_start('period_start') }} as quarter_start,
        bool_or(breakdown = 'all') as is_of_all
    from figures
    where
        suppressed
        and least(nullif(known_segment_count, 0), nullif(respondent_count - known_segment_count, 0))
        < {{ policy('suppression_min_n') }}
    group by {{ fiscal_quarter_start('period_start') }}
),

-- response_count less the counts beside it is how many have one of these reasons: so that nobody can say which, they
-- are told together, or where a part's would be few, of the quarter's whole alone
told as (
    select
        figures.*,
        not figures.suppressed and uncounted.reason is null as is_response_count_told,
        not figures.suppressed
        and not figures.is_item_withheld_there
        and coalesce(figures.lowest_item_count >= {{ policy('suppression_min_n') }}, false) as is_item_told,
        not figures.suppressed
        and (
            unsafe_reasons.quarter_start is null
            or (
                figures.breakdown = 'all'
                and figures.period_type = 'quarter'
                and least(figures.{{ reasons | join(', figures.') }}) >= {{ policy('suppression_min_n') }}
            )
        ) as is_reason_told,
        not figures.suppressed
        and (
            unsafe_segments.quarter_start is null
            or figures.respondent_count = 0
            or (figures.breakdown = 'all' and (figures.period_type = 'quarter' or not unsafe_segments.is_of_all))
        ) as is_segment_told
    from figures
    left join unsafe_reasons
        on {{ fiscal_quarter_start('figures.period_start') }} = unsafe_reasons.quarter_start
    left join unsafe_segments
        on {{ fiscal_quarter_start('figures.period_start') }} = unsafe_segments.quarter_start
    left join untold as uncounted
        on
            {{ same('figures', 'uncounted', ['period_type', 'period_start', 'member']) }}
            and case figures.breakdown when 'survey' then 'service' else figures.breakdown end = uncounted.breakdown
),

-- a service's answers less one survey's are another's, in a month and in what a quarter is more than months
shown as (
    select
        *,
        is_item_told
        and not (
            is_beside_others
            and bool_or(respondent_count > 0 and not is_item_told) over (
                partition by service_id, {{ fiscal_quarter_start('period_start') }}
            )
        ) as is_item_shown
    from told
)

select
    period_type,
    period_start,
    period_label,
    {{ fiscal_quarter_start('period_start') }} as quarter_start,
    breakdown,
    member,
    sampling_design,
    omb_control_number,
    omb_expires_on,
    {%- for name in counts %}
    case when {{ told_if[name] | default('not suppressed') }} then {{ name }} end as {{ name }},
    {%- endfor %}
    case
        when suppressed then null
        when collected_without_clearance_count = 0 then 0
        when
            {{ fiscal_quarter_start('period_start') }}
            not in (select unsafe.quarter_start from unsafe_clearances as unsafe)
            then collected_without_clearance_count
    end as collected_without_clearance_count,
    case when not suppressed then customer_count end as customer_count,
    case when not suppressed then offered_count end as offered_count,
    -- without all offers there is no rate, and respondent_count less this would be a survey of unknown offers
    case when not suppressed and offered_count is not null then offered_respondent_count end
        as offered_respondent_count,
    case when not suppressed and offered_count is not null then without_offer_count end as without_offer_count,
    surveys_without_offers,
    case when not suppressed then {{ figure('response_rate') }} end as response_rate,
    case when not suppressed and offered_count is not null then without_offer_count > 0 end as is_cohort_mismatched,
    case when not suppressed then {{ figure('aapor_rr1') }} end as aapor_rr1,
    -- the share and respondent_count give how many answered the question, which cx_index may withhold
    case when is_item_shown then lowest_item end as lowest_item,
    case when is_item_shown then lowest_item_share end as lowest_item_share,
    case
        when suppressed then null
        when response_rate < {{ policy('unit_response_min_share') }} then true
        -- nor is the verdict to tell what the share would
        when lowest_item_share is not null and not is_item_shown then null
        when lowest_item_share < {{ policy('item_response_min_share') }} then true
        when response_rate is not null then false
    end as nonresponse_bias_analysis_required,
    case when is_segment_told then {{ figure('known_segment_share') }} end as known_segment_share,
    case when is_segment_told then coalesce(known_segment_share >= {{ policy('segment_claim_min_share') }}, false) end
        as is_segment_claim_allowed,
    case when not suppressed then {{ figure('tied_share') }} end as tied_share,
    suppressed,
    not suppressed and respondent_count < {{ policy('low_n_below') }} as low_n,
    cast(null as string) as held_from
from shown
