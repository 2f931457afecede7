{#- What is counted of a survey: name → of which of its responses. -#}
{% set counts = {
    'response_count': 'true',
    'respondent_count': 'is_counted',
    'deleted_count': "not_counted_reason = 'deleted'",
    'spam_count': "not_counted_reason = 'spam'",
    'flagged_count': "not_counted_reason = 'flagged'",
    'archived_count': "not_counted_reason = 'archived'",
    'no_valid_answer_count': "not_counted_reason = 'no_valid_answer'",
    'unknown_channel_count': 'is_counted and channel is null',
    'collected_without_clearance_count': 'is_counted and collected_without_clearance',
    'known_segment_count': 'is_counted and is_segment_known',
    'tied_count': 'is_counted and is_tied',
    'offered_respondent_count': 'is_counted and answered_local_date <= offers_to_date',
    'without_offer_count': 'is_counted and answered_local_date <= offers_to_date and not is_offer_known'
} %}
{% set key = ['survey_id', 'period_type', 'period_start'] %}
{% set offer_counts = [
    'customer_count', 'offered_count', 'complete_count', 'partial_count', 'refused_count', 'not_reached_count',
    'other_count', 'unknown_eligibility_count'
] %}
{% set counted, sums, none_is_zero, known_of_months, known_sums = [], [], [], [], [] %}
{% for name, condition in counts.items() %}
{% do counted.append('count(*) filter (where ' ~ condition ~ ') as ' ~ name) %}
{% do sums.append('sum(counted.' ~ name ~ ') as ' ~ name) %}
{% do none_is_zero.append('coalesce(survey_responses.' ~ name ~ ', 0) as ' ~ name) %}
{% endfor %}
{% for name in offer_counts %}
{% do known_of_months.append(
    'case when offers.month_start = offers.last_month_start then offers.' ~ name ~ ' end as ' ~ name
) %}
{% do known_sums.append('case when count(*) = count(' ~ name ~ ') then sum(' ~ name ~ ') end as ' ~ name) %}
{% endfor %}

with surveys as (
    select
        survey_id,
        max_by(organization_id, lpad(cast(survey_version as string), 9, '0') || organization_id) as organization_id
    from {{ ref('dim_surveys') }}
    group by survey_id
),

known_segments as (
    {{ segments_of_customers(ref('int_journey_years')) | indent }}
),

landed as (
    select
        *,
        cast(date_trunc('month', answered_local_date) as date) as month_start,
        {{ fiscal_quarter_start('answered_local_date') }} as quarter_start
    from {{ ref('fct_survey_responses') }}
    where
        {{ is_in_touched_quarter('answered_local_date', ref('int_journey_years')) }}
),

days_of_answers as (
    select distinct
        survey_id,
        channel,
        answered_local_date
    from landed
),

-- An answer belongs to an invitation of its survey and channel on its day, or some days before.
days_of_offers as (
    select distinct
        days.survey_id,
        days.channel,
        days.answered_local_date
    from days_of_answers as days
    inner join {{ ref('int_survey_offers') }} as offers
        on
            days.survey_id = offers.survey_id
            and days.answered_local_date >= offers.offered_date
            and days.answered_local_date
            <= offers.last_offered_date + cast({{ policy('survey_answer_days') }} as integer)
    where
        offers.offered_count is not null
        and (days.channel = offers.channel or days.channel is null or offers.channel is null)
),

-- Who answered after the last day of which offers are known belongs to offers that nobody has counted yet.
known_offers as (
    select
        survey_id,
        quarter_start,
        max(last_offered_date) as offers_to_date
    from {{ ref('int_survey_offers') }}
    where offered_count is not null
    group by survey_id, quarter_start
),

responses as (
    select
        landed.*,
        ties.interaction_id is not null as is_tied,
        known_segments.customer_id is not null as is_segment_known,
        days_of_offers.survey_id is not null as is_offer_known,
        known_offers.offers_to_date
    from landed
    left join {{ ref('int_survey_ties') }} as ties
        on landed.response_id = ties.response_id
    left join known_segments
        on
            landed.customer_id = known_segments.customer_id
            and landed.quarter_start = known_segments.quarter_start
    left join days_of_offers
        on
            landed.survey_id = days_of_offers.survey_id
            and landed.channel is not distinct from days_of_offers.channel
            and landed.answered_local_date = days_of_offers.answered_local_date
    left join known_offers
        on
            landed.survey_id = known_offers.survey_id
            and landed.quarter_start = known_offers.quarter_start
),

-- Every question of the instrument was asked of everybody who filled in the form.
items as (
    select
        responses.survey_id,
        responses.month_start,
        responses.quarter_start,
        answers.question_id,
        count(*) as asked_count,
        count(*) filter (where answers.status = 'valid') as valid_count
    from {{ ref('int_survey_answers') }} as answers
    inner join responses
        on answers.response_id = responses.response_id
    where answers.role = 'core' and responses.is_counted
    group by all
),

response_counts as (
    select
        survey_id,
        month_start,
        quarter_start,
        {{ counted | join(',\n        ') }}
    from responses
    group by survey_id, month_start, quarter_start
),

offers as (
    select
        *,
        cast(date_trunc('month', offered_date) as date) as month_start,
        cast(date_trunc('month', last_offered_date) as date) as last_month_start
    from {{ ref('int_survey_offers') }}
    where
        survey_id is not null
        and {{ is_in_touched_quarter('quarter_start', ref('int_journey_years')) }}
),

months as (
    select distinct month_start
    from {{ ref('dim_dates') }}
),

-- A count over several months is known of the quarter and of none of its months.
offers_of_periods as (
    select
        survey_id,
        'quarter' as period_type,
        quarter_start as period_start,
        {{ offer_counts | join(',\n        ') }}
    from offers
    union all
    select
        offers.survey_id,
        'month' as period_type,
        months.month_start as period_start,
        {{ known_of_months | join(',\n        ') }}
    from offers
    inner join months
        on months.month_start between offers.month_start and offers.last_month_start
),

survey_offers as (
    select
        survey_id,
        period_type,
        period_start,
        {{ known_sums | join(',\n        ') }}
    from offers_of_periods
    group by survey_id, period_type, period_start
),

survey_responses as (
    select
        counted.survey_id,
        period_types.period_type,
        case period_types.period_type
            when 'month' then counted.month_start
            else counted.quarter_start
        end as period_start,
        {{ sums | join(',\n        ') }}
    from response_counts as counted
    cross join (values ('month'), ('quarter')) as period_types (period_type)
    group by all
),

survey_items as (
    select
        items.survey_id,
        period_types.period_type,
        case period_types.period_type
            when 'month' then items.month_start
            else items.quarter_start
        end as period_start,
        items.question_id,
        cast(sum(items.valid_count) as bigint) as item_count,
        cast(sum(items.valid_count) as double) / sum(items.asked_count) as item_share
    from items
    cross join (values ('month'), ('quarter')) as period_types (period_type)
    group by all
),

lowest_items as (
    select *
    from survey_items
    qualify row_number() over (partition by survey_id, period_type, period_start order by item_share, question_id) = 1
),

periods as (
    select
        survey_id,
        period_type,
        period_start
    from survey_responses
    union distinct
    select
        survey_id,
        period_type,
        period_start
    from survey_offers
),

of_surveys as (
    select
        surveys.survey_id,
        surveys.organization_id,
        periods.period_type,
        periods.period_start,
        {{ none_is_zero | join(',\n        ') }},
        survey_offers.{{ offer_counts | join(',\n        survey_offers.') }},
        lowest_items.question_id as lowest_item,
        lowest_items.item_count as lowest_item_count,
        lowest_items.item_share as lowest_item_share
    from periods
    inner join surveys
        on periods.survey_id = surveys.survey_id
    left join survey_responses
        on {{ same('periods', 'survey_responses', key) }}
    left join survey_offers
        on {{ same('periods', 'survey_offers', key) }}
    left join lowest_items
        on {{ same('periods', 'lowest_items', key) }}
),

spread as (
    select
        of_surveys.*,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'organization' then of_surveys.organization_id
            else of_surveys.survey_id
        end as member
    from of_surveys
    cross join (values ('all'), ('organization'), ('survey')) as breakdowns (breakdown)
)

-- Of several surveys together the offers are known only if they are of each of them.
select
    period_type,
    period_start,
    case period_type
        when 'month' then substr(cast(period_start as string), 1, 7)
        else {{ fiscal_quarter('period_start') }}
    end as period_label,
    breakdown,
    member,
    case when breakdown = 'survey' then min(organization_id) end as survey_organization_id,
    {%- for name in counts %}
    cast(sum({{ name }}) as bigint) as {{ name }},
    {%- endfor %}
    {%- for name in offer_counts %}
    cast(case when count(*) = count({{ name }}) then sum({{ name }}) end as bigint) as {{ name }},
    {%- endfor %}
    nullif({{ sorted_list('case when offered_count is null then survey_id end') }}, '') as surveys_without_offers,
    case when breakdown = 'survey' then min(lowest_item) end as lowest_item,
    case when breakdown = 'survey' then min(lowest_item_count) end as lowest_item_count,
    case when breakdown = 'survey' then {{ figure('min(lowest_item_share)') }} end as lowest_item_share
from spread
group by period_type, period_start, breakdown, member
