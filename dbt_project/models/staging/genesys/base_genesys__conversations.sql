{#- Every version of every conversation, typed: the only place that parses its payload.

    Names, numbers and notes of people are not taken over. Times inside `participants` stay text until the version
    that counts is known.
-#}
{{ config(
    materialized='incremental',
    incremental_strategy='replace_partitions',
    partition_by='_batch_id',
    on_schema_change='fail'
) }}

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
                'attributes': {'segment': 'varchar'},
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

typed as (
    select
        *,
        {{ utc_time_of_text('payload.conversationStart') }} as started_at,
        {{ utc_time_of_text('payload.conversationEnd') }} as ended_at
    from parsed
)

select
    {{ record_key('conversations') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(started_at, _source_updated_at, _fetched_at) as date) as record_date,
    started_at,
    ended_at,
    payload.originatingDirection as originating_direction,
    payload.participants,
    identifiers,
    {{ uncast({
        'conversationStart': ['payload.conversationStart', 'started_at'],
        'conversationEnd': ['payload.conversationEnd', 'ended_at']
    }) }} as _uncast,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from typed
