{{ config(
    materialized='incremental',
    partition_by='customer_id',
    touched='int_touched_customers'
) }}
{%- set journey = 'customer_id, service_id, episode' -%}
{%- set in_order = 'order by started_at, interaction_id' %}

with contacts as (
    select
        facts.interaction_id,
        facts.customer_id,
        facts.service_id,
        facts.organization_id,
        facts.channel,
        coalesce(facts.channel = 'website', false) as is_visit,
        coalesce(facts.direction <> 'outbound', true) as is_inbound,
        facts.started_at,
        facts.started_local_date,
        greatest(facts.started_at, coalesce(facts.ended_at, facts.started_at)) as ended_at,
        -- a visit says that the matter is settled; one that didn't get there says nothing. Of whoever gave up waiting
        -- no tool says anything, for nobody dealt with it
        case
            when sessions.is_task_done then true
            when facts.is_abandoned then false
            else facts.is_resolved
        end as is_resolved,
        sessions.site || sessions.exit_page as page
    from {{ ref('fct_interactions') }} as facts
    left join {{ ref('fct_web_sessions') }} as sessions
        on
            facts.source_system = sessions.source_system
            and facts.source_record_id = sessions.session_id
            and facts.channel = sessions.channel
    where
        facts.customer_id is not null
        and facts.service_id is not null
        and facts.started_at is not null
        and {{ is_touched('facts.customer_id', ref('int_touched_customers')) }}
),

-- neighbors in time: of the same matter, and of whoever dealt with the person before, whatever it was about
neighbors as (
    select
        *,
        lag(started_at) over (partition by customer_id, service_id {{ in_order }}) as contact_before_at,
        lag(started_at) over (partition by customer_id, is_visit {{ in_order }}) as dealt_before_at,
        lag(organization_id) over (partition by customer_id, is_visit {{ in_order }}) as organization_before
    from contacts
),

parted as (
    select
        *,
        coalesce(
            {{ seconds_between('contact_before_at', 'started_at') }} > {{ journey_gap_seconds() }}, true
        ) as is_first,
        coalesce(
            not is_visit
            and organization_before <> organization_id
            and {{ seconds_between('dealt_before_at', 'started_at') }} <= {{ journey_gap_seconds() }},
            false
        ) as is_division_change
    from neighbors
),

episodes as (
    select
        *,
        sum(cast(is_first as integer)) over (
            partition by customer_id, service_id {{ in_order }} rows between unbounded preceding and current row
        ) as episode
    from parted
),

steps as (
    select
        *,
        case when is_inbound then '' else 'outbound_' end || coalesce(channel, 'unknown') as step,
        is_inbound and channel in (
            select channels.channel
            from {{ ref('channels') }} as channels
            where channels.channel_group = 'phone'
        ) as is_call
    from episodes
),

beside as (
    select
        *,
        row_number() over (partition by {{ journey }} {{ in_order }}) as place,
        lag(step) over (partition by {{ journey }} {{ in_order }}) as step_before,
        lag(channel) over (partition by {{ journey }}, is_inbound {{ in_order }}) as channel_before,
        min(case when is_call then started_at end) over (partition by {{ journey }}) as first_call_at
    from steps
),

numbered as (
    select
        *,
        sum(case when step_before is distinct from step then 1 else 0 end) over (
            partition by {{ journey }} order by place rows between unbounded preceding and current row
        ) as step_number
    from beside
),

-- of the answers about contacts of a journey, the one that came last
answers as (
    select
        numbered.customer_id,
        numbered.service_id,
        numbered.episode,
        ties.response_id,
        scores.score
    from numbered
    inner join {{ ref('int_survey_ties') }} as ties
        on numbered.interaction_id = ties.interaction_id
    inner join {{ ref('fct_survey_responses') }} as responses
        on ties.response_id = responses.response_id
    left join {{ ref('fct_survey_answers') }} as scores
        on
            ties.response_id = scores.response_id
            and scores.driver = 'satisfaction'
            and scores.scale = 'likert_5'
    qualify
        row_number() over (
            partition by numbered.customer_id, numbered.service_id, numbered.episode
            order by responses.answered_local_date desc, responses.answered_at desc nulls last, ties.response_id asc
        ) = 1
),

