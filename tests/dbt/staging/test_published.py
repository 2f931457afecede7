"""What others published, as it came in files: kept as it stands, one row a record."""

from __future__ import annotations

from datetime import date

import pytest
from voxpop.raw.exclusions import exclude

from .conftest import Home, new_home
from .raw_zone import T0, record

FIGURES = {
    "publisher": "them",
    "service": " fld-card ",
    "period": "2026Q1",
    "edition": "first",
    "edition_date": "2026-02-01",
    "figures": {"satisfied": "4.70", "trust": "", "offered": "1,808,680"},
}
VALUE = {
    "edition": "first",
    "edition_date": "2026-02-01",
    "period": "2026Q1",
    "goal_id": "G-1",
    "goal": "Goal",
    "indicator_type": "increase",
    "value_current": " 5 ",
    "target_date": "2026-09-30",
}


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = new_home(tmp_path_factory.mktemp("published"))
    home.raw.land("published", [record("a", FIGURES, "published_measure")])
    home.raw.land(
        "goal_values", [record(name, VALUE, "priority_goal_value") for name in ("b", "b-2", "third")]
    )
    taken_back = home.raw.land("goal_values", [record("c", VALUE, "priority_goal_value")])
    exclude(home.settings, taken_back.batch_id, "a test", T0)
    home.build_staging()
    return home


def test_figures_are_texts_with_their_names(staged: Home) -> None:
    row = staged.row("from staging.stg_file_drop__published_measures")
    assert row["_record_key"] == "published/published_measures/a"
    assert row["figures"] == {"satisfied": "4.70", "trust": "", "offered": "1,808,680"}
    assert (row["service"], row["touchpoint"], row["edition_date"]) == ("fld-card", None, date(2026, 2, 1))
    assert row["record_date"] == date(2026, 2, 1)


def test_goal_values_are_kept_as_they_stand_and_apart(staged: Home) -> None:
    found = staged.rows(
        "select record_id, value_current, target_date, target"
        " from staging.stg_file_drop__priority_goal_values order by 1"
    )
    assert found == [(name, " 5 ", date(2026, 9, 30), None) for name in ("b", "b-2", "third")]


def test_they_are_touched_and_name_nobody(staged: Home) -> None:
    touched = staged.rows("select stream, count(*) from staging.stg_touched_records group by 1 order by 1")
    assert touched == [("priority_goal_values", 3), ("published_measures", 1)]
    assert staged.rows("select count(*) from staging.stg_identifiers") == [(0,)]
