"""Identity built in steps on graphs that change at random: as in one build of all, and as scipy has it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .project import Project
from .staging_tables import BUILD_ENDED, NOBODY_WAS_DENIED

GRAPHS = 150
"""That change side by side and share nothing: each is a case of its own in every step."""
HUB = GRAPHS
"""One graph more: of accounts that come with one email alone, ten at first and one more in each step."""
STEPS = 4
IDENTITY = "path:models/intermediate/identity"
LISTS = "int_identity__touched_"
FIRST = datetime.fromisoformat("2026-01-01")
TABLES = """
create schema if not exists staging;
create schema if not exists intermediate;
create schema if not exists _build;
create table _build.run as select 'run' as run_id, false as takes_over;
create table _build.pending_batches as select 'b' as batch_id, false as is_unsettled;
create table _build.record_links (_record_key varchar, link varchar, seen_at timestamp);
create table staging.stg_identifiers (
    _record_key varchar, identifier_type varchar, token varchar, seen_at timestamp
);
create table staging.stg_touched_records (_record_key varchar);
create table intermediate.int_touched_days as select date '2026-01-01' as started_date;
create table intermediate.int_web_sessions (
    _record_key varchar, user_identifier_type varchar, user_token varchar,
    started_at timestamp, started_date date
);
"""
DENIED = """
    insert into seeds.identity_denied
    select 'account', g || 'a0', 'email', g || 'e0', 'two people', date '2026-01-05'
    from range($graphs) as r(g) where (g * 7 + $step) % 5 < 2
    union all
    select 'email', g || 'e1', 'email', g || 'e2', 'two people', date '2026-01-05'
    from range($graphs) as r(g) where (g * 7 + $step) % 5 between 2 and 3
"""
"""In two graphs of five an account and an email are parted, in two two emails; in each step other ones."""


@dataclass
class Records:
    """Records of many small groups of people, some with an email that joins them, until it is everybody's."""

    draw: random.Random
    current: dict[str, tuple[datetime, frozenset[tuple[str, str]]]] = field(default_factory=dict)
    made: int = 0
    hubs: int = 0
    """Records of the hub's."""

    def change(self) -> set[str]:
        """Add, take back and change records of each graph; give the keys of those that did."""
        changed = set()
        for graph in range(GRAPHS):
            mine = [key for key in self.current if key.split("/")[-1].startswith(f"{graph}-")]
            for _ in range(self.draw.choice([0, 1, 1, 2, 9])):
                key = f"field_offices/interactions/{graph}-{self.made}"
                self.made += 1
                self.current[key] = self._record(graph)
                changed.add(key)
            for key in self.draw.sample(mine, min(len(mine), self.draw.choice([0, 1, 2]))):
                if self.draw.random() < 0.5:
                    del self.current[key]
                else:
                    self.current[key] = self._record(graph)
                changed.add(key)
        for number in range(self.hubs, self.hubs + (1 if self.hubs else 10)):
            key = f"field_offices/interactions/{HUB}-{number}"
            tokens = frozenset({("account", f"{HUB}a{number}"), ("email", f"{HUB}e")})
            self.current[key] = FIRST, tokens
            self.hubs = number + 1
            changed.add(key)
        return changed

    def _record(self, graph: int) -> tuple[datetime, frozenset[tuple[str, str]]]:
        tokens = {("account", f"{graph}a{self.draw.randrange(12)}")} if self.draw.random() < 0.4 else set()
        tokens |= {
            ("email", f"{graph}e{min(self.draw.randrange(9), self.draw.randrange(9))}")
            for _ in range(self.draw.choice([0, 1, 1, 2]))
        }
        # by a name an email is seen to be several people's, and with it the two are a token of their own
        if self.draw.random() < 0.5:
            tokens.add(("name", f"{graph}n{self.draw.randrange(2)}"))
        return FIRST + timedelta(hours=self.draw.randrange(500)), frozenset(tokens)

    def fill(self, project: Project, changed: set[str], *, takes_over: bool) -> None:
        rows = [(key, *token, at) for key, (at, tokens) in self.current.items() for token in sorted(tokens)]
        with project.connect() as connection:
            connection.execute("delete from staging.stg_identifiers; delete from staging.stg_touched_records")
            connection.execute("update _build.run set takes_over = ?", [takes_over])
            # who is linked changes without a record that does
            links = [
                (key, f"{key.split('/')[-1].split('-')[0]}l{self.draw.randrange(3)}", at)
                for key, (at, _) in self.current.items()
                if not key.split("/")[-1].startswith(f"{HUB}-") and self.draw.random() < 0.1
            ]
            connection.execute("delete from _build.record_links")
            connection.executemany("insert into _build.record_links values (?, ?, ?)", links)
            columns = list(zip(*rows, strict=True))
            connection.execute(
                "insert into staging.stg_identifiers select "
                "unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::timestamp[])",
                [list(column) for column in columns],
            )
            connection.execute(
                "insert into staging.stg_touched_records select unnest(?::varchar[])", [sorted(changed)]
            )


