{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_journey_years'
) }}
-- depends_on: {{ ref('int_journey_years') }}
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
        -- no table counts what the agency began itself: a channel's records less its contacts and answers would be that
        facts.direction = 'inbound'
        and {{ is_in_touched_quarter('facts.started_local_date', ref('int_journey_years')) }}
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
        -- a channel's records less its contacts and answers would be who answered and doesn't count
        facts.is_counted
        and {{ is_in_touched_quarter('facts.answered_local_date', ref('int_journey_years')) }}
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

-- what other tables withhold of contacts or of answers
elsewhere as (
    select
        quarter_start,
        breakdown,
        member,
        bool_or(not is_of_answers) as is_of_contacts,
        bool_or(is_of_answers) as is_of_answers
    from (
        select
            period_start as quarter_start,
            breakdown,
            member,
            measure = 'survey_linked_share' as is_of_answers
        from {{ ref('int_withheld_journeys') }}
        where measure in ('first_contact_resolution_share', 'survey_linked_share') and period_type = 'quarter'
        union all
        select
            period_start as quarter_start,
            breakdown,
            member,
            false as is_of_answers
        from {{ ref('contact_center_performance') }}
        where suppressed and period_type = 'quarter'
    ) as withheld
    group by quarter_start, breakdown, member
),

judged as (
    select
        counted.*,
        coalesce(elsewhere.is_of_contacts, false)
        or least(
            counted.record_count,
            nullif(counted.customer_count, 0),
            nullif(counted.contact_count, 0)
        )
        < {{ policy('suppression_min_n') }} as is_withheld,
        coalesce(elsewhere.is_of_answers, false)
        or coalesce(nullif(counted.response_count, 0) < {{ policy('suppression_min_n') }}, false)
            as is_withheld_for_answers
    from counted
    left join elsewhere
        on {{ same('counted', 'elsewhere', ['quarter_start', 'breakdown', 'member']) }}
),

-- quarters in which a source has answers in withheld channels alone: its records would tell of theirs
told_by_source as (
    select distinct quarter_start
    from (
        select
            records.quarter_start,
            records.source_system
        from records
        left join judged as channels
            on
                records.quarter_start = channels.quarter_start
                and records.channel = channels.member
                and channels.breakdown = 'channel'
        where records.is_response
        group by records.quarter_start, records.source_system
        having bool_and(coalesce(channels.is_withheld_for_answers, false))
    ) as sources
),

-- Other tables tell contacts and answers of the channels that they show, and of whole sources. So a channel says no
-- more of the others than those do; but beside what counts all channels together, they would tell of the withheld one,
-- and beside any whole of the quarter, of a withheld source. Where answers alone are withheld, they are in two channels
-- or more, which together are enough: what all answers tell says no more.
figures as (
    select
        judged.*,
        judged.is_withheld
        or judged.is_withheld_for_answers
        or bool_or((judged.is_withheld or judged.is_withheld_for_answers) and judged.breakdown = 'source')
            over (partition by judged.quarter_start)
        or (
            judged.breakdown <> 'channel'
            and (
                bool_or(judged.is_withheld) over (partition by judged.quarter_start)
                or sum(case when judged.is_withheld_for_answers and judged.breakdown = 'channel' then 1 else 0 end)
                    over (partition by judged.quarter_start)
                = 1
            )
        )
        or (
            judged.breakdown = 'source'
            and (
                told_by_source.quarter_start is not null
                -- a source may have all answers, and nothing else
                or bool_or(judged.is_withheld_for_answers and judged.breakdown = 'all')
                    over (partition by judged.quarter_start)
            )
        ) as suppressed
    from judged
    left join told_by_source
        on judged.quarter_start = told_by_source.quarter_start
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
where {{ is_settled('quarter_start') }}
