with

surveys as (
    -- a version that several forms collect is one survey
    select
        survey_id,
        survey_version,
        bool_or(sampling_design = 'opt_in') as is_opt_in,
        bool_or(is_weighted) as is_weighted
    from {{ ref('dim_surveys') }}
    group by survey_id, survey_version
),

segments as (
    {{ segments_of_customers(ref('int_touched_years')) | indent }}
),

responses as (
    select
        responses.response_id,
        cast(date_trunc('month', responses.answered_local_date) as date) as month_start,
        {{ fiscal_quarter_start('responses.answered_local_date') }} as quarter_start,
        responses.fiscal_quarter,
        responses.organization_id,
        responses.service_id,
        responses.channel,
        segments.segment,
        surveys.is_opt_in,
        surveys.is_weighted or responses.cluster_id is not null as is_weighted,
        case
            when responses.cluster_id is not null
                then concat_ws('|', 'cluster', responses.survey_id, responses.cluster_id)
            when surveys.is_weighted and responses.customer_id is not null
                then concat_ws('|', 'customer', responses.customer_id)
            else concat_ws('|', 'response', responses.response_id)
        end as sampling_unit,
        -- 1 where the survey has none; a weighted survey's response without one stands for nobody
        case when responses.weight > 0 then responses.weight end as weight
    from {{ ref('fct_survey_responses') }} as responses
    inner join surveys
        on
            responses.survey_id = surveys.survey_id
            and responses.survey_version = surveys.survey_version
    left join segments
        on
            responses.customer_id = segments.customer_id
            and {{ fiscal_quarter_start('responses.answered_local_date') }} = segments.quarter_start
    where
        responses.is_counted
        and {{ is_in_touched_quarter('responses.answered_local_date', ref('int_touched_years')) }}
),

-- millions of rows are joined and grouped by these numbers later, which as text takes three times as long
numbered as (
    select
        *,
        row_number() over (order by response_id) as respondent_number,
        dense_rank() over (order by sampling_unit) as sampling_unit_number,
        dense_rank() over (order by month_start, organization_id, service_id, channel, segment) as group_number
    from responses
),

answers as (
    select
        response_id,
        scale,
        driver,
        case
            when scale in ('likert_5', 'radio_5', 'csat_5') then cast(score as integer)
            when scale = 'thumbs' then cast(is_positive as integer)
            when scale in ('nps_11', 'ten') then try_cast(raw_value as integer)
        end as points
    from {{ ref('fct_survey_answers') }}
)

select
    numbered.response_id,
    numbered.respondent_number,
    answers.scale,
    answers.driver,
    answers.points,
    numbered.group_number,
    numbered.month_start,
    numbered.quarter_start,
    numbered.fiscal_quarter,
    numbered.organization_id,
    numbered.service_id,
    numbered.channel,
    numbered.segment,
    numbered.is_opt_in,
    numbered.is_weighted,
    numbered.sampling_unit_number,
    cast(numbered.weight as double) as weight
from answers
inner join numbered on answers.response_id = numbered.response_id
where answers.points is not null
