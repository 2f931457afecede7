"""What tasks make of a run, and of what the library answers; the library itself is stood in for."""

from __future__ import annotations

import io
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from voxpop import pipeline
from voxpop.airflow import run_dags, runs, side_by_side
from voxpop.airflow.connections import from_airflow, to_airflow
from voxpop.airflow.events import Event
from voxpop.config import Settings
from voxpop.errors import BuildError, ConfigError, Locked, Refused, SourceError, SourceUnavailable
from voxpop.quarter import Quarter
from voxpop.raw import exclusions
from voxpop.raw.records import Window
from voxpop.release import store
from voxpop.sources.connections import Connection
from voxpop.sources.registry import SourceConfig
from voxpop.warehouse.build import LAYERS
from voxpop.warehouse.dbt import ModelResult

DAY = (datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC))
BATCH = SimpleNamespace(batch_id="touchpoints.responses.x", records=1204, quarantined=2)


@dataclass
class Landed:
    """What `pipeline.land` was called with."""

    source: str = ""
    window: Window | None = None
    connection: Connection | None = None
    is_widened: bool = False


@pytest.fixture
def landed(monkeypatch: pytest.MonkeyPatch) -> Landed:
    seen = Landed()

    def land(
        _: Settings,
        source: SourceConfig,
        window: Window | None,
        *,
        progress: Callable[..., None],
        **rest: Any,
    ) -> list[Any]:
        seen.source, seen.window = source.name, window
        seen.connection, seen.is_widened = rest["connection"], rest["widen"]
        progress("responses", 1204)
        return [BATCH]

    monkeypatch.setattr(pipeline, "land", land)
    return seen


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run one task's function as in a DAG run."""
    from voxpop.airflow import tasks

    def run(
        name: str, *arguments: Any, run_type: str = "scheduled", params: dict[str, Any] | None = None
    ) -> Any:
        context = {
            "dag": SimpleNamespace(dag_id="a_dag"),
            "task": SimpleNamespace(task_id=name),
            "params": params or {},
            "dag_run": SimpleNamespace(
                run_id="a run",
                run_type=run_type,
                run_after=DAY[1],
                data_interval_start=DAY[0],
                data_interval_end=DAY[1],
            ),
        }
        monkeypatch.setattr(tasks, "get_current_context", lambda: context)
        return getattr(tasks, name).function(*arguments)

    return run


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[list[Event]]:
    """The events that were logged."""
    events: list[Event] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if hasattr(record, "event"):
                events.append(record.event)

    handler, logger = Collect(), logging.getLogger("voxpop.steps")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield events
    logger.removeHandler(handler)


