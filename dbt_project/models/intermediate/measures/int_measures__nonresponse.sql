{#- What those offered a survey are compared by: name → the class that a contact is in. -#}
{% set characteristics = {
    'channel': 'channel',
    'service': 'service_id',
    'segment': 'segment',
    'wait': "case when wait_seconds <= 60 then 'up to 1 minute' when wait_seconds <= 300 then 'up to 5 minutes' "
        "when wait_seconds <= 1200 then 'up to 20 minutes' when wait_seconds > 1200 then 'over 20 minutes' end",
    'resolution': "case when is_resolved then 'resolved' when not is_resolved then 'not resolved' end"
} %}

with known_segments as (
    select
        contacts.interaction_id,
        segments.segment
    from {{ ref('int_interactions') }} as contacts
    inner join {{ ref('segments') }} as segments
        on contacts.segment = segments.segment
),

scores as (
    select
        response_id,
        score
    from {{ ref('fct_survey_answers') }}
    where
        driver = 'satisfaction'
        and score is not null
),

-- Whose answer could be known at all: without a customer no answer is tied to a contact.
offered as (
    select
        {{ fiscal_quarter_start('contacts.started_local_date') }} as quarter_start,
        contacts.fiscal_quarter,
        contacts.customer_id,
        contacts.channel,
        contacts.service_id,
        known_segments.segment,
        contacts.wait_seconds,
        contacts.is_resolved,
        ties.response_id is not null as is_respondent,
        scores.score
    from {{ ref('fct_interactions') }} as contacts
    left join known_segments
        on contacts.interaction_id = known_segments.interaction_id
    left join {{ ref('int_survey_ties') }} as ties
        on contacts.interaction_id = ties.interaction_id
    left join scores
        on ties.response_id = scores.response_id
    where
        contacts.is_survey_offered
        and {{ fiscal_quarter_start('contacts.started_local_date') }}
        in (select touched.quarter_start from {{ ref('int_touched_quarters') }} as touched)
),

classed as (
    {% for name, class in characteristics.items() %}
    select
        quarter_start,
        fiscal_quarter,
        customer_id,
        is_respondent,
        score,
        '{{ name }}' as breakdown,
        coalesce({{ class }}, 'unknown') as member
    from offered
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    quarter_start,
    fiscal_quarter,
    breakdown,
    member,
    count(*) as contact_count,
    count(customer_id) as offered_count,
    count(*) filter (where customer_id is not null and is_respondent) as respondent_count,
    count(score) filter (where customer_id is not null) as rated_count,
    cast(coalesce(sum(score) filter (where customer_id is not null), 0) as bigint) as points_total
from classed
group by quarter_start, fiscal_quarter, breakdown, member
