"""What changed from one release to another."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from voxpop.errors import UsageError
from voxpop.release import store
from voxpop.release.diff import FigureChange, TableChange, diff

NOW = datetime(2026, 5, 2, tzinfo=UTC)
LATER = datetime(2026, 5, 3, tzinfo=UTC)
CELL = "breakdown = 'all' and measure = 'mean' and driver = 'trust'"


def test_the_same_twice_differs_in_nothing(home):
    one = home.publish(NOW)
    assert diff(home.settings, one, one).rows() == []


def test_it_names_tables_batches_and_figures(home):
    """The facts reach to 2026-04-30: March has ended, so its figure is restated; 2026Q3 has not."""
    one = home.publish(NOW)
    extra = home.land("genesys", "conversations", ["conv-1"])
    home.build()
    home.change(
        f"update marts.cx_index set value = 2.5 where period_label = '2026-03' and {CELL}",
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
    assert set(changed) == {"2026-03", "2026Q3"}
    march = changed["2026-03"]
    assert (march.after, march.is_closed, march.driver) == (2.5, True, "trust")
    assert (changed["2026Q3"].after, changed["2026Q3"].is_closed) == (None, False)
    assert isinstance(march, FigureChange)
    assert [row["what"] for row in found.rows()] == ["table", "table", "figures", "restated", "batch"]


def test_restated_figures_are_in_the_manifest_with_their_cause(home):
    home.publish(NOW)
    home.fingerprint = "e" * 64
    home.build()
    home.change(f"update marts.cx_index set value = 2.5 where period_label = '2026-03' and {CELL}")
    two = home.publish(LATER)
    said = store.show(home.settings, two).manifest["restatements"]
    assert [(r["period_label"], r["driver"], r["after"], r["cause"]) for r in said] == [
        ("2026-03", "trust", 2.5, "method")
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
    assert (march.name, march.after) == ("2026-03 all all mean trust", 2.5)
    (restated,) = store.show(home.settings, two).manifest["restatements"]
    assert (restated["scale"], restated["driver"], restated["after"]) == ("", "trust", 2.5)


@pytest.mark.parametrize(
    "changes",
    [
        lacking("driver"),
        lacking("measure"),
        ["alter table marts.fct_survey_responses rename answered_local_date to answered_on"],
    ],
    ids=["no key is left", "a column that is read", "a column of the facts"],
)
def test_figures_that_cannot_be_compared_are_said_to_be(home, changes):
    home.change(*changes)
    one = home.publish(NOW)
    home.fingerprint = "e" * 64
    home.build()
    two = home.publish(LATER)
    assert store.show(home.settings, two).manifest["restatements"] == []
    found = diff(home.settings, one, two)
    assert found.figures is None
    assert [row for row in found.rows() if row["what"] == "figures"] == [
        {
            "what": "figures",
            "name": "cx_index",
            "before": None,
            "after": "not compared: the tables have other columns",
        }
    ]


def test_a_release_that_is_not_kept_is_said(home):
    with pytest.raises(UsageError, match="no such release"):
        diff(home.settings, "20260101T000000Z-00000000", "20260102T000000Z-00000000")
