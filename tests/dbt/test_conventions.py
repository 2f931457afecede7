"""The project's conventions, read from dbt's manifest: layers, names, grain, keys, descriptions, contracts.

What breaks one on purpose stands in `exceptions.yml` with its reason; an exception that nothing needs fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from voxpop.config import PROJECT, Settings
from voxpop.release.counted import COUNTED, DERIVED, MADE_OF_PUBLISHED, TOLD, of_goal
from voxpop.warehouse.seed_tables import PriorityGoal

from tests.parsed_once import ParsedOnce

EXCEPTIONS = Path(__file__).with_name("exceptions.yml")
LAYERS = ("staging", "intermediate", "marts")
MAY_USE = {
    "staging": {"source", "seed", "staging"},
    "intermediate": {"seed", "staging", "intermediate"},
    "marts": {"seed", "intermediate", "marts"},
}
PREFIXES = {"staging": ("base_", "stg_"), "intermediate": ("int_",)}
SUFFIXES = {"timestamp": ("_at",), "date": ("_date", "_start", "_on", "_day", "_from", "_to")}
KEY_TESTS = {"unique", "unique_together"}
ONE_ENGINE = re.compile(
    r"\bas varchar\b|\w::\w|\bhugeint\b|\btemporary table\b|\basof\b|\bat time zone\b|\blambda\b"
    r"|\b(?:list_\w+|unnest|generate_series|read_parquet|epoch|epoch_[mun]s|make_timestamp|isodow|strftime"
    r"|string_split|regexp_matches|regexp_extract_all|sha256|arg_max|arg_min)\(",
    re.IGNORECASE,
)
"""Spellings that DuckDB reads and Spark doesn't: they belong in a macro that is dispatched by engine."""

DECISIONS = re.compile(r"\b[Dd]ecisions? (\d{4}(?:(?:, | and | \([a-z ]+\) and )\d{4})*)")
OTHER_DECISIONS = re.compile(
    r"\b[Dd]ecisions? (?:records? )?(?!\d{4})\d+|\b[Dd]ecision records? \d+|docs/decisions"
)

Found = Iterator[tuple[str, str]]
"""What breaks a rule: the model or column, and how."""


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("conventions")
    settings = Settings(home, PROJECT / "config" / "sources.yml", PROJECT / "dbt_project" / "seeds")
    parsed = ParsedOnce(settings).manifest()
    assert len(models(parsed)) > 20
    return parsed


def models(manifest: Any) -> list[Any]:
    found = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    return sorted(found, key=lambda model: model.name)


def layer(node: Any) -> str:
    if node.resource_type != "model":
        return str(node.resource_type)
    return str(Path(node.original_file_path).parts[1])


def standing_on(manifest: Any, model: Any) -> Iterator[Any]:
    for unique_id in model.depends_on.nodes:
        yield manifest.nodes.get(unique_id) or manifest.sources[unique_id]


def data_tests(manifest: Any, model: Any) -> set[str]:
    return {
        node.test_metadata.name
        for node in manifest.nodes.values()
        if node.resource_type == "test" and node.test_metadata and node.attached_node == model.unique_id
    }


def layers_flow_one_way(manifest: Any) -> Found:
    for model in models(manifest):
        for node in standing_on(manifest, model):
            if layer(node) not in MAY_USE[layer(model)]:
                yield model.name, f"is {layer(model)} and stands on {node.name}, a {layer(node)}"


def names_say_the_layer(manifest: Any) -> Found:
    every_prefix = tuple(prefix for prefixes in PREFIXES.values() for prefix in prefixes)
    for model in models(manifest):
        if layer(model) not in LAYERS:
            yield model.name, f"is in no layer but in {model.original_file_path}"
        elif layer(model) in PREFIXES and not model.name.startswith(PREFIXES[layer(model)]):
            yield model.name, f"begins with none of {PREFIXES[layer(model)]}"
        elif layer(model) == "marts" and model.name.startswith(every_prefix):
            yield model.name, "is a mart with the name of another layer"


