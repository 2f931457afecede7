{#- What those offered a survey are compared by. Counts of offers and answers both name these two: name → column. -#}
{% set of_surveys = {'channel': 'channel', 'service': 'service_id'} %}
{#- The others are known of a contact, and so of an answer that is tied to one: name → the class of the contact. -#}
{% set of_contacts = {
    'segment': 'segment',
    'wait': "case when wait_seconds <= 60 then 'up to 1 minute' when wait_seconds <= 300 then 'up to 5 minutes' "
        "when wait_seconds <= 1200 then 'up to 20 minutes' when wait_seconds > 1200 then 'over 20 minutes' end",
    'resolution': "case when is_resolved then 'resolved' when not is_resolved then 'not resolved' end"
} %}
{% set days = policy('survey_answer_days') %}

with touched as (
    select
        quarter_start,
        min(quarter_start) over () as first_quarter_start
    from {{ ref('int_journey_years') }}
),

scores as (
    select
        response_id,
        score
    from {{ ref('fct_survey_answers') }}
    where
        driver = 'satisfaction'
        and scale = 'likert_5'
        and score is not null
),

responses as (
    select
        responses.response_id,
        responses.survey_id,
        responses.channel,
        responses.service_id,
        responses.answered_local_date,
        {{ fiscal_quarter_start('responses.answered_local_date') }} as quarter_start,
        scores.score
    from {{ ref('fct_survey_responses') }} as responses
    left join scores
        on responses.response_id = scores.response_id
    where
        responses.is_counted
        and responses.answered_local_date >= (select min(touched.first_quarter_start) from touched)
),

offers as (
    {% for name, class in of_surveys.items() %}
    select
        '{{ name }}' as breakdown,
        quarter_start,
        survey_id,
        {{ class }} as member,
        offered_count,
        last_offered_date
    from {{ ref('int_survey_offers') }}
    where survey_id is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- A survey is compared if all its offers of the quarter are known, each with its class.
cohorts as (
    select
        breakdown,
        quarter_start,
        survey_id,
        bool_and(offered_count is not null and member is not null) as is_compared,
        max(last_offered_date) as offers_to_date
    from offers
    group by breakdown, quarter_start, survey_id
),

offered_classes as (
    select
        breakdown,
        quarter_start,
        survey_id,
        member,
        sum(offered_count) as offered_count
    from offers
    group by breakdown, quarter_start, survey_id, member
),

answers as (
    {% for name, class in of_surveys.items() %}
    select
        '{{ name }}' as breakdown,
        quarter_start,
        survey_id,
        {{ class }} as member,
        answered_local_date,
        score
    from responses
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- An answer belongs to no offer where its survey, or its class of it, was offered to nobody that one knows of; nor does
-- one, as yet, after the last day of which offers are known.
matched_answers as (
    select
        answers.*,
        case when not coalesce(cohorts.is_compared, false) then answers.survey_id end as survey_left_out,
        coalesce(
            cohorts.is_compared and answers.answered_local_date <= cohorts.offers_to_date
            and offered_classes.offered_count > 0,
            false
        ) as is_matched
    from answers
    left join cohorts
        on {{ same('answers', 'cohorts', ['breakdown', 'quarter_start', 'survey_id']) }}
    left join offered_classes
        on {{ same('answers', 'offered_classes', ['breakdown', 'quarter_start', 'survey_id', 'member']) }}
),

known_segments as (
    select
        contacts.interaction_id,
        segments.segment
    from {{ ref('int_interactions') }} as contacts
    inner join {{ ref('segments') }} as segments
        on contacts.segment = segments.segment
),

contacts as (
    select
        facts.interaction_id,
        {{ fiscal_quarter_start('facts.started_local_date') }} as quarter_start,
        facts.customer_id,
        coalesce(facts.channel, 'unknown') as stratum,
        known_segments.segment,
        facts.wait_seconds,
        facts.is_resolved
    from {{ ref('fct_interactions') }} as facts
    left join known_segments
        on facts.interaction_id = known_segments.interaction_id
    where
        facts.is_survey_offered
        and facts.started_local_date + cast({{ days }} as integer) + 1
        >= (select min(touched.first_quarter_start) from touched)
),

strata as (
    select distinct
        quarter_start,
        stratum
    from contacts
    union distinct
    select distinct
        quarter_start,
        'unknown' as stratum
    from contacts
),

-- An answer that is tied to no such contact may be about any of its channel.
contact_answers as (
    select
        coalesce(contacts.quarter_start, responses.quarter_start) as quarter_start,
        coalesce(contacts.stratum, responses.channel, 'unknown') as stratum,
        contacts.segment,
        contacts.wait_seconds,
        contacts.is_resolved,
        responses.score
    from responses
    left join {{ ref('int_survey_ties') }} as ties
        on responses.response_id = ties.response_id
    left join contacts
        on ties.interaction_id = contacts.interaction_id
),

counted as (
    select
        offers.breakdown,
        offers.quarter_start,
        'all' as stratum,
        case when cohorts.is_compared then offers.member end as member,
        coalesce(offers.offered_count, 0) as offered,
        0 as responded,
        cast(null as double) as score,
        cast(null as string) as survey_left_out
    from offers
    inner join cohorts
        on {{ same('offers', 'cohorts', ['breakdown', 'quarter_start', 'survey_id']) }}
    union all
    select
        breakdown,
        quarter_start,
        'all' as stratum,
        case when is_matched then member end as member,
        0 as offered,
        1 as responded,
        score,
        survey_left_out
    from matched_answers
    {% for name, class in of_contacts.items() %}
    union all
    -- without a customer no answer could be tied to it
    select
        '{{ name }}' as breakdown,
        quarter_start,
        stratum,
        case when customer_id is not null then {{ class }} end as member,
        1 as offered,
        0 as responded,
        cast(null as double) as score,
        cast(null as string) as survey_left_out
    from contacts
    union all
    select
        '{{ name }}' as breakdown,
        contact_answers.quarter_start,
        contact_answers.stratum,
        {{ class }} as member,
        0 as offered,
        1 as responded,
        contact_answers.score,
        cast(null as string) as survey_left_out
    from contact_answers
    inner join strata
        on {{ same('contact_answers', 'strata', ['quarter_start', 'stratum']) }}
    {% endfor %}
)

select
    quarter_start,
    {{ fiscal_quarter('quarter_start') }} as fiscal_quarter,
    breakdown,
    stratum,
    coalesce(member, 'unknown') as member,
    cast(sum(offered) as bigint) as offered_count,
    cast(sum(responded) as bigint) as respondent_count,
    count(score) as rated_count,
    cast(coalesce(sum(score), 0) as bigint) as points_total,
    nullif({{ sorted_list('survey_left_out') }}, '') as surveys_left_out
from counted
where quarter_start in (select touched.quarter_start from touched)
group by quarter_start, breakdown, stratum, coalesce(member, 'unknown')
having sum(offered) + sum(responded) > 0