journeys as (
    select
        customer_id,
        service_id,
        episode,
        max(case when place = 1 then interaction_id end) as journey_id,
        max(case when place = 1 then organization_id end) as organization_id,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        max(started_at) as last_touch_at,
        max(case when place = 1 then started_local_date end) as started_local_date,
        count(*) as touch_count,
        {{ joined_by("case when place <= 20 then step end", "place", " > ") }} as first_channels,
        {{ joined_by(
            "case when step_number <= " ~ path_steps_at_most() ~ " and step_before is distinct from step then step end",
            "place", " > "
        ) }} as first_steps,
        max(step_number) as step_count,
        max(case when place = 1 then channel end) as first_channel,
        {{ latest('channel', 'place') }} as last_channel,
        {{ latest('is_resolved', 'place') }} as is_resolved,
        max(case when is_resolved then place end) as resolving_place,
        coalesce(bool_or(is_call), false) as has_call,
        bool_or(is_visit and coalesce(started_at < first_call_at, false)) as has_website_before,
        {{ latest('page', 'place', 'is_visit and started_at < first_call_at') }} as page_before_call,
        count(*) filter (where is_inbound and channel_before <> channel) as channel_shift_count,
        count(*) filter (where is_division_change) as division_change_count
    from numbered
    group by customer_id, service_id, episode
)

select
    cast(journeys.journey_id as string) as journey_id,
    cast(journeys.customer_id as string) as customer_id,
    cast(journeys.service_id as string) as service_id,
    cast(journeys.organization_id as string) as organization_id,
    cast(journeys.started_at as timestamp) as started_at,
    cast(journeys.ended_at as timestamp) as ended_at,
    cast(journeys.last_touch_at as timestamp) as last_touch_at,
    cast(journeys.started_local_date as date) as started_local_date,
    {{ fiscal_quarter_start('journeys.started_local_date') }} as quarter_start,
    cast(journeys.touch_count as bigint) as touch_count,
    cast(
        journeys.first_channels || case when journeys.touch_count > 20 then ' > ...' else '' end as string
    ) as channels,
    cast(
        journeys.first_steps
        || case when journeys.step_count > {{ path_steps_at_most() }} then ' > ...' else '' end as string
    ) as path,
    cast(journeys.first_channel as string) as first_channel,
    cast(journeys.last_channel as string) as last_channel,
    {{ figure(seconds_between('journeys.started_at', 'journeys.ended_at') ~ ' / 86400e0') }} as duration_days,
    cast(journeys.is_resolved as boolean) as is_resolved,
    cast(case when journeys.is_resolved then settled.ended_at end as timestamp) as resolved_at,
    case when journeys.has_call then journeys.has_website_before end as has_website_before_call,
    cast(journeys.page_before_call as string) as page_before_call,
    cast(journeys.channel_shift_count as bigint) as channel_shift_count,
    cast(journeys.division_change_count as bigint) as division_change_count,
    cast(answers.response_id as string) as response_id,
    cast(answers.score as double) as satisfaction_score,
    {{ is_journey_truncated('journeys.started_at', 'history.history_starts_at') }} as is_left_truncated,
    {{ is_journey_open('journeys.last_touch_at', 'history.complete_until_at') }} as is_open
from journeys
cross join {{ ref('int_contact_history') }} as history
left join numbered as settled
    on
        journeys.customer_id = settled.customer_id
        and journeys.service_id = settled.service_id
        and journeys.episode = settled.episode
        and journeys.resolving_place = settled.place
left join answers
    on
        journeys.customer_id = answers.customer_id
        and journeys.service_id = answers.service_id
        and journeys.episode = answers.episode
