"""Connected components by joins against scipy's, on graphs that are hard for one way or the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .project import Project, small_project

Graph = tuple[int, list[tuple[int, int]]]
"""How many nodes, and edges between their numbers."""


def graphs() -> Iterator[tuple[str, Graph]]:
    chain = [(node, node + 1) for node in range(999)]
    shuffled = np.random.default_rng(5).permutation(1000)
    yield "no edges", (5, [])
    yield "a loop and the same edge both ways and twice", (4, [(0, 0), (1, 2), (2, 1), (1, 2)])
    yield "a chain in order", (1000, chain)
    yield "a chain out of order", (1000, [(int(shuffled[a]), int(shuffled[b])) for a, b in chain])
    yield "a ring", (1000, [*chain, (999, 0)])
    yield "a star whose hub is the largest", (500, [(499, node) for node in range(499)])
    yield "a tree", (1023, [(node, (node - 1) // 2) for node in range(1, 1023)])
    for seed in range(6):
        draw = np.random.default_rng(seed)
        nodes = int(draw.integers(20, 2000))
        # About as many edges as half of the nodes: where components of every size occur.
        count = int(nodes * draw.uniform(0.2, 0.9))
        ends = draw.integers(0, nodes, (count, 2))
        yield f"random graph {seed}", (nodes, [(int(a), int(b)) for a, b in ends])


GRAPHS = dict(graphs())


@pytest.fixture(scope="module", params=["hash(node)", "hash(node) % 50"], ids=["by hashes", "by texts"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """All graphs side by side as one; a node is `<graph>/<number>`. Of 50 hashes each is several nodes'."""
    project = small_project(
        tmp_path_factory.mktemp("components"),
        ["connected_components.sql"],
        {
            "components": "{{ config(materialized='table') }} "
            "{{ connected_components('main.nodes', 'main.edges') }}"
        },
    )
    names = list(GRAPHS)
    with project.connect() as connection:
        connection.execute(f"create macro short_hash(node) as {request.param}")
        connection.execute("create table nodes (node varchar, node_hash ubigint)")
        connection.execute(
            "create table edges (node varchar, neighbor varchar, node_hash ubigint, neighbor_hash ubigint)"
        )
        for name, (nodes, edges) in GRAPHS.items():
            graph = names.index(name)
            connection.execute(
                "insert into nodes select printf('%d/%05d', ?, n) as node, short_hash(node) "
                "from generate_series(0, ? - 1) as t (n)",
                [graph, nodes],
            )
            connection.execute(
                "insert into edges "
                "select printf('%d/%05d', ?, e[1]) as near, printf('%d/%05d', ?, e[2]) as far, "
                "short_hash(near), short_hash(far) from unnest(cast(? as integer[][])) as t (e)",
                [graph, graph, edges],
            )
    project.dbt("run")
    return project


@pytest.mark.parametrize("name", GRAPHS)
def test_components_are_those_of_scipy(built: Project, name: str) -> None:
    nodes, edges = GRAPHS[name]
    graph = list(GRAPHS).index(name)
    rows = built.query(f"select node, component from components where node like '{graph}/%' order by node")
    assert len(rows) == nodes
    label = [int(component.split("/")[1]) for _, component in rows]
    ends = np.array(edges, dtype=int).reshape(-1, 2)
    matrix = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(nodes, nodes))
    _, expected = connected_components(matrix, directed=False)
    smallest = {int(part): int(np.flatnonzero(expected == part)[0]) for part in set(expected)}
    assert label == [smallest[int(part)] for part in expected]


def test_no_edge_spans_two_labels(built: Project) -> None:
    spanning = built.query(
        "select edges.* from edges join components as a on edges.node = a.node "
        "join components as b on edges.neighbor = b.node where a.component <> b.component"
    )
    assert built.query("select count(*) from edges")[0][0] > 5000
    assert spanning == []
