"""The block that a person reads first when a task has failed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from voxpop.airflow.callbacks import block, on_failure
from voxpop.errors import (
    AuditError,
    BuildError,
    ConfigError,
    Locked,
    Refused,
    SourceError,
    SourceUnavailable,
    UsageError,
)

PROJECT = Path(__file__).resolve().parents[3]
DAGS = (
    "extract_touchpoints",
    *(path.stem for path in (PROJECT / "dags").glob("*.py") if path.stem != "extract"),
)


def wrapped(error: Exception) -> Exception:
    """As tasks raise it: Airflow's exception, with voxpop's as its cause."""
    try:
        raise RuntimeError(str(error)) from error
    except RuntimeError as airflows:
        return airflows


@pytest.mark.parametrize("dag_id", DAGS)
def test_it_says_what_why_what_is_kept_what_to_do_and_where_to_read(dag_id: str) -> None:
    said = block(
        dag_id, "a_task", "a run", 2, wrapped(SourceError("touchpoints: 403, the key has no access"))
    )
    assert [line.split()[0] for line in said.splitlines()] == ["FAILED", "WHY", "KEPT", "DO", "RUNBOOK"]
    assert f"{dag_id}.a_task, tried 2 times, in the run a run" in said
    assert "touchpoints: 403, the key has no access" in said
    assert "DO       Mend the connection" in said


@pytest.mark.parametrize(
    ("dag_id", "error", "runbook"),
    [
        ("extract_touchpoints", SourceError("403"), "extract"),
        ("build_and_publish", None, "build_and_publish"),
        ("build_and_publish", wrapped(Refused("3 rows")), "refused-release"),
        ("report_quarter", wrapped(Refused("92 days are open")), "report_quarter"),
        ("rollback", UsageError("no such release"), "rollback"),
    ],
)
def test_the_runbook_that_it_names_is_there(dag_id: str, error: Exception | None, runbook: str) -> None:
    named = block(dag_id, "a_task", "a run", 1, error).splitlines()[-1].split()[1]
    assert named == f"docs/runbooks/{runbook}.md"
    assert (PROJECT / named).is_file()


def test_the_block_stands_outside_of_the_lines_that_the_ui_folds(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="voxpop.failures")
    task = SimpleNamespace(dag_id="rollback", task_id="roll_back", run_id="a run", try_number=1)
    on_failure({"ti": task, "exception": UsageError("there is no such release")})
    end_of_group, said = [record.getMessage() for record in caplog.records]
    assert end_of_group == "::endgroup::"
    assert "there is no such release" in said


KINDS = (AuditError, BuildError, ConfigError, Locked, Refused, SourceError, SourceUnavailable, UsageError)


def test_each_kind_of_error_has_its_own_advice() -> None:
    said = {block("build_and_publish", "t", "r", 1, wrapped(kind("why"))).splitlines()[3] for kind in KINDS}
    assert len(said) == len(KINDS)
    assert not any("did not foresee" in line for line in said)


def test_an_error_that_is_retried_comes_unwrapped() -> None:
    said = block("extract_genesys", "land", "r", 5, SourceUnavailable("genesys: 503 for ten minutes"))
    assert "goes on where it stopped" in said


@pytest.mark.parametrize("error", [ZeroDivisionError("division by zero"), None])
def test_what_nobody_foresaw_is_called_so(error: Exception | None) -> None:
    assert "did not foresee" in block("rollback", "t", "r", 1, error)
