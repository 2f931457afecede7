"""What changed from one release to another."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
import yaml
from voxpop.config import PROJECT
from voxpop.errors import UsageError
from voxpop.raw.exclusions import exclude, include
from voxpop.release import store
from voxpop.release.compared import COMPARED, shared_keys
from voxpop.release.diff import FigureChange, TableChange, _of_table, diff
from voxpop.release.manifest import RUN_TABLES
from voxpop.warehouse.measure_tables import measure_key

NOW = datetime(2026, 5, 2, tzinfo=UTC)
LATER = datetime(2026, 5, 3, tzinfo=UTC)
CELL = "breakdown = 'all' and measure = 'mean' and driver = 'trust'"


def test_the_same_twice_differs_in_nothing(home):
    one = home.publish(NOW)
    assert diff(home.settings, one, one).rows() == []


def test_it_names_tables_batches_and_figures(home):
    """Complete to 2026-04-29: March is closed, so its figure is restated; April and 2026Q3 are not."""
    one = home.publish(NOW)
    extra = home.land("genesys", "conversations", ["conv-1"])
    home.build()
    home.change(
        f"update marts.cx_index set value = 2.5 where period_label in ('2026-03', '2026-04') and {CELL}",
        f"update marts.cx_index set value = null where period_label = '2026Q3' and {CELL}",
        "delete from marts.fct_comments where comment_id = (select min(comment_id) from marts.fct_comments)",
    )
    two = home.publish(LATER)
    found = diff(home.settings, one, two)
    comments = store.show(home.settings, one).manifest["tables"]["fct_comments"]["rows"]
    assert TableChange("fct_comments", comments, comments - 1) in found.tables
    assert {table.name for table in found.tables} == {"cx_index", "fct_comments"}
    assert found.batches_added == [extra.batch_id] and found.batches_removed == []
    assert found.is_same_method
    changed = {figure.period_label: figure for figure in found.figures}
    assert set(changed) == {"2026-03", "2026-04", "2026Q3"}
    march = changed["2026-03"]
    assert (march.after, march.is_restated, march.key["driver"]) == (2.5, True, "trust")
    assert not changed["2026-04"].is_restated
    assert (changed["2026Q3"].after, changed["2026Q3"].is_restated) == (None, False)
    assert isinstance(march, FigureChange)
    assert [row["what"] for row in found.rows()] == ["table", "table", "figures", "restated", "batch"]


def test_restated_figures_are_in_the_manifest_with_their_cause(home):
    home.publish(NOW)
    home.fingerprint = "e" * 64
    home.build()
    home.change(f"update marts.cx_index set value = 2.5 where period_label = '2026-03' and {CELL}")
    two = home.publish(LATER)
    said = store.show(home.settings, two).manifest["restatements"]
    assert [(r["table"], r["period_label"], r["key"]["driver"], r["after"], r["cause"]) for r in said] == [
        ("cx_index", "2026-03", "trust", 2.5, "method")
    ]
    assert said[0]["before"] not in (None, 2.5)


def lacking(column, table="cx_index"):
    """SQL that makes a table as a version had it that didn't know a column yet."""
    return (
        f"create table marts.older as select * exclude ({column}) from marts.{table}",
        f"drop table marts.{table}",
        f"alter table marts.older rename to {table}",
    )


def test_figures_are_compared_by_the_columns_that_still_name_one(home):
    """Every item of this agency is likert_5, so a cell is known without its scale."""
    home.change(*lacking("scale"))
    one = home.publish(NOW)
    home.fingerprint = "e" * 64
    home.build()
    home.change(f"update marts.cx_index set value = 2.5 where period_label = '2026-03' and {CELL}")
    two = home.publish(LATER)
    (march,) = diff(home.settings, one, two).figures
    assert (march.name, march.after) == ("cx_index 2026-03 all all mean trust value", 2.5)
    (restated,) = store.show(home.settings, two).manifest["restatements"]
    assert "scale" not in restated["key"]
    assert (restated["key"]["driver"], restated["after"]) == ("trust", 2.5)


