"""Airflow's home on one machine: `var/airflow`, configured by environment variables, with SQLite and pools.

Nothing here imports Airflow before `environment` is in force, because Airflow reads it once, at import.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from voxpop.config import PROJECT, Settings, load_settings
from voxpop.raw import files

POOLS_FILE = PROJECT / "config" / "pools.json"
"""The pools that tasks name, in the form that `airflow pools import` reads."""

USER = "admin"
"""Who signs in to the UI of `make up` and may do everything there."""

VIEWER = "viewer"
"""Who may look, at *Releases* too, and trigger nothing."""


def folder(settings: Settings) -> Path:
    """AIRFLOW_HOME."""
    return settings.home / "airflow"


def locked(settings: Settings, doing: str) -> AbstractContextManager[None]:
    """Hold the home: `make run` and `make up` never work in it at the same time; `doing` says which does.

    Raises:
        Locked: the other holds it; the message names it.
    """
    folder(settings).mkdir(parents=True, exist_ok=True)
    return files.locked(folder(settings) / "run.lock", "Airflow's home", doing)


def logs(settings: Settings) -> Path:
    """Task logs, and what the processes of `make run` and `make up` say."""
    return settings.home / "logs"


def passwords_file(settings: Settings) -> Path:
    """JSON, user → password of the UI; Airflow makes them when it first starts."""
    return settings.secrets / "airflow-passwords.json"


def environment(settings: Settings, port: int = 8080) -> dict[str, str]:
    """Airflow's whole configuration, as the variables that it reads.

    Args:
        settings: where everything is.
        port: of the UI and API.
    """
    url = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW_HOME": str(folder(settings)),
        "VOXPOP_HOME": str(settings.home),
        "DO_NOT_TRACK": "1",
        # dbt's locks are freed after the task that made them; Python's warning of it would be in every log.
        "PYTHONWARNINGS": "ignore:resource_tracker:UserWarning",
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # As many workers are forked; more than the cores only cost memory.
        "AIRFLOW__CORE__PARALLELISM": "4",
        # A run that starts before the API server listens fails: unpause when it is healthy.
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin,{VIEWER}:viewer",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(settings)),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__FAB__CONFIG_FILE": str(folder(settings) / "webserver_config.py"),
        # Processes write to it one at a time, and on a busy machine wait longer than its default, 5 seconds.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder(settings) / 'airflow.db'}?timeout=300",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(logs(settings) / "airflow"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(logs(settings) / "dag_processor"),
        "AIRFLOW__SECRETS__BACKEND": "voxpop.airflow.secrets_backend.FileConnections",
        "AIRFLOW__WORKERS__SECRETS_BACKEND": "voxpop.airflow.secrets_backend.FileConnections",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__INSTANCE_NAME": "voxpop",
    }


def make(settings: Settings) -> None:
    """Make the home, or bring it up to this version of Airflow: folders, database, pools.

    Imports Airflow: the variables of `environment` must be in force.
    """
    folder(settings).mkdir(parents=True, exist_ok=True)
    settings.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
    passwords = passwords_file(settings)
    if not passwords.exists():
        files.write_new(passwords, b"{}")
    from airflow.configuration import write_default_airflow_configuration_if_needed

    # It holds the secrets by which Airflow's processes know each other: made once, before any of them starts.
    write_default_airflow_configuration_if_needed()
    make_database()
    _fail_abandoned_runs()


def make_database() -> None:
    """Make Airflow's database, or bring it up to this version of Airflow, and the pools in it."""
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    initdb()
    for name, pool in json.loads(POOLS_FILE.read_text()).items():
        Pool.create_or_update_pool(name, pool["slots"], pool["description"], pool["include_deferred"])


def write_environment(settings: Settings, variables: Mapping[str, str]) -> None:
    """For `airflow …` in a shell: `set -a; . var/airflow/environment; set +a`. It holds no secret."""
    folder(settings).mkdir(parents=True, exist_ok=True)
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables.items() if name != "PATH"]
    (folder(settings) / "environment").write_text("".join(lines))


def _fail_abandoned_runs() -> None:
    """End in the database what a killed `make run` left as running, or a scheduler would take it up later."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, TaskInstanceState
    from airflow.utils.types import DagRunTriggeredByType
    from sqlalchemy import select

    with create_session() as session:
        running = select(DagRun).where(
            DagRun.triggered_by == DagRunTriggeredByType.TEST, DagRun.state == DagRunState.RUNNING
        )
        for run in session.scalars(running):
            run.state = DagRunState.FAILED
            tasks = select(TaskInstance).where(
                TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id
            )
            for task in session.scalars(tasks):
                if task.state is None or task.state in (
                    TaskInstanceState.SCHEDULED,
                    TaskInstanceState.QUEUED,
                    TaskInstanceState.RUNNING,
                    TaskInstanceState.UP_FOR_RETRY,
                ):
                    task.state = TaskInstanceState.FAILED


if __name__ == "__main__":
    make(load_settings())
