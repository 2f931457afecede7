"""A build as a whole: what it says when there is nothing to do, and when something is wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from voxpop.config import PROJECT
from voxpop.errors import BuildError, ConfigError, Locked, UsageError
from voxpop.warehouse import build
from voxpop.warehouse.lock import hold
from voxpop.warehouse.state import opened

from .conftest import Home, new_home
from .raw_zone import submission


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with seeds of its own and one batch built; tests leave it as they found it."""
    folder = tmp_path_factory.mktemp("build")
    shutil.copytree(PROJECT / "dbt_project" / "seeds", folder / "seeds")
    home = new_home(folder / "home", folder / "seeds")
    home.raw.land("touchpoints", [submission("a")])
    plan = home.build_staging()
    assert (plan.is_full_refresh, plan.reason) == (True, "nothing was built before")
    return home


def test_seeds_outside_the_project_stay_as_they_are(shared: Home) -> None:
    for path in sorted((PROJECT / "dbt_project" / "seeds").glob("*.csv")):
        assert (shared.settings.seeds / path.name).read_bytes() == path.read_bytes()
    assert shared.rows("select count(*) from seeds.services") == [(12,)]


def test_nothing_new_is_nothing_to_do(shared: Home) -> None:
    plan = shared.begin()
    assert (plan.nothing_to_do, plan.batches, plan.is_full_refresh) == (True, (), False)
    assert build.run_layer(shared.settings, "staging") == []
    build.finish(shared.settings)
    assert shared.begin().nothing_to_do


def test_changed_seeds_build_everything_anew(shared: Home) -> None:
    path = shared.settings.seeds / "policy.csv"
    original = path.read_bytes()
    path.write_bytes(original.replace(b"suppression_min_n,10,", b"suppression_min_n,11,"))
    try:
        plan = shared.build_staging()
        assert (plan.is_full_refresh, plan.reason) == (True, "models, seeds or engine have changed")
        assert shared.rows("select value from seeds.policy where policy = 'suppression_min_n'") == [(11.0,)]
        assert shared.begin().nothing_to_do
    finally:
        path.write_bytes(original)
        shared.build_staging()


PARTED = b"email," + b"a" * 32 + b",account," + b"b" * 32 + b",two people,2026-01-05\n"


def test_who_is_parted_is_followed_though_nothing_landed(shared: Home) -> None:
    path = shared.settings.seeds / "identity_denied.csv"
    original = path.read_bytes()
    try:
        for content, rows in ((original + PARTED, 1), (original, 0)):
            path.write_bytes(content)
            plan = shared.build_staging()
            assert (plan.is_full_refresh, plan.batches) == (False, ())
            assert plan.parts_anew and not plan.nothing_to_do
            assert shared.rows("select count(*) from seeds.identity_denied") == [(rows,)]
            assert shared.rows("select count(*) from _build.denied_pairs") == [(rows,)]
            assert shared.begin().nothing_to_do
    finally:
        path.write_bytes(original)
        shared.build_staging()


def test_a_row_that_is_taken_back_after_a_build_died_is_gone(shared: Home) -> None:
    """The seed's table has it by then, and maybe more has; the build before never had it."""
    path = shared.settings.seeds / "identity_denied.csv"
    original = path.read_bytes()
    try:
        path.write_bytes(original + PARTED)
        shared.begin()
        build.run_layer(shared.settings, "seeds")
        path.write_bytes(original)
        plan = shared.begin()
        assert (plan.is_full_refresh, plan.parts_anew, plan.nothing_to_do) == (False, False, False)
        assert shared.rows("select takes_over from _build.run") == [(True,)]
        assert [result.name for result in build.run_layer(shared.settings, "seeds")] == ["identity_denied"]
        assert shared.rows("from seeds.identity_denied") == []
    finally:
        path.write_bytes(original)
        shared.build_staging()
        assert shared.begin().nothing_to_do


