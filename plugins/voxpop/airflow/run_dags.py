"""Runs DAGs by Airflow's `dag.test()`: what `make run` starts.

Reads one line from standard input, an `Asked`, once its home is ready; reports what happens, an `Event` a
line, on the file descriptor that its argument names; exits with 0, with 1 if a run failed, with 3 if the gate
refused. Airflow's own output goes to standard output.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from voxpop.airflow import home, side_by_side
from voxpop.airflow.events import Event, log, say
from voxpop.config import load_settings
from voxpop.errors import Refused

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag


class Request(msgspec.Struct, frozen=True):
    """One run of one DAG.

    Attributes:
        dag_id: which.
        conf: its parameters.
    """

    dag_id: str
    conf: dict[str, str]


class Asked(msgspec.Struct, frozen=True):
    """What is to be run.

    Attributes:
        extracts: side by side, each in another process: they wait for their tools most of the time.
        then: in this process, one after the other, when the extracts have ended, whatever became of them.
    """

    extracts: list[Request]
    then: list[Request]


class _Teller(logging.Handler):
    """Passes on the events that tasks log, and remembers the worst exit code.

    Forked processes share the descriptor, and a long line is written in pieces: one writes at a time.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._turn = multiprocessing.get_context("fork").Lock()
        self.exit_code = 0

    def emit(self, record: logging.LogRecord) -> None:
        event: Event | None = getattr(record, "event", None)
        if event is None:
            return
        if event.kind == "failed":
            self.exit_code = max(self.exit_code, event.exit_code)
        with self._turn:
            os.write(self._descriptor, msgspec.json.encode(event) + b"\n")


def main(descriptor: int) -> int:
    """Run what standard input asks for, and give the exit code."""
    settings = load_settings()
    home.make(settings)

    dags = _registered_dags()
    if dags.import_errors:
        sys.stderr.write("\n".join(dags.import_errors.values()))
        return 1
    pipeline = _prepared_to_fork()
    teller = _Teller(descriptor)
    log.setLevel(logging.INFO)
    log.addHandler(teller)
    try:
        say(Event("airflow", "progress", "its home is ready"))
        asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Asked)
        extracts = side_by_side.start(
            lambda request: _run(dags.dags, request, teller), asked.extracts, pipeline.SOURCES_AT_ONCE
        )
        # Seconds of importing that the build would begin with pass while the extracts wait for their tools.
        pipeline.load_libraries()
        codes = [
            _died(request) if code is None else code
            for request, code in zip(asked.extracts, extracts.ended(), strict=True)
        ]
        codes += [_run(dags.dags, request, teller) for request in asked.then]
    finally:
        log.removeHandler(teller)
    return max(codes)


def _registered_dags() -> DagBag:
    """Read the DAGs and write them into Airflow's database.

    Each `dag.test()` writes all of them that aren't there yet. Two processes that find a new home at once
    would both add the same, and the second would die of it.
    """
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db

    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    (bundle,) = manager.get_all_dag_bundles()
    dags = BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
    sync_bag_to_db(dags, bundle.name, bundle.version)
    return dags


def _prepared_to_fork() -> Any:
    """Make what every fork would otherwise make for itself, and give the pipeline."""
    # pyarrow imports it when it first makes a table of rows, which is when records land.
    import pandas  # noqa: F401
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    from voxpop import pipeline

    async def ask_for_nothing() -> None:
        transport = in_process_api_server().atransport
        async with httpx.AsyncClient(transport=transport, base_url="http://in-process.invalid") as client:
            await client.get("/nothing")

    # Airflow's API for tasks makes its routes when it is first asked for one, which takes four seconds. Asked
    # in this way it leaves no thread behind, which a fork would not have.
    asyncio.run(ask_for_nothing())
    return pipeline


def _run(dags: Mapping[str, Any], request: Request, teller: _Teller) -> int:
    """Run one DAG, and give the exit code."""
    teller.exit_code = 0
    # The UI shows it as the run's time. Without one `dag.test()` would clear the tasks of every earlier run,
    # and a day's midnight would stand in the way of that day's backfill.
    now = datetime.now(UTC)
    run = dags[request.dag_id].test(logical_date=now, run_conf=request.conf)
    if run.state == "success":
        return 0
    return Refused.exit_code if teller.exit_code == Refused.exit_code else 1


def _died(request: Request) -> int:
    """Say that a run ended with its process, which could not say so itself, and give the exit code."""
    message = "its process ended in the middle. What had landed is kept; run it again, it goes on from there."
    say(Event(request.dag_id, "failed", message, exit_code=1))
    return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
