"""Runs DAGs one after the other in this process by Airflow's `dag.test()`: what `make run` starts.

Reads one line from standard input, a JSON list of `Request`, once its home is ready; reports what happens,
an `Event` a line, on the file descriptor that its argument names; exits with 0, with 1 if a run failed, with
3 if the gate refused. Airflow's own output goes to standard output.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime

import msgspec

from voxpop.airflow import home
from voxpop.airflow.events import Event, log, say
from voxpop.config import PROJECT, load_settings
from voxpop.errors import Refused


class Request(msgspec.Struct, frozen=True):
    """One run of one DAG.

    Attributes:
        dag_id: which.
        conf: its parameters.
    """

    dag_id: str
    conf: dict[str, str]


class _Teller(logging.Handler):
    """Passes on the events that tasks log, and remembers the worst exit code."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.exit_code = 0

    def emit(self, record: logging.LogRecord) -> None:
        event: Event | None = getattr(record, "event", None)
        if event is None:
            return
        if event.kind == "failed":
            self.exit_code = max(self.exit_code, event.exit_code)
        os.write(self._descriptor, msgspec.json.encode(event) + b"\n")


def main(descriptor: int) -> int:
    """Run what standard input asks for, and give the exit code."""
    settings = load_settings()
    home.make(settings)

    from airflow.dag_processing.dagbag import DagBag

    dags = DagBag(dag_folder=str(PROJECT / "dags"))
    if dags.import_errors:
        sys.stderr.write("\n".join(dags.import_errors.values()))
        return 1
    teller = _Teller(descriptor)
    log.setLevel(logging.INFO)
    log.addHandler(teller)
    try:
        say(Event("airflow", "progress", "its home is ready"))
        succeeded = True
        for request in msgspec.json.decode(sys.stdin.buffer.readline(), type=list[Request]):
            # The UI shows it as the run's time. Without one `dag.test()` would clear the tasks of every
            # earlier run, and a day's midnight would stand in the way of that day's backfill.
            now = datetime.now(UTC)
            run = dags.dags[request.dag_id].test(logical_date=now, run_conf=request.conf)
            succeeded = succeeded and run.state == "success"
    finally:
        log.removeHandler(teller)
    if succeeded:
        return 0
    return Refused.exit_code if teller.exit_code == Refused.exit_code else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
