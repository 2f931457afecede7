"""How fast people are told apart. Run by hand: `python -m tests.bench.bench_identity [EDGES]`.

It makes records of two tokens each (10,000,000 if nothing else is said): of people with six tokens, of whom
one in twenty shares one with somebody else. Then it has dbt make the components of all tokens, and of those
that a hundredth as many new records touch (list and components in one run of dbt, as in a build), and prints
seconds and CPU seconds. Both are compared with scipy. Of 10,000,000 edges it says whether each run keeps its
bar, and ends with exit code 1 if one doesn't; give it a machine that does nothing else. Data lie in the
folder for temporary files (`TMPDIR`) meanwhile: 10 GB for 10,000,000 edges.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from voxpop.config import load_settings

from tests.dbt.facts.project import Project
from tests.parsed_once import ParsedOnce

EDGES = 10_000_000
BARS = {"full": 60.0, "delta": 8.0}
"""Seconds by the clock that each run may take, of as many edges and of a hundredth more."""
TOKENS_A_PERSON = 6
SHARED = 20
"""Of how many edges one leads to somebody else's token."""

_NODE = "'email:' || sha256(cast({number} as varchar))"
_TABLES = f"""
create schema if not exists intermediate;
create table pairs (record bigint, node bigint, neighbor bigint);
create table intermediate.int_identity__record_tokens as
    select cast(null as varchar) as _record_key, cast(null as varchar) as node, 'medium' as tier where false;
create table intermediate.int_identity__touched_records as
    select _record_key, node from intermediate.int_identity__record_tokens;
create table intermediate.int_identity__neighbors
    (node varchar, neighbor varchar, tier varchar, neighbor_tier varchar, is_pair boolean,
    node_hash bigint, neighbor_hash bigint);
create table intermediate.int_identity__edges
    (node varchar, neighbor varchar, node_hash bigint, neighbor_hash bigint);
create table intermediate.int_identity__tokens (node varchar, node_hash bigint, is_capped boolean);
create table intermediate.int_identity__touched_nodes
    (node varchar, node_hash bigint, component_hash bigint, customer_id varchar);
create schema if not exists _build;
create table _build.run as select 'run' as run_id, false as takes_over;
create table _build.denied_pairs (
    identifier_type varchar, token varchar, other_identifier_type varchar, other_token varchar
);
create schema if not exists seeds;
create table if not exists seeds.identity_denied as from _build.denied_pairs;
create macro node_of(number) as {_NODE.format(number="number")};
"""
_ADDED = """
create or replace temporary table added as
    select
        'bench/' || record as _record_key,
        node_of(node) as one,
        node_of(neighbor) as other
    from pairs where record >= ?;
insert into intermediate.int_identity__record_tokens
    select _record_key, one, 'medium' from added union all select _record_key, other, 'medium' from added;
insert into intermediate.int_identity__edges
    select near, far, hash(near) >> 1, hash(far) >> 1
    from (
        select distinct least(one, other) as near, greatest(one, other) as far from added where one <> other
    );
insert into intermediate.int_identity__tokens
    select distinct node, hash(node) >> 1, false
    from (select one as node from added union all select other from added)
    where node not in (select node from intermediate.int_identity__tokens);
"""
_NEIGHBORS = """
insert into intermediate.int_identity__neighbors
    select node, neighbor, 'medium', 'medium', false, node_hash, neighbor_hash
    from (
        select * from intermediate.int_identity__edges
        union all
        select neighbor, node, neighbor_hash, node_hash from intermediate.int_identity__edges
    )
"""


