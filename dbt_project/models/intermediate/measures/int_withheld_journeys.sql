{#-
  journey_paths and journey_measures count the same journeys, by paths and as what their shares are over, so what is withheld
  of them is found once: of journeys, whole and by path, in quarters and years; then of the shares, which would tell more of a
  path than its row; and of contacts, which stand beside all of them.
-#}
{%- set least = policy('suppression_min_n') -%}
{%- set cell = ['period_type', 'period_start', 'breakdown', 'member'] -%}
{%- set pair = ['period_type', 'period_start', 'other_type', 'other_start'] -%}
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
        case
            when paths.person_count < {{ least }} then 'small_n'
            when corners.item is not null then 'complement'
        end as reason
    from {{ ref('int_journey_paths') }} as paths
    left join corners
        on {{ same('paths', 'corners', ['item'] + cell) }}
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
            when shares.person_count < {{ least }} then 'small_n'
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
        -- those of whom it isn't known yet have no figure, so they are judged by their number alone
        least(known_count, nullif(firsts.person_count, 0), nullif(repeats.person_count, 0)) < {{ least }} as is_few,
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

-- Each sum may hide enough, and all together too little: what a service hides, less what others do of its other paths,
-- may be one cell. So a small one is withheld with a square: another path of its service, and both paths of another
-- service or of all; in a year that is told, with the same square in another period. Then it may be more or fewer, and
-- each sum stays what it is.
path_cells as (
    select
        item,
        period_type,
        period_start,
        year_start,
        breakdown,
        member,
        person_count < {{ least }} as is_small,
        case when journey_count = 1 then 1 else 0 end as lone_count,
        case when person_count < {{ least }} then 0 else journey_count end as withheld_count,
        bool_or(period_type = 'year') over (partition by year_start) as is_year_told
    from {{ ref('int_journey_paths') }}
    where parent_item = 'all' and (breakdown = 'service' or item <> 'other')
),

path_pairs as (
    select
        cells.item,
        cells.period_type,
        cells.period_start,
        cells.breakdown,
        cells.member,
        cells.is_small and cells.breakdown = 'service' as is_small,
        coalesce(others.period_type, '') as other_type,
        coalesce(others.period_start, cells.period_start) as other_start,
        cells.lone_count + coalesce(others.lone_count, 0) as lone_count,
        cells.withheld_count + coalesce(others.withheld_count, 0) as withheld_count
    from path_cells as cells
    left join path_cells as others
        on
            cells.is_year_told
            and {{ same('cells', 'others', ['year_start', 'breakdown', 'member', 'item']) }}
            and (cells.period_type <> others.period_type or cells.period_start <> others.period_start)
),

-- the square with the fewest cells of one journey, which can't be fewer, then with the fewest journeys that were shown;
-- of the three best sides, for with all of them there are too many squares to look through
sides as (
    select *
    from (
        select
            small.*,
            beside.item as beside_item,
            small.lone_count + beside.lone_count as side_lone_count,
            small.withheld_count + beside.withheld_count as side_withheld_count,
            row_number() over (
                partition by small.item, small.period_type, small.period_start, small.member
                order by
                    small.lone_count + beside.lone_count, small.withheld_count + beside.withheld_count,
                    beside.item, small.other_type, small.other_start
            ) as choice
        from path_pairs as small
        inner join path_pairs as beside
            on
                {{ same('small', 'beside', pair + ['breakdown', 'member']) }}
                and small.item <> beside.item
        where small.is_small
    ) as beside
    where choice <= 3
),

squares as (
    select
        sides.*,
        across.breakdown as across_breakdown,
        across.member as across_member,
        row_number() over (
            partition by sides.item, sides.period_type, sides.period_start, sides.member
            order by
                sides.side_lone_count + across.lone_count + opposite.lone_count,
                sides.side_withheld_count + across.withheld_count + opposite.withheld_count,
                across.breakdown, across.member, sides.choice
        ) as square_choice
    from sides
    inner join path_pairs as across
        on
            {{ same('sides', 'across', pair + ['item']) }}
            and (sides.breakdown <> across.breakdown or sides.member <> across.member)
    inner join path_pairs as opposite
        on
            {{ same('across', 'opposite', pair + ['breakdown', 'member']) }}
            and sides.beside_item = opposite.item
),

-- grouped, not distinct: of those DuckDB expects so many that each step after them takes ten times as long
corners as {{ materialized() }} (
    select
        paths.item,
        paths.period_type,
        paths.period_start,
        paths.breakdown,
        paths.member
    from path_cells as paths
    inner join squares
        on
            (
                {{ same('paths', 'squares', ['period_type', 'period_start']) }}
                or (paths.period_type = squares.other_type and paths.period_start = squares.other_start)
            )
            and (
                {{ same('paths', 'squares', ['breakdown', 'member']) }}
                or (paths.breakdown = squares.across_breakdown and paths.member = squares.across_member)
            )
            and paths.item in (squares.item, squares.beside_item)
    where squares.square_choice = 1
    group by paths.item, paths.period_type, paths.period_start, paths.breakdown, paths.member
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
        seen_count,
        person_count
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
        n as seen_count,
        person_count
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
