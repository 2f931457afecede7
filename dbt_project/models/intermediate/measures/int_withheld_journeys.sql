{#-
  journey_paths and journey_measures count the same journeys, by paths and as what their shares are over, so what is withheld
  of them is found once: of journeys, whole and by path, in quarters and years; then of the shares, which would tell more of a
  path than its row; and of contacts, which stand beside all of them.
-#}
{%- set least = policy('suppression_min_n') -%}
{%- set cell = ['period_type', 'period_start', 'breakdown', 'member'] -%}
{%- set contacts -%}
(
    select
        'contacts' as item,
        period_type,
        period_start,
        breakdown,
        member,
        service_organization_id,
        known_count as n,
        judged_count,
        repeat_base,
        case
            when is_few then 'small_n'
            when
                is_withheld_there
                or uncovered_count between 1 and {{ least }} - 1
                or (breakdown = 'all' and is_uncovered_channel_few)
                then 'elsewhere'
        end as reason
    from contacts
) as cells
{%- endset %}
{%- set journeys -%}
(
    select
        paths.item,
        paths.parent_item,
        paths.period_type,
        paths.period_start,
        paths.breakdown,
        paths.member,
        paths.service_organization_id,
        paths.journey_count as n,
        case when paths.journey_count < {{ least }} then 'small_n' end as reason
    from {{ ref('int_journey_paths') }} as paths
) as cells
{%- endset %}
{#- Whom a share is of, and who the others are. -#}
{% set sides = {
    'channel_shift_share': ['shifted_count', 'journey_count - shifted_count'],
    'website_before_call_share':
        ['website_before_count', 'called_count - website_before_count', 'journey_count - called_count'],
} %}
{#- By a share one has of each side what the paths shown leave of it: the withheld ones, where the nameless are few. -#}
{% set tells = {} %}
{% for measure, counts in sides.items() %}
{% set conditions = [] %}
{% for count in counts %}
{% do conditions.append(
    'bool_or(is_withheld and not is_nameless and ' ~ count ~ ' > 0)'
    ~ ' and sum(case when is_nameless then ' ~ count ~ ' else 0 end) < ' ~ least
) %}
{% endfor %}
{% do tells.update({measure: conditions | join(' or ')}) %}
{% endfor %}
{%- set shares -%}
(
    select
        shares.measure as item,
        shares.period_type,
        shares.period_start,
        shares.breakdown,
        shares.member,
        shares.service_organization_id,
        shares.n,
        shares.seen_count,
        shares.n - shares.seen_count as not_seen_count,
        case
            when shares.n < {{ least }} then 'small_n'
            when
                case shares.measure
                    when 'survey_linked_share' then answers.member is not null
                    when 'channel_shift_share' then paths.does_channel_shift_share_tell
                    when 'website_before_call_share' then paths.does_website_before_call_share_tell
                end
                or (shares.measure <> 'survey_linked_share' and journeys.reason is not null)
                then 'elsewhere'
        end as reason
    from shares
    left join withheld_journeys as journeys
        on
            journeys.item = 'all'
            and {{ same('shares', 'journeys', cell) }}
    left join told_paths as paths
        on {{ same('shares', 'paths', cell) }}
    left join withheld_answers as answers
        on {{ same('shares', 'answers', cell) }}
) as cells
{%- endset %}

with contact_center as (
    select
        period_type,
        period_start,
        breakdown,
        member,
        bool_or(suppressed) as is_withheld,
        sum(offered) as offered
    from {{ ref('contact_center_performance') }}
    group by period_type, period_start, breakdown, member
),

withheld_answers as (
    {{ withheld_respondents() | indent }}
),

known_contacts as (
    select
        firsts.period_type,
        firsts.period_start,
        firsts.breakdown,
        firsts.member,
        firsts.service_organization_id,
        firsts.n + firsts.pending_count as known_count,
        firsts.n as judged_count,
        coalesce(repeats.n, 0) as repeat_base,
        least(known_count, nullif(judged_count, 0), nullif(repeat_base, 0)) < {{ least }} as is_few,
        there.member is not null as is_covered,
        coalesce(there.is_withheld, false) as is_withheld_there,
        firsts.contact_count - coalesce(there.offered, 0) as uncovered_count
    from {{ ref('int_measures__journeys') }} as firsts
    left join {{ ref('int_measures__journeys') }} as repeats
        on
            repeats.measure = 'repeat_contact_share'
            and {{ same('firsts', 'repeats', cell) }}
    left join contact_center as there
        on {{ same('firsts', 'there', cell) }}
    where firsts.measure = 'first_contact_resolution_share'
),

-- contacts less those that contact_center_performance counts are those of the channels that it doesn't cover
contacts as (
    select
        *,
        bool_or(breakdown = 'channel' and not is_covered and is_few)
            over (partition by period_type, period_start) as is_uncovered_channel_few
    from known_contacts
),

withheld_contacts as (
    {{ withheld_cells(contacts, ['judged_count', 'repeat_base'], periods=['quarter']) | indent }}
),

withheld_journeys as (
    {{ withheld_cells(
        journeys, breakdowns=['organization', 'service'], periods=['quarter', 'year'], parents='parent_item'
    ) | indent }}
),

told_paths as (
    select
        period_type,
        period_start,
        breakdown,
        member,
        {{ tells['channel_shift_share'] }} as does_channel_shift_share_tell,
        {{ tells['website_before_call_share'] }} as does_website_before_call_share_tell
    from (
        select
            paths.*,
            paths.item = case paths.breakdown when 'all' then 'rest' else 'other' end as is_nameless,
            withheld.reason is not null as is_withheld
        from {{ ref('int_journey_paths') }} as paths
        left join withheld_journeys as withheld
            on
                paths.item = withheld.item
                and {{ same('paths', 'withheld', cell) }}
        where paths.item <> 'all' and (paths.breakdown <> 'all' or paths.item <> 'other')
    ) as parts
    group by period_type, period_start, breakdown, member
),

shares as (
    select
        measure,
        period_type,
        period_start,
        breakdown,
        member,
        service_organization_id,
        n,
        seen_count
    from {{ ref('int_measures__journeys') }}
    where measure in ('channel_shift_share', 'website_before_call_share', 'survey_linked_share')
    union all
    select
        'median_resolution_days' as measure,
        'quarter' as period_type,
        quarter_start as period_start,
        breakdown,
        member,
        service_organization_id,
        n,
        n as seen_count
    from {{ ref('int_measures__resolution_times') }}
),

withheld_shares as (
    {{ withheld_cells(shares, ['seen_count', 'not_seen_count'], periods=['quarter']) | indent }}
),

withheld as (
    select
        'journeys' as measure,
        *
    from withheld_journeys
    union all
    select
        'division_change_share' as measure,
        *
    from withheld_journeys
    where item = 'all' and period_type = 'quarter'
    union all
    select
        item as measure,
        *
    from withheld_shares
    union all
    -- beside a share of journeys stands how many contacts there are and of how many one knows whose they were
    select
        measures.measure,
        withheld_contacts.*
    from withheld_contacts
    cross join (
        values
        ('first_contact_resolution_share'),
        ('repeat_contact_share'),
        ('channel_shift_share'),
        ('division_change_share'),
        ('website_before_call_share'),
        ('median_resolution_days')
    ) as measures (measure)
),

figures as (
    select
        measure,
        case measure when 'journeys' then item else 'all' end as path,
        period_type,
        period_start,
        breakdown,
        member,
        min(reason) as reason
    from withheld
    group by
        measure, case measure when 'journeys' then item else 'all' end, period_type, period_start, breakdown, member
)

select
    cast(measure as string) as measure,
    cast(path as string) as path,
    cast(period_type as string) as period_type,
    cast(period_start as date) as period_start,
    cast(breakdown as string) as breakdown,
    cast(member as string) as member,
    cast(reason as string) as reason
from figures
