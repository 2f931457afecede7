"""Run all steps, interrupted at named points: `-m tests.end_to_end.killed HOME FROM TO [--stop POINT]…`.

Without `--stop`, one home is worked on by a process a point, each of which dies there by SIGKILL, and at last
by one that may end; a line of JSON tells of each. They are forked, so that the libraries are imported once.
With `--stop`, one process does all the work and stops itself (SIGSTOP) at each of the points.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

from voxpop.config import load_settings
from voxpop.raw.records import Window
from voxpop.release import store

from .patience import without_waiting

Place = tuple[str, str, int | str]
"""A function, `before` or `after` it, and which call: the nth, or the one for the model of that name."""

_MODEL = "dbt.task.run:ModelRunner.execute"
_LAYERS = "voxpop.warehouse.state:BuildState.layers_done"
POINTS: dict[str, Place] = {
    "landing: after the first page": ("voxpop.raw.batches:BatchWriter.write_page", "after", 1),
    "landing: a page is there, and not counted": ("voxpop.raw.batches:BatchWriter._save", "before", 3),
    "landing: before the first source is visible": ("voxpop.raw.batches:BatchWriter._move", "before", 1),
    "landing: after the first source is visible": ("voxpop.raw.batches:BatchWriter._move", "after", 1),
    "landing: in the middle of the second source": (
        "voxpop.sources.genesys.client:Genesys._results",
        "after",
        1,
    ),
    "landing: before the second source is visible": ("voxpop.raw.batches:BatchWriter._move", "before", 1),
    "landing: in the middle of a file": ("voxpop.raw.batches:BatchWriter._write_part", "after", 1),
    "landing: after all of it": ("voxpop.pipeline:build", "before", 1),
    "building: when it has begun": ("voxpop.warehouse.state:BuildState.begin", "after", 1),
    "building: in the middle of staging": (_MODEL, "before", "stg_genesys__conversations"),
    "building: after staging": (_LAYERS, "after", 2),
    "building: in the middle of the marts": (_MODEL, "before", "fct_survey_answers"),
    "building: before it is marked": ("voxpop.warehouse.state:BuildState.finish", "before", 1),
    "building: after it is marked": ("voxpop.warehouse.state:BuildState.finish", "after", 1),
    "staging: in the middle of the tables": ("voxpop.release.tables:copy", "after", 5),
    "staging: after it": ("voxpop.release.candidate:stage", "after", 1),
    "audit: after it": ("voxpop.audit.run:audit", "after", 1),
    "report: after it": ("voxpop.report.render:report", "after", 1),
    "publishing: before the link moves": ("voxpop.release.store:_point", "before", 1),
    "publishing: after the link has moved": ("voxpop.release.store:_point", "after", 1),
}
"""In the order in which a run passes them; each is reached by a run that takes up what one before it left."""


def interrupt(place: Place, how: signal.Signals) -> None:
    """Replace the function with one that sends this process a signal at that call."""
    where, when, which = place
    module, _, path = where.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for each in outer:
        owner = getattr(owner, each)
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    @wraps(original)
    def interrupted(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        is_it = calls == which if isinstance(which, int) else arguments[1].name == which
        if is_it and when == "before":
            os.kill(os.getpid(), how)
        result = original(*arguments, **named)
        if is_it and when == "after":
            os.kill(os.getpid(), how)
        return result

    setattr(owner, name, interrupted)


def work(home: Path, first: date, end: date, *, lands: bool = True) -> Any:
    """All six steps, or those after landing."""
    from voxpop import pipeline
    from voxpop.sources.connections import load_connections

    settings = load_settings({"VOXPOP_HOME": str(home)})
    start, stop = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, end))
    now = stop + timedelta(hours=6)
    if not lands:
        pipeline.build(settings, run_id="killed", progress=lambda what, count: None)
        release_id = pipeline.stage(settings, now=now)
        if release_id:
            pipeline.audit(settings, release_id)
            pipeline.report(settings, release_id)
            pipeline.publish(settings, release_id, now=now)
        return release_id
    pipeline.SOURCES_AT_ONCE = 1  # so that the points come one after the other
    without_waiting(setattr)
    result = pipeline.run(
        settings,
        Window(start, stop),
        connections=load_connections(settings),
        now=now,
        progress=lambda what, count: None,
    )
    if result.failures:
        raise SystemExit(str(result.failures))
    return result.release_id


def in_a_child(task: Callable[[], object]) -> int:
    """Do it in a process of its own.

    Returns:
        Its exit code; for a signal the negative number of it.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            task()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def prepare(home: Path) -> None:
    """Import what steps import when they are called, and parse dbt's project, so that no child has to."""
    from voxpop import pipeline
    from voxpop.warehouse.dbt import Dbt

    pipeline.load_libraries()
    Dbt(load_settings({"VOXPOP_HOME": str(home)})).manifest()


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("first", type=date.fromisoformat)
    parser.add_argument("end", type=date.fromisoformat)
    parser.add_argument("--stop", action="append", default=[])
    given = parser.parse_args()
    if given.stop:
        for point in given.stop:
            interrupt(POINTS[point], signal.SIGSTOP)
        print(work(given.home, given.first, given.end))
        return
    prepare(given.home)
    for point in [*POINTS, ""]:

        def run_to_it(point: str = point) -> None:
            if point:
                interrupt(POINTS[point], signal.SIGKILL)
            work(given.home, given.first, given.end, lands=not point or point.startswith("landing"))

        code = in_a_child(run_to_it)
        current = store.current(load_settings({"VOXPOP_HOME": str(given.home)}))
        print(
            json.dumps({"point": point, "code": code, "current": current.release_id if current else None}),
            flush=True,
        )


if __name__ == "__main__":
    main()
