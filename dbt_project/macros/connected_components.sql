{#-
  Connected components by joins alone: SQL that every engine runs, in few rounds however long a chain is.

  A round lets every node point at its smallest neighbor, follows the pointers to their ends by doubling (each jump
  halves the way), and contracts each tree to its root, the smallest node in it. Pointers lead to smaller nodes only, so
  there are no rings; a round leaves at most half of the nodes that still have an edge; it is over when no edge is left,
  and then a component's label is its smallest node.

  Args:
    nodes: a relation with a column `node`, unique and not null.
    edges: a relation with columns `node` and `neighbor`, both among the nodes, in any direction, repeated or not.

  Returns a query of `node, component`. The rounds run when the model runs, in temporary tables of its connection; what
  only compiles (docs, parse) runs nothing.
-#}
{% macro connected_components(nodes, edges) %}
    {%- if execute and flags.WHICH in ['run', 'build', 'run-operation'] -%}
        {%- do components_start(nodes, edges) -%}
        {%- set state = namespace(links=components_count('components_links'), moved=0) -%}
        {%- for _ in range(64) if state.links > 0 -%}
            {%- do components_point() -%}
            {%- set state.moved = 1 -%}
            {%- for _ in range(64) if state.moved > 0 -%}
                {%- set state.moved = components_jump() -%}
            {%- endfor -%}
            {%- do components_contract() -%}
            {%- set state.links = components_count('components_links') -%}
        {%- endfor -%}
        {%- if state.links > 0 -%}
            {{- exceptions.raise_compiler_error('connected_components: edges are left after 64 rounds') -}}
        {%- endif -%}
    {%- endif -%}
    select
        labels.node,
        labels.component
    from components_labels as labels
{% endmacro %}

{#- Every node is its own component; links are the edges, once each, small end first. -#}
{% macro components_start(nodes, edges) %}
    {%- do components_replace(
        'components_labels',
        'select nodes.node, nodes.node as component from ' ~ nodes ~ ' as nodes'
    ) -%}
    {%- do components_replace(
        'components_links',
        'select distinct least(edges.node, edges.neighbor) as low, greatest(edges.node, edges.neighbor) as high from '
        ~ edges ~ ' as edges where edges.node <> edges.neighbor'
    ) -%}
{% endmacro %}

{#- Every node points at the smallest of itself and its neighbors. -#}
{% macro components_point() %}
    {%- do components_replace(
        'components_pointers',
        'select ends.node, min(ends.target) as target from ('
        ~ 'select low as node, low as target from components_links union all '
        ~ 'select high as node, low as target from components_links) as ends group by ends.node'
    ) -%}
{% endmacro %}

{#- Every pointer takes the pointer of its target; returns how many moved. -#}
{% macro components_jump() %}
    {%- do components_replace(
        'components_jumped',
        'select near.node, far.target, near.target <> far.target as moved from components_pointers as near '
        ~ 'inner join components_pointers as far on near.target = far.node'
    ) -%}
    {%- do components_replace('components_pointers', 'select node, target from components_jumped') -%}
    {{- return(components_count('components_jumped where moved')) -}}
{% endmacro %}

{#- Labels and links move to the roots; links inside one tree are gone. -#}
{% macro components_contract() %}
    {%- do components_replace(
        'components_labels',
        'select labels.node, coalesce(pointers.target, labels.component) as component from components_labels as labels '
        ~ 'left join components_pointers as pointers on labels.component = pointers.node'
    ) -%}
    {%- do components_replace(
        'components_links',
        'select distinct least(lows.target, highs.target) as low, greatest(lows.target, highs.target) as high '
        ~ 'from components_links as links '
        ~ 'inner join components_pointers as lows on links.low = lows.node '
        ~ 'inner join components_pointers as highs on links.high = highs.node '
        ~ 'where lows.target <> highs.target'
    ) -%}
{% endmacro %}

{#- A temporary table from a query that may read the table that it replaces. -#}
{% macro components_replace(name, query) %}
    {%- do adapter.dispatch('components_replace')(name, query) -%}
{% endmacro %}

{% macro duckdb__components_replace(name, query) %}
    {%- do run_query('create or replace temporary table ' ~ name ~ ' as ' ~ query) -%}
{% endmacro %}

{% macro components_count(relation) %}
    {{- return(run_query('select count(*) as n from ' ~ relation).columns[0].values()[0] | int) -}}
{% endmacro %}
