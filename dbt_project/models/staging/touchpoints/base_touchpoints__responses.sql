{#- Every version of every submission, typed and scrubbed: the only place that parses its payload. Addresses, browsers
    and pages of people are not taken over. -#}
{{ config(
    materialized='incremental',
    partition_by='_batch_id'
) }}

{% set attributes = {
    'created_at': 'varchar',
    'updated_at': 'varchar',
    'location_code': 'varchar',
    'language': 'varchar',
    'flagged': 'varchar',
    'archived': 'varchar',
    'deleted': 'varchar',
    'spam': 'varchar',
    'aasm_state': 'varchar'
} %}
{% set answers = {} %}
{% for number in range(1, 31) %}
{% do attributes.update({'answer_%02d' % number: 'varchar'}) %}
{% do answers.update({'answer_%02d' % number: 'payload.answer_%02d' % number}) %}
{% endfor %}

with parsed as (
    select
        raw.source_system,
        raw.record_id,
        substr(raw._kind, length('submission:') + 1) as form_id,
        raw.identifiers,
        raw._source_updated_at,
        raw._fetched_at,
        raw._payload_hash,
        raw._kind,
        raw._batch_id,
        {{ parse_payload('raw.payload', {'attributes': attributes}) }}.attributes as payload
    from {{ read_raw('touchpoints', 'responses') }} as raw
),

typed as (
    select
        parsed.*,
        form.question_ids as withheld,
        {{ utc_time_of_text('parsed.payload.created_at') }} as created_at,
        {{ utc_time_of_text('parsed.payload.updated_at') }} as updated_at,
        try_cast(parsed.payload.flagged as boolean) as is_flagged,
        try_cast(parsed.payload.archived as boolean) as is_archived,
        try_cast(parsed.payload.deleted as boolean) as is_deleted,
        try_cast(parsed.payload.spam as boolean) as is_spam
    from parsed
    left join {{ identifier_questions() }} as form
        on parsed.source_system = form.source_system and parsed.form_id = form.form_id
)

select
    {{ record_key('responses') }} as _record_key,
    source_system,
    record_id,
    cast(coalesce(created_at, _source_updated_at, _fetched_at) as date) as record_date,
    form_id,
    created_at,
    updated_at,
    nullif(trim(payload.location_code), '') as location_code,
    nullif(trim(payload.language), '') as language,
    {{ scrub_map(answers_of_fields(answers, 'withheld')) }} as answers,
    is_flagged,
    is_archived,
    is_deleted,
    is_spam,
    nullif(trim(payload.aasm_state), '') as submission_state,
    identifiers,
    {{ uncast({
        'created_at': ['payload.created_at', 'created_at'],
        'updated_at': ['payload.updated_at', 'updated_at'],
        'flagged': ['payload.flagged', 'is_flagged'],
        'archived': ['payload.archived', 'is_archived'],
        'deleted': ['payload.deleted', 'is_deleted'],
        'spam': ['payload.spam', 'is_spam']
    }) }} as _uncast,
    _source_updated_at,
    _fetched_at,
    _payload_hash,
    _kind,
    _batch_id
from typed
