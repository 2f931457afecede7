{#- Every version of every conversation, measured: the only place that parses its payload. Names, numbers and notes of
    people are not taken over.

    One reading of participants → sessions → segments and metrics. Durations come from the metrics; a conversation that
    has none (older ones, callbacks) is measured by its segments. Metrics' values are milliseconds. Names and meanings:
    Genesys Cloud, analytics conversation detail.
-#}
{{ config(
    materialized='incremental',
    partition_by='_batch_id'
) }}

{% set customer = "purpose in ('customer', 'external')" %}
{% set agent = "purpose in ('agent', 'user')" %}
{% set queue = "purpose = 'acd'" %}
{% set talks = agent ~ " and segment_type = 'interact'" %}
{% set duration = seconds_between('started_at', 'greatest(started_at, ended_at)') %}

with parsed as (
    select
        raw.source_system,
        raw.record_id,
        raw.identifiers,
        raw._source_updated_at,
        raw._fetched_at,
        raw._payload_hash,
        raw._kind,
        raw._batch_id,
        {{ parse_payload('raw.payload', {
            'conversationStart': 'varchar',
            'conversationEnd': 'varchar',
            'originatingDirection': 'varchar',
            'participants': [{
                'purpose': 'varchar',
                'userId': 'varchar',
                'attributes': {'segment': 'varchar', 'survey_offered': 'varchar'},
                'sessions': [{
                    'mediaType': 'varchar',
                    'direction': 'varchar',
                    'outboundCampaignId': 'varchar',
                    'segments': [{
                        'segmentStart': 'varchar',
                        'segmentEnd': 'varchar',
                        'segmentType': 'varchar',
                        'queueId': 'varchar',
                        'disconnectType': 'varchar',
                        'wrapUpCode': 'varchar'
                    }],
                    'metrics': [{'name': 'varchar', 'value': 'double', 'emitDate': 'varchar'}]
                }]
            }]
        }) }} as payload
    from {{ read_raw('genesys', 'conversations') }} as raw
),

participants as (
    select
        _batch_id,
        _payload_hash,
        {{ exploded('payload.participants') }} as participant
    from parsed
),

sessions as (
    select
        _batch_id,
        _payload_hash,
        participant.purpose,
        participant.userId as user_id,
        nullif(trim(participant.attributes.segment), '') as customer_segment,
        participant.attributes.survey_offered,
        {{ exploded('participant.sessions') }} as session
    from participants
),

segments_as_sent as (
    select
        _batch_id,
        _payload_hash,
        purpose,
        user_id,
        customer_segment,
        survey_offered,
        session.mediaType as media_type,
        session.direction,
        session.outboundCampaignId as campaign_id,
        {{ exploded('session.segments') }} as segment
    from sessions
),

segments as (
    select
        _batch_id,
        _payload_hash,
        purpose,
        user_id,
        customer_segment,
        survey_offered,
        media_type,
        direction,
        campaign_id,
        segment.segmentStart as started_at_as_sent,
        {{ utc_time_of_text('segment.segmentStart') }} as started_at,
        {{ utc_time_of_text('segment.segmentEnd') }} as ended_at,
        segment.segmentType as segment_type,
        nullif(segment.queueId, '') as queue_id,
        segment.disconnectType as disconnect_type,
        nullif(trim(segment.wrapUpCode), '') as wrap_up_code
    from segments_as_sent
),

by_segments as (
    select
        _batch_id,
        _payload_hash,
        {{ earliest('media_type', 'started_at', customer) }} as customer_media_type,
        {{ earliest('media_type', 'started_at') }} as media_type,
        {{ earliest('direction', 'started_at', customer) }} as customer_direction,
        bool_or(campaign_id is not null) as is_campaign,
        {{ earliest('customer_segment', 'started_at', customer) }} as segment,
        bool_or(try_cast(survey_offered as boolean)) filter (where {{ customer }}) as is_survey_offered,
        {{ earliest('queue_id', 'started_at', queue) }} as first_queue_id,
        {{ earliest('queue_id', 'started_at') }} as any_queue_id,
        {{ latest('queue_id', 'started_at') }} as last_queue_id,
        bool_or({{ queue }}) as is_offered,
        bool_or(purpose in ('ivr', 'botflow', 'workflow')) as is_automated,
        bool_or({{ talks }}) as is_answered,
        bool_or({{ agent }} and lower(disconnect_type) like '%transfer%') as is_transferred,
        min(started_at) filter (where {{ queue }} and segment_type != 'scheduled') as queued_at,
        max(ended_at) filter (where {{ queue }}) as left_queue_at,
        min(started_at) filter (where {{ talks }}) as answered_at,
        sum({{ duration }}) filter (where {{ talks }}) as talk_seconds,
        sum({{ duration }}) filter (where {{ agent }} and segment_type = 'hold') as hold_seconds,
        sum({{ duration }}) filter (where {{ agent }} and segment_type = 'wrapup') as wrap_seconds,
        {{ latest('user_id', 'started_at', talks) }} as agent_user_id,
        count(distinct user_id) filter (where {{ talks }}) as agent_count,
        {{ latest('disconnect_type', 'ended_at', customer) }} as disconnect_type,
        {{ latest('wrap_up_code', 'started_at') }} as wrap_up_code,
        bool_or(started_at is null) as has_segment_without_start,
        bool_or(started_at is null and started_at_as_sent is not null) as has_uncast_segment_start
    from segments
    group by _batch_id, _payload_hash
),

metrics_as_sent as (
    select
        _batch_id,
        _payload_hash,
        purpose,
        {{ exploded('session.metrics') }} as metric
    from sessions
),

metrics as (
    select
        _batch_id,
        _payload_hash,
        purpose,
        metric.name,
        cast(round(metric.value) as bigint) as milliseconds,
        {{ utc_time_of_text('metric.emitDate') }} as emitted_at
    from metrics_as_sent
    where
        metric.name in (
            'nOffered', 'nTransferred', 'tAbandon', 'tAcd', 'tAcw', 'tAnswered', 'tHandle', 'tHeld', 'tTalk', 'tWait'
        )
),

by_metrics as (
    select
        _batch_id,
        _payload_hash,
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
    group by _batch_id, _payload_hash
),

typed as (
    select
        parsed.*,
        {{ utc_time_of_text('parsed.payload.conversationStart') }} as started_at,
        {{ utc_time_of_text('parsed.payload.conversationEnd') }} as ended_at,
        coalesce(by_segments.customer_media_type, by_segments.media_type) as media_type,
        coalesce(
            parsed.payload.originatingDirection,
            case when by_segments.is_campaign then 'outbound' end,
            by_segments.customer_direction
        ) as direction,
        coalesce(by_segments.first_queue_id, by_segments.any_queue_id) as queue_id,
        by_segments.last_queue_id,
        coalesce(by_segments.is_offered, false) or coalesce(by_metrics.is_offered, false) as is_offered,
        coalesce(by_segments.is_answered, false) or coalesce(by_metrics.is_answered, false) as is_answered,
        coalesce(by_segments.is_automated, false) as is_automated,
        coalesce(by_metrics.is_abandoned, false) as has_abandon_metric,
        by_metrics._payload_hash is not null as has_metrics,
        case
            when by_metrics._payload_hash is null then coalesce(by_segments.is_transferred, false)
            else by_metrics.is_transferred
        end as is_transferred,
        case
            when by_metrics._payload_hash is not null
                then cast(coalesce(by_metrics.to_answer, by_metrics.to_abandon) * 0.001 as decimal(18, 3))
        end as metric_wait_seconds,
        {{ seconds_between(
            'by_segments.queued_at',
            'coalesce(by_segments.answered_at, by_segments.left_queue_at)'
        ) }} as segment_wait_seconds,
        {% for measure in ['talk', 'hold', 'wrap'] %}
        case
            when by_metrics._payload_hash is null then coalesce(by_segments.{{ measure }}_seconds, 0)
            else by_metrics.{{ measure }} * 0.001
        end as {{ measure }}_seconds,
        {% endfor %}
        by_segments.agent_user_id,
        coalesce(by_segments.agent_count, 0) as agent_count,
        by_segments.disconnect_type,
        by_segments.wrap_up_code,
        by_segments.segment,
        by_segments.is_survey_offered,
        by_segments.has_segment_without_start,
        by_segments.has_uncast_segment_start
    from parsed
    left join by_segments
        on parsed._batch_id = by_segments._batch_id and parsed._payload_hash = by_segments._payload_hash
    left join by_metrics
        on parsed._batch_id = by_metrics._batch_id and parsed._payload_hash = by_metrics._payload_hash
)

select
    {{ record_key('conversations') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(started_at, _source_updated_at, _fetched_at) as date) as record_date,
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
    case
        when is_offered and metric_wait_seconds is not null then metric_wait_seconds
        when is_offered and segment_wait_seconds >= 0 then segment_wait_seconds
    end as wait_seconds,
    {% for measure in ['talk', 'hold', 'wrap'] %}
    cast(case when is_answered then {{ measure }}_seconds end as decimal(18, 3)) as {{ measure }}_seconds,
    {% endfor %}
    case when is_answered then 'agent' when is_automated and not is_offered then 'automation' end as handled_by,
    agent_user_id,
    cast(agent_count as integer) as agent_count,
    disconnect_type,
    wrap_up_code,
    case lower(wrap_up_code) when 'resolved' then true when 'unresolved' then false end as is_resolved,
    segment,
    is_survey_offered,
    payload.participants is null as has_no_participants,
    has_segment_without_start,
    identifiers,
    {{ uncast({
        'conversationStart': ['payload.conversationStart', 'started_at'],
        'conversationEnd': ['payload.conversationEnd', 'ended_at'],
        'segmentStart': ['nullif(has_uncast_segment_start, false)', 'null']
    }) }} as _uncast,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from typed