def staging_is_named_by_its_source(manifest: Any) -> Found:
    for model in models(manifest):
        folder = Path(model.original_file_path).parent.name
        if layer(model) == "staging" and not model.name.split("_", 1)[1].startswith(f"{folder}__"):
            yield model.name, f"lies in {folder} and is not named <kind of source>__<entities> so"


def one_description_a_file(manifest: Any) -> Found:
    for model in models(manifest):
        expected = str(Path(model.original_file_path).with_suffix(".yml"))
        if model.patch_path is None or not model.patch_path.endswith(expected):
            yield model.name, f"is not described in {expected}"


def the_grain_is_said_first(manifest: Any) -> Found:
    for model in models(manifest):
        if not model.description.startswith("One row per "):
            yield model.name, f"its description begins {model.description[:30]!r}"


def every_column_is_described(manifest: Any) -> Found:
    for model in models(manifest):
        if not model.columns:
            yield model.name, "names no columns"
        for column in model.columns.values():
            if not column.description.strip():
                yield f"{model.name}.{column.name}", "has no description"


def keys_are_tested(manifest: Any) -> Found:
    for model in models(manifest):
        if not data_tests(manifest, model) & KEY_TESTS:
            yield model.name, "no test says what is unique in it"


def marts_have_contract_and_audience(manifest: Any) -> Found:
    for model in models(manifest):
        if layer(model) != "marts":
            continue
        if not model.config.contract.enforced:
            yield model.name, "its contract is not enforced"
        if model.config.meta.get("audience") not in {"internal", "public"}:
            yield model.name, "its meta names no audience, internal or public"
        for column in model.columns.values():
            if not column.data_type:
                yield f"{model.name}.{column.name}", "has no data_type"


def columns_are_named_by_what_they_hold(manifest: Any) -> Found:
    for model in models(manifest):
        for column in model.columns.values():
            kind = (column.data_type or "").lower()
            if kind == "boolean" and not column.name.startswith(("is_", "has_")):
                yield f"{model.name}.{column.name}", "is boolean and begins with neither is_ nor has_"
            if kind in SUFFIXES and not column.name.endswith(SUFFIXES[kind]):
                yield f"{model.name}.{column.name}", f"is a {kind} and ends with none of {SUFFIXES[kind]}"


def incremental_models_replace_partitions(manifest: Any) -> Found:
    for model in models(manifest):
        config = model.config
        if config.materialized != "incremental":
            continue
        if config.incremental_strategy != "replace_partitions":
            yield model.name, f"its strategy is {config.incremental_strategy}"
        if not (config.get("partition_by") or config.unique_key):
            yield model.name, "says neither partition_by nor unique_key"
        touched = config.get("touched")
        if touched and touched not in {node.name for node in standing_on(manifest, model)}:
            yield model.name, f"does not refer to {touched}, which lists what it has touched"
        if config.on_schema_change != "fail":
            yield model.name, "on_schema_change is not fail"


def what_stands_on_seeds_alone_is_tagged(manifest: Any) -> Found:
    """A build that is no full refresh leaves those models as they are."""
    for model in models(manifest):
        of_seeds = {layer(node) for node in standing_on(manifest, model)} == {"seed"}
        if layer(model) == "marts" and of_seeds != ("of_seeds" in model.tags):
            yield model.name, f"stands on seeds alone: {of_seeds}; is tagged of_seeds: {not of_seeds}"


def sql_is_spelled_for_both_engines(manifest: Any) -> Found:
    code = {model.name: model.raw_code for model in models(manifest)}
    code |= {
        macro.name: macro.macro_sql
        for macro in manifest.macros.values()
        if macro.package_name == "voxpop" and not macro.name.startswith(("duckdb__", "spark__"))
    }
    assert len(code) > 100
    for name, sql in sorted(code.items()):
        if found := ONE_ENGINE.search(re.sub(r"\{#.*?#\}", "", sql, flags=re.DOTALL)):
            yield name, f"says {found.group()!r} outside of a dispatched macro"
    for model in models(manifest):
        for column in model.columns.values():
            if (column.data_type or "").lower() == "varchar":
                yield f"{model.name}.{column.name}", "is a varchar, which Spark wants a length of: string"


