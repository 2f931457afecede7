{{ config(
    materialized='incremental',
    partition_by='quarter_start',
    touched='int_touched_quarters'
) }}
-- depends_on: {{ ref('int_touched_quarters') }}
{%- set cells -%}
(
    select
        item,
        period_type,
        period_start,
        case page when 'all' then 'all' else 'page' end as breakdown,
        page as member,
        cast(null as string) as service_organization_id,
        yes_count + no_count as n,
        yes_count as total,
        yes_count as squares,
        case
            when yes_count + no_count < {{ policy('suppression_min_n') }} then 'small_n'
            when page <> 'all' and least(yes_count, no_count) = 0 then 'unanimous'
            when is_overlapping then 'overlapping'
        end as reason
    from votes
) as cells
{%- endset %}

with votes as (
    {{ web_figures(ref('int_measures__page_votes')) | indent }}
),

withheld as (
    {{ withheld_cells(cells, breakdowns=['page'], is_alike_secret=true) | indent }}
),

counted as (
    select
        votes.*,
        votes.yes_count + votes.no_count as vote_count,
        withheld.reason is not null as suppressed
    from votes
    left join withheld
        on
            votes.item = withheld.item
            and votes.page = withheld.member
            and {{ same('votes', 'withheld', ['period_type', 'period_start']) }}
)

select
    period_type,
    period_start,
    period_end_date,
    period_label,
    quarter_start,
    site,
    page,
    source_system,
    report,
    basis,
    case when not suppressed then vote_count end as n,
    case when not suppressed then {{ figure('cast(yes_count as double) / vote_count') }} end as value,
    case when not suppressed then {{ figure(wilson_low('yes_count', 'vote_count')) }} end as low,
    case when not suppressed then {{ figure(wilson_high('yes_count', 'vote_count')) }} end as high,
    suppressed,
    not suppressed and vote_count < {{ policy('low_n_below') }} as low_n,
    cast(null as string) as held_from
from counted
