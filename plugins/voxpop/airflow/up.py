"""`make up`: the whole of Airflow with its UI on this machine, and the sample agency's tools for it to read.

Returns when the UI is healthy and the DAGs are on; `make down` ends all of it. A second `make up` says that
it is up.

    python -m voxpop.airflow.up
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console

from voxpop.airflow import agency, home, processes, session
from voxpop.config import Settings, load_settings
from voxpop.errors import VoxpopError
from voxpop.raw.identifiers import Tokenizer
from voxpop.sources.registry import load_sources

_PORT = 8080
_READY_SECONDS = 300.0

_PROCESSES = {
    # The UI reads logs from files: no process has to serve them.
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "triggerer": ("triggerer", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "api-server": ("api-server",),
}
"""What `airflow standalone` would start, without its own process between; the API server last."""

_HEALTHY = ("metadatabase", "scheduler", "dag_processor")


def main() -> int:
    """Start, and give the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    settings = load_settings()
    try:
        with home.locked(settings, "make up"):
            session.end_abandoned(settings)
            up = session.read(settings)
            if up is not None and session.is_up(settings):
                console.print(f"Airflow is up already, since {up.since:%Y-%m-%d %H:%M} UTC: {up.url}")
                return 0
            start(settings, console, today=datetime.now(UTC).date())
    except KeyboardInterrupt:
        console.print("Interrupted; nothing of it is left running.")
        return 130
    except VoxpopError as error:
        console.print(str(error), style="red", markup=False)
        return error.exit_code
    return 0


def start(settings: Settings, console: Console, *, today: date) -> session.Up:
    """Start everything, and wait until it can be used.

    Args:
        settings: where everything is.
        console: where to say what happens.
        today: the sample agency is served up to the day before, which the next scheduled run asks for.

    Raises:
        VoxpopError: something did not become ready; then nothing is left running.
    """
    variables = home.environment(settings, processes.free_port(_PORT))
    url = variables["AIRFLOW__API__BASE_URL"]
    home.write_environment(settings, variables)
    Tokenizer.load(settings, create=True)
    beginning = session.Beginning(settings, datetime.now(UTC))
    try:
        server = None
        if agency.is_configured(settings):
            server = beginning.add(agency.start(settings, today - timedelta(days=1), variables))
        console.print("Making Airflow's home …")
        making = [sys.executable, "-m", "voxpop.airflow.home"]
        log = home.logs(settings) / "home.log"
        beginning.add(processes.start("Airflow's home", making, variables, log)).wait_to_end(_READY_SECONDS)
        console.print("Waiting for Airflow; this takes about a minute …")
        for name, command in _PROCESSES.items():
            airflow = [str(Path(sys.executable).with_name("airflow")), *command]
            log = home.logs(settings) / f"{name}.log"
            api = beginning.add(processes.start(name, airflow, variables, log))
        if server:
            agency.wait_until_ready(settings, server)
            if missing := agency.catch_up(settings, today):
                last = missing.end - timedelta(days=1)
                console.print(f"Landed the days since the last `make run`: {missing.start:%F} to {last:%F}.")
        api.wait_until(lambda: _is_healthy(url) or None, _READY_SECONDS)
        api.wait_until(lambda: _switch_on(settings, url) or None, _READY_SECONDS)
    except BaseException:
        beginning.end()
        raise
    up = beginning.is_healthy(url)
    console.print(
        f"""
Airflow is up: {url}
Sign in as "{home.USER}", or as "{home.VIEWER}" to look only; the passwords are in
{home.passwords_file(settings)}

The DAGs are on. Releases are under "Releases" in the navigation.
End it with: make down""",
        markup=False,
    )
    return up


def _is_healthy(url: str) -> bool:
    try:
        found = httpx.get(f"{url}/api/v2/monitor/health", timeout=5.0).json()
    except (httpx.HTTPError, ValueError):
        return False
    return all(found.get(name, {}).get("status") == "healthy" for name in _HEALTHY)


def _switch_on(settings: Settings, url: str) -> bool:
    """Unpause every DAG of the project once Airflow knows all of them; False until it does."""
    wanted = {f"extract_{name}" for name in load_sources(settings)}
    wanted |= {"build_and_publish", "report_quarter", "rollback"}
    with httpx.Client(base_url=url, timeout=30.0) as client:
        try:
            client.headers["Authorization"] = f"Bearer {_token(settings, client)}"
            known = {dag["dag_id"] for dag in client.get("/api/v2/dags").raise_for_status().json()["dags"]}
            if not wanted <= known:
                return False
            # The extracts first, so that their runs and not the hour begin the first build.
            for dag_id in sorted(wanted, key=lambda name: (not name.startswith("extract_"), name)):
                client.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": False}).raise_for_status()
        except httpx.HTTPError:
            return False
    return True


def _token(settings: Settings, client: httpx.Client) -> str:
    password = json.loads(home.passwords_file(settings).read_text())[home.USER]
    answer = client.post("/auth/token", json={"username": home.USER, "password": password})
    return str(answer.raise_for_status().json()["access_token"])


if __name__ == "__main__":
    sys.exit(main())