def is_of_figures(model: Any) -> bool:
    figures = [("marts", folder) for folder in ("measures", "comparisons", "performance")]
    return Path(model.original_file_path).parts[1:3] in figures


def measures_have_unit_tests(manifest: Any) -> Found:
    tested = {test.model for test in manifest.unit_tests.values()}
    for model in models(manifest):
        if is_of_figures(model) and model.name not in tested:
            yield model.name, "has no dbt unit test"


def measures_name_their_source(manifest: Any) -> Found:
    """A decision record has the definitions, and the circular, paper or agency that they come from."""
    records = {path.name[:4] for path in (PROJECT / "docs" / "decisions").glob("[0-9]*.md")}
    assert len(records) > 40
    for model in models(manifest):
        if is_of_figures(model) and not DECISIONS.search(model.description):
            yield model.name, "its description names no decision record: Decision 0012"
        described = {model.name: model.description}
        described |= {f"{model.name}.{name}": column.description for name, column in model.columns.items()}
        for what, description in described.items():
            for named in DECISIONS.findall(description):
                if unknown := set(re.findall(r"\d{4}", named)) - records:
                    yield what, f"names decisions that have no record: {sorted(unknown)}"
            if other := OTHER_DECISIONS.search(description):
                yield what, f"says {other.group()!r}: a decision is named by its four digits"


def goals_can_name_every_public_measure(manifest: Any) -> Found:
    (goals,) = (model for model in models(manifest) if model.name == "int_priority_goals__own_values")
    named = {node.name for node in standing_on(manifest, goals)}
    for model in models(manifest):
        is_measure = Path(model.original_file_path).parts[1:3] == ("marts", "measures")
        if is_measure and model.config.meta.get("audience") == "public" and model.name not in named:
            yield model.name, f"is not among the tables in {goals.name}.sql: a line there lets goals name it"


def public_figures_are_held(manifest: Any) -> Found:
    """Otherwise two releases of a table would tell what a few people changed."""
    goal = dict.fromkeys(PriorityGoal.model_fields, "")
    known = {*COUNTED, *TOLD, *MADE_OF_PUBLISHED, *(one.table for one in (*DERIVED, *of_goal(goal)))}
    for model in models(manifest):
        if model.config.meta.get("audience") != "public":
            continue
        if "suppressed" in model.columns and "held_from" not in model.columns:
            yield model.name, "has no held_from: figures of people go on showing an earlier release"
        if "held_from" in model.columns and model.name not in known:
            yield model.name, "is in none of the lists of release/counted.py: nothing of it is ever held"


RULES: list[Callable[[Any], Found]] = [
    layers_flow_one_way,
    names_say_the_layer,
    staging_is_named_by_its_source,
    one_description_a_file,
    the_grain_is_said_first,
    every_column_is_described,
    keys_are_tested,
    marts_have_contract_and_audience,
    columns_are_named_by_what_they_hold,
    incremental_models_replace_partitions,
    what_stands_on_seeds_alone_is_tagged,
    sql_is_spelled_for_both_engines,
    measures_have_unit_tests,
    measures_name_their_source,
    goals_can_name_every_public_measure,
    public_figures_are_held,
]


def exceptions() -> list[dict[str, str]]:
    found: list[dict[str, str]] = yaml.safe_load(EXCEPTIONS.read_text())
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_convention(manifest: Any, rule: Callable[[Any], Found]) -> None:
    excepted = {entry["what"] for entry in exceptions() if entry["rule"] == rule.__name__}
    broken = dict(rule(manifest))
    assert {what: how for what, how in broken.items() if what not in excepted} == {}
    assert excepted - broken.keys() == set(), "these exceptions are needed no more"


def test_exceptions_give_a_reason() -> None:
    names = {rule.__name__ for rule in RULES}
    for entry in exceptions():
        assert entry.keys() == {"rule", "what", "reason"}
        assert entry["rule"] in names
        assert len(entry["reason"]) > 20, entry
