{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_customer_quarters'
) }}
-- depends_on: {{ ref('int_customer_quarters') }}
{#- Other tables count contacts alone, and responses alone: whoever takes the ones from the records has the others. -#}
{% set cells -%}
(
    select
        'records' as item,
        'quarter' as period_type,
        quarter_start as period_start,
        case breakdown when 'source' then 'service' else breakdown end as breakdown,
        member,
        cast(null as string) as service_organization_id,
        record_count as n,
        cast(null as bigint) as total,
        cast(null as bigint) as squares,
        matched_count,
        contact_count,
        response_count,
        case
            when
                least(record_count, nullif(matched_count, 0), nullif(contact_count, 0), nullif(response_count, 0))
                < {{ policy('suppression_min_n') }}
                then 'small_n'
        end as reason
    from counted
) as cells
{%- endset %}

with records as (
    select
        {{ fiscal_quarter_start('facts.started_local_date') }} as quarter_start,
        facts.fiscal_quarter,
        facts.source_system,
        facts.channel,
        facts.customer_id,
        records._record_key,
        false as is_response
    from {{ ref('fct_interactions') }} as facts
    inner join {{ ref('int_interactions') }} as records
        on facts.interaction_id = records.interaction_id
    where
        {{ is_in_touched_quarter('facts.started_local_date', ref('int_customer_quarters')) }}
    union all
    select
        {{ fiscal_quarter_start('facts.answered_local_date') }} as quarter_start,
        facts.fiscal_quarter,
        facts.source_system,
        facts.channel,
        facts.customer_id,
        records._record_key,
        true as is_response
    from {{ ref('fct_survey_responses') }} as facts
    inner join {{ ref('int_survey_responses') }} as records
        on facts.response_id = records.response_id
    where
        {{ is_in_touched_quarter('facts.answered_local_date', ref('int_customer_quarters')) }}
),

joining as (
    select distinct _record_key
    from {{ ref('int_identity__record_tokens') }}
    where tier in ('strong', 'medium')
),

-- Customers of whom a quarter has several records, whatever their source or channel.
repeated as (
    select
        quarter_start,
        customer_id
    from records
    where customer_id is not null
    group by quarter_start, customer_id
    having count(*) > 1
),

spread as (
    select
        records.quarter_start,
        records.fiscal_quarter,
        records.customer_id,
        records.is_response,
        joining._record_key as joining_key,
        repeated.customer_id as repeated_customer_id,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'source' then records.source_system
            else records.channel
        end as member
    from records
    left join joining
        on records._record_key = joining._record_key
    left join repeated
        on
            records.quarter_start = repeated.quarter_start
            and records.customer_id = repeated.customer_id
    cross join (values ('all'), ('source'), ('channel')) as breakdowns (breakdown)
    where breakdowns.breakdown <> 'channel' or records.channel is not null
),

counted as (
    select
        quarter_start,
        fiscal_quarter,
        breakdown,
        member,
        count(*) as record_count,
        count(joining_key) as identified_count,
        count(customer_id) as matched_count,
        count(*) - count(repeated_customer_id) as unjoined_count,
        count(distinct customer_id) as customer_count,
        count(*) filter (where is_response) as response_count,
        count(*) filter (where not is_response) as contact_count
    from spread
    group by quarter_start, fiscal_quarter, breakdown, member
),

withheld as (
    {{ withheld_cells(cells, ['matched_count', 'contact_count', 'response_count']) | indent }}
),

figures as (
    select
        counted.*,
        withheld.reason is not null as suppressed
    from counted
    left join withheld
        on
            counted.quarter_start = withheld.period_start
            and counted.member = withheld.member
            and case counted.breakdown when 'source' then 'service' else counted.breakdown end = withheld.breakdown
)

select
    cast('quarter' as string) as period_type,
    quarter_start as period_start,
    fiscal_quarter as period_label,
    quarter_start,
    breakdown,
    member,
    cast(case when not suppressed then record_count end as bigint) as record_count,
    cast(case when not suppressed then identified_count end as bigint) as identified_count,
    cast(case when not suppressed then matched_count end as bigint) as matched_count,
    cast(case when not suppressed then unjoined_count end as bigint) as unjoined_count,
    case when not suppressed then {{ figure('cast(identified_count as double) / record_count') }} end
        as identified_share,
    case when not suppressed then {{ figure('cast(matched_count as double) / record_count') }} end as matched_share,
    case when not suppressed then {{ figure('cast(record_count - identified_count as double) / record_count') }} end
        as unknowable_share,
    case when not suppressed then {{ figure('cast(identified_count - matched_count as double) / record_count') }} end
        as undecided_share,
    case when not suppressed then {{ figure('cast(unjoined_count as double) / record_count') }} end as unjoined_share,
    cast(case when not suppressed then customer_count end as bigint) as customer_count,
    suppressed,
    not suppressed and record_count < {{ policy('low_n_below') }} as low_n,
    cast(null as string) as held_from
from figures
