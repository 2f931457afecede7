"""Airflow as `make up` starts it, in a home of the tests' own, ended as `make down` does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from voxpop.airflow import home, processes, session
from voxpop.config import PROJECT, Settings, load_settings

from tests.waiting import until

Command = Callable[..., subprocess.CompletedProcess[str]]


def _command(
    settings: Settings, module: str, *arguments: str, seconds: float = 600
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"voxpop.airflow.{module}", *arguments],
        env=variables(settings),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def variables(settings: Settings) -> dict[str, str]:
    """The caller's environment, with a home of the tests' own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "VOXPOP"))}
    return kept | {"VOXPOP_HOME": str(settings.home), "DO_NOT_TRACK": "1"}


def _mentioning(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            paths = [file.path for file in process.open_files()]
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if process.pid != os.getpid() and any(str(folder) in text for text in (words, *paths)):
            found.append(f"{process.pid} {words}")
    return found


class Airflow:
    """The API of a running Airflow, as an administrator."""

    def __init__(self, settings: Settings, up: session.Up) -> None:
        self.settings = settings
        self.url = up.url
        self.since = up.since
        self._client = self.client(home.USER)

    def password(self, user: str) -> str:
        return str(json.loads(home.passwords_file(self.settings).read_text())[user])

    def client(self, user: str) -> httpx.Client:
        """Somebody who is signed in."""
        who = {"username": user, "password": self.password(user)}
        answer = httpx.post(f"{self.url}/auth/token", json=who, timeout=60)
        token = answer.raise_for_status().json()["access_token"]
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def get(self, path: str) -> Any:
        return self._client.get(path).raise_for_status().json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._client.post(path, json=body).raise_for_status().json()

    def trigger(self, dag_id: str, **conf: str) -> dict[str, Any]:
        """Begin a run by hand."""
        asked = {"logical_date": None, "conf": conf}
        run: dict[str, Any] = self.post(f"/api/v2/dags/{dag_id}/dagRuns", asked)
        return run

    def ended(self, run: dict[str, Any], seconds: float) -> str:
        """Wait until a run has ended, and give the state that it ended in."""
        path = f"/api/v2/dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}"

        def state_at_its_end() -> str | None:
            found = self.get(path)
            return str(found["state"]) if found["end_date"] else None

        return str(until(state_at_its_end, seconds))

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/api/v2/dags/{dag_id}/dagRuns")["dag_runs"]
        return found

    def why(self, run: dict[str, Any]) -> str:
        """The blocks that the failure callback wrote into the logs of a run."""
        logs = (
            home.logs(self.settings) / "airflow" / f"dag_id={run['dag_id']}" / f"run_id={run['dag_run_id']}"
        )
        lines = [json.loads(line) for path in logs.rglob("*.log") for line in path.read_text().splitlines()]
        return "\n".join(line["event"] for line in lines if line.get("logger") == "voxpop.failures")

    def wait_for(self, condition: Callable[[], Any], seconds: float) -> Any:
        """Wait until the condition gives something; a failed run ends the waiting."""

        def found_while_none_failed() -> Any:
            found = condition()
            if not found:
                since = self.since.strftime("%Y-%m-%dT%H:%M:%SZ")
                failed = self.get(f"/api/v2/dags/~/dagRuns?state=failed&start_date_gte={since}")["dag_runs"]
                assert not failed, f"{failed[0]['dag_id']} failed:\n{self.why(failed[0])}"
            return found

        return until(found_while_none_failed, seconds)


@pytest.fixture(scope="session")
def command() -> Command:
    """`command(settings, module, *arguments)`: run what a make target runs."""
    return _command


@pytest.fixture(scope="session")
def environment() -> Callable[[Settings], dict[str, str]]:
    """The variables that a make target would be run with."""
    return variables


@pytest.fixture(scope="session")
def mentioning() -> Callable[[Path], list[str]]:
    """Every process of this machine that has a folder in its command line or among its open files."""
    return _mentioning


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings({"VOXPOP_HOME": str(tmp_path_factory.mktemp("airflow") / "var")})


@pytest.fixture(scope="module")
def airflow(settings: Settings) -> Iterator[Airflow]:
    """Up, in the home that `make run` left where its tests ran before; down afterwards whatever happened."""
    started = _command(settings, "up")
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        up = session.read(settings)
        assert up is not None and up.url in started.stdout
        yield Airflow(settings, up)
    finally:
        up = session.read(settings)
        if up is not None:
            processes.end(up.sessions)
