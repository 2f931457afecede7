"""What every DAG owes to the people who run it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from voxpop.config import PROJECT, Settings
from voxpop.sources.registry import load_sources
from voxpop.warehouse.build import LAYERS

FILES = sorted((PROJECT / "dags").glob("*.py"))
EXTRACTS = (
    "extract_touchpoints",
    "extract_genesys",
    "extract_field_offices",
    "extract_text_messages",
    "extract_kiosk_surveys",
    "extract_survey_offers",
    "extract_web",
    "extract_dap",
    "extract_dap_files",
    "extract_goal_values",
)
DAG_IDS = (*EXTRACTS, "build_and_publish", "report_quarter", "rollback")


@pytest.fixture(params=DAG_IDS)
def dag(request: pytest.FixtureRequest, dags: dict[str, Any]) -> Any:
    return dags[request.param]


def test_there_is_one_extract_a_source_and_the_rest(dags: dict[str, Any], settings: Settings) -> None:
    assert set(dags) == set(DAG_IDS)
    assert {f"extract_{name}" for name in load_sources(settings)} == set(EXTRACTS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_dag_file_is_short_and_holds_a_dag(path: Path, dags: dict[str, Any]) -> None:
    assert len(path.read_text().splitlines()) <= 80
    assert any(Path(dag.fileloc) == path for dag in dags.values())


def test_it_says_what_it_is(dag: Any) -> None:
    assert "voxpop" in dag.tags and len(dag.tags) >= 2
    assert dag.description
    runbook = "extract" if dag.dag_id in EXTRACTS else dag.dag_id
    assert f"docs/runbooks/{runbook}.md" in dag.doc_md
    assert (PROJECT / "docs" / "runbooks" / f"{runbook}.md").is_file()


def test_one_run_at_a_time_and_none_for_the_past(dag: Any) -> None:
    assert dag.max_active_runs == 1
    assert dag.catchup is False


def test_every_task_has_an_owner_a_doc_and_someone_to_tell(dag: Any) -> None:
    assert dag.tasks
    for task in dag.tasks:
        assert task.owner == "voxpop", task.task_id
        assert len(task.doc_md or "") > 30, task.task_id
        assert [callback.__name__ for callback in task.on_failure_callback] == ["on_failure"], task.task_id


def test_tasks_are_tried_again_ever_more_slowly(dag: Any) -> None:
    for task in dag.tasks:
        assert task.retries == 4
        assert task.retry_exponential_backoff == 2.0
        assert timedelta(seconds=10) <= task.retry_delay < task.max_retry_delay <= timedelta(hours=1)


def test_every_pool_is_made_with_the_home(dags: dict[str, Any]) -> None:
    from airflow.models.pool import Pool

    named = {task.pool for dag in dags.values() for task in dag.tasks}
    assert named == {"warehouse", "default_pool"}
    assert {pool.pool for pool in Pool.get_pools()} == named


def test_only_one_task_at_a_time_writes_the_warehouse(dags: dict[str, Any]) -> None:
    pool = json.loads((PROJECT / "config" / "pools.json").read_text())["warehouse"]
    assert pool["slots"] == 1
    for dag_id in ("build_and_publish", "rollback"):
        assert {task.pool for task in dags[dag_id].tasks} == {"warehouse"}


@pytest.mark.parametrize("dag_id", EXTRACTS)
def test_an_extract_has_a_day_as_its_window_and_an_asset_out(dag_id: str, dags: dict[str, Any]) -> None:
    dag = dags[dag_id]
    assert type(dag.timetable).__name__ == "CronDataIntervalTimetable"
    assert dag.timetable.expression == "0 0 * * *"
    assert set(dag.params) == {"from", "to"}
    (land,) = dag.tasks
    assert [asset.name for asset in land.outlets] == [f"raw/{dag_id.removeprefix('extract_')}"]


def test_the_build_waits_for_all_sources_or_the_hour(dags: dict[str, Any], settings: Settings) -> None:
    timetable = dags["build_and_publish"].timetable
    assert type(timetable).__name__ == "AssetOrTimeSchedule"
    waited_for = {asset.name for asset in timetable.asset_condition.objects}
    assert waited_for == {f"raw/{name}" for name in load_sources(settings)}
    assert timetable.timetable.expression == "0 6 * * *"


def test_the_build_takes_the_steps_in_order(dags: dict[str, Any]) -> None:
    wanted = ["begin", *LAYERS, "finish", "stage", "audit", "report", "publish"]
    tasks = dags["build_and_publish"].task_dict
    assert set(tasks) == set(wanted)
    for before, after in pairwise(wanted):
        assert after in tasks[before].downstream_task_ids, (before, after)


def test_a_quarter_is_reported_half_way_to_its_due_date(dags: dict[str, Any]) -> None:
    dag = dags["report_quarter"]
    assert dag.timetable.expression == "0 12 15 1,4,7,10 *"
    assert [task.task_id for task in dag.topological_sort()] == [
        "check_quarter",
        "write_quarter",
        "note_quarter",
    ]
    assert re.fullmatch(dag.params.get_param("quarter").schema["pattern"], "2026Q1")


NOTHING_BUT_READING = """
import os, sys
from pathlib import Path

project, home = Path(sys.argv[1]), Path(sys.argv[2])
import airflow.sdk, airflow.dag_processing.dagbag, importlib.util
from voxpop.airflow import tasks
from voxpop.sources import registry

found, opened = [], set()
DOING = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "sqlite3.connect")
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path, mode = os.fsdecode(arguments[0]), arguments[1]
        if mode and set(mode) & set("wax+"):
            found.append(f"writes {path}")
        elif not path.endswith((".py", ".pyc")) and Path(path).is_relative_to(project):
            opened.add(str(Path(path).relative_to(project)))
    elif event in DOING:
        found.append(f"{event} {arguments}")

sys.dont_write_bytecode = True
sys.addaudithook(watch)
for path in sorted((project / "dags").glob("*.py")):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(sorted(opened), found)
"""


def test_parsing_reads_the_sources_file_and_does_nothing_else(settings: Settings) -> None:
    command = [sys.executable, "-c", NOTHING_BUT_READING, str(PROJECT), str(settings.home)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert said.stdout.splitlines()[-1] == "['config/sources.yml'] []"


@pytest.mark.parametrize("dag_id", ["build_and_publish", "report_quarter"])
def test_a_moment_that_has_passed_is_not_made_up_for_when_a_dag_is_switched_on(
    dag_id: str, dags: dict[str, Any]
) -> None:
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction

    timetable = coerce_to_core_timetable(dags[dag_id].timetable)
    first = timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(earliest=dags[dag_id].start_date, latest=None, catchup=False),
    )
    assert first is not None and first.run_after > datetime.now(UTC)
