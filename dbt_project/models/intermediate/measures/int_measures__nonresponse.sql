{#- What those offered a survey are compared by. Counts of offers and answers both name these two: name → column. -#}
{% set of_surveys = {'channel': 'channel', 'service': 'service_id'} %}
{#- The others are known of a contact, and so of an answer that is tied to one: name → the class of the contact. -#}
{% set of_contacts = {
    'segment': 'segment',
    'wait': "case when wait_seconds <= 60 then 'up to 1 minute' when wait_seconds <= 300 then 'up to 5 minutes' "
        "when wait_seconds <= 1200 then 'up to 20 minutes' when wait_seconds > 1200 then 'over 20 minutes' end",
    'resolution': "case when is_resolved then 'resolved' when not is_resolved then 'not resolved' end"
} %}
{% set names = of_surveys | list + of_contacts | list %}
{#- What tells how many answered, and how they rated: count → what it is told by beside channels. -#}
{% set told_by = {'respondent_count': 'survey_id', 'rated_count': 'service_id'} %}
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
        response_id,
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
        responses.response_id,
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
        cast(null as string) as response_id,
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
        response_id,
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
        cast(null as string) as response_id,
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
        contact_answers.response_id,
        contact_answers.score,
        cast(null as string) as survey_left_out
    from contact_answers
    inner join strata
        on {{ same('contact_answers', 'strata', ['quarter_start', 'stratum']) }}
    {% endfor %}
),

-- by which characteristics each answer is known
known as (
    select
        quarter_start,
        response_id,
        {%- for name in names %}
        bool_or(breakdown = '{{ name }}' and member is not null) as is_known_by_{{ name }},
        bool_or(breakdown = '{{ name }}' and survey_left_out is not null) as is_left_out_by_{{ name }},
        {%- endfor %}
        max(score) is not null as is_rated
    from counted
    where response_id is not null
    group by quarter_start, response_id
),

known_alike as (
    select
        known.quarter_start,
        responses.survey_id,
        responses.service_id,
        responses.channel,
        responses.quarter_start = known.quarter_start as is_of_quarter,
        {%- for name in names %}
        known.is_known_by_{{ name }},
        known.is_left_out_by_{{ name }},
        {%- endfor %}
        count(*) as respondent_count,
        sum(case when known.is_rated then 1 else 0 end) as rated_count
    from known
    inner join responses
        on known.response_id = responses.response_id
    group by all
),

-- From another characteristic's answers one can take its own.
differences as (
    {% for name in names %}
    {% for other in names if other != name %}
    select
        quarter_start,
        '{{ name }}' as breakdown,
        sum(respondent_count) as respondent_count,
        nullif(sum(rated_count), 0) as rated_count
    from known_alike
    where is_known_by_{{ name }} <> is_known_by_{{ other }}
    group by quarter_start
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

apart_from_others as (
    select
        quarter_start,
        breakdown,
        min(respondent_count) as respondent_count,
        min(rated_count) as rated_count
    from differences
    group by quarter_start, breakdown
),

-- All of a survey or service are told elsewhere, and all of a channel. Of one by a channel, those who are known or the
-- others are what sums of these differ by, whichever are fewer.
in_places as (
    {% for name in names %}
    {% for count, place in told_by.items() %}
    {% set known = 'is_known_by_' ~ name %}
    select
        '{{ name }}' as breakdown,
        quarter_start,
        '{{ count }}' as told,
        {{ place }} as place,
        channel,
        coalesce(sum({{ count }}) filter (where {{ known }} and is_of_quarter), 0) as known_count,
        coalesce(sum({{ count }}) filter (where {{ known }} and not is_of_quarter), 0) as elsewhere_count,
        coalesce(sum({{ count }}) filter (where is_of_quarter and not {{ known }}), 0) as other_count,
        coalesce(
            sum({{ count }}) filter (where is_of_quarter and not ({{ known }} or is_left_out_by_{{ name }})), 0
        ) as stray_count
    from known_alike
    group by quarter_start, {{ place }}, channel
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

places as (
    select
        breakdown,
        quarter_start,
        told,
        place,
        sum(stray_count) as stray_count,
        least(sum(known_count), sum(other_count)) + sum(elsewhere_count) as apart_count,
        sum(least(known_count, other_count) + elsewhere_count) as apart_by_channel_count
    from in_places
    group by breakdown, quarter_start, told, place
),

-- A survey that is left out is withheld or told as a whole; a service may be of several surveys.
apart_from_places as (
    select
        breakdown,
        quarter_start,
        told,
        sum(apart_by_channel_count) as apart_count
    from places
    group by breakdown, quarter_start, told
    having sum(case told when 'respondent_count' then stray_count else apart_count end) > 0
),

-- All of a channel or service are told elsewhere, and those of its class here: so are its others. A survey that is left
-- out of its service is told as a whole, and by channels nowhere.
others as (
    {% for name, class in of_surveys.items() %}
    select
        '{{ name }}' as breakdown,
        quarter_start,
        {{ class }} as member,
        sum(respondent_count) as others_count
    from known_alike
    where
        is_of_quarter
        and not is_known_by_{{ name }}
        {%- if name == 'service' %}
        and not is_left_out_by_service
        {%- endif %}
    group by quarter_start, {{ class }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    counted.quarter_start,
    {{ fiscal_quarter('counted.quarter_start') }} as fiscal_quarter,
    counted.breakdown,
    counted.stratum,
    coalesce(counted.member, 'unknown') as member,
    cast(sum(counted.offered) as bigint) as offered_count,
    cast(sum(counted.responded) as bigint) as respondent_count,
    count(counted.score) as rated_count,
    cast(coalesce(sum(counted.score), 0) as bigint) as points_total,
    nullif({{ sorted_list('counted.survey_left_out') }}, '') as surveys_left_out,
    cast(min(least(apart.respondent_count, respondents.apart_count)) as bigint) as respondent_apart_count,
    cast(min(least(apart.rated_count, rated.apart_count)) as bigint) as rated_apart_count,
    cast(coalesce(min(others.others_count), 0) as bigint) as others_count
from counted
left join apart_from_others as apart
    on {{ same('counted', 'apart', ['quarter_start', 'breakdown']) }}
left join others
    on {{ same('counted', 'others', ['quarter_start', 'breakdown', 'member']) }}
left join apart_from_places as respondents
    on
        respondents.told = 'respondent_count'
        and {{ same('counted', 'respondents', ['quarter_start', 'breakdown']) }}
left join apart_from_places as rated
    on
        rated.told = 'rated_count'
        and {{ same('counted', 'rated', ['quarter_start', 'breakdown']) }}
where counted.quarter_start in (select touched.quarter_start from touched)
group by counted.quarter_start, counted.breakdown, counted.stratum, coalesce(counted.member, 'unknown')
having sum(counted.offered) + sum(counted.responded) > 0
