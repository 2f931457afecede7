{#-
  Kaplan and Meier's estimate, written with sums alone: who isn't settled yet says that it takes that long at least. A sum
  of logarithms stands for the product. Sources: Kaplan and Meier, JASA 53 (1958); Greenwood's variance on the
  log-minus-log scale, Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data (2002), 1.4; a median's
  interval, Brookmeyer and Crowley, Biometrics 38 (1982).
-#}
{%- set z = normal_quantile_975() -%}

with journeys as (
    select
        journeys.quarter_start,
        journeys.organization_id,
        journeys.service_id,
        cast(null as string) as channel,
        journeys.customer_id,
        journeys.is_resolved,
        journeys.is_open and not journeys.is_resolved as is_pending,
        case
            when journeys.is_resolved then {{ seconds_between('journeys.started_at', 'journeys.resolved_at') }}
            else greatest(0, {{ seconds_between('journeys.started_at', 'history.complete_until_at') }})
        end as seconds
    from {{ ref('customer_journeys') }} as journeys
    cross join {{ ref('int_contact_history') }} as history
    where
        journeys.is_resolved is not null
        and not journeys.is_left_truncated
        and journeys.quarter_start in (
            select touched.quarter_start from {{ ref('int_journey_years') }} as touched
        )
),

spread as (
    {{ spread_over_breakdowns('journeys', ['customer_id', 'is_resolved', 'is_pending', 'seconds']) | indent }}
),

people as (
    select
        quarter_start,
        breakdown,
        member,
        count(distinct customer_id) as person_count
    from spread
    group by quarter_start, breakdown, member
),

moments as (
    select
        quarter_start,
        breakdown,
        member,
        seconds,
        count(*) as ended_count,
        count(*) filter (where is_resolved) as resolved_count,
        count(*) filter (where is_pending) as pending_count,
        min(organization_id) as first_organization_id,
        max(organization_id) as last_organization_id
    from spread
    group by quarter_start, breakdown, member, seconds
),

at_risk as (
    select
        *,
        sum(ended_count) over (
            partition by quarter_start, breakdown, member order by seconds desc
            rows between unbounded preceding and current row
        ) as risk_count
    from moments
),

steps as (
    select
        *,
        {{ running_sum(
            'case when resolved_count < risk_count then ln(1e0 - cast(resolved_count as double) / risk_count) else -700e0 end',
            'quarter_start, breakdown, member', 'seconds'
        ) }} as log_survival,
        {{ running_sum(
            'case when resolved_count < risk_count then cast(resolved_count as double)'
            ~ ' / (cast(risk_count as double) * (risk_count - resolved_count)) else 0e0 end',
            'quarter_start, breakdown, member', 'seconds'
        ) }} as greenwood
    from at_risk
),

curve as (
    select
        *,
        exp(log_survival) as survival,
        exp(log_survival * exp({{ z }} * sqrt(greenwood) / nullif(-log_survival, 0))) as survival_low,
        -- nothing is known of how many may be left where nobody is
        case
            when risk_count > resolved_count
                then exp(log_survival * exp(-{{ z }} * sqrt(greenwood) / nullif(-log_survival, 0)))
        end as survival_high
    from steps
),

-- at which moments a curve has come down to a half
halves as (
    select
        *,
        case when {{ figure('survival') }} <= 0.5 then seconds end as half_at,
        case when {{ figure('survival_low') }} <= 0.5 then seconds end as low_half_at,
        case when {{ figure('survival_high') }} <= 0.5 then seconds end as high_half_at
    from curve
),

cells as (
    select
        halves.*,
        people.person_count
    from halves
    inner join people
        on {{ same('halves', 'people', ['quarter_start', 'breakdown', 'member']) }}
)

select
    cast(quarter_start as date) as quarter_start,
    cast(breakdown as string) as breakdown,
    cast(member as string) as member,
    cast(case
        when breakdown = 'service' and min(first_organization_id) = max(last_organization_id)
            then min(first_organization_id)
    end as string) as service_organization_id,
    cast(sum(ended_count) as bigint) as n,
    cast(min(person_count) as bigint) as person_count,
    cast(sum(resolved_count) as bigint) as resolved_count,
    cast(sum(pending_count) as bigint) as pending_count,
    -- tomorrow who is not settled has lasted longer: the curve moves from where the first of them leaves it
    sum(pending_count) > 0 or coalesce(
        min(case when ended_count > resolved_count then seconds end)
        < coalesce(
            min(case when resolved_count > 0 then high_half_at end),
            max(case when resolved_count > 0 then seconds end)
        ),
        false
    ) as is_provisional,
    cast(min(case when resolved_count > 0 then half_at end) as decimal(18, 3)) as median_seconds,
    cast(min(case when resolved_count > 0 then low_half_at end) as decimal(18, 3)) as low_seconds,
    cast(min(case when resolved_count > 0 then high_half_at end) as decimal(18, 3)) as high_seconds
from cells
group by quarter_start, breakdown, member
