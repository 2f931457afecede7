{#- Which cells are withheld from what is public, and why: complementary suppression over every sum that a reader could take.

    What is published adds up in several ways: an organization's services to the organization (a site's pages to the site), a breakdown's members to all,
    a member's months to its fiscal quarter, and quarters and months to the fiscal year where years are published. Whoever takes
    what a sum shows from its whole has what it withholds, all of it together. So a sum is open while one of its cells is
    withheld, or those withheld may each count fewer answers than suppression_min_n, or count answers that are all alike; then the
    smallest cell that the sum still shows is withheld too (tie: the first by name; the whole comes last). What a whole counts
    beyond its parts (visits without a service, say) is withheld as well, for nothing shows it, but hides no cell: it is few.
    Where another table tells how many (answers without a channel, or of people whose segment nobody knows), those withheld have
    to be enough with it and without it (`told_gaps`).

    The sums share cells, so this goes on until nothing changes. In a step every open sum withholds its cell, but for a sum of which
    one cell goes in this step for another kind that comes before its own (services, members, periods, items): that may close it. Eight steps
    are written out, because recursion is not the same on every engine; should a sum still be open after them, all of
    that item (of all items, where there are `parents` or `asked_together`) and longest period is withheld.

    Args:
        cells: relation with item (text: what adds up only with itself), period_type, period_start, breakdown, member,
            service_organization_id (of a service whose answers are all one organization's; else null), n
            and reason (why the cell is withheld for its own sake, else null).
        parts_of_n: columns of cells that count some of n and that a published figure is over too: what a sum hides is not
            to be few of them either. None of them is as well as enough.
        breakdowns: those whose members add up to all.
        told_gaps: breakdowns of which another table tells how many the whole counts beyond its members.
        periods: period types, from the shortest, each of which adds up to every longer one: month, quarter, year.
        page_sites: the column of cells that names the site, among the breakdowns, which a page is of; none: pages add up to all alone.
        parents: the column of cells that names the item which, in each period and member, theirs adds up to; none: items don't add up.
        asked_together: the column of cells that names the items that the same people were asked, a scale; cells then has a row for each
            of them that anybody answered and a member didn't, with n = 0, and `asked_n`, the largest n of them: as many of the
            member's people as are known to have been asked. Most answered all, so that the number of one bounds another's: where
            one is withheld that fewer than suppression_min_n of these left out, all are; and so are those of another scale
            with the same asked_n, for a reader may take the two for the same people. And a missing row tells that all left
            the item out: it is withheld wherever another of its scale is, and hides nothing in a sum.
        is_alike_secret: whether nobody is to learn that answers are all alike. Then cells have total and squares too, the sums of the
            answers and of their squares, which tell it.
        steps: how many there are; none: as `suppression_steps` says.

    A sum without a published whole (pages of a source that gives no total) tells nothing, and hides nothing.

    Returns:
        A query: one row per withheld cell, its key and `reason` (small_n, unanimous, complement).
-#}
{% macro withheld_cells(cells, parts_of_n=[], breakdowns=['organization', 'service', 'channel'], told_gaps=[], periods=['month', 'quarter'], page_sites=none, parents=none, asked_together=none, is_alike_secret=false, steps=none) -%}
{%- set starts = {'quarter': 'quarter_start', 'year': 'year_start'} -%}
{%- set spans = [] -%}
{%- for whole in periods -%}
{%- for part in periods[:loop.index0] -%}
{%- do spans.append({'name': part ~ 's of a ' ~ whole, 'part': part, 'whole': whole}) -%}
{%- endfor -%}
{%- endfor -%}
{%- set nests = [{'part': 'service', 'whole': 'organization', 'of': 'service_organization_id'}] -%}
{%- if page_sites -%}
{%- do nests.append({'part': 'page', 'whole': 'site', 'of': page_sites}) -%}
{%- endif -%}
{%- set counts = ['n'] + parts_of_n -%}
{%- set additive = counts + (['total', 'squares'] if is_alike_secret else []) -%}
{%- set carried = ['kind', 'sum_number', 'block_number', 'is_whole', 'is_gap_told', 'place', 'size_order', 'min_n'] + additive -%}
{%- set people = ['period_type', 'period_start', 'breakdown', 'member'] -%}
{%- if asked_together -%}
{%- do carried.extend(['people_number', 'scale_number', 'left_out_n']) -%}
{%- endif -%}
{%- set last = (steps or suppression_steps()) | int -%}
with

cells as (
    select
        *,
        {{ fiscal_quarter_start('period_start') }} as quarter_start,
        {{ fiscal_year_start('period_start') }} as year_start,
        row_number() over (order by item, {{ people | join(', ') }}) as place,
        {%- if asked_together %}
        dense_rank() over (order by asked_n, {{ people | join(', ') }}) as people_number,
        dense_rank() over (order by {{ asked_together }}, {{ people | join(', ') }}) as scale_number,
        asked_n - n as left_out_n,
        {%- endif %}
        -- asked for once: each mention of a policy is a join, and a step that has ten takes long to be planned
        {{ policy('suppression_min_n') }} as min_n
    from {{ cells }}
),

sums as (
    {%- for nest in nests %}
    select
        1 as kind,
        concat_ws('|', '{{ nest.part }}s', item, period_type, cast(period_start as string), {{ nest.of }}) as sum_name,
        false as is_whole,
        {{ _is_among("'" ~ nest.part ~ "'", told_gaps) }} as is_gap_told,
        *
    from cells
    where breakdown = '{{ nest.part }}' and {{ nest.of }} is not null
    union all
    select
        1 as kind,
        concat_ws('|', '{{ nest.part }}s', item, period_type, cast(period_start as string), member) as sum_name,
        true as is_whole,
        {{ _is_among("'" ~ nest.part ~ "'", told_gaps) }} as is_gap_told,
        *
    from cells
    where breakdown = '{{ nest.whole }}'
    union all
    {%- endfor %}
    select
        2 as kind,
        concat_ws('|', 'members', item, period_type, cast(period_start as string), breakdown) as sum_name,
        false as is_whole,
        {{ _is_among('breakdown', told_gaps) }} as is_gap_told,
        *
    from cells
    where breakdown <> 'all'
    union all
    select
        2 as kind,
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
        {{ 2 + loop.index }} as kind,
        concat_ws('|', '{{ span.name }}', item, cast({{ starts[span.whole] }} as string), breakdown, member) as sum_name,
        period_type = '{{ span.whole }}' as is_whole,
        false as is_gap_told,
        *
    from cells
    where period_type in ('{{ span.part }}', '{{ span.whole }}')
    {%- endfor %}
    {%- if parents %}
    union all
    select
        {{ 3 + spans | length }} as kind,
        concat_ws('|', 'items', period_type, cast(period_start as string), breakdown, member, {{ parents }}) as sum_name,
        false as is_whole,
        false as is_gap_told,
        *
    from cells
    where {{ parents }} is not null
    union all
    select
        {{ 3 + spans | length }} as kind,
        concat_ws('|', 'items', period_type, cast(period_start as string), breakdown, member, item) as sum_name,
        true as is_whole,
        false as is_gap_told,
        *
    from cells
    {%- endif %}
),

memberships as (
    select
        kind,
        dense_rank() over (order by sum_name) as sum_number,
        dense_rank() over (
            order by {{ 'item, ' if not (parents or asked_together) }}{{ starts[periods | last] }}
        ) as block_number,
        is_whole,
        is_gap_told,
        place,
        {%- if asked_together %}
        people_number,
        scale_number,
        left_out_n,
        -- nobody hides nobody
        case when n > 0 then row_number() over (order by is_whole, n, place) end as size_order,
        {%- else %}
        row_number() over (order by is_whole, n, place) as size_order,
        {%- endif %}
        min_n,
        {{ additive | join(',\n        ') }},
        bool_or(is_whole) over (partition by sum_name) as has_whole,
        sum(case when is_whole then n else -n end) over (partition by sum_name) as gap_n,
        {{ _with_the_same_peoples('reason is not null', asked_together) }} as is_withheld
    from sums
),

-- no sum, and nothing that is withheld together, reaches beyond a block: where nothing is hidden there, nothing more has to be
step_0 as {{ materialized() }} (
    select *
    from (
        select
            *,
            bool_or(is_withheld or gap_n > 0) over (partition by block_number) as is_something_hidden
        from memberships
        where has_whole
    ) as blocks
    where is_something_hidden
),
{% for number in range(1, last + 1) %}
step_{{ number }} as {{ materialized() }} (
    select
        {{ carried | join(',\n        ') }},
        {{ _with_the_same_peoples('is_gone', asked_together) }} as is_withheld
    from (
        select
            *,
            bool_or(is_withheld or (is_chosen and kind = first_kind)) over (partition by place) as is_gone
        from (
            select
                *,
                min(chosen_for) over (partition by sum_number) as first_kind
            from (
                select
                    *,
                    is_open and size_order = smallest_shown as is_chosen,
                    min(case when is_open and size_order = smallest_shown then kind end)
                        over (partition by place) as chosen_for
                from {{ _open_sums('step_' ~ (number - 1), counts, is_alike_secret, told_gaps) | indent(16) }} as sums
            ) as chosen
        ) as ordered
    ) as steps
),
{% endfor %}
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
        from {{ _open_sums('step_' ~ last, counts, is_alike_secret, told_gaps) | indent(8) }} as sums
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


{#- Whether a cell is withheld, `is_withheld` saying so of its own: it may be for another one's sake of the same people. -#}
{% macro _with_the_same_peoples(is_withheld, asked_together) -%}
    {{ is_withheld }}
    {%- if asked_together %}
        or bool_or(({{ is_withheld }}) and left_out_n < min_n) over (partition by people_number)
        or (n = 0 and bool_or({{ is_withheld }}) over (partition by scale_number))
    {%- endif %}
{%- endmacro %}


{#- The sums of a step, each with `is_open` and, of the cells it still shows, the smallest one's `size_order`.

    What a sum hides is its whole less the parts shown (`hidden_…`); where its gap is told, the parts withheld as well (`withheld_…`).
-#}
{% macro _open_sums(state, counts, is_alike_secret, told_gaps) -%}
(
    select
        *,
        coalesce(
            smallest_shown is not null
            and (
                withheld_count = 1
                or (
                    not is_whole_withheld
                    and shown_part_count >= 1
                    and (
                        {{ _are_too_few('hidden_', counts, is_alike_secret) }}
                        {%- if told_gaps %}
                        or (is_gap_told and ({{ _are_too_few('withheld_', counts, is_alike_secret) }}))
                        {%- endif %}
                    )
                )
                -- as many as there are rows: each is of one
                or (not is_whole_withheld and hidden_n = withheld_part_count and hidden_n > 0)
            ),
            false
        ) as is_open
    from (
        select
            *,
            min(case when is_withheld then null else size_order end) over (partition by sum_number) as smallest_shown,
            sum(case when is_withheld then 1 else 0 end) over (partition by sum_number) as withheld_count,
            sum(case when is_withheld or is_whole or n = 0 then 0 else 1 end)
                over (partition by sum_number) as shown_part_count,
            sum(case when is_withheld and not is_whole and n > 0 then 1 else 0 end)
                over (partition by sum_number) as withheld_part_count,
            {%- for column in counts + (['total', 'squares'] if is_alike_secret else []) %}
            sum(case when is_whole then {{ column }} when is_withheld then 0 else -{{ column }} end)
                over (partition by sum_number) as hidden_{{ column }},
            {%- if told_gaps %}
            sum(case when is_withheld and not is_whole then {{ column }} else 0 end)
                over (partition by sum_number) as withheld_{{ column }},
            {%- endif %}
            {%- endfor %}
            bool_or(is_whole and is_withheld) over (partition by sum_number) as is_whole_withheld
        from {{ state }}
    ) as counted
)
{%- endmacro %}


{#- Whether what a sum hides, in columns that begin with `prefix`, are few of any count, or all alike. -#}
{% macro _are_too_few(prefix, counts, is_alike_secret) -%}
    {%- for count in counts -%}
    {#- a withheld row is there, so it counts 1 or more: each may be as many as the others, at 1, leave -#}
    {%- set most = prefix ~ count ~ (' - greatest(withheld_part_count - 1, 0)' if loop.first else '') -%}
    {{ 'or ' if not loop.first }}({{ prefix }}{{ count }} > 0 and {{ most }} < min_n)
    {% endfor -%}
    {%- if is_alike_secret -%}
    or ({{ prefix }}n > 0 and {{ prefix }}n * {{ prefix }}squares = {{ prefix }}total * {{ prefix }}total)
    {%- endif -%}
{%- endmacro %}


{% macro _is_among(value, names) -%}
    {%- if names -%}
    {{ value }} in ({% for name in names %}'{{ name }}'{{ ', ' if not loop.last }}{% endfor %})
    {%- else -%}
    false
    {%- endif -%}
{%- endmacro %}


{#- How many steps `withheld_cells` has. The linter reads one: the others are alike. -#}
{% macro suppression_steps() -%}
    {{ return(adapter.dispatch('suppression_steps')()) }}
{%- endmacro %}


{% macro default__suppression_steps() -%}
    {{ return(8) }}
{%- endmacro %}


{#- A query: the cells of which cx_index withholds how many answered (period_type, period_start, breakdown, member).

    On a scale with an index that is the index's n; on another an item's, which may be the only one of its instrument.
-#}
{% macro withheld_respondents() -%}
    select distinct
        period_type,
        period_start,
        breakdown,
        member
    from {{ ref('int_withheld_items') }}
    where driver = 'all' or not {{ is_in_an_index('scale', 'driver') }}
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
