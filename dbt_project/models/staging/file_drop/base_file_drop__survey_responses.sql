{#- Every version of every survey response that came in a file, typed and scrubbed: the only place that parses its
    payload. -#}
{{ config(
    materialized='incremental',
    partition_by='_batch_id'
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
            'form_id': 'varchar',
            'answered_at': 'varchar',
            'answered_on': 'varchar',
            'updated_at': 'varchar',
            'source_channel': 'varchar',
            'source_service': 'varchar',
            'language': 'varchar',
            'weight': 'varchar',
            'cluster_id': 'varchar',
            'source_interaction': 'varchar',
            'answers': 'map'
        }) }} as payload
    from {{ read_raw('file_drop', 'survey_responses') }} as raw
),

typed as (
    select
        parsed.*,
        form.question_ids as withheld,
        nullif(trim(parsed.payload.form_id), '') as form_id,
        {{ utc_time_of_text('parsed.payload.answered_at') }} as answered_at,
        try_cast(parsed.payload.answered_on as date) as answered_on_date,
        {{ utc_time_of_text('parsed.payload.updated_at') }} as updated_at,
        try_cast(parsed.payload.weight as decimal(18, 9)) as weight
    from parsed
    left join {{ identifier_questions() }} as form
        on
            parsed.source_system = form.source_system
            and nullif(trim(parsed.payload.form_id), '') = form.form_id
)

select
    {{ record_key('survey_responses') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(answered_at, answered_on_date, _source_updated_at, _fetched_at) as date) as record_date,
    form_id,
    answered_at,
    coalesce(answered_on_date, cast(answered_at as date)) as answered_on,
    answered_at is null and answered_on_date is not null as is_date_only,
    updated_at,
    nullif(trim(payload.source_channel), '') as source_channel,
    nullif(trim(payload.source_service), '') as source_service,
    nullif(trim(payload.language), '') as language,
    weight,
    nullif(trim(payload.cluster_id), '') as cluster_id,
    nullif(trim(payload.source_interaction), '') as source_interaction,
    {{ scrub_map(answers_of_map('payload.answers', 'withheld')) }} as answers,
    identifiers,
    {{ uncast({
        'answered_at': ['payload.answered_at', 'answered_at'],
        'answered_on': ['payload.answered_on', 'answered_on_date'],
        'updated_at': ['payload.updated_at', 'updated_at'],
        'weight': ['payload.weight', 'weight']
    }) }} as _uncast,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from typed