@pytest.mark.parametrize(
    "changes",
    [
        lacking("driver"),
        lacking("measure"),
    ],
    ids=["no key is left", "a column that is read"],
)
def test_figures_that_cannot_be_compared_are_said_to_be(home, changes):
    home.change(*changes)
    one = home.publish(NOW)
    home.fingerprint = "e" * 64
    home.build()
    two = home.publish(LATER)
    assert store.show(home.settings, two).manifest["restatements"] == []
    found = diff(home.settings, one, two)
    assert found.not_compared == ["cx_index"]
    assert [row for row in found.rows() if row["what"] == "figures"] == [
        {
            "what": "figures",
            "name": "cx_index",
            "before": None,
            "after": "not compared: the tables have other columns",
            "why": None,
        }
    ]


def restated(home, release_id):
    """Table, period and column → cause and the batches that may be behind it."""
    said = store.show(home.settings, release_id).manifest["restatements"]
    return {
        (r["table"], r["period_label"], r["column"]): (r["cause"], {b.split(".")[0] for b in r["batches"]})
        for r in said
    }


CENTER = "breakdown = 'channel' and member = 'phone'"


def test_every_published_figure_has_the_cause_that_is_known(home):
    """Calls of 30 April and answers of 31 March came: each is behind its own table and days alone."""
    home.publish(NOW)
    home.land("genesys", "conversations", ["conv-1"])
    home.land("touchpoints", "responses", ["sub-1"], start=date(2026, 3, 31), end=date(2026, 4, 1))
    home.build()
    home.change(
        f"update marts.cx_index set value = 2.5 where period_label in ('2026-01', '2026-03') and {CELL}",
        "update marts.contact_center_performance set transfer_share = 0.01, offered = offered + 20"
        f" where period_label = '2026-03' and {CENTER}",
    )
    two = home.publish(LATER)
    assert restated(home, two) == {
        ("cx_index", "2026-01", "value"): ("indirect", set()),
        ("cx_index", "2026-03", "value"): ("records", {"touchpoints"}),
        ("contact_center_performance", "2026-03", "offered"): ("indirect", set()),
        ("contact_center_performance", "2026-03", "transfer_share"): ("indirect", set()),
    }
    rows = diff(home.settings, store.show(home.settings, two).manifest["supersedes"], two).rows()
    assert [row["why"] for row in rows if row["what"] == "restated"] == [
        "indirect",
        "records",
        "indirect",
        "indirect",
    ]


def test_what_a_person_left_out_or_took_in_again_is_the_cause(home):
    march = home.land("touchpoints", "responses", ["sub-1"], start=date(2026, 3, 1), end=date(2026, 3, 15))
    home.build()
    home.publish(NOW)
    exclude(home.settings, march.batch_id, "sent twice", NOW)
    home.build()
    home.change(f"update marts.cx_index set value = 2.5 where period_label = '2026-03' and {CELL}")
    two = home.publish(LATER)
    assert restated(home, two) == {("cx_index", "2026-03", "value"): ("excluded", {"touchpoints"})}
    include(home.settings, march.batch_id, "it was right", LATER)
    home.build()
    three = home.publish(LATER + timedelta(days=1))
    assert restated(home, three) == {("cx_index", "2026-03", "value"): ("included", {"touchpoints"})}


def test_every_public_table_with_periods_is_compared():
    """So that nothing that is published changes without being told."""
    found = set()
    for file in (PROJECT / "dbt_project" / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]:
            columns = {column["name"] for column in model["columns"]}
            is_public = model["config"]["meta"]["audience"] == "public"
            if is_public and "period_start" in columns and model["name"] not in RUN_TABLES:
                found.add(model["name"])
                compared = COMPARED[model["name"]]
                assert columns.issuperset({*compared.key, *compared.needed, *compared.figures}), model["name"]
    assert {"cx_index", "contact_center_performance", "priority_goal_measures"} <= found


