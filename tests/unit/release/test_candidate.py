"""Staging a candidate: what is in it, when there is one, and what its hashes depend on."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from voxpop.errors import BuildError, Locked, UsageError, VoxpopError
from voxpop.raw.exclusions import exclude
from voxpop.release import candidate, manifest, store, tables
from voxpop.warehouse import lock

NOW = datetime(2026, 5, 2, 6, 0, tzinfo=UTC)
LATER = datetime(2026, 5, 3, 6, 0, tzinfo=UTC)


def stage(home, now=NOW, sources=()):
    made = candidate.stage(home.settings, now=now, sources=sources or home.sources)
    assert made is not None
    return made


def test_it_holds_every_mart_with_rows_key_and_comments(home):
    made = stage(home)
    with duckdb.connect(str(home.settings.warehouse), read_only=True) as connection:
        marts = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
        expected = {
            name: set(connection.execute(f"select to_json(t)::varchar from marts.{name} as t").fetchall())
            for (name,) in marts
        }
    assert expected
    with duckdb.connect(str(made.database), read_only=True) as connection:
        held = dict(
            connection.execute(
                "select table_name, comment from duckdb_tables() where database_name = current_database()"
            ).fetchall()
        )
        assert set(held) == {*expected, "release_info", "timeliness", "data_dictionary"}
        for name, rows in expected.items():
            assert (
                set(connection.execute(f"select to_json(t)::varchar from marts.{name} as t").fetchall())
                == rows
            )
            assert held[name] == f"One row per {name}; it's a test."
        assert connection.execute(
            "select constraint_column_names from duckdb_constraints()"
            " where table_name = 'fct_survey_answers' and constraint_type = 'PRIMARY KEY'"
        ).fetchall() == [(["response_id", "driver"],)]
        assert connection.execute(
            "select comment from duckdb_columns() where table_name = 'cx_index' and column_name = 'value'"
        ).fetchall() == [("The value of it.",)]
        assert connection.execute(
            "select distinct schema_name from duckdb_tables() where database_name = current_database()"
        ).fetchall() == [("marts",)]


def test_parquet_has_every_table_and_public_only_the_public_ones(home):
    made = stage(home)
    said = made.manifest["tables"]
    assert {file.stem for file in (made.folder / "parquet").iterdir()} == set(said)
    public = {name for name, table in said.items() if table["audience"] == "public"}
    assert {file.stem for file in (made.folder / "public").iterdir()} == public
    assert "cx_index" in public and "fct_comments" not in public and "dim_customers" not in public
    for name, table in said.items():
        assert pq.read_metadata(made.folder / "parquet" / f"{name}.parquet").num_rows == table["rows"]


def test_manifest_says_what_it_was_made_from(home):
    made = stage(home)
    said = made.manifest
    assert said["release_id"] == made.release_id == f"20260502T060000Z-{said['content_sha256'][:8]}"
    assert said["supersedes"] is None and said["audit"] is None
    assert said["fingerprint"] == "f" * 64
    assert [(b["source"], b["records"], b["sha256"]) for b in said["batches"]] == [
        ("genesys", 3600, home.batches[1].sha256),
        ("touchpoints", 2400, home.batches[0].sha256),
    ]
    assert said["tables"]["release_info"]["sha256"] is None
    assert said["files"]["voxpop.duckdb"] == manifest.file_hash(made.database)
    assert said["policy"]["suppression_min_n"] == 10


def test_release_info_and_the_dictionary_tell_of_the_release(home):
    made = stage(home)
    with duckdb.connect(str(made.database), read_only=True) as connection:
        assert connection.execute("select * exclude (code_version) from marts.release_info").fetchall() == [
            (made.release_id, NOW.replace(tzinfo=None), "f" * 64, None, date(2026, 4, 29), 2, None)
        ]
        missing = connection.execute(
            """
            select columns.table_name, columns.column_name
            from duckdb_columns() as columns
            left join marts.data_dictionary as known using (table_name, column_name)
            where columns.database_name = current_database() and coalesce(known.description, '') = ''
            """
        ).fetchall()
        assert missing == []
        audiences = dict(
            connection.execute("select distinct table_name, audience from marts.data_dictionary").fetchall()
        )
        assert audiences["fct_comments"] == "internal" and audiences["data_dictionary"] == "public"


def test_the_order_of_rows_does_not_change_a_hash(home, make_home):
    other = make_home("other")
    other.reversed_order = True
    other.build()
    with duckdb.connect(str(other.settings.warehouse), read_only=True) as connection:
        first = connection.execute("select interaction_id from marts.fct_interactions limit 1").fetchall()
    with duckdb.connect(str(home.settings.warehouse), read_only=True) as connection:
        assert (
            connection.execute("select interaction_id from marts.fct_interactions limit 1").fetchall()
            != first
        )
    one, two = stage(home).manifest, stage(other, LATER).manifest
    assert one["tables"] == two["tables"]
    assert one["content_sha256"] == two["content_sha256"]


def test_hashes_leave_out_underscored_columns_and_see_every_other(home):
    before = stage(home).manifest["tables"]
    home.change("update marts.fct_interactions set _batch_id = 'another'")
    assert stage(home).manifest["tables"] == before
    home.change("update marts.fct_interactions set wait_seconds = 0.001 where source_record_id = 'conv-7'")
    after = stage(home).manifest["tables"]
    assert {name for name in before if before[name] != after[name]} == {"fct_interactions"}


def test_a_duplicate_row_changes_the_hash():
    with duckdb.connect() as connection:
        connection.execute("create table t as select * from (values (1, 'a'), (2, 'b')) as v(n, s)")
        once = manifest.table_hash(connection, "t", ["n", "s"])
        connection.execute("insert into t select * from t")
        twice = manifest.table_hash(connection, "t", ["n", "s"])
        connection.execute("delete from t")
        assert len({once, twice, manifest.table_hash(connection, "t", ["n", "s"])}) == 3


def test_a_column_of_another_name_changes_the_hash_and_a_null_is_no_text():
    with duckdb.connect() as connection:
        hashes = set()
        for columns in (
            "1 as n, null as s",
            "1 as n, 'null' as s",
            "'1' as n, null as s",
            "1 as n, null as t",
        ):
            connection.execute(f"create or replace table t as select {columns}")
            names = [name for name, *_ in connection.execute("describe t").fetchall()]
            hashes.add(manifest.table_hash(connection, "t", names))
        assert len(hashes) == 4


def test_rows_lie_in_key_order(home):
    home.reversed_order = True
    home.build()
    with duckdb.connect(str(stage(home).database), read_only=True) as connection:
        ids = [
            row[0]
            for row in connection.execute("select interaction_id from marts.fct_interactions").fetchall()
        ]
    assert ids and ids == sorted(ids)


def test_rows_lie_in_the_order_of_what_dbt_holds_unique_where_there_is_no_primary_key(home):
    home.build()
    home.change(
        "create table marts.pages (site varchar, page varchar, visits integer);"
        "insert into marts.pages values ('b', 'x', 1), ('a', 'y', 2), ('b', 'w', 3), ('a', 'x', 4)"
    )
    written = home.settings.dbt_target / "target" / "manifest.json"
    said = json.loads(written.read_text())
    said["nodes"] |= {
        "model.voxpop.pages": {
            "resource_type": "model",
            "schema": "marts",
            "alias": "pages",
            "package_name": "voxpop",
            "original_file_path": "models/marts/pages.sql",
            "relation_name": '"warehouse"."marts"."pages"',
            "config": {"meta": {"audience": "internal"}},
        },
        "test.voxpop.pages": {
            "resource_type": "test",
            "attached_node": "model.voxpop.pages",
            "test_metadata": {"name": "unique_together", "kwargs": {"columns": ["page", "site"]}},
        },
    }
    written.write_text(json.dumps(said))
    with duckdb.connect(str(stage(home).database), read_only=True) as connection:
        rows = connection.execute("select page, site from marts.pages").fetchall()
    assert rows == [("w", "b"), ("x", "a"), ("x", "b"), ("y", "a")]


def test_where_nothing_has_landed_there_is_no_release_of_nothing(home):
    home.change("delete from _build.built_batches")
    assert candidate.stage(home.settings, now=NOW, sources=home.sources) is None


def test_nothing_new_makes_no_candidate(home):
    home.publish(NOW)
    assert candidate.stage(home.settings, now=LATER, sources=home.sources) is None


def test_what_was_left_by_going_back_is_not_made_again_until_something_lands(home):
    first = home.publish(NOW)
    home.land("genesys", "conversations", ["conv-1"])
    home.build()
    home.publish(LATER)
    store.rollback(home.settings, None, "wrong file", LATER)
    assert store.show(home.settings, None).release_id == first
    assert candidate.stage(home.settings, now=LATER, sources=home.sources) is None
    home.land("genesys", "conversations", ["conv-2"])
    home.build()
    assert stage(home, LATER).manifest["supersedes"] == first


def test_a_new_batch_or_another_fingerprint_makes_one(home):
    first = home.publish(NOW)
    home.land("genesys", "conversations", ["conv-1"])
    home.build()
    assert stage(home, LATER).manifest["supersedes"] == first
    home.batches.pop()
    home.fingerprint = "e" * 64
    home.build()
    assert stage(home, LATER).manifest["fingerprint"] == "e" * 64


def test_a_refused_candidate_is_tried_again(home):
    one = stage(home)
    two = stage(home, LATER)
    assert one.release_id[-8:] == two.release_id[-8:]
    assert not one.folder.exists()
    assert candidate.only(home.settings) == two


def test_excluded_batches_are_in_the_manifest_with_the_reason(home):
    extra = home.land("genesys", "conversations", ["conv-1"])
    exclude(home.settings, extra.batch_id, "sent twice", NOW)
    home.build()
    said = stage(home).manifest
    assert [(b["batch_id"], b["reason"]) for b in said["excluded"]] == [(extra.batch_id, "sent twice")]
    assert extra.batch_id not in {b["batch_id"] for b in said["batches"]}


def test_a_source_whose_newest_batch_is_excluded_is_late(home):
    newer = {"start": date(2026, 5, 1), "end": date(2026, 5, 2)}
    extra = home.land("genesys", "conversations", ["conv-1"], **newer)
    home.land("touchpoints", "responses", ["sub-1"], **newer)
    exclude(home.settings, extra.batch_id, "sent twice", NOW)
    home.build()
    made = stage(home, sources=("genesys", "touchpoints", "kiosks"))
    assert made.manifest["late_sources"] == [
        {"source": "genesys", "newest": "2026-04-30", "expected": "2026-05-01"},
        {"source": "kiosks", "newest": None, "expected": "2026-05-01"},
    ]
    with duckdb.connect(str(made.database), read_only=True) as connection:
        assert connection.execute("select late_sources from marts.release_info").fetchall() == [
            ("genesys, kiosks",)
        ]


def test_what_a_crash_left_is_removed(home, monkeypatch):
    monkeypatch.setattr(tables, "export", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        stage(home)
    left = list(home.settings.releases.glob(".tmp-*"))
    assert left and candidate.store.candidates(home.settings) == []
    monkeypatch.undo()
    made = stage(home)
    assert list(home.settings.releases.glob(".tmp-*")) == [made.folder]


def test_a_release_that_a_crash_kept_from_becoming_current_is_removed(home, monkeypatch):
    monkeypatch.setattr(store, "_point", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        home.publish(NOW)
    monkeypatch.undo()
    assert len(store.list_releases(home.settings)) == 1
    release_id = home.publish(NOW)
    assert [release.release_id for release in store.list_releases(home.settings)] == [release_id]


def test_two_at_once_the_second_is_told_who_has_it(home):
    with store.locked(home.settings, "publish"), pytest.raises(Locked, match=r"releases: process \d+ on"):
        stage(home)


def test_it_waits_for_nobody_who_works_on_the_warehouse(home):
    with lock.hold(home.settings, "marts"), pytest.raises(Locked, match="marts"):
        stage(home)


def test_somebody_who_has_the_warehouse_open_is_spoken_of(home):
    program = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(home.settings.warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(Locked, match="not voxpop has it open"):
            stage(home)
        other.communicate()


def test_an_unfinished_build_is_not_staged(home):
    home.change("insert into _build.run values ('half')")
    with pytest.raises(BuildError, match="not finished"):
        stage(home)


def test_nothing_built_is_said(home):
    home.settings.warehouse.unlink()
    with pytest.raises(UsageError, match="Nothing has been built"):
        stage(home)


def test_a_mart_that_is_missing_is_named(home):
    home.change("drop table marts.fct_comments")
    with pytest.raises(BuildError, match="fct_comments"):
        stage(home)


def test_a_mart_without_an_audience_is_named(home):
    file = home.settings.dbt_target / "target" / "manifest.json"
    said = json.loads(file.read_text())
    del said["nodes"]["model.voxpop.cx_index"]["config"]["meta"]["audience"]
    file.write_text(json.dumps(said))
    with pytest.raises(BuildError, match="cx_index: the model's meta"):
        stage(home)


def test_a_table_that_no_model_makes_any_more_is_left_out(home):
    home.change("create table marts.fct_retired as select 1 as a")
    assert "fct_retired" not in stage(home).manifest["tables"]


def test_a_damaged_part_is_named(home):
    part: Path = home.batches[0].part_files[0]
    part.write_bytes(b"PAR1 no more")
    with pytest.raises(VoxpopError, match="can't be read"):
        stage(home)


def test_evidence_counts_what_landed_and_what_became_of_it(home):
    home.land("genesys", "conversations", ["conv-lost"], quarantined=3)
    home.build()
    made = stage(home)
    rows = duckdb.sql(
        f"from read_parquet('{made.folder}/audit/reconciliation.parquet') "
        "where unaccounted > 0 or quarantined > 0"
    ).fetchall()
    last = home.batches[-1]
    assert rows == [
        ("genesys", "conversations", date(2026, 4, 30), 3, 31, 30, 0, 0, 1, 0, last.batch_id, None)
    ]
    batches = duckdb.sql(
        "select records, part_rows, quarantined, quarantine_rows, distinct_records "
        f"from read_parquet('{made.folder}/audit/raw_batches.parquet') where batch_id = '{last.batch_id}'"
    ).fetchall()
    assert batches == [(1, 1, 3, 3, 1)]


def test_find_names_what_there_is(home):
    made = stage(home)
    assert candidate.find(home.settings, made.release_id) == made
    with pytest.raises(UsageError, match=made.release_id):
        candidate.find(home.settings, "20260101T000000Z-00000000")


def test_the_manifest_says_to_which_local_day_the_data_are_complete(home):
    """Both windows end at 00:00 UTC on 1 May; in the field offices' Los Angeles it is 17:00 of 30 April."""
    assert stage(home).manifest["complete_to"] == "2026-04-29"


def test_where_no_tool_has_windows_the_facts_say_to_which_day_they_are_complete(home):
    home.land("field_offices", "interactions", ["visit-1"], file="visits.csv")
    home.build()
    home.change("delete from _build.built_batches where source <> 'field_offices'")
    home.change("delete from _build.complete_to")
    assert stage(home).manifest["complete_to"] == "2026-04-30"


def test_a_tool_that_is_not_used_any_more_holds_nothing_up(home):
    """Touchpoints landed up to May and is configured no more; then Genesys goes on alone."""
    home.land("genesys", "conversations", ["conv-1"], start=date(2026, 5, 1), end=date(2026, 6, 1))
    home.build()
    said = stage(home).manifest
    assert said["complete_to"] == "2026-04-29"
    assert [late["source"] for late in said["late_sources"]] == ["touchpoints"]
    home.unused = frozenset({"touchpoints"})
    home.build()
    said = stage(home).manifest
    assert said["complete_to"] == "2026-05-30"
    assert said["late_sources"] == []


def test_what_a_manifest_of_an_older_version_does_not_say_is_unknown(home):
    said = stage(home).manifest
    assert manifest.complete_to(said) == date(2026, 4, 29)
    del said["complete_to"]
    assert manifest.complete_to(said) is None
