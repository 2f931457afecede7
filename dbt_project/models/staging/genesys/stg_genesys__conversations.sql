{#- One reading of participants → sessions → segments and metrics.

    Durations come from the metrics; a conversation that has none (older ones, callbacks) is measured by its segments.
    Metrics' values are milliseconds. Names and meanings: Genesys Cloud, analytics conversation detail.
-#}
{{ config(
    materialized='incremental',
    incremental_strategy='replace_partitions',
    unique_key='_record_key',
    touched='stg_touched_records',
    on_schema_change='fail'
) }}

{%- set customer = "purpose in ('customer', 'external')" -%}
{%- set agent = "purpose in ('agent', 'user')" -%}
{%- set queue = "purpose = 'acd'" -%}

with conversations as (
    select *
    from {{ counted_versions(ref('base_genesys__conversations')) }} as conversation
),

sessions as (
    select
        conversation._record_key,
        participant.item.purpose,
        participant.item.userId as user_id,
        nullif(trim(participant.item.attributes.segment), '') as customer_segment,
        session.item as session
    from conversations as conversation,
        {{ each('conversation.participants', 'participant') }},
        {{ each('participant.item.sessions', 'session') }}
),

segments as (
    select
        session._record_key,
        session.purpose,
        session.user_id,
        session.customer_segment,
        session.session.mediaType as media_type,
        session.session.direction,
        session.session.outboundCampaignId as campaign_id,
        {{ utc_time_of_text('segment.item.segmentStart') }} as started_at,
        {{ utc_time_of_text('segment.item.segmentEnd') }} as ended_at,
        {{ seconds_between(
            utc_time_of_text('segment.item.segmentStart'), utc_time_of_text('segment.item.segmentEnd')
        ) }} as seconds,
        segment.item.segmentType as segment_type,
        nullif(segment.item.queueId, '') as queue_id,
        segment.item.disconnectType as disconnect_type,
        nullif(trim(segment.item.wrapUpCode), '') as wrap_up_code
    from sessions as session, {{ each('session.session.segments', 'segment') }}
),

by_segments as (
    select
        _record_key,
        {{ earliest('media_type', 'started_at', customer) }} as customer_media_type,
        {{ earliest('media_type', 'started_at') }} as media_type,
        {{ earliest('direction', 'started_at', customer) }} as customer_direction,
        bool_or(campaign_id is not null) as is_campaign,
        {{ earliest('customer_segment', 'started_at', customer) }} as segment,
        {{ earliest('queue_id', 'started_at', queue) }} as first_queue_id,
        {{ earliest('queue_id', 'started_at') }} as any_queue_id,
        {{ latest('queue_id', 'started_at') }} as last_queue_id,
        bool_or({{ queue }}) as is_offered,
        bool_or(purpose in ('ivr', 'botflow', 'workflow')) as is_automated,
        bool_or({{ agent }} and segment_type = 'interact') as is_answered,
        bool_or({{ agent }} and lower(disconnect_type) like '%transfer%') as is_transferred,
        min(started_at) filter (where {{ queue }} and segment_type != 'scheduled') as queued_at,
        max(ended_at) filter (where {{ queue }}) as left_queue_at,
        min(started_at) filter (where {{ agent }} and segment_type = 'interact') as answered_at,
        sum(seconds) filter (where {{ agent }} and segment_type = 'interact') as talk_seconds,
        sum(seconds) filter (where {{ agent }} and segment_type = 'hold') as hold_seconds,
        sum(seconds) filter (where {{ agent }} and segment_type = 'wrapup') as wrap_seconds,
        {{ latest('user_id', 'started_at', agent ~ " and segment_type = 'interact'") }} as agent_user_id,
        count(distinct user_id) filter (where {{ agent }} and segment_type = 'interact') as agent_count,
        {{ latest('disconnect_type', 'ended_at', customer) }} as disconnect_type,
        {{ latest('wrap_up_code', 'started_at') }} as wrap_up_code
    from segments
    group by _record_key
),

metrics as (
    select
        session._record_key,
        session.purpose,
        metric.item.name,
        cast(round(metric.item.value) as bigint) as milliseconds,
        {{ utc_time_of_text('metric.item.emitDate') }} as emitted_at
    from sessions as session, {{ each('session.session.metrics', 'metric') }}
),

by_metrics as (
    select
        _record_key,
        bool_or(name = 'tAbandon') as is_abandoned,
        bool_or(name = 'tAnswered') as is_answered,
        bool_or(name = 'nTransferred') as is_transferred,
        bool_or(name = 'nOffered') as is_offered,
        {{ earliest('milliseconds', 'emitted_at', "name = 'tAnswered'") }} as to_answer,
        {{ earliest('milliseconds', 'emitted_at', "name = 'tAbandon'") }} as to_abandon,
        coalesce(sum(milliseconds) filter (where name = 'tTalk' and {{ agent }}), 0) as talk,
        coalesce(sum(milliseconds) filter (where name = 'tHeld' and {{ agent }}), 0) as hold,
        coalesce(sum(milliseconds) filter (where name = 'tAcw' and {{ agent }}), 0) as wrap
    from metrics
    where
        name in (
            'nOffered', 'nTransferred', 'tAbandon', 'tAcd', 'tAcw', 'tAnswered', 'tHandle', 'tHeld', 'tTalk', 'tWait'
        )
    group by _record_key
),

measured as (
    select
        conversation.*,
        coalesce(by_segments.customer_media_type, by_segments.media_type) as media_type,
        coalesce(
            conversation.originating_direction,
            case when by_segments.is_campaign then 'outbound' end,
            by_segments.customer_direction
        ) as direction,
        coalesce(by_segments.first_queue_id, by_segments.any_queue_id) as queue_id,
        by_segments.last_queue_id,
        coalesce(by_segments.is_offered, false) or coalesce(by_metrics.is_offered, false) as is_offered,
        coalesce(by_segments.is_answered, false) or coalesce(by_metrics.is_answered, false) as is_answered,
        coalesce(by_segments.is_automated, false) as is_automated,
        coalesce(by_metrics.is_abandoned, false) as has_abandon_metric,
        by_metrics._record_key is not null as has_metrics,
        case
            when by_metrics._record_key is null then coalesce(by_segments.is_transferred, false)
            else by_metrics.is_transferred
        end as is_transferred,
        case
            when by_metrics._record_key is null then null
            else cast(coalesce(by_metrics.to_answer, by_metrics.to_abandon) * 0.001 as decimal(18, 3))
        end as metric_wait_seconds,
        {{ seconds_between('by_segments.queued_at', 'coalesce(by_segments.answered_at, by_segments.left_queue_at)') }}
            as segment_wait_seconds,
        {% for measure in ['talk', 'hold', 'wrap'] %}
        case
            when by_metrics._record_key is null then coalesce(by_segments.{{ measure }}_seconds, 0)
            else by_metrics.{{ measure }} * 0.001
        end as {{ measure }}_seconds,
        {% endfor %}
        by_segments.agent_user_id,
        coalesce(by_segments.agent_count, 0) as agent_count,
        by_segments.disconnect_type,
        by_segments.wrap_up_code,
        by_segments.segment
    from conversations as conversation
    left join by_segments on conversation._record_key = by_segments._record_key
    left join by_metrics on conversation._record_key = by_metrics._record_key
)

select
    _record_key,
    source_system,
    record_id,
    record_date,
    record_id as conversation_id,
    started_at,
    ended_at,
    media_type,
    direction,
    queue_id,
    last_queue_id,
    is_offered,
    is_answered,
    has_abandon_metric
    or (not has_metrics and is_offered and not is_answered and ended_at is not null) as is_abandoned,
    is_transferred,
    case when is_offered then greatest(coalesce(metric_wait_seconds, segment_wait_seconds), 0) end as wait_seconds,
    {% for measure in ['talk', 'hold', 'wrap'] %}
    cast(case when is_answered then greatest({{ measure }}_seconds, 0) end as decimal(18, 3)) as {{ measure }}_seconds,
    {% endfor %}
    case when is_answered then 'agent' when is_automated and not is_offered then 'automation' end as handled_by,
    agent_user_id,
    cast(agent_count as integer) as agent_count,
    disconnect_type,
    wrap_up_code,
    case lower(wrap_up_code) when 'resolved' then true when 'unresolved' then false end as is_resolved,
    segment,
    identifiers,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _batch_id
from measured
