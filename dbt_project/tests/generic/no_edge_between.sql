{#- Edges whose ends lie in two components, or in none.

    Where a build made some components anew, the edges of these alone are looked at: the others' are what they were.

    Args:
        edges: a model of `node, neighbor`.
        touched: the model that lists the nodes whose components were made anew; empty where all were.
-#}
{% test no_edge_between(model, edges, touched) %}
select
    edges.node,
    edges.neighbor
from {{ edges }} as edges
left join {{ model }} as near on edges.node = near.node
left join {{ model }} as far on edges.neighbor = far.node
where
    (near.component is null or far.component is null or near.component <> far.component)
    and (
        edges.node in (select touched.node from {{ touched }} as touched)
        or edges.neighbor in (select touched.node from {{ touched }} as touched)
        or not exists (select touched.node from {{ touched }} as touched)
    )
{% endtest %}
