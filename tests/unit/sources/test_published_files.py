"""Files of what others publish: rows without an id, of which two may read alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from voxpop.sources.file_drop import chunks
from voxpop.sources.targets import TARGETS

FIGURES: dict[str, Any] = {
    "kind": "file_drop",
    "name": "summary",
    "folder": "drop",
    "pattern": "*.csv",
    "format": "csv",
    "maps_to": "published_measure",
    "fields": {
        "publisher": {"constant": "them"},
        "service": "hisp",
        "period": {"template": "{year}Q{quarter}"},
        "edition": {"constant": "first"},
        "edition_date": {"constant": "2020-05-01"},
    },
    "figures": {"satisfied": "satisfied", "rate": "response_rate"},
}
HEADER = "hisp,year,quarter,satisfied,response_rate\n"
GOALS = {
    **FIGURES,
    "name": "goals",
    "maps_to": "priority_goal_value",
    "fields": {
        "edition": {"constant": "first"},
        "edition_date": {"constant": "2022-06-01"},
        "period": {"template": "{year}Q{quarter}"},
        "goal_id": "goal",
        "goal": "goal",
        "indicator_type": {"column": "type", "values": {"Measurable increase": "increase"}},
        "value_current": "current",
    },
}
GOALS.pop("figures")


def rows(
    tmp_path: Path, source: dict[str, Any], text: str, done: int = 0
) -> list[tuple[str, dict[str, Any]]]:
    path = tmp_path / "file.csv"
    path.write_text(text)
    config = TARGETS[source["maps_to"]].model_validate(source)
    return [
        (record.record_id, json.loads(record.payload))
        for chunk in chunks(path, path.name, config, done)
        for record in chunk.records
    ]


def test_figures_are_kept_as_they_stand(tmp_path: Path) -> None:
    found = rows(tmp_path, FIGURES, HEADER + 'vha,2020,1,"4.70",17%\nvha,2020,2,No Data,#REF!\n')
    first, second = (payload for _, payload in found)
    assert first["figures"] == {"satisfied": "4.70", "rate": "17%"}
    assert second["figures"] == {"satisfied": "No Data", "rate": "#REF!"}
    assert (first["period"], first["edition_date"], first["touchpoint"]) == ("2020Q1", "2020-05-01", None)


def test_rows_that_read_alike_are_kept_apart_in_any_order(tmp_path: Path) -> None:
    lines = [
        "a,2022,1,Measurable increase,5\n",
        "b,2022,1,Measurable increase,5\n",
        "a,2022,1,Measurable increase,5\n",
    ]
    header = "goal,year,quarter,type,current\n"
    forward = rows(tmp_path, GOALS, header + "".join(lines))
    backward = rows(tmp_path, GOALS, header + "".join(reversed(lines)))
    ids = [record_id for record_id, _ in forward]
    assert len(set(ids)) == 3
    assert ids[2] == f"{ids[0]}-2"
    assert sorted(ids) == sorted(record_id for record_id, _ in backward)
    assert [record_id for record_id, _ in rows(tmp_path, GOALS, header + "".join(lines), done=2)] == ids[2:]


def test_a_changed_value_is_another_row(tmp_path: Path) -> None:
    header = "goal,year,quarter,type,current\n"
    (before, _), (after, _) = rows(
        tmp_path, GOALS, header + "a,2022,1,Measurable increase,5\na,2022,1,Measurable increase,6\n"
    )
    assert before != after


def test_a_word_that_the_mapping_does_not_know_goes_to_quarantine(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("goal,year,quarter,type,current\na,2022,1,Grow,5\na,2022,5,Measurable increase,5\n")
    config = TARGETS["priority_goal_value"].model_validate(GOALS)
    (chunk,) = chunks(path, path.name, config, 0)
    assert [rejected.reason for rejected in chunk.rejected] == [
        "row 2: indicator_type holds something that the mapping's `values` don't name.",
        "row 3: period is not a month (2026-01), fiscal quarter (2026Q1) or fiscal year (2026).",
    ]