def test_wrong_seeds_stop_it_before_anything_happens(shared: Home) -> None:
    path = shared.settings.seeds / "services.csv"
    original = path.read_bytes()
    path.write_bytes(original.replace(b"Request vital records,dps-fld", b"Request vital records,dps-xyz"))
    shared.raw.land("touchpoints", [submission("b")])
    try:
        with pytest.raises(ConfigError, match=r"services\.csv: row 13: organization_id 'dps-xyz'"):
            shared.begin()
        assert shared.rows("from _build.run") == []
    finally:
        path.write_bytes(original)
        shared.build_staging()


def test_a_batch_that_is_gone_from_raw_builds_everything_anew(shared: Home) -> None:
    manifest = shared.raw.land("touchpoints", [submission("gone")])
    shared.build_staging()
    shutil.rmtree(manifest.folder)
    plan = shared.build_staging()
    assert plan.reason == "batches that were built are gone from raw"
    assert shared.rows("from staging.stg_touchpoints__responses where record_id = 'gone'") == []


def test_a_full_refresh_that_did_not_end_is_begun_again(shared: Home) -> None:
    shared.begin(full_refresh=True)
    build.run_layer(shared.settings, "seeds")
    plan = shared.build_staging()
    assert (plan.is_full_refresh, plan.reason) == (True, "the last full refresh did not end")


def test_layers_come_in_their_order(shared: Home) -> None:
    shared.begin(full_refresh=True)
    with pytest.raises(BuildError, match="marts comes after seeds, staging, intermediate") as caught:
        build.run_layer(shared.settings, "marts")
    assert f"run 'run {shared.builds}' has built none" in str(caught.value)
    with pytest.raises(BuildError, match="has built no layer of seeds, staging, intermediate, marts"):
        build.finish(shared.settings)
    with pytest.raises(UsageError, match="there is no layer 'mart'"):
        build.run_layer(shared.settings, "mart")
    shared.build_staging()


def test_two_at_once_are_told_apart(shared: Home) -> None:
    with hold(shared.settings, "staging"):
        for step in (
            shared.begin,
            lambda: build.run_layer(shared.settings, "marts"),
            lambda: build.finish(shared.settings),
        ):
            with pytest.raises(Locked, match=r"warehouse: process \d+ on \S+ \(staging, since "):
                step()