class TestLand:
    """The task of the extracts."""

    def test_a_scheduled_run_lands_its_interval_widened(
        self, run: Any, landed: Landed, said: list[Event]
    ) -> None:
        assert run("land", "touchpoints") == ["touchpoints.responses.x"]
        assert (landed.source, landed.window, landed.is_widened) == ("touchpoints", Window(*DAY), True)
        assert said[-2].message == "batches 1, records 1,204, in quarantine 2"
        assert [said[0].kind, said[-1].kind] == ["began", "done"]

    @pytest.mark.parametrize("run_type", ["manual", "backfill", "asset_triggered"])
    def test_any_other_run_is_not_widened(self, run: Any, landed: Landed, run_type: str) -> None:
        run("land", "genesys", run_type=run_type)
        assert (landed.window, landed.is_widened) == (Window(*DAY), False)

    def test_parameters_override_the_interval(self, run: Any, landed: Landed) -> None:
        run("land", "genesys", run_type="manual", params={"from": "2024-04-01", "to": "2026-07-01"})
        assert landed.window == Window(datetime(2024, 4, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))

    def test_a_file_drop_has_neither_window_nor_connection(self, run: Any, landed: Landed) -> None:
        run("land", "field_offices")
        assert (landed.window, landed.connection) == (None, None)

    def test_without_a_connection_the_library_says_what_to_do(self, run: Any, landed: Landed) -> None:
        run("land", "touchpoints")
        assert landed.connection is None

    def test_the_connection_arrives_as_a_value(
        self, run: Any, landed: Landed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(
            "AIRFLOW_CONN_TOUCHPOINTS",
            '{"conn_type": "http", "host": "https://t.example/v1", "password": "k3y"}',
        )
        run("land", "touchpoints")
        assert landed.connection == Connection(base_url="https://t.example/v1", api_key="k3y")


class TestErrors:
    """voxpop's errors as Airflow's."""

    @pytest.mark.parametrize(
        "error", [SourceUnavailable("503 for ten minutes"), Locked("process 7 works on it")]
    )
    def test_what_may_be_well_soon_is_tried_again(
        self, run: Any, monkeypatch: pytest.MonkeyPatch, said: list[Event], error: Exception
    ) -> None:
        monkeypatch.setattr(pipeline, "land", raising(error))
        with pytest.raises(type(error)) as raised:
            run("land", "touchpoints")
        assert raised.value is error
        assert said[-1].kind == "postponed"

    @pytest.mark.parametrize(
        "error",
        [
            SourceError("403"),
            ConfigError("line 7"),
            BuildError("a model"),
            Refused("no"),
            ZeroDivisionError("1/0"),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_anything_else_is_not(
        self, run: Any, monkeypatch: pytest.MonkeyPatch, said: list[Event], error: Exception
    ) -> None:
        from airflow.sdk.exceptions import AirflowFailException

        monkeypatch.setattr(pipeline, "audit", raising(error))
        with pytest.raises(AirflowFailException, match=str(error)) as raised:
            run("audit", "a release")
        assert raised.value.__cause__ is error
        assert (said[-1].kind, said[-1].exit_code) == ("failed", 3 if isinstance(error, Refused) else 1)


class TestExclusions:
    """The parameters by which a refusal is repaired."""

    def test_it_excludes_with_the_reason_and_may_run_again(
        self, run: Any, monkeypatch: pytest.MonkeyPatch, settings: Settings
    ) -> None:
        calls: list[tuple[str, ...]] = []
        known: dict[str, str] = {}

        def exclude(_: Settings, batch_id: str, reason: str, now: datetime) -> None:
            calls.append((batch_id, reason))
            known[batch_id] = reason

        monkeypatch.setattr(exclusions, "exclude", exclude)
        monkeypatch.setattr(exclusions, "exclusions", lambda _: known)
        monkeypatch.setattr(pipeline, "begin_build", lambda *_, **__: SimpleNamespace(nothing_to_do=True))
        for _ in range(2):
            run("begin", params={"exclude": "a.batch", "reason": "sent twice"})
        assert calls == [("a.batch", "sent twice")]

    def test_a_reason_that_holds_personal_data_fails_the_task(self, run: Any) -> None:
        from airflow.sdk.exceptions import AirflowFailException

        with pytest.raises(AirflowFailException, match=r"personal data \(email\)") as raised:
            run("begin", params={"exclude": "a.batch", "reason": "rows of jane.doe@example.com"})
        assert "jane" not in str(raised.value)

    def test_a_reason_is_needed(self, run: Any) -> None:
        from airflow.sdk.exceptions import AirflowFailException

        with pytest.raises(AirflowFailException, match='Give the "reason"'):
            run("begin", params={"include": "a.batch"})


def raising(error: Exception) -> Callable[..., Any]:
    def raises(*_: Any, **__: Any) -> Any:
        raise error

    return raises


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stand in for the whole library; a test changes what it answers."""
    given: dict[str, Any] = {"pending": True, "release_id": "20260105T060000Z-0123abcd", "refusal": None}
    given["warnings"] = []
    steps: list[str] = []
    given["steps"] = steps

    def begin_build(*_: Any, run_id: str, full_refresh: bool) -> Any:
        steps.append(f"begin full_refresh={full_refresh}")
        return SimpleNamespace(
            batches=["a"], is_full_refresh=full_refresh, parts_anew=False, nothing_to_do=not given["pending"]
        )

    def build_layer(_: Settings, layer: str) -> list[Any]:
        steps.append(layer)
        return [ModelResult(f"{layer}_model", "success", 1.5, None, None)]

    def audit(_: Settings, release_id: str) -> Any:
        steps.append(f"audit {release_id}")
        if given["refusal"]:
            raise Refused(given["refusal"])
        return SimpleNamespace(expectations=["one", "two"], warnings=given["warnings"])

    monkeypatch.setattr(pipeline, "begin_build", begin_build)
    monkeypatch.setattr(pipeline, "build_layer", build_layer)
    monkeypatch.setattr(pipeline, "finish_build", lambda _: steps.append("finish"))
    monkeypatch.setattr(pipeline, "stage", lambda *_, **__: steps.append("stage") or given["release_id"])
    monkeypatch.setattr(pipeline, "audit", audit)
    monkeypatch.setattr(pipeline, "report", lambda _, release_id: steps.append(f"report {release_id}"))
    monkeypatch.setattr(
        pipeline, "publish", lambda _, release_id, **__: steps.append(f"publish {release_id}")
    )
    return given


def build(dags: dict[str, Any], **conf: Any) -> tuple[Any, dict[str, str]]:
    """One run of the DAG through Airflow, and its tasks' states."""
    ran = dags["build_and_publish"].test(logical_date=datetime.now(UTC), run_conf=conf)
    return ran, {instance.task_id: str(instance.state) for instance in ran.get_task_instances()}


class TestBuildAndPublish:
    """The whole DAG, run by Airflow."""

    def test_it_takes_every_step_in_order(
        self, dags: dict[str, Any], answers: dict[str, Any], settings: Settings
    ) -> None:
        ran, _ = build(dags, full_refresh=True)
        one = answers["release_id"]
        last = [f"audit {one}", f"report {one}", f"publish {one}"]
        assert ran.state == "success"
        assert answers["steps"] == ["begin full_refresh=True", *LAYERS, "finish", "stage", *last]
        kept = runs.load(settings, ran.run_id, LAYERS)
        assert [(layer.layer, layer.models[0].name) for layer in kept] == [(n, f"{n}_model") for n in LAYERS]

    def test_with_nothing_pending_the_warehouse_is_left_and_a_refused_candidate_tried_again(
        self, dags: dict[str, Any], answers: dict[str, Any]
    ) -> None:
        answers["pending"] = False
        ran, states = build(dags)
        assert ran.state == "success"
        assert {states[name] for name in (*LAYERS, "finish")} == {"skipped"}
        assert {states[name] for name in ("begin", "stage", "audit", "report", "publish")} == {"success"}

    def test_with_nothing_new_what_follows_stage_is_skipped(
        self, dags: dict[str, Any], answers: dict[str, Any], said: list[Event]
    ) -> None:
        answers["release_id"] = None
        ran, states = build(dags)
        assert ran.state == "success"
        assert {states[name] for name in ("stage", "audit", "report", "publish")} == {"skipped"}
        assert "nothing new" in said[-1].message

    def test_what_only_warns_is_in_the_log_with_its_reason(
        self, dags: dict[str, Any], answers: dict[str, Any], said: list[Event]
    ) -> None:
        odd = SimpleNamespace(
            table="cx_index", name="no jump", observed="2026Q1", reason="few answers do this"
        )
        answers["warnings"] = [odd]
        ran, _ = build(dags)
        assert ran.state == "success"
        messages = [event.message for event in said if event.step == "build_and_publish.audit"]
        assert "warning: cx_index: not so: no jump (2026Q1), because few answers do this" in messages
        assert f"{answers['release_id']}: passed, 2 expectations, 1 with a warning" in messages

    def test_a_refusal_fails_the_run_without_a_second_try_and_publishes_nothing(
        self, dags: dict[str, Any], answers: dict[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        answers["refusal"] = "expect_n on cx_index: 3 rows"
        ran, states = build(dags)
        assert ran.state == "failed"
        assert states["audit"] == "failed"
        assert {states["report"], states["publish"]} == {"upstream_failed"}
        assert sum(step.startswith("audit") for step in answers["steps"]) == 1
        (block,) = [r.getMessage() for r in caplog.records if "FAILED " in r.getMessage()]
        assert "expect_n on cx_index: 3 rows" in block and "`exclude`" in block


def asked_to_build(monkeypatch: pytest.MonkeyPatch, *sources: str) -> tuple[int, list[Event]]:
    """The exit code of a `run_dags` that is asked for some extracts and a build, and what it told."""
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    extracts = [run_dags.Request(f"extract_{source}", {}) for source in sources]
    asked = run_dags.Asked(extracts, then=[run_dags.Request("build_and_publish", {})])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(msgspec.json.encode(asked) + b"\n")))
    # The libraries are stood in for here, and importing them takes seconds.
    monkeypatch.setattr(pipeline, "load_libraries", lambda: None)
    # Tests before this one may have used it; `make run` forks before anything does.
    in_process_api_server.cache_clear()
    ours, theirs = os.pipe()
    code = run_dags.main(theirs)
    os.close(theirs)
    with os.fdopen(ours, "rb") as lines:
        return code, [msgspec.json.decode(line, type=Event) for line in lines]


class TestRunDags:
    """The process of `make run` that Airflow works in: its exit code, and what it tells."""

    @pytest.mark.parametrize(
        ("refusal", "broken", "code"),
        [(None, None, 0), ("3 rows of cx_index", None, 3), (None, BuildError("a model"), 1)],
        ids=["done", "refused", "failed"],
    )
    def test_it_ends_with_what_became_of_the_runs(
        self,
        answers: dict[str, Any],
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        refusal: str | None,
        broken: Exception | None,
        code: int,
    ) -> None:
        answers["refusal"] = refusal
        if broken:
            monkeypatch.setattr(pipeline, "finish_build", raising(broken))
        ended_with, told = asked_to_build(monkeypatch)
        assert ended_with == code
        done = [event.step.removeprefix("build_and_publish.") for event in told if event.kind == "done"]
        assert done[:5] == ["begin", *LAYERS]
        assert [event.message for event in told if event.kind == "failed"] == (
            [refusal or str(broken)] if code else []
        )

    def test_a_run_began_when_it_did_and_takes_the_place_of_no_backfill(
        self, answers: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session
        from sqlalchemy import select

        before = datetime.now(UTC)
        assert asked_to_build(monkeypatch)[0] == 0
        with create_session() as session:
            (run,) = session.scalars(select(DagRun).where(DagRun.end_date > before))
            assert before < run.start_date < run.end_date
            assert run.logical_date == run.start_date, "a backfill passes over a day whose date a run has"

    def test_the_api_for_tasks_is_made_before_processes_are_forked_and_leaves_no_thread(
        self, answers: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from airflow.sdk.execution_time.supervisor import in_process_api_server

        at_the_fork: list[tuple[bool, set[threading.Thread]]] = []
        start = side_by_side.start

        def fork(*given: Any) -> side_by_side.Started:
            left = set(threading.enumerate()) - before
            at_the_fork.append((in_process_api_server().app._cadwyn_initialized, left))
            return start(*given)

        before = set(threading.enumerate())
        monkeypatch.setattr(side_by_side, "start", fork)
        assert asked_to_build(monkeypatch)[0] == 0
        assert at_the_fork == [(True, set())]

    def test_extracts_run_side_by_side_and_one_that_fails_stops_itself_alone(
        self, answers: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each waits inside its landing until all are there: one after the other they would never meet."""
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session
        from sqlalchemy import select

        meeting = multiprocessing.get_context("fork").Barrier(3, timeout=120)

        def land(_: Settings, source: SourceConfig, *__: Any, **___: Any) -> list[Any]:
            meeting.wait()
            if source.name == "genesys":
                raise SourceError("the tool refused. " + 10_000 * "x")
            return [BATCH]

        monkeypatch.setattr(pipeline, "land", land)
        before = datetime.now(UTC)
        code, told = asked_to_build(monkeypatch, "touchpoints", "genesys", "kiosk_surveys")
        assert code == 1
        ends = {event.step: event.kind for event in told}
        assert ends["extract_touchpoints.land"] == ends["extract_kiosk_surveys.land"] == "done"
        assert ends["extract_genesys.land"] == "failed"
        assert ends["build_and_publish.publish"] == "done", "what has landed is published"
        with create_session() as session:
            runs = session.scalars(select(DagRun).where(DagRun.end_date > before)).all()
            assert {run.dag_id: str(run.state) for run in runs} == {
                "extract_touchpoints": "success",
                "extract_genesys": "failed",
                "extract_kiosk_surveys": "success",
                "build_and_publish": "success",
            }

    def test_an_extract_whose_process_dies_is_named(
        self, answers: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The memory ran out, say: then it tells nothing itself, and the others go on."""

        def land(_: Settings, source: SourceConfig, *__: Any, **___: Any) -> list[Any]:
            if source.name == "genesys":
                os.kill(os.getpid(), signal.SIGKILL)
            return [BATCH]

        monkeypatch.setattr(pipeline, "land", land)
        code, told = asked_to_build(monkeypatch, "genesys", "kiosk_surveys")
        assert code == 1
        (failed,) = [event for event in told if event.kind == "failed"]
        assert failed.step == "extract_genesys" and "its process ended in the middle" in failed.message
        done = {event.step for event in told if event.kind == "done"}
        assert {"extract_kiosk_surveys.land", "build_and_publish.publish"} <= done


class TestRollback:
    """The DAG by which people go back."""

    def test_it_goes_back_to_the_release_with_the_reason(
        self, dags: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls: list[tuple[Any, ...]] = []

        def rollback(_: Settings, release_id: str | None, reason: str, now: datetime) -> Any:
            calls.append((release_id, reason))
            return SimpleNamespace(release_id="20260105T060000Z-0123abcd")

        monkeypatch.setattr(store, "rollback", rollback)
        for release_id in ("20260105T060000Z-0123abcd", None):
            conf = {"release_id": release_id, "reason": "figures of January are wrong"}
            ran = dags["rollback"].test(logical_date=datetime.now(UTC), run_conf=conf)
            assert ran.state == "success"
        assert calls == [
            ("20260105T060000Z-0123abcd", "figures of January are wrong"),
            (None, "figures of January are wrong"),
        ]

    def test_without_a_reason_airflow_refuses_to_begin(self, dags: dict[str, Any]) -> None:
        from airflow.sdk.exceptions import ParamValidationError

        with pytest.raises(ParamValidationError, match="reason"):
            dags["rollback"].params.validate()


class TestReportQuarter:
    """The DAG that writes a quarter's files."""

    @pytest.fixture
    def exported(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str, str | None]]:
        """Stand in for the library; what it was asked to write."""
        calls: list[tuple[str, str, str | None]] = []

        def check_quarter(_: Settings, quarter: Quarter) -> Any:
            if quarter.label == "2026Q4":
                raise Refused("2026Q4 can't be filed: 92 days of it are open")
            return "20260105T060000Z-0123abcd", {"a11-280": ["Feedback: a word"], "priority-goals": []}

        def export(_: Settings, kind: str, quarter: Quarter, *, release_id: str | None) -> Any:
            calls.append((kind, quarter.label, release_id))
            return SimpleNamespace(folder=tmp_path / kind, files=3, warnings=["Feedback: a word"])

        monkeypatch.setattr(pipeline, "check_quarter", check_quarter)
        monkeypatch.setattr(pipeline, "export", export)
        monkeypatch.setattr(pipeline, "due", lambda *_: date(2026, 1, 30))
        return calls

    def test_it_checks_writes_and_says_what_a_person_does_next(
        self, dags: dict[str, Any], exported: list[Any], said: list[Event]
    ) -> None:
        ran = dags["report_quarter"].test(logical_date=datetime.now(UTC), run_conf={"quarter": "2026Q1"})
        assert ran.state == "success"
        release = "20260105T060000Z-0123abcd"
        assert exported == [("a11-280", "2026Q1", release), ("priority-goals", "2026Q1", release)]
        noted = [event.message for event in said if event.step == "report_quarter.note_quarter"]
        assert "2026Q1 is due on Friday, 2026-01-30" in noted
        assert "a11-280: Feedback: a word" in noted

    def test_what_is_not_whole_fails_with_the_reason_and_nothing_is_written(
        self, dags: dict[str, Any], exported: list[Any], said: list[Event]
    ) -> None:
        ran = dags["report_quarter"].test(logical_date=datetime.now(UTC), run_conf={"quarter": "2026Q4"})
        assert ran.state == "failed"
        assert exported == []
        assert any("92 days of it are open" in event.message for event in said)

    def test_an_agency_that_files_nothing_has_nothing_written(
        self, dags: dict[str, Any], exported: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pipeline, "check_quarter", lambda *_: ("20260105T060000Z-0123abcd", {}))
        ran = dags["report_quarter"].test(logical_date=datetime.now(UTC), run_conf={"quarter": "2026Q1"})
        assert {str(task.state) for task in ran.get_task_instances()} == {"skipped"}
        assert exported == []

    def test_without_a_quarter_it_is_the_newest_that_has_ended(self, run: Any, exported: list[Any]) -> None:
        checked = run("check_quarter")
        assert checked["quarter"] == Quarter.before(DAY[1].date()).label


CONNECTIONS = {
    "touchpoints": Connection(base_url="https://t.example/v1", api_key="k3y"),
    "genesys": Connection(
        base_url="https://api.example",
        login_url="https://login.example",
        client_id="me",
        client_secret="s3cret",
    ),
}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_connection_survives_the_way_through_airflow(name: str, settings: Settings) -> None:
    import json

    from airflow.sdk import Connection as AirflowConnection

    text = json.dumps(to_airflow(CONNECTIONS[name]))
    assert from_airflow(AirflowConnection.from_json(text, conn_id=name)) == CONNECTIONS[name]


def test_the_file_of_the_command_line_holds_for_airflow_too(settings: Settings) -> None:
    import airflow  # noqa: F401 - it imports the backend itself
    from voxpop.airflow.secrets_backend import FileConnections

    settings.connections_file.write_text(
        '{"touchpoints": {"base_url": "https://t.example/v1", "api_key": "k3y"}}'
    )
    try:
        backend = FileConnections()
        assert '"host": "https://t.example/v1"' in str(backend.get_conn_value("touchpoints"))
        assert backend.get_conn_value("elsewhere") is None
    finally:
        settings.connections_file.unlink()
