{{ config(
    materialized='incremental',
    partition_by='answered_date',
    unique_key='response_id',
    touched='int_touched_days'
) }}
-- reads this table as the build before left it: depends_on: {{ ref('int_touched_customers') }}

with responses as (
    select *
    from {{ ref('int_survey_responses') }}
    where
        survey_id is not null
        and {{ is_touched_or_renamed('record_date', '_record_key') }}
),

answers as (
    select
        response_id,
        bool_or(role = 'core' and status = 'valid') as has_valid_answer,
        bool_or(role = 'reason_positive') as has_positive_reasons,
        bool_or(role = 'reason_negative') as has_negative_reasons
    from {{ ref('int_survey_answers') }}
    where response_id in (select responses.response_id from responses)
    group by response_id
),

chosen as (
    select
        response_id,
        role,
        {{ exploded("split(raw_value, ',')") }} as word
    from {{ ref('int_survey_answers') }}
    where
        role in ('reason_positive', 'reason_negative')
        and response_id in (select responses.response_id from responses)
),

reasons as (
    select
        response_id,
        {{ sorted_list("case when role = 'reason_positive' then lower(trim(word)) end") }} as positive_reasons,
        {{ sorted_list("case when role = 'reason_negative' then lower(trim(word)) end") }} as negative_reasons
    from chosen
    where trim(word) <> ''
    group by response_id
),

judged as (
    select
        responses.*,
        case when answers.has_positive_reasons then coalesce(reasons.positive_reasons, '') end as positive_reasons,
        case when answers.has_negative_reasons then coalesce(reasons.negative_reasons, '') end as negative_reasons,
        case
            when responses.is_deleted then 'deleted'
            when responses.is_spam then 'spam'
            when responses.is_flagged then 'flagged'
            when responses.is_archived then 'archived'
            when responses.answered_local_date is null then 'undated'
            when answers.has_valid_answer is not true then 'no_valid_answer'
        end as not_counted_reason
    from responses
    left join answers on responses.response_id = answers.response_id
    left join reasons on responses.response_id = reasons.response_id
)

select
    cast(judged.response_id as string) as response_id,
    cast(judged.survey_id as string) as survey_id,
    cast(judged.survey_version as integer) as survey_version,
    cast(customers.customer_id as string) as customer_id,
    cast(judged.organization_id as string) as organization_id,
    cast(judged.service_id as string) as service_id,
    cast(judged.channel as string) as channel,
    cast(judged.language as string) as language,
    cast(judged.answered_at as timestamp) as answered_at,
    cast(judged.record_date as date) as answered_date,
    cast(judged.answered_local_date as date) as answered_local_date,
    cast(judged.fiscal_quarter as string) as fiscal_quarter,
    judged.not_counted_reason is null as is_counted,
    cast(judged.not_counted_reason as string) as not_counted_reason,
    judged.collected_without_clearance,
    cast(judged.positive_reasons as string) as positive_reasons,
    cast(judged.negative_reasons as string) as negative_reasons,
    cast(judged.cluster_id as string) as cluster_id,
    cast(judged.weight as decimal(18, 9)) as weight,
    cast(judged.source_system as string) as source_system,
    cast(judged.source_record_id as string) as source_record_id,
    cast(judged._batch_id as string) as _batch_id
from judged
left join {{ ref('int_record_customers') }} as customers
    on judged._record_key = customers._record_key
