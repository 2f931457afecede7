with contacts as (
    select
        interactions.source_system,
        interactions.organization_id,
        interactions.service_id,
        interactions.channel,
        cast(date_trunc('month', interactions.started_local_date) as date) as month_start,
        {{ fiscal_quarter_start('interactions.started_local_date') }} as quarter_start,
        interactions.fiscal_quarter,
        interactions.wait_seconds,
        interactions.talk_seconds
        + coalesce(interactions.hold_seconds, 0)
        + coalesce(interactions.wrap_seconds, 0) as handle_seconds,
        interactions.is_abandoned,
        not coalesce(interactions.is_abandoned, false)
        and coalesce(interactions.handled_by = 'agent', false) as is_handled,
        interactions.is_transferred,
        policy.value as threshold_seconds
    from {{ ref('fct_interactions') }} as interactions
    inner join {{ ref('dim_channels') }} as channels
        on interactions.channel = channels.channel
    -- a channel without a service level isn't covered: decision record 0015
    inner join {{ ref('policy') }} as policy
        on channels.service_level = policy.policy
    where
        interactions.direction = 'inbound'
        and {{ is_in_touched_quarter('interactions.started_local_date', ref('int_touched_quarters')) }}
),

counted as (
    select
        source_system,
        organization_id,
        service_id,
        channel,
        month_start,
        quarter_start,
        fiscal_quarter,
        count(*) as offered,
        count(*) filter (where is_handled) as handled,
        count(is_abandoned) as abandonment_base,
        count(*) filter (where is_abandoned) as abandoned,
        count(is_transferred) filter (where is_handled) as transfer_base,
        count(*) filter (where is_handled and is_transferred) as transferred,
        count(*) filter (where is_handled and wait_seconds is not null) as timed_answers,
        sum(wait_seconds) filter (where is_handled) as answer_seconds,
        sum(wait_seconds * wait_seconds) filter (where is_handled) as answer_squares,
        count(*) filter (where is_handled and handle_seconds is not null) as timed_contacts,
        sum(handle_seconds) filter (where is_handled) as handle_seconds,
        sum(handle_seconds * handle_seconds) filter (where is_handled) as handle_squares,
        count(*) filter (where is_handled and wait_seconds <= threshold_seconds) as answered_in_time,
        -- of an answered contact without a known wait nobody can say whether it was answered in time
        count(*) filter (
            where not coalesce(is_abandoned and wait_seconds < {{ policy('short_abandon_seconds') }}, false)
            and not (is_handled and wait_seconds is null)
        ) as service_level_base
    from contacts
    group by source_system, organization_id, service_id, channel, month_start, quarter_start, fiscal_quarter
),

spread as (
    {{ spread_over_cells('counted', [
        'organization_id', 'source_system', 'offered', 'handled', 'abandonment_base', 'abandoned', 'transfer_base',
        'transferred', 'timed_answers', 'answer_seconds', 'answer_squares', 'timed_contacts', 'handle_seconds',
        'handle_squares', 'answered_in_time', 'service_level_base',
    ]) | indent }}
)

select
    period_type,
    period_start,
    period_label,
    breakdown,
    member,
    source_system,
    case
        when breakdown = 'service' and count(distinct organization_id) = 1 then min(organization_id)
    end as service_organization_id,
    cast(sum(offered) as bigint) as offered,
    cast(sum(handled) as bigint) as handled,
    cast(sum(abandonment_base) as bigint) as abandonment_base,
    cast(sum(abandoned) as bigint) as abandoned,
    cast(sum(transfer_base) as bigint) as transfer_base,
    cast(sum(transferred) as bigint) as transferred,
    cast(sum(timed_answers) as bigint) as timed_answers,
    cast(sum(answer_seconds) as decimal(38, 3)) as answer_seconds,
    cast(sum(answer_squares) as decimal(38, 6)) as answer_squares,
    cast(sum(timed_contacts) as bigint) as timed_contacts,
    cast(sum(handle_seconds) as decimal(38, 3)) as handle_seconds,
    cast(sum(handle_squares) as decimal(38, 6)) as handle_squares,
    cast(sum(answered_in_time) as bigint) as answered_in_time,
    cast(sum(service_level_base) as bigint) as service_level_base
from spread
group by period_type, period_start, period_label, breakdown, member, source_system