def main(edges: int) -> bool:
    """Print one line a run, one for each of its models, and one for each bar, where there are bars.

    Returns:
        Whether all bars are kept.
    """
    with tempfile.TemporaryDirectory(prefix="bench-identity-") as folder:
        work = Path(folder)
        settings = load_settings({"VOXPOP_HOME": str(work)})
        project = Project(settings.dbt_target / "project", work, ParsedOnce(settings).manifest())
        with project.connect() as connection:
            connection.execute("set memory_limit = '8GB'")
            for statement in _TABLES.split(";\n"):
                connection.execute(statement)
            add(connection, 0, edges)
            connection.execute(_NEIGHBORS)
        full = timed(project, f"{edges:,} edges", ["int_identity__components"])
        prove(project)
        with project.connect() as connection:
            add(connection, edges, edges // 100)
            connection.execute(
                "insert into intermediate.int_identity__touched_records "
                "select distinct 'bench/' || record, cast(null as varchar) from pairs where record >= ?",
                [edges],
            )
        delta = timed(
            project,
            f"{edges // 100:,} edges onto them",
            ["int_identity__touched_nodes", "int_identity__components"],
        )
        prove(project)
    return edges != EDGES or keeps_bars({"full": full, "delta": delta})


def keeps_bars(seconds: dict[str, float]) -> bool:
    """Say of each run whether it took no longer than its bar; True if all did."""
    for run, bar in BARS.items():
        said = "kept" if seconds[run] <= bar else "not kept"
        print(f"{run}: {seconds[run]:.1f} s, bar {bar:g} s: {said}", flush=True)
    return all(seconds[run] <= bar for run, bar in BARS.items())


def add(connection: duckdb.DuckDBPyConnection, first: int, count: int) -> None:
    """Add records, by a draw of their own; the first tokens are the first people's."""
    draw = np.random.default_rng(first)
    record = np.arange(first, first + count)
    people = max(first, count) // (TOKENS_A_PERSON - 1)
    one = record // (TOKENS_A_PERSON - 1) * TOKENS_A_PERSON + record % (TOKENS_A_PERSON - 1)
    other = np.where(
        draw.integers(0, SHARED, count) == 0, draw.integers(0, people * TOKENS_A_PERSON, count), one + 1
    )
    # what comes later is mostly of people who are known
    known = draw.integers(0, people * TOKENS_A_PERSON, count)
    one = np.where((first > 0) & (draw.integers(0, 2, count) == 0), known, one)
    drawn = {"record": record, "node": one, "neighbor": other}
    connection.register("drawn", duckdb.from_arrow(_table(drawn), connection=connection))
    connection.execute("insert into pairs select record, node, neighbor from drawn")
    connection.unregister("drawn")
    create, *inserts = _ADDED.split(";\n")
    connection.execute(create, [first])
    for insert in inserts:
        if insert.strip():
            connection.execute(insert)


def _table(columns: dict[str, np.ndarray]) -> object:
    import pyarrow as pa

    return pa.table(columns)


def timed(project: Project, what: str, models: list[str]) -> float:
    """Run models, print what they took and return the seconds by the clock; dbt's own time is in it."""
    wall, cpu = time.perf_counter(), time.process_time()
    results = project.dbt("run", "--select", *models)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{what:28} {wall:6.1f} s, {cpu:6.1f} CPU s, peak {peak} MB", flush=True)
    for result in results:
        print(f"- {result.node.name:35} {result.execution_time:6.1f} s", flush=True)
    return wall


def prove(project: Project) -> None:
    """The components are as many as scipy's, and no edge leads from one to another.

    Raises:
        AssertionError: they are not.
    """
    with project.connect() as connection:
        pairs = connection.execute("select node, neighbor from pairs").fetchnumpy()
        found, spanning = connection.execute(
            "select (select count(distinct component) from intermediate.int_identity__components), "
            "(select count(*) from intermediate.int_identity__edges as edges "
            "join intermediate.int_identity__components as near on edges.node = near.node "
            "join intermediate.int_identity__components as far on edges.neighbor = far.node "
            "where near.component <> far.component)"
        ).fetchall()[0]
    numbers, ends = np.unique(np.concatenate([pairs["node"], pairs["neighbor"]]), return_inverse=True)
    one, other = ends.reshape(2, -1)
    graph = coo_matrix((np.ones(len(one), dtype=np.int8), (one, other)), shape=(len(numbers), len(numbers)))
    expected, _ = connected_components(graph, directed=False)
    assert (found, spanning) == (expected, 0), (found, expected, spanning)


if __name__ == "__main__":
    sys.exit(0 if main(int(sys.argv[1]) if len(sys.argv) > 1 else EDGES) else 1)
