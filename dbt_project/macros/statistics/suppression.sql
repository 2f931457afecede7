{#- Which cells are withheld from what is public, and why: complementary suppression over every sum that a reader could take.

    What is published adds up in several ways: an organization's services to the organization, a breakdown's members to all,
    a member's months to its fiscal quarter, and quarters and months to the fiscal year where years are published. Whoever takes
    what a sum shows from its whole has what it withholds, all of it together. So a sum is open while one of its cells is
    withheld, or those withheld count fewer answers than suppression_min_n together, or answers that are all alike; then the
    smallest cell that the sum still shows is withheld too (tie: the first by name; the whole comes last). What a whole counts
    beyond its parts (answers without a channel, say) is withheld as well, for nothing shows it, but hides no cell: it is few.
    Where it may be many and another table tells how many (answers of people whose segment nobody knows), those withheld have
    to be enough with it and without it (`told_gaps`).

    The sums share cells, so this goes round until nothing changes. Five rounds of it are written out, because recursion is
    not the same on every engine; should a sum still be open after them, all of that item (of all items, where they add up) and longest period is withheld.

    Args:
        cells: relation with item (text: what adds up only with itself), period_type, period_start, breakdown, member,
            service_organization_id (of a service whose answers are all one organization's; else null), n, total and squares
            (sums of the answers and of their squares, which tell whether they are all alike; null where that is no secret),
            and reason (why the cell is withheld for its own sake, else null).
        parts_of_n: columns of cells that count some of n and that a published figure is over too: what a sum hides is not
            to be few of them either. None of them is as well as enough.
        breakdowns: those whose members add up to all.
        told_gaps: breakdowns of which another table tells how many the whole counts beyond its members.
        periods: period types, from the shortest, each of which adds up to every longer one: month, quarter, year.
        parents: the column of cells that names the item which, in each period and member, theirs adds up to; none: items don't add up.
        rounds: how often to go round; none: as `suppression_rounds` says.

    A sum without a published whole (pages of a source that gives no total) tells nothing, and hides nothing.

    Returns:
        A query: one row per withheld cell, its key and `reason` (small_n, unanimous, complement).
-#}
{% macro withheld_cells(cells, parts_of_n=[], breakdowns=['organization', 'service', 'channel'], told_gaps=[], periods=['month', 'quarter'], parents=none, rounds=none) -%}
{%- set starts = {'quarter': 'quarter_start', 'year': 'year_start'} -%}
{%- set spans = [] -%}
{%- for whole in periods -%}
{%- for part in periods[:loop.index0] -%}
{%- do spans.append({'kind': part ~ 's of a ' ~ whole, 'part': part, 'whole': whole}) -%}
{%- endfor -%}
{%- endfor -%}
{%- set counts = ['n'] + parts_of_n -%}
{%- set additive = counts + ['total', 'squares'] -%}
with

cells as (
    select
        *,
        {{ fiscal_quarter_start('period_start') }} as quarter_start,
        {{ fiscal_year_start('period_start') }} as year_start,
        row_number() over (order by item, period_type, period_start, breakdown, member) as place,
        -- asked for once: each mention of a policy is a join, and a step that has ten takes long to be planned
        {{ policy('suppression_min_n') }} as min_n
    from {{ cells }}
),

sums as (
    select
        'services' as kind,
        concat_ws('|', 'services', item, period_type, cast(period_start as string), service_organization_id) as sum_name,
        false as is_whole,
        false as is_gap_told,
        *
    from cells
    where breakdown = 'service' and service_organization_id is not null
    union all
    select
        'services' as kind,
        concat_ws('|', 'services', item, period_type, cast(period_start as string), member) as sum_name,
        true as is_whole,
        false as is_gap_told,
        *
    from cells
    where breakdown = 'organization'
    union all
    select
        'members' as kind,
        concat_ws('|', 'members', item, period_type, cast(period_start as string), breakdown) as sum_name,
        false as is_whole,
        {{ _is_among('breakdown', told_gaps) }} as is_gap_told,
        *
    from cells
    where breakdown <> 'all'
    union all
    select
        'members' as kind,
        concat_ws('|', 'members', item, period_type, cast(period_start as string), breakdowns.name) as sum_name,
        true as is_whole,
        {{ _is_among('breakdowns.name', told_gaps) }} as is_gap_told,
        cells.*
    from cells
    cross join (values {% for name in breakdowns %}('{{ name }}'){{ ', ' if not loop.last }}{% endfor %}) as breakdowns (name)
    where cells.breakdown = 'all'
    {%- for span in spans %}
    union all
    select
        '{{ span.kind }}' as kind,
        concat_ws('|', '{{ span.kind }}', item, cast({{ starts[span.whole] }} as string), breakdown, member) as sum_name,
        period_type = '{{ span.whole }}' as is_whole,
        false as is_gap_told,
        *
    from cells
    where period_type in ('{{ span.part }}', '{{ span.whole }}')
    {%- endfor %}
    {%- if parents %}
    union all
    select
        'items' as kind,
        concat_ws('|', 'items', period_type, cast(period_start as string), breakdown, member, {{ parents }}) as sum_name,
        false as is_whole,
        false as is_gap_told,
        *
    from cells
    where {{ parents }} is not null
    union all
    select
        'items' as kind,
        concat_ws('|', 'items', period_type, cast(period_start as string), breakdown, member, item) as sum_name,
        true as is_whole,
        false as is_gap_told,
        *
    from cells
    {%- endif %}
),

gaps as (
    select
        kind,
        dense_rank() over (order by sum_name) as sum_number,
        dense_rank() over (order by {{ 'item, ' if not parents }}{{ starts[periods | last] }}) as block_number,
        is_whole,
        is_gap_told,
        place,
        min_n,
        {%- for column in additive %}
        {{ column }},
        sum(case when is_whole then {{ column }} else -{{ column }} end) over (partition by sum_name) as gap_{{ column }},
        {%- endfor %}
        bool_or(is_whole) over (partition by sum_name) as has_whole,
        reason is not null as is_withheld
    from sums
),

-- a sum lies inside one item and longest period: where nothing is hidden there, nothing more has to be
round_0 as {{ materialized() }} (
    select *
    from (
        select
            *,
            bool_or(is_withheld or gap_n > 0) over (partition by block_number) as is_something_hidden
        from gaps
        where has_whole
    ) as blocks
    where is_something_hidden
),
{% set state = namespace(name='round_0') %}
{%- for number in range(1, (rounds or suppression_rounds()) | int + 1) -%}
{%- for kind in ['services', 'members'] + spans | map(attribute='kind') | list + (['items'] if parents else []) -%}
{%- set next = 'round_' ~ number ~ '_' ~ kind | replace(' ', '_') %}
{{ next }} as {{ materialized() }} (
    select
        kind,
        sum_number,
        block_number,
        is_whole,
        is_gap_told,
        place,
        min_n,
        {%- for column in additive %}
        {{ column }},
        gap_{{ column }},
        {%- endfor %}
        bool_or(is_withheld or (kind = '{{ kind }}' and is_open and is_smallest_shown)) over (partition by place)
            as is_withheld
    from {{ _open_sums(state.name, counts) | indent }} as sums
),
{% set state.name = next -%}
{%- endfor -%}
{%- endfor %}
verdicts as (
    select
        place,
        bool_or(is_withheld) as is_withheld,
        bool_or(is_block_open) as is_block_open
    from (
        select
            place,
            is_withheld,
            bool_or(is_open) over (partition by block_number) as is_block_open
        from {{ _open_sums(state.name, counts) | indent(8) }} as sums
    ) as blocks
    group by place
)

select
    cells.item,
    cells.period_type,
    cells.period_start,
    cells.breakdown,
    cells.member,
    coalesce(cells.reason, 'complement') as reason
from cells
left join verdicts on cells.place = verdicts.place
where cells.reason is not null or verdicts.is_withheld or verdicts.is_block_open
{%- endmacro %}


{#- The sums of a round, each with `is_open` and, of the cells it still shows, `is_smallest_shown`. -#}
{% macro _open_sums(state, counts) -%}
(
    select
        *,
        shown_count >= 1
        and (
            withheld_count = 1
            or (
                not is_whole_withheld
                and shown_part_count >= 1
                and (
                    {{ _hide_too_little(counts, 'gap_') }}
                    or (is_gap_told and ({{ _hide_too_little(counts) }}))
                )
            )
        ) as is_open,
        not is_withheld and size_order = 1 as is_smallest_shown
    from (
        select
            *,
            sum(case when is_withheld then 1 else 0 end) over (partition by sum_number) as withheld_count,
            sum(case when is_withheld then 0 else 1 end) over (partition by sum_number) as shown_count,
            sum(case when is_withheld or is_whole then 0 else 1 end) over (partition by sum_number) as shown_part_count,
            bool_or(is_whole and is_withheld) over (partition by sum_number) as is_whole_withheld,
            {%- for column in counts + ['total', 'squares'] %}
            sum(case when is_withheld and not is_whole then {{ column }} else 0 end)
                over (partition by sum_number) as withheld_{{ column }},
            {%- endfor %}
            row_number() over (partition by sum_number order by is_withheld, is_whole, n, place) as size_order
        from {{ state }}
    ) as counted
)
{%- endmacro %}


{#- Whether a sum's withheld parts, together with what the whole counts beyond its parts (`gap`), are few or all alike. -#}
{% macro _hide_too_little(counts, gap=none) -%}
    {%- set hidden = {} -%}
    {%- for count in counts + ['total', 'squares'] -%}
        {%- do hidden.update({count: '(' ~ (gap ~ count ~ ' + ' if gap else '') ~ 'withheld_' ~ count ~ ')'}) -%}
    {%- endfor -%}
    {%- for count in counts -%}
    ({{ hidden[count] }} > 0 and {{ hidden[count] }} < min_n)
    or {% endfor -%}
    coalesce({{ hidden.n }} > 0 and {{ hidden.n }} * {{ hidden.squares }} = {{ hidden.total }} * {{ hidden.total }}, false)
{%- endmacro %}


{% macro _is_among(value, names) -%}
    {%- if names -%}
    {{ value }} in ({% for name in names %}'{{ name }}'{{ ', ' if not loop.last }}{% endfor %})
    {%- else -%}
    false
    {%- endif -%}
{%- endmacro %}


{#- How often `withheld_cells` goes round. The linter reads one round: the others are alike. -#}
{% macro suppression_rounds() -%}
    {{ return(adapter.dispatch('suppression_rounds')()) }}
{%- endmacro %}


{% macro default__suppression_rounds() -%}
    {{ return(5) }}
{%- endmacro %}


{#- What keeps a step from being planned again inside every later one; Spark has no word for it and needs none. -#}
{% macro materialized() -%}
    {{ return(adapter.dispatch('materialized')()) }}
{%- endmacro %}


{% macro duckdb__materialized() -%}
    materialized
{%- endmacro %}


{% macro spark__materialized() -%}
{%- endmacro %}