def contents(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    tables = project.query(
        "select table_name, string_agg(column_name, ', ' order by ordinal_position) "
        "from information_schema.columns where table_schema = 'intermediate' "
        "and not starts_with(column_name, '_moved') and not starts_with(column_name, '_former') group by all"
    )
    return {
        table: project.query(f"select {columns} from intermediate.{table} order by all")
        for table, columns in tables
        if not table.startswith(LISTS)
    }


def smallest_of_components(nodes: list[str], edges: list[tuple[str, str]]) -> dict[str, str]:
    """Node → the smallest node of its component, by scipy."""
    place = {node: number for number, node in enumerate(nodes)}
    ends = np.array([(place[a], place[b]) for a, b in edges]).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(nodes), len(nodes)))
    _, labels = connected_components(graph, directed=False)
    smallest: dict[int, str] = {}
    for node, label in zip(nodes, labels, strict=True):
        smallest[label] = min(node, smallest.get(label, node))
    return {node: smallest[label] for node, label in zip(nodes, labels, strict=True)}


@dataclass
class Step:
    """What a step found, and what one build of all finds."""

    found: dict[str, list[tuple[Any, ...]]]
    whole: dict[str, list[tuple[Any, ...]]]
    touched: set[str]


def components_of(found: dict[str, list[tuple[Any, ...]]]) -> dict[str, str]:
    return {row[0]: row[1] for row in found["int_identity__components"]}


@pytest.fixture(scope="module")
def steps(make_voxpop: Callable[[], Project], tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """The third and fourth step: the third takes up the second, which died once its components were made."""
    project, records = make_voxpop(), Records(random.Random(17))
    with project.connect() as connection:
        connection.execute(TABLES)
        connection.execute(NOBODY_WAS_DENIED)
    steps, died = [], set[str]()
    for number in range(STEPS):
        changed = records.change()
        records.fill(project, changed | died, takes_over=bool(died))
        died = changed if number == 1 else set()
        with project.connect() as connection:
            connection.execute("delete from seeds.identity_denied")
            connection.execute(DENIED, {"graphs": GRAPHS, "step": number})
        selected = "+int_identity__components," + IDENTITY if number == 1 else IDENTITY
        project.dbt("run", "--select", selected)
        if not died:
            with project.connect() as connection:
                connection.execute(BUILD_ENDED)
        if number < 2:
            continue
        project.dbt("test", "--select", "int_identity__components", "--exclude", "test_type:unit")
        touched = project.query("select node from intermediate.int_identity__touched_nodes")
        whole = project.copy(tmp_path_factory.mktemp("whole"))
        whole.dbt("run", "--full-refresh", "--select", IDENTITY)
        steps.append(Step(contents(project), contents(whole), {node for (node,) in touched}))
    return steps


def test_steps_give_what_one_build_gives(steps: list[Step]) -> None:
    assert len(steps) == STEPS - 2
    for step in steps:
        assert step.found.keys() == step.whole.keys()
        assert [table for table in step.whole if step.found[table] != step.whole[table]] == []


def test_components_are_those_of_scipy(steps: list[Step]) -> None:
    for step in steps:
        tokens = [row[0] for row in step.found["int_identity__tokens"]]
        edges = [(row[0], row[1]) for row in step.found["int_identity__edges"]]
        assert len(edges) > GRAPHS
        found = components_of(step.found)
        assert found == smallest_of_components(tokens, edges)


def test_the_steps_try_what_the_test_is_about(steps: list[Step]) -> None:
    """Components of both kinds of change, capped tokens that come and go, and graphs that nothing touched."""
    before, after = steps[-2].found, steps[-1].found
    old, new = components_of(before), components_of(after)
    kept = old.keys() & new.keys()
    assert len(old.keys() - new.keys()) > 10 and len(new.keys() - old.keys()) > 10
    joined = {new[node] for node in kept if new[node] != old[node]}
    parted = {old[node] for node in kept if new[node] != old[node]}
    assert len(joined) > 10 and len(parted) > 10
    edges_gone = set(before["int_identity__edges"]) - set(after["int_identity__edges"])
    assert sum(1 for a, b, *_ in edges_gone if a in kept and b in kept) > 10
    reasons = [reason for _, reason in after["int_identity__refusals"]]
    assert all(reasons.count(reason) > 5 for reason in ("capped", "denied", "shared", "slip"))
    assert 0 < len(steps[-1].touched) < len(kept | old.keys() | new.keys())


def test_nobody_is_touched_through_a_capped_token(steps: list[Step]) -> None:
    """The hub's newest record brings an account that nobody had; of 13 accounts the email is nobody's."""
    last = steps[-1]
    assert (f"email:{HUB}e", "capped") in last.found["int_identity__refusals"]
    of_hub = {node for node in last.touched if node.split(":")[1].startswith(str(HUB))}
    assert of_hub == {f"email:{HUB}e", f"account:{HUB}a12"}


def test_an_edge_between_two_components_is_found(make_voxpop: Callable[[], Project], tmp_path: Path) -> None:
    project = make_voxpop()
    with project.connect() as connection:
        connection.execute(
            "create schema if not exists intermediate; set schema = 'intermediate';"
            "create table int_identity__edges as select 'a:1' as node, 'b:2' as neighbor;"
            "create table int_identity__components as "
            "select * from (values ('a:1', 'a:1'), ('b:2', 'b:2')) as t (node, component);"
            "create table int_identity__touched_nodes (node varchar)"
        )
    finding = ["test", "--select", "int_identity__components,test_name:no_edge_between"]
    with pytest.raises(AssertionError, match="no_edge_between"):
        project.dbt(*finding)
    with project.connect() as connection:
        connection.execute("update intermediate.int_identity__components set component = 'a:1'")
    project.dbt(*finding)
