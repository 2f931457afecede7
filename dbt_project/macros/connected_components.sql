{#-
  Connected components by joins alone: SQL that every engine runs, in few rounds however long a chain is.

  A round lets every node point at its smallest neighbor, follows the pointers to their ends by doubling (each jump
  halves the way), and contracts each tree to its root, the smallest node in it. Pointers lead to smaller nodes only, so
  there are no rings; a round leaves at most half of the nodes that still have an edge; it is over when no edge is left.
  Then the rounds' pointers are put together, from the last to the first.

  The rounds work on numbers, which are three times as fast as texts. Which number a node gets doesn't matter: a
  component's label is the smallest of its nodes. Edges find their numbers by short hashes, four times as fast as by texts;
  only where two nodes have one hash, the texts are compared too.

  Args:
    nodes: a relation with a column `node`, unique and not null, and its short hash `node_hash`.
    edges: a relation with columns `node` and `neighbor`, and their hashes `node_hash` and `neighbor_hash`, in any direction,
      repeated or not. An edge that leads to no node of `nodes` is left out.

  Returns a query of `node, component`. The rounds run when the model runs, in temporary tables of its connection; what
  only compiles (docs, parse) runs nothing.
-#}
{% macro connected_components(nodes, edges) %}
    {%- if execute and flags.WHICH in ['run', 'build', 'run-operation'] -%}
        {%- do components_start(nodes, edges) -%}
        {%- set state = namespace(rounds=0, links=components_count('components_links'), moved=0) -%}
        {%- for _ in range(64) if state.links > 0 -%}
            {%- set state.rounds = state.rounds + 1 -%}
            {%- set pointers = 'components_pointers_' ~ state.rounds -%}
            {%- do components_point(pointers) -%}
            {%- set state.moved = 1 -%}
            {%- for _ in range(64) if state.moved > 0 -%}
                {%- do components_jump(pointers) -%}
                {%- set state.moved = components_count(pointers ~ ' where is_moved') -%}
            {%- endfor -%}
            {%- do components_contract(pointers) -%}
            {%- set state.links = components_count('components_links') -%}
        {%- endfor -%}
        {%- if state.links > 0 -%}
            {{- exceptions.raise_compiler_error('connected_components: edges are left after 64 rounds') -}}
        {%- endif -%}
        {%- for round in range(state.rounds - 1, 0, -1) -%}
            {%- do components_compose('components_pointers_' ~ round, 'components_pointers_' ~ (round + 1)) -%}
        {%- endfor -%}
        {%- do components_roots('components_pointers_1' if state.rounds else none) -%}
    {%- endif -%}
    select
        roots.node,
        smallest.component
    from components_roots as roots
    inner join (
        select
            root,
            min(node) as component
        from components_roots
        group by root
    ) as smallest
        on roots.root = smallest.root
{% endmacro %}

{#- Every node has a number; links are the edges between these. -#}
{% macro components_start(nodes, edges) %}
    {%- do components_replace(
        'components_numbers',
        'select nodes.node, nodes.node_hash, ' ~ any_number() ~ ' as number from ' ~ nodes ~ ' as nodes'
    ) -%}
    {%- set twins = '(select node_hash from components_numbers group by node_hash having count(*) > 1) as twins' -%}
    {%- set has_twins = components_count(twins) > 0 -%}
    {%- do components_replace(
        'components_links',
        'select nodes.number as node, neighbors.number as neighbor from ' ~ edges ~ ' as edges '
        ~ 'inner join components_numbers as nodes on edges.node_hash = nodes.node_hash '
        ~ ('and edges.node = nodes.node ' if has_twins else '')
        ~ 'inner join components_numbers as neighbors on edges.neighbor_hash = neighbors.node_hash '
        ~ ('and edges.neighbor = neighbors.node ' if has_twins else '')
        ~ 'where nodes.number <> neighbors.number'
    ) -%}
{% endmacro %}

{#- Every node that has a link points at the smallest of itself and its neighbors. -#}
{% macro components_point(pointers) %}
    {%- do components_replace(
        pointers,
        'select ends.node, min(ends.target) as target from ('
        ~ 'select node, least(node, neighbor) as target from components_links union all '
        ~ 'select neighbor as node, least(node, neighbor) as target from components_links) as ends group by ends.node'
    ) -%}
{% endmacro %}

{#- Every pointer takes the pointer of its target. -#}
{% macro components_jump(pointers) %}
    {%- do components_replace(
        pointers,
        'select near.node, far.target, near.target <> far.target as is_moved from ' ~ pointers ~ ' as near '
        ~ 'inner join ' ~ pointers ~ ' as far on near.target = far.node'
    ) -%}
{% endmacro %}

{#- Links move to the roots; those inside one tree are gone. -#}
{% macro components_contract(pointers) %}
    {%- do components_replace(
        'components_links',
        'select distinct least(nodes.target, neighbors.target) as node, greatest(nodes.target, neighbors.target) as neighbor '
        ~ 'from components_links as links '
        ~ 'inner join ' ~ pointers ~ ' as nodes on links.node = nodes.node '
        ~ 'inner join ' ~ pointers ~ ' as neighbors on links.neighbor = neighbors.node '
        ~ 'where nodes.target <> neighbors.target'
    ) -%}
{% endmacro %}

{#- A round's pointers lead to where the next round's lead from there. -#}
{% macro components_compose(pointers, later) %}
    {%- do components_replace(
        pointers,
        'select near.node, coalesce(far.target, near.target) as target from ' ~ pointers ~ ' as near '
        ~ 'left join ' ~ later ~ ' as far on near.target = far.node'
    ) -%}
{% endmacro %}

{#- Every node with its component's root, a number; a node without a link is its own. -#}
{% macro components_roots(pointers) %}
    {%- do components_replace(
        'components_roots',
        'select numbers.node, ' ~ ('coalesce(pointers.target, numbers.number)' if pointers else 'numbers.number') ~ ' as root '
        ~ 'from components_numbers as numbers'
        ~ (' left join ' ~ pointers ~ ' as pointers on numbers.number = pointers.node' if pointers else '')
    ) -%}
{% endmacro %}

{#- A temporary table from a query that may read the table that it replaces. -#}
{% macro components_replace(name, query) %}
    {%- do adapter.dispatch('components_replace')(name, query) -%}
{% endmacro %}

{% macro duckdb__components_replace(name, query) %}
    {%- do run_query('create or replace temporary table ' ~ name ~ ' as ' ~ query) -%}
{% endmacro %}

{#- A number for each row, each another one, in no order. -#}
{% macro any_number() -%}
    {{ return(adapter.dispatch('any_number')()) }}
{%- endmacro %}

{% macro duckdb__any_number() -%}
    row_number() over ()
{%- endmacro %}

{% macro spark__any_number() -%}
    monotonically_increasing_id()
{%- endmacro %}

{% macro components_count(relation) %}
    {{- return(run_query('select count(*) as n from ' ~ relation).columns[0].values()[0] | int) -}}
{% endmacro %}
