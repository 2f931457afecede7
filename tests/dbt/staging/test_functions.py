"""Macros that hide an engine: what they give on DuckDB, and what they write for Spark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from voxpop.config import PROJECT, Settings

from tests.parsed_once import ParsedOnce

from .raw_zone import stamp

FIELDS = """{
    'id': 'varchar', 'size': 'double', 'answers': 'map',
    'people': [{'name': 'varchar', 'parts': ['varchar']}], 'inner': {'camelCase': 'varchar'}
}"""

LATE_IN_MARCH = "timestamp '2026-04-01 03:59:59'"
EARLY_IN_APRIL = "timestamp '2026-04-01 04:00:00'"
LATE_IN_DECEMBER = "timestamp '2026-01-01 04:59:59'"
EASTERN = "'America/New_York'"
VALUES = "(values ('b', 1), ('a', 1), (null, 0), ('c', 2), ('b', 2), ('d', null)) as x (v, t)"
PAYLOAD = r"""'{\"id\": 7, \"size\": \"x\", \"answers\": {\"q\": 1}}'"""

CASES: dict[str, tuple[str, Any]] = {
    "UTC": ("""{{ utc_time_of_text("'2026-03-02T10:00:00.123Z'") }}""", stamp("2026-03-02 10:00:00.123")),
    "offset": ("""{{ utc_time_of_text("'2026-03-02T10:00:00+02:00'") }}""", stamp("2026-03-02 08:00:00")),
    "no zone": ("""{{ utc_time_of_text("'2026-03-02 10:00:00'") }}""", stamp("2026-03-02 10:00:00")),
    "a date alone": ("""{{ utc_time_of_text("'2026-03-02'") }}""", stamp("2026-03-02 00:00:00")),
    "infinity": ("""{{ utc_time_of_text("'infinity'") }}""", None),
    "a far year": ("""{{ utc_time_of_text("'290000-01-01T00:00:00Z'") }}""", None),
    "no time": ("""{{ utc_time_of_text("'19 o clock'") }}""", None),
    "null": ("""{{ utc_time_of_text("cast(null as varchar)") }}""", None),
    "instant": (
        """{{ utc_time("timestamptz '2026-03-02 10:00:00-05:00'") }}""",
        stamp("2026-03-02 15:00:00"),
    ),
    "local, late": (f"""{{{{ local_date("{LATE_IN_MARCH}", "{EASTERN}") }}}}""", date(2026, 3, 31)),
    "local, early": (f"""{{{{ local_date("{EARLY_IN_APRIL}", "{EASTERN}") }}}}""", date(2026, 4, 1)),
    "local, winter": (f"""{{{{ local_date("{LATE_IN_DECEMBER}", "{EASTERN}") }}}}""", date(2025, 12, 31)),
    "epoch": ("""{{ epoch_seconds("timestamp '1970-01-02 00:00:01.999'") }}""", 86401),
    "seconds": (
        """{{ seconds_between("timestamp '2026-03-02 23:59:59.5'", "timestamp '2026-03-03 00:00:00.1'") }}""",
        Decimal("0.600"),
    ),
    # the first 32 digits of SHA-256 of a, U+001F, b
    "hash": ("""{{ hash_id(["'a'", "'b'"]) }}""", "f04cdced9736a69da6103f08a4daaf8c"),
    "hash of parts": ("""{{ hash_id(["'a|b'", "'c'"]) }} = {{ hash_id(["'a'", "'b|c'"]) }}""", False),
    "hash of null": ("""{{ hash_id(["null"]) }} = {{ hash_id(["''"]) }}""", False),
    "present": ("""{{ present_values(["'a'", "null", "'b'"]) }}""", ["a", "b"]),
    "map value": ("""{{ map_value("map {'a': 'b'}", "'a'") }}""", "b"),
    "no map value": ("""{{ map_value("map {'a': 'b'}", "'c'") }}""", None),
    "answers": (
        """{{ answers_of_fields({"x": "' 1 '", "y": "' '", "z": "null", "id": "'me'"}, "['id']") }}""",
        {"x": "1"},
    ),
    "answers of a map": (
        """{{ answers_of_map("map {'x': ' 1 ', 'y': '', 'id': 'me'}", "['id']") }}""",
        {"x": "1"},
    ),
    "no answers": ("""{{ answers_of_map("cast(null as map(varchar, varchar))", "null") }}""", {}),
    "earliest": (f"""(select {{{{ earliest("v", "t") }}}} from {VALUES})""", "a"),
    "latest": (f"""(select {{{{ latest("v", "t", "v != 'c'") }}}} from {VALUES})""", "b"),
    "payload": (
        f"""{{{{ parse_payload("{PAYLOAD}", {FIELDS}) }}}}""",
        {"id": "7", "size": None, "answers": {"q": "1"}, "people": None, "inner": None},
    ),
}

FOR_SPARK = {
    "payload": (
        f"{{{{ spark__parse_payload('c', {FIELDS}) }}}}",
        "from_json(c, '`id` STRING, `size` DOUBLE, `answers` MAP<STRING, STRING>, "
        "`people` ARRAY<STRUCT<`name`: STRING, `parts`: ARRAY<STRING>>>, "
        "`inner` STRUCT<`camelCase`: STRING>')",
    ),
    "raw": (
        "{{ spark__raw_files(['/raw/a.parquet', '/raw/b.parquet']).split('cast(')[0] }}",
        "( select * from parquet.`/raw/a.parquet` union all select * from parquet.`/raw/b.parquet` union all"
        " select",
    ),
    "hash": ("{{ spark__sha256_hex('x') }}", "sha2(x, 256)"),
    "epoch": ("{{ spark__epoch_seconds('t') }}", "unix_timestamp(t)"),
    "local date": ("{{ spark__local_date('t', 'z') }}", "cast(from_utc_timestamp(t, z) as date)"),
    "unnest": ("{{ spark__exploded('a') }}", "explode(a)"),
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A function that gives what dbt makes of a template."""
    home = tmp_path_factory.mktemp("functions")
    settings = Settings(home, PROJECT / "config" / "sources.yml", PROJECT / "dbt_project" / "seeds")
    settings.warehouse.parent.mkdir()
    templates = [case for case, _ in [*CASES.values(), *FOR_SPARK.values()]]
    dbt = ParsedOnce(settings)
    separator = "\n---8<---\n"
    outcome = dbt._invoke(["compile", "--inline", separator.join(templates)], dbt.manifest())
    made = dict(zip(templates, outcome.results[0].node.compiled_code.split(separator), strict=True))
    return lambda template: made[template]


@pytest.mark.parametrize("case", CASES)
def test_on_duckdb(compiled: Callable[[str], str], case: str) -> None:
    template, expected = CASES[case]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        (value,) = connection.execute(f"select {compiled(template)}").fetchone() or (None,)
    assert value == expected


@pytest.mark.parametrize("case", FOR_SPARK)
def test_for_spark(compiled: Callable[[str], str], case: str) -> None:
    template, expected = FOR_SPARK[case]
    assert " ".join(compiled(template).split()) == expected