def test_what_a_goal_filters_by_names_rows_that_are_compared():
    """A goal is held with the rows that its filter leaves; those are known by what they are compared by."""
    measures = PROJECT / "dbt_project" / "models" / "marts" / "measures"
    tables = [file.stem for file in measures.glob("*.yml") if file.stem in COMPARED]
    assert len(tables) > 5
    for table in tables:
        assert {*measure_key(PROJECT / "dbt_project", table)} <= {*COMPARED[table].key}, table


def test_a_span_of_days_is_told_of_alone(tmp_path):
    """Another span from the same day on is another period: what is told of it restates nothing."""
    columns = dict.fromkeys((*COMPARED["web_performance"].key, *COMPARED["web_performance"].needed), "'x'")
    columns |= {"period_type": "'span'", "period_start": "date '2026-01-01'"}
    columns |= dict.fromkeys(("suppressed", "low_n"), "false")
    columns |= dict.fromkeys(COMPARED["web_performance"].figures, "0::double") | {"visits": "500::double"}
    folders = tmp_path / "1", tmp_path / "2"
    for folder, days in zip(folders, (["10"], ["10", "20"]), strict=True):
        (folder / "parquet").mkdir(parents=True)
        rows = [
            columns | {"period_label": f"'to the {day}th'", "period_end_date": f"date '2026-01-{day}'"}
            for day in days
        ]
        listed = [", ".join(f"{sql} as {name}" for name, sql in row.items()) for row in rows]
        query = " union all ".join(f"select {each}" for each in listed)
        duckdb.sql(f"copy ({query}) to '{folder}/parquet/web_performance.parquet'")
    with duckdb.connect() as connection:
        (key,) = shared_keys(connection, *folders).values()
        found = list(_of_table(connection, "web_performance", key, folders, date(2026, 4, 1)))
    assert {(one.period_label, one.is_restated) for one in found} == {("to the 20th", False)}


def test_a_release_that_is_not_kept_is_said(home):
    with pytest.raises(UsageError, match="no such release"):
        diff(home.settings, "20260101T000000Z-00000000", "20260102T000000Z-00000000")


@pytest.mark.parametrize("table", [name for name, compared in COMPARED.items() if compared.figures])
def test_every_compared_table_can_be_compared_by_what_it_needs(table, tmp_path):
    """One row whose first figure was 1 and is 2, of a quarter that is over; at first another one is told."""
    compared = COMPARED[table]
    columns = dict.fromkeys((*compared.key, *compared.needed), "'x'")
    columns |= dict.fromkeys(columns.keys() & {"suppressed", "low_n", "is_provisional"}, "false")
    columns |= dict.fromkeys(columns.keys() & {"period_start", "edition_date"}, "date '2026-01-01'")
    columns |= dict.fromkeys(columns.keys() & {"period_end_date"}, "date '2026-03-31'")
    columns["period_type"] = "'quarter'"
    for value in (0, 1, 2):
        folder = tmp_path / str(value) / "parquet"
        folder.mkdir(parents=True)
        row = (
            columns | dict.fromkeys(compared.figures, "0::double") | {compared.figures[0]: f"{value}::double"}
        )
        if not value:
            row |= {"period_start": "date '2025-10-01'"}
            row |= dict.fromkeys(row.keys() & {"period_label"}, "'y'")
        listed = ", ".join(f"{sql} as {name}" for name, sql in row.items())
        duckdb.sql(f"copy (select {listed}) to '{folder / table}.parquet'")
    of_zero, of_one, of_two = (tmp_path / str(value) for value in (0, 1, 2))
    with duckdb.connect() as connection:
        (key,) = shared_keys(connection, of_one, of_two).values()
        (found,) = _of_table(connection, table, key, (of_one, of_two), date(2026, 4, 1))
        new = [
            one
            for one in _of_table(connection, table, key, (of_zero, of_one), date(2026, 4, 1))
            if one.period_start == date(2026, 1, 1)
        ]
    assert (found.before, found.after, found.is_restated) == (1, 2, True)
    assert {one.column for one in new} == {*compared.figures}
    assert not any(one.is_restated for one in new)
    assert found.last_day == date(2026, 3, 31)
