{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_customer_quarters'
) }}
{% set days = policy('survey_answer_days') %}
{% set a_tie_later = '(responses.answered_local_date + cast(' ~ days ~ ' as integer) + 1)' %}

with responses as (
    select
        responses.response_id,
        responses.survey_id,
        responses.customer_id,
        responses.service_id,
        responses.channel,
        responses.answered_at,
        responses.answered_local_date,
        {{ fiscal_quarter_start('responses.answered_local_date') }} as quarter_start,
        named.source_interaction
    from {{ ref('fct_survey_responses') }} as responses
    inner join {{ ref('int_survey_responses') }} as named
        on responses.response_id = named.response_id
    where
        responses.is_counted
        {% if is_incremental() %}
        -- another answer about the same contact may have come at the end of the quarter before
        and {{ fiscal_quarter_start(a_tie_later) }} >= (
            select min(touched.quarter_start) from {{ ref('int_customer_quarters') }} as touched
        )
        {% endif %}
),

contacts as (
    select
        interaction_id,
        source_record_id,
        customer_id,
        service_id,
        channel,
        started_at,
        started_local_date
    from {{ ref('fct_interactions') }}
    where started_at is not null
),

candidates as (
    select
        responses.response_id,
        contacts.interaction_id,
        contacts.started_at,
        'named' as tie_method
    from responses
    inner join contacts on responses.source_interaction = contacts.source_record_id
    union all
    select
        responses.response_id,
        contacts.interaction_id,
        contacts.started_at,
        'nearest' as tie_method
    from responses
    inner join contacts
        on
            responses.customer_id = contacts.customer_id
            and responses.service_id = contacts.service_id
    where
        responses.source_interaction is null
        and (responses.channel is null or responses.channel = contacts.channel)
        and case
            when responses.answered_at is null
                then
                    contacts.started_local_date <= responses.answered_local_date
                    and contacts.started_local_date + cast({{ days }} as integer) >= responses.answered_local_date
            else
                contacts.started_at <= responses.answered_at
                and {{ epoch_seconds('responses.answered_at') }} - {{ epoch_seconds('contacts.started_at') }}
                <= {{ days }} * 86400
        end
),

nearest as (
    select
        response_id,
        interaction_id,
        tie_method,
        -- of several contacts with the id that it names, or that began at one moment, nobody can say which it is
        case tie_method
            when 'named' then count(*) over (partition by response_id) > 1
            else count(*) over (partition by response_id, started_at) > 1
        end as is_ambiguous
    from candidates
    qualify row_number() over (partition by response_id order by started_at desc, interaction_id asc) = 1
),

claims as (
    select
        responses.response_id,
        responses.quarter_start,
        nearest.interaction_id,
        nearest.tie_method,
        coalesce(nearest.is_ambiguous, false) as is_ambiguous,
        -- one survey is answered once about one contact: by the first answer
        row_number() over (
            partition by responses.survey_id, nearest.interaction_id
            order by responses.answered_local_date, responses.answered_at, responses.response_id
        ) as place
    from responses
    left join nearest on responses.response_id = nearest.response_id
),

judged as (
    select
        *,
        interaction_id is not null and not (tie_method = 'named' and is_ambiguous) and place = 1 as is_tied
    from claims
)

select
    cast(response_id as string) as response_id,
    cast(quarter_start as date) as quarter_start,
    cast(case when is_tied then interaction_id end as string) as interaction_id,
    cast(case when is_tied then tie_method end as string) as tie_method,
    is_ambiguous or (interaction_id is not null and place > 1) as is_ambiguous
from judged
where {{ is_touched('quarter_start', ref('int_customer_quarters')) }}