def test_afterwards_the_warehouse_is_free_for_others(shared: Home) -> None:
    code = "import duckdb, sys; print(duckdb.connect(sys.argv[1]).execute('select 1').fetchall())"
    command = [sys.executable, "-c", code, str(shared.settings.warehouse)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "[(1,)]\n"


def test_sources_that_are_not_configured_are_empty_tables(shared: Home) -> None:
    for table in ("stg_genesys__conversations", "stg_file_drop__interactions", "base_genesys__conversations"):
        assert shared.rows(f"from staging.{table}") == []


def test_what_went_wrong_is_said_without_what_people_wrote(home: Home) -> None:
    """One payload is made invalid behind the raw zone's back: DuckDB's message quotes it."""
    planted = "Pat Planted 078-05-1120"
    manifest = home.raw.land("touchpoints", [submission("a"), submission("b")])
    (part,) = manifest.part_files
    table = pq.read_table(part)
    payloads = pa.array([table["payload"][0].as_py(), f'{{"attributes": {planted}'])
    pq.write_table(table.set_column(table.schema.get_field_index("payload"), "payload", payloads), part)

    home.begin()
    build.run_layer(home.settings, "seeds")
    with pytest.raises(BuildError) as caught:
        build.run_layer(home.settings, "staging")
    message = str(caught.value)
    assert message.startswith("dbt: base_touchpoints__responses: Invalid Input Error: Malformed JSON. ")
    assert "What was pending stays pending" in message
    written = [path for path in home.settings.home.rglob("*") if path.is_file()]
    outside_raw = [path for path in written if home.settings.raw not in path.parents]
    assert home.settings.warehouse in outside_raw
    for path in outside_raw:
        assert b"Planted" not in path.read_bytes(), path
        assert b"Planted" not in message.encode()
    assert [batch.manifest.batch_id for batch in home.begin().batches] == [manifest.batch_id]


def test_a_home_without_any_batch_is_built_empty(tmp_path: Path) -> None:
    home = new_home(tmp_path / "home")
    plan = home.build_staging()
    assert (plan.is_full_refresh, plan.batches) == (True, ())
    assert home.rows("from staging.stg_touchpoints__responses") == []
    assert home.begin().nothing_to_do


def test_a_goal_whose_filter_leaves_several_rows_is_named_by_its_row(
    shared: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of measures is planted, and of the marts the goals' values alone are built."""
    monkeypatch.setitem(build._SELECTED, "marts", ("int_priority_goals__own_values", None))
    path = shared.settings.seeds / "priority_goals.csv"
    original = path.read_bytes()
    path.write_bytes(original.replace(b"|member=phone|source_system=genesys", b"|member=phone"))
    shared.rows("""
        create schema marts;
        create table marts.contact_center_performance as
        select
            'quarter' as period_type, date '2025-10-01' as period_start, '2026Q1' as period_label,
            'channel' as breakdown, 'phone' as member, source_system, 500::bigint as abandonment_count,
            0.07 as abandonment_share, 0.05 as abandonment_low, 0.1 as abandonment_high, false as suppressed
        from (values ('genesys'), ('another')) as centers (source_system);
        create table marts.cx_index as
        select
            period_type, period_start, period_label, false as suppressed, 'all' as breakdown,
            'all' as member, 'likert_5' as scale, 'cx_index' as measure, 'all' as driver, 100::bigint as n,
            70.5 as value, 70.0 as low, 75.0 as high
        from marts.contact_center_performance limit 1;
        create table marts.series_breaks
            (breakdown text, member text, scale text, survey_id text, break_date date)
    """)
    try:
        shared.begin()
        build.run_layer(shared.settings, "seeds")
        with opened(shared.settings) as state:
            state.layers_done(build.LAYERS[:-1])
        with pytest.raises(ConfigError) as caught:
            build.run_layer(shared.settings, "marts")
        message = str(caught.value)
        assert f"priority_goals.csv in {shared.settings.seeds} can't be used" in message
        assert message.endswith(
            "again:\n  row 4: DPS-2, Share of callers who give up: "
            "row_filter 'breakdown=channel|member=phone' "
            "leaves 2 rows of contact_center_performance in 2026Q1; "
            "they differ in source_system (another, genesys)"
        )
    finally:
        path.write_bytes(original)
        shared.rows("drop schema marts cascade")
        shared.build_staging()


def test_a_denied_pair_that_names_nobody_is_named_by_its_row_alone(
    shared: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tokens are planted, and of the intermediate layer their test alone is run."""
    monkeypatch.setitem(build._SELECTED, "intermediate", ("a_denied_token_is_carried", None))
    path = shared.settings.seeds / "identity_denied.csv"
    original = path.read_bytes()
    known, unknown = "a" * 32, "b" * 32
    path.write_bytes(
        original
        + f"email,{known},phone+name,{known},two people,2026-01-05\n".encode()
        + f"email,{known},account,{unknown},two people,2026-01-05\n".encode()
    )
    shared.rows(f"""
        create schema if not exists intermediate;
        create or replace table intermediate.int_customer_tokens as
        select unnest(['email:{known}', 'phone+name:{known}', 'email:{unknown}']) as node
    """)
    try:
        shared.begin()
        build.run_layer(shared.settings, "seeds")
        with opened(shared.settings) as state:
            state.layers_done(("seeds", "staging"))
        with pytest.raises(ConfigError) as caught:
            build.run_layer(shared.settings, "intermediate")
        message = str(caught.value)
        assert f"identity_denied.csv in {shared.settings.seeds} can't be used" in message
        assert message.endswith("again:\n  row 3: other_token names no identifier of the type account")
        assert known not in message and unknown not in message
    finally:
        path.write_bytes(original)
        shared.rows("drop table intermediate.int_customer_tokens")
        shared.build_staging()
