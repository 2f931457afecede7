{{ config(
    materialized='incremental',
    partition_by='commented_date',
    unique_key='comment_id',
    touched='int_touched_days'
) }}

select
    cast(comments.comment_id as string) as comment_id,
    cast(comments.response_id as string) as response_id,
    cast(comments.organization_id as string) as organization_id,
    cast(comments.service_id as string) as service_id,
    cast(comments.channel as string) as channel,
    cast(customers.customer_id as string) as customer_id,
    cast(comments.commented_at as timestamp) as commented_at,
    cast(comments.record_date as date) as commented_date,
    cast(comments.question_id as string) as question_id,
    cast(comments.comment_text as string) as comment_text,
    cast(
        comments.ssn_count + comments.phone_count + comments.email_count + comments.card_count
        + comments.address_count as integer
    ) as redaction_count,
    cast(comments.ssn_count as integer) as ssn_count,
    cast(comments.phone_count as integer) as phone_count,
    cast(comments.email_count as integer) as email_count,
    cast(comments.card_count as integer) as card_count,
    cast(comments.address_count as integer) as address_count,
    cast(comments.source_system as string) as source_system,
    cast(comments._batch_id as string) as _batch_id
from {{ ref('int_comments') }} as comments
left join {{ ref('int_record_customers') }} as customers
    on comments._record_key = customers._record_key
where {{ is_touched_or_renamed('comments.record_date', 'comments._record_key') }}
